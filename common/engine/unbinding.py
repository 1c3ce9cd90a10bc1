"""Selects deployed resources for `unbind` and `destroy`, and says what unbound resources still use.

What belongs to a resource alone, its role and its log group, goes the way of the resource: a function that was unbound would
stop if its role were deleted by the next `--prune`.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor

from common.aws.protocol import Aws
from common.engine.plan_data import Outcome
from common.engine.prune import BELONGINGS, exists
from common.model.choices import Choices
from common.model.orphan import Orphan
from common.model.resource import Action, Key
from common.resources import kinds, of_kind
from common.state import locations
from common.state.records import Records
from common.state.release_root import ARTIFACT, key_of


def select(records: Records, projects: Collection[str], choices: Choices, pool: Executor) -> Callable[[Key], bool]:
    """Whether --only selects a deployed key: those that match, and what belongs to these alone; without --only every key.

    Args:
        records: the environment's records.
        projects: the projects of the command.
        choices: what the command line says.
        pool: where records are read in parallel.

    Raises:
        UsageError: nothing that is deployed matches.
    """
    if choices.selects_all:
        return lambda _: True
    keys = sorted({key for keys in pool.map(lambda name: _deployed(records, name), sorted(projects)) for key in keys})
    matching = choices.select_deployed(keys)
    needs = dict(zip(keys, pool.map(lambda key: _needs(records, key), keys), strict=True))
    staying = {need for key in keys if key not in matching for need in needs[key]}
    belonging = {need for key in matching for need in needs[key] if need.kind in BELONGINGS and need.project == key.project}
    return (matching | (belonging - staying)).__contains__


def _deployed(records: Records, project: str) -> set[Key]:
    """The keys of a project that are recorded, or that a deploy that has died was about to change."""
    root, _ = records.root(project)
    pending = {key_of(project, text) for text in (root.pending if root else ())}
    keys = records.recorded_keys(project) | {key for key in pending if key is not None and key.kind != ARTIFACT}
    return {locations.successor(key) or key for key in keys}


def _needs(records: Records, key: Key) -> tuple[Key, ...]:
    orphan = records.orphan(key, None)
    return orphan.needs if orphan is not None else ()


def notes(outcome: Outcome) -> Iterator[str]:
    """What to say of the resources that a plan unbinds: what they use that is deleted, or that stays ours; and their scripts."""
    actions = {change.key: change.action for change in outcome.plan.changes}
    ours = {key for baseline in outcome.baselines.values() for key in (*baseline.digests, *baseline.pending)}
    unbound = {key: outcome.orphans[key] for key, action in actions.items() if action is Action.UNBIND}
    for key, orphan in unbound.items():
        others = [need for need in orphan.needs if need.kind != ARTIFACT and need not in unbound]
        used = [need for need in others if need in ours or need.project not in outcome.baselines]
        deleted = [str(need) for need in used if actions.get(need) is Action.DELETE]
        kept = [str(need) for need in used if actions.get(need) is not Action.DELETE]
        if deleted:
            yield f"{key} stays and uses {', '.join(deleted)}, which is deleted."
        if kept:
            yield f"{key} goes on using {', '.join(kept)}, which is still ours."
    if reading := [str(key) for key, orphan in unbound.items() if runs_artifacts(key) and _reads_ours(orphan)]:
        yield f"{', '.join(reading)}: the scripts stay in the artifact bucket, and gc keeps them for as long as these exist."


def _reads_ours(orphan: Orphan) -> bool:
    """Whether the recorded state names an artifact of the bucket; one that was imported may read its script elsewhere."""
    state = json.dumps(orphan.recorded.get("desired", {}))
    return any(location in state for location in orphan.recorded.get("artifacts", ()))


def runs_artifacts(key: Key) -> bool:
    """Whether a resource reads its artifacts in the bucket whenever it runs."""
    return key.kind in kinds() and kinds()[key.kind].runs_artifacts


def readers(aws: Aws, records: Records, projects: Collection[str], outcome: Outcome, pool: Executor) -> list[Key]:
    """The unbound resources that read artifacts in the bucket when they run: of this plan, and earlier ones that exist."""
    being = [change.key for change in outcome.plan.changes if change.action is Action.UNBIND and runs_artifacts(change.key)]
    earlier: Mapping[Key, Orphan] = {
        note.orphan.key: note.orphan
        for project in sorted(projects)
        for note in records.unbound.of_project(project, pool)
        if runs_artifacts(note.orphan.key)
    }
    return sorted({*being, *(key for key, orphan in earlier.items() if exists(aws, of_kind, orphan))})
