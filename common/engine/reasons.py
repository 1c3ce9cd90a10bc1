"""Words the reason of a change: the files that changed, and the fields with their values."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from common.base import digest
from common.base.digest import Digest
from common.base.json_types import Json, JsonMapping, are_equal
from common.model import comparison, field_changes, hidden_fields
from common.model.comparison import FieldChange
from common.model.resource import Artifact, Live, Resource, State
from common.state.stored_objects import printable

Files = Mapping[str, Mapping[str, str]]
"""The digests of each artifact's files by path, by ``artifact/name``."""
Fields = tuple[FieldChange, ...]
SHOWN = 48
"""Values are shown up to this number of characters."""


def of(resource: Resource, desired: State, live: Live, changed: Collection[str], stale: State, released: Files) -> str:
    """The reason of an update, empty if no field with a name differs."""
    files = ", ".join(changed_files for artifact in resource.artifacts if (changed_files := files_changed(artifact, released)))
    parts = [files]
    for name in sorted(changed):
        if files and name == resource.artifact_field:
            continue
        before, after = live.state.get(name), desired.get(name)
        if not are_equal(before, after):
            lost = resource.loses(name, before)
            parts.append(_words(resource, name, before, after) + (f"; {lost}" if lost else ""))
    parts += [f"{name} no longer declared" for name in comparison.named(stale, desired, {})]
    return "; ".join(part for part in parts if part)


def fields(
    resource: Resource, desired: State, live: Live, changed: Collection[str], stale: State, applied: State, released: Files
) -> Fields:
    """The changes of all fields but the tags, part by part, and what is taken away of those that are no longer declared.

    Args:
        resource: the resource.
        desired: its declared state.
        live: its live state.
        changed: the fields that change.
        stale: the live fields that are no longer declared.
        applied: the state that was applied last; empty if it is not known.
        released: the files of the last release. Where the reason names those that changed, their digest is left out.
    """
    of_files = {resource.artifact_field} if any(files_changed(artifact, released) for artifact in resource.artifacts) else set()
    states = (desired, applied)
    digests = {text for name in resource.hidden for state in states for text in _digests(resource, name, state.get(name))}
    result = []
    for name in sorted({*changed} - {"Tags"} - of_files):
        before = live.state.get(name)
        parts = field_changes.of_field(resource, name, before, desired.get(name), digests)
        result += [part._replace(lost=resource.loses(name, before)) for part in parts]
    for name in sorted(stale.keys() - {"Tags"}):
        result += field_changes.of_field(resource, name, stale[name], {}, digests)
    return tuple(result)


def _digests(resource: Resource, name: str, value: Json) -> Collection[str]:
    return hidden_fields.digests(resource, name, value).values()


def taken_over(owner: str, changed: Collection[str], stale: State, live: State, desired: State) -> str:
    """The reason of taking a resource over: the names of the fields that change, or that only its tags do."""
    names = [name for name in sorted({*changed} - {"Tags"}) if not are_equal(live.get(name), desired.get(name))]
    removals = [f"{name} no longer declared" for name in comparison.named(stale, desired, {})]
    fields = "; tags only" if not names else f": {', '.join(names)}"
    return "; ".join([f"taken over from {owner}{fields}", *removals])


def removed(desired: State, undeclared: State) -> str:
    """The part of a reason that names the fields that are not declared and are taken away."""
    names = ", ".join(comparison.named(undeclared, desired, {}))
    return f"not declared, taken away: {names}" if names else ""


