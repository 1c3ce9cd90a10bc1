"""Makes the files of a project from what an account runs, and puts them into the repository when all are complete.

A project that exists gets what it does not declare yet: nothing that it has is written over.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from common.base.atomic_file import new_file
from common.base.errors import UsageError
from common.base.git import NoCommitError, Repository
from common.environment.config import Environment
from common.importing import cloud_resources, declaration, deployers, functions, jobs, machines, rules, skeletons, sources, trial
from common.importing.absent import find_absent, notes, without_absent
from common.importing.account import LiveAccount
from common.importing.cloud_resources import called
from common.importing.entries import Context, Entry, Unexpressed
from common.importing.generated import KIND, GeneratedValues
from common.importing.outcome import Import
from common.importing.present import PresentProject, sections
from common.importing.proposals import proposals
from common.importing.references import References
from common.importing.selection import Keys, LiveResource, Selection, common_beginning
from common.importing.sources import Source
from common.importing.versions import published
from common.importing.writers import WRITERS, why_not

DECLARATION = "deploy.py"


class Importer:
    """Imports into one project of a repository.

    Args:
        root: the repository.
        env: the environment.
        project: the name of the project.
        account: where to read.
        beside: the other projects to load; None for all.
    """

    def __init__(
        self, root: Path, env: Environment, project: str, account: LiveAccount, beside: Collection[str] | None = None
    ) -> None:
        self._root, self._project, self._account = root, project, account
        self._env = env.in_region(env.region_of(project))
        self._present = PresentProject.of(root, env, project, beside)

    def run(self, selection: Selection, *, dry_run: bool = False) -> Import:
        """Reads what is selected, and writes it.

        Raises:
            UsageError: something that is selected does not exist.
            DeployError: AWS refused a call; nothing was written.
        """
        result = Import()
        read_selected = cloud_resources.selected if selection.types else LiveAccount.selected
        chosen = read_selected(self._account, selection)
        new = self._new(chosen, result)
        (self._root / "projects").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=self._root / "projects") as folder:
            (code := Path(folder) / "code").mkdir()
            coded = [resource for resource in new if sources.has_code(resource) and not self._why_not(resource)]
            fetched = sources.fetch(self._account, coded, code)
            importable = list(self._expressible(new, fetched, result))
            context = self._context(selection, chosen, importable)
            startable, tell = self._startable(importable, context, result), result.unexpressed.append
            importable = list(without_absent(startable, context, tell))
            retentions, callers = self._retentions(importable), self._callers(importable)
            context.retentions = retentions
            self._entries(importable, context, callers)
            context.references.absent = absent = find_absent(self._account, context.references.new_uses())
            importable = list(without_absent(importable, context, tell))
            for attempt in range(len(importable) + 1):
                (stage := Path(folder) / str(attempt) / self._project).mkdir(parents=True)
                context = replace(self._context(selection, chosen, importable), retentions=retentions)
                context.references.absent = absent
                result.entries = self._entries(importable, context, callers)
                self._write_code(result, fetched, stage)
                overlay = self._finish(result, context, stage)
                if (left := self._refused(result, stage, overlay)) is None:
                    break
                tell(Unexpressed(left.entry.resource, left.reason))
                importable.remove(left.entry.resource)
            self._tell(result, context, stage)
            if result.entries and not dry_run:
                self._put(stage, overlay)
                result.notes += self._ignored()
        return result

    def _refused(self, result: Import, stage: Path, overlay: str) -> trial.Refused | None:
        """Returns what the deployer would refuse of what was written; None if it would load it all."""
        if not result.entries:
            return None
        config = self._present.overlay_path, overlay
        others = [pipeline for pipeline in self._present.loaded if pipeline.name != self._project]
        error = trial.problem(self._root, self._env, self._project, stage, config, others)
        if error is None or (left := trial.refused(error, result.entries)) is None:
            result.problem = str(error) if error else ""
            return None
        return left

    def _new(self, chosen: Sequence[LiveResource], result: Import) -> list[LiveResource]:
        """What is to be written of what is selected."""
        new = [resource for resource in chosen if resource.arn not in self._present.arns]
        result.declared = len(chosen) - len(new)
        return new

    def _key(self, keys: Keys, resource: LiveResource, stem: str) -> str:
        """What the project calls a resource."""
        return keys.give(resource.kind, stem)

    def _ignored(self) -> list[str]:
        """Says which of the written files git ignores: in a clone they would be missing, and the code would count as edited."""
        try:
            ignored = Repository(self._root).ignored(self._root / "projects" / self._project)
        except NoCommitError:
            return []
        left = [path for path in ignored if "__pycache__" not in path]
        if not left:
            return []
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        return [f"git ignores {left[0]}{more}: a clone would not have it, and would build that code anew. Change .gitignore"]

    def _expressible(
        self, new: Iterable[LiveResource], fetched: Mapping[str, Source | str], result: Import
    ) -> Iterator[LiveResource]:
        for resource in new:
            source = fetched.get(resource.arn, "")
            if reason := self._why_not(resource) or (source if isinstance(source, str) else ""):
                if not resource.live.get("ManagedBy"):  # AWS's own rules are not the business of a project
                    result.unexpressed.append(Unexpressed(resource, reason))
            else:
                yield resource

    def _why_not(self, resource: LiveResource) -> str:
        other = self._present.elsewhere.get(resource.arn)
        return f"projects/{other} declares it already" if other else why_not(resource)

    def _startable(self, importable: Iterable[LiveResource], context: Context, result: Import) -> Iterator[LiveResource]:
        """What is importable, without rules of a machine that the project declares without a variable."""
        for resource in importable:
            machine = ("state-machine", context.machine_name(rules.target(resource)["Arn"]) if resource.kind == "rule" else "")
            if machine in self._present.named and machine not in context.variables:
                key = self._present.named[machine]
                reason = (
                    f'deploy.py keeps no variable of its machine; write {key} = p.state_machine("{key}", …), then import again'
                )
                result.unexpressed.append(Unexpressed(resource, reason))
            else:
                yield resource

    def _context(self, selection: Selection, chosen: Sequence[LiveResource], importable: Sequence[LiveResource]) -> Context:
        common = common_beginning([resource.name for resource in chosen])
        keys = Keys(self._present.keys)
        named = [(resource, self._key(keys, resource, selection.stem(called(resource), common))) for resource in importable]
        generated = GeneratedValues.of([(resource, key) for resource, key in named if resource.kind == KIND])
        references = References.of(
            self._env,
            named,
            keys,
            lambda name: selection.stem_of_used(name, self._env, common),
            self._account.list_buckets() if named else (),
        )
        references.elsewhere = self._present.named_elsewhere
        return self._present.extend(
            Context(self._env, self._project, references, generated=generated, published=published(importable))
        )

    def _retentions(self, importable: Iterable[LiveResource]) -> dict[str, int | str | None]:
        """The retention of each log group of a function; ``shared`` where several functions write to it."""
        groups = [functions.log_group(resource) for resource in importable if resource.kind == "lambda"]
        once = sorted({group for group in groups if groups.count(group) == 1})
        read = dict(zip(once, self._account.pool.map(self._account.retention, once), strict=True))
        return {group: read.get(group, "shared") for group in groups}

    def _callers(self, importable: Iterable[LiveResource]) -> dict[str, list[str]]:
        """What calls each function besides state machines, and starts each machine besides rules of the default bus, by ARN."""
        called = [resource for resource in importable if resource.kind in {"lambda", "state-machine"}]
        schedules = self._account.schedules() if called else {}
        buses = self._account.other_buses() if any(resource.kind == "state-machine" for resource in called) else []
        triggers = self._account.pool.map(
            lambda resource: (
                self._account.triggers(resource) if resource.kind == "lambda" else self._account.rules_elsewhere(resource, buses)
            ),
            called,
        )
        return {
            resource.arn: [*others, *(f"the schedule {name}" for name in schedules.get(resource.arn, ()))]
            for resource, others in zip(called, triggers, strict=True)
        }

    def _entries(self, importable: Iterable[LiveResource], context: Context, callers: Mapping[str, list[str]]) -> list[Entry]:
        machines_first = sorted(importable, key=lambda resource: resource.kind != "state-machine")  # for their references
        entries = [self._entry(resource, context, callers) for resource in machines_first]
        machines.accept_kept_arguments(entries)
        return entries

    def _entry(self, resource: LiveResource, context: Context, callers: Mapping[str, list[str]]) -> Entry:
        references = context.references
        key, references.present = references.imported[resource.kind, resource.name], (resource.kind, resource.name)
        entry = WRITERS[resource.kind].entry(resource, key, context)
        for caller in callers.get(resource.arn, ()):
            entry.say(f"Called by {caller}, too; that stays as it is, and is not declared.")
        if resource.kind != KIND:  # its name is one of its properties
            context.name(entry)
        return entry

    def _write_code(self, result: Import, fetched: dict[str, Source | str], stage: Path) -> None:
        for entry in result.entries:
            source = fetched.get(entry.resource.arn)
            if isinstance(source, Source):
                target = stage / (f"lambda/{entry.key}" if entry.resource.kind == "lambda" else f"{jobs.FOLDER}/{entry.key}.py")
                target.parent.mkdir(parents=True, exist_ok=True)
                source.path.rename(target)
                fetched[entry.resource.arn] = replace(source, path=target)
                entry.settings["package"] = source.package
                for note in source.notes:
                    entry.say(note)
            for path, content in entry.files.items():
                (stage / path).write_bytes(content)

    def _finish(self, result: Import, context: Context, stage: Path) -> str:
        """Writes the declaration and the tests. Returns the project's file of configuration."""
        text = self._present.text or ""
        new = [item for item in result.unexpressed if f"# {item.resource}: " not in text]
        body = declaration.body(context, result.entries, new)
        if not result.entries:
            return ""
        if self._present.text is None:
            account = f"{self._env.region} of account {self._env.account_id}"
            title = f"The pipeline {self._project}, as it was imported."
            (stage / DECLARATION).write_text(declaration.whole(context, title, account, body), encoding="utf-8")
            for path, content in skeletons.of(self._project, result.entries).items():
                (stage / path).parent.mkdir(parents=True, exist_ok=True)
                (stage / path).write_text(content, encoding="utf-8")
        else:
            (stage / DECLARATION).write_text(declaration.extended(self._present.text, body), encoding="utf-8")
        return self._present.overlay_with(sections(context, result.entries))

    def _tell(self, result: Import, context: Context, stage: Path) -> None:
        """Notes what is to be written.

        Raises:
            UsageError: a file of that name exists, and no declaration names it.
        """
        folder = f"projects/{self._project}"
        for path in sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()):
            exists = (self._root / folder / path).exists()
            if exists and path != DECLARATION:
                raise UsageError(f"{folder}/{path} exists, and nothing is written over. Rename it. Nothing was written.")
            (result.added if exists else result.written).append(f"{folder}/{path}")
        if result.entries:
            (result.added if self._present.overlay_text is not None else result.written).append(self._present.overlay_path)
        result.used = [used for used in context.references.new_uses() if not used.is_there]
        result.proposals = proposals(self._account, result.entries, result.used)
        result.notes = [*result.left, *(f"{entry.resource}: {note}" for entry in result.entries for note in entry.notes)]
        result.notes += [f"the project cannot be loaded as it is: {result.problem}"] if result.problem else []
        result.notes += [*deployers.notes(self._account, self._project, [entry.resource for entry in result.entries])]
        result.notes += [*notes(context.references.absent), *self._account.refusals.notes(self._env.name)]

    def _put(self, stage: Path, overlay: str) -> None:
        """Puts everything in place: a new project as a whole, the declaration of another last; then its configuration."""
        own = self._root / "projects" / self._project
        if not own.exists():
            stage.rename(own)
        else:
            for path in sorted(
                (path for path in stage.rglob("*") if path.is_file()), key=lambda path: path == stage / DECLARATION
            ):
                target = own / path.relative_to(stage)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
        with new_file(self._root / self._present.overlay_path) as target:
            target.write_text(overlay, encoding="utf-8")
            target.chmod(0o644)