def by_others(
    resource: Resource, desired: State, live: Live, changed: Collection[str], record: JsonMapping, *, same: bool
) -> str:
    """Tells what somebody else has changed since a resource was recorded, old values first; empty if that is nothing.

    Args:
        resource: the resource.
        desired: its declared state.
        live: its live state.
        changed: the fields in which these differ.
        record: the body of its record; empty if it was not read.
        same: the resource was recorded as it is declared.
    """
    if same:
        parts = [_words(resource, name, desired.get(name), live.state.get(name)) for name in sorted(changed)]
        losses = [resource.loses(name, live.state.get(name)) for name in sorted(changed)]
    else:
        applied = record.get("desired")
        parts, losses = [*_leaves_changed(resource, applied, live, changed)] if isinstance(applied, Mapping) else [], []
    if not (texts := "; ".join(filter(None, parts))):
        return ""
    released = record.get("released")
    return "; ".join(filter(None, (f"changed by somebody else{_since(released)}: {texts}", *losses)))


def _leaves_changed(resource: Resource, applied: JsonMapping, live: Live, changed: Collection[str]) -> Iterator[str]:
    """The values that differ from the recorded ones. Lists and missing parts may differ because of what is declared now."""
    for name in sorted(changed):
        is_hidden = name in {resource.artifact_field, *resource.hidden}
        split = partial(hidden_fields.digests, resource) if name in resource.hidden else hidden_fields.leaves
        before, after = split(name, applied.get(name)), split(name, live.state.get(name))
        for leaf in sorted(before.keys() & after.keys()):
            if before[leaf] != after[leaf] and not any(
                isinstance(value, Mapping | list) for value in (before[leaf], after[leaf])
            ):
                yield _field_changed(leaf, before[leaf], after[leaf], hidden=is_hidden)


def _since(released: object) -> str:
    """When a state was recorded, and from which commit, as far as the record says."""
    if not isinstance(released, Mapping) or not released.get("since"):
        return ""
    commit = printable(released.get("commit", ""), 40)[:8]
    return f" since {printable(released['since'], 40)[:16].replace('T', ' ')}{f' (commit {commit})' if commit else ''}"


def _words(resource: Resource, name: str, before: Json, after: Json) -> str:
    """The change of one field; empty if it is none."""
    if are_equal(before, after):
        return ""
    is_hidden = name in {resource.artifact_field, *resource.hidden}
    return resource.describe_change(name, before, after) or _field_changed(name, before, after, hidden=is_hidden)


def kept(resource: Resource, desired: State, undeclared: State) -> str:
    """The part of a reason that names the fields that are not declared and stay."""
    names = ", ".join(comparison.named(undeclared, desired, resource.usual))
    return f"kept, not declared: {names}" if names else ""


def files_changed(artifact: Artifact, released: Files) -> str:
    """The files of an artifact that have changed since the release; empty if that is not known."""
    before = dict(released.get(str(artifact.key), {}))
    return digest.differences(before, artifact.files()) if before else ""


def of_upload(artifact: Artifact, released: Files, digest_released: Digest | None) -> str:
    """Why an artifact is not in the bucket yet."""
    if changed := files_changed(artifact, released):
        return changed
    if artifact.in_aws:
        return "AWS does not run the code that was imported"
    if artifact.in_aws is not None and str(artifact.key) not in released:
        return "edited since it was imported"
    is_released = str(artifact.key) in released and digest_released is not None
    return "the way it is built has changed" if is_released and digest_released != artifact.input_digest() else "not uploaded yet"


def _field_changed(name: str, before: Json, after: Json, *, hidden: bool) -> str:
    """Describes the change of a field: short values are shown, of maps the parts that differ, of hidden fields only the name."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and (before or after):
        return ", ".join(_parts_changed(name, before, after, hidden=hidden))
    if hidden:
        return f"{name} changed"
    shown = field_changes.spelled(before, after)
    return f"{name} {shown[0]} → {shown[1]}" if max(map(len, shown)) <= SHOWN else f"{name} changed"


def _parts_changed(name: str, before: JsonMapping, after: JsonMapping, *, hidden: bool) -> Iterator[str]:
    for part in sorted(before.keys() | after.keys()):
        if not are_equal(before.get(part), after.get(part)):
            yield _field_changed(f"{name}.{part}", before.get(part), after.get(part), hidden=hidden)
