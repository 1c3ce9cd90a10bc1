"""What a project has before an import: a second import adds to it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import UsageError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.declare import project_names, projects
from common.declare.declaration import Declares
from common.environment.config import Environment
from common.environment.config_edit import set_values
from common.environment.existing import Existing
from common.importing import declaration
from common.importing.cloud_resources import identity_of
from common.importing.entries import Context, Entry
from common.importing.references import SECTIONS, VERBS, Used
from common.model.resource import SHARED
from common.resources import kind_of


@dataclass(frozen=True, kw_only=True)
class PresentProject:
    """A project as it is before an import, which may not exist yet.

    Args:
        project: its name.
        overlay_path: its file of configuration, relative to the repository.
        text: its declaration; None if it has none.
        overlay_text: its file of configuration; None if it has none.
        overlay: the content of that file.
        elsewhere: what other projects declare, with their names.
        named_elsewhere: the same by kind and ARN, and by kind and name what is in the region of the project.
        available: what root `deploy.py` declares, or `existing` names, for all projects.
        used: what it uses of others.
        arns: what it declares; of resources of any type what tells them from others.
        keys: the kinds and keys of what it declares, and of what it uses.
        named: the keys of what it declares, by kind and name.
        loaded: the shared resources, the other projects and this one, if it exists.
    """

    project: str
    overlay_path: str
    text: str | None = None
    overlay_text: str | None = None
    overlay: JsonMapping = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    named_elsewhere: Mapping[tuple[str, str], str] = field(default_factory=dict)
    available: tuple[Used, ...] = ()
    used: tuple[Used, ...] = ()
    arns: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    named: Mapping[tuple[str, str], str] = field(default_factory=dict)
    loaded: tuple[Declares, ...] = ()

    @classmethod
    def of(cls, root: Path, env: Environment, project: str, beside: Collection[str] | None = None) -> "PresentProject":
        """The project of a repository, with the other projects that are `beside` it; all that there are, if that is None.

        Raises:
            UsageError: no project can be called so.
            DeployError: it exists, and its declaration or configuration is broken.
        """
        project_names.check_name(project)
        if (instances := env.instances_of(project)) or env.instance_of(project):
            what = f"deployed as {', '.join(instances)}" if instances else "an instance of another folder"
            raise UsageError(f"In {env.name}, {project} is {what}, so nothing is imported into it. Name a project of its own.")
        overlay_path, view = f"config/{project}/{env.name}.json", env.in_region(env.region_of(project))
        path, file = root / "projects" / project / "deploy.py", root / overlay_path
        overlay_text = decode_text(file.read_bytes()) if file.is_file() else None
        overlay = json.loads(overlay_text) if overlay_text is not None else {}
        own = _entries_of(env.project(project).existing)
        if is_new := not path.is_file():  # then its configuration is of nothing yet
            env = env.model_copy(update={"projects": {name: of for name, of in env.projects.items() if name != project}})
        enabled = [name for name in project_names.enabled_projects(root, env) if name != project]
        others = [name for name in enabled if beside is None or name in beside]
        declared = projects.load(root, env, others if is_new else [*others, project], adding=True)
        everything = [resource for pipeline in declared for resource in pipeline.rendered()]
        shared = [resource for resource in everything if resource.key.project == SHARED]
        available = tuple(
            Used(resource.key.kind, resource.key.name, resource.name, is_there=True)
            for resource in shared
            if resource.key.kind in SECTIONS
        )
        available += (*_entries_of(env.existing), *(own if is_new else ()))
        elsewhere = {identity_of(resource): resource.key.project for resource in everything if resource.key.project != project}
        resources = [resource for resource in everything if resource.key.project == project]
        of_others = [each for each in everything if each.key.kind in VERBS and each.key.project not in {project, SHARED}]
        here = [each for each in of_others if each.arn == kind_of(each.key.kind).arn_of(view, each.name)]
        return cls(
            project=project,
            overlay_path=overlay_path,
            text=None if is_new else decode_text(path.read_bytes()),
            overlay_text=overlay_text,
            overlay=overlay,
            elsewhere=elsewhere,
            named_elsewhere={
                **{(each.key.kind, each.arn): each.key.project for each in of_others},
                **{(each.key.kind, each.name): each.key.project for each in here},
            },
            available=available,
            arns=frozenset(map(identity_of, resources)),
            keys=frozenset(
                [
                    *((resource.key.kind, resource.key.name) for resource in resources),
                    *((used.kind, used.key) for used in (*own, *available)),
                ]
            ),
            used=() if is_new else own,
            loaded=tuple(declared),
            named={(resource.key.kind, resource.name): resource.key.name for resource in resources},
        )

    def extend(self, context: Context) -> Context:
        """Makes known to the writers what the project declares and uses already."""
        references = context.references
        references.taken = self.overlay.get("parameters", {})
        references.imported = {**self.named, **references.imported}
        references.used_before |= {(used.kind, used.name): used for used in self.used}
        references.available |= {(used.kind, used.name): used for used in self.available}
        by_key = {(VERBS[kind], key): (kind, name) for (kind, name), key in self.named.items() if kind in VERBS}
        by_key |= {(VERBS[kind], used.key): (kind, used.name) for (kind, _), used in references.used_before.items()}
        for verb, key, variable in declaration.variables(self.text or ""):
            if (verb, key) in by_key:
                context.variables[by_key[verb, key]] = variable
        return context

    def overlay_with(self, sections: JsonMapping) -> str:
        """The text of the file of configuration with what is new; every line that it has stays as it is."""
        if self.overlay_text is None:
            return f"{json.dumps({'$schema': '../schema.json#/$defs/Project', **sections}, indent=2, ensure_ascii=False)}\n"
        values = {
            (section, *path): value
            for section, entries in sections.items()
            for path, value in _entries(entries, 2 if section == "existing" else 1)
        }
        return set_values(self.overlay_text, {path: value for path, value in values.items() if not self._has(path)})

    def _has(self, path: Iterable[str]) -> bool:
        here: Json = self.overlay
        for key in path:
            if not isinstance(here, dict) or key not in here:
                return False
            here = here[key]
        return True


def sections(context: Context, entries: Iterable[Entry]) -> JsonObject:
    """The sections of the project's configuration."""
    result: JsonObject = {}
    if context.references.parameters:
        result["parameters"] = dict(sorted(context.references.parameters.items()))
    for used in context.references.new_uses():
        if used.is_there:
            continue
        result.setdefault("existing", {}).setdefault(SECTIONS[used.kind], {})[used.key] = {"name": used.name}
    for entry in sorted(entries, key=lambda entry: (entry.resource.kind, entry.key)):
        if entry.settings:
            result.setdefault(kind_of(entry.resource.kind).section, {})[entry.key] = entry.settings
    return result


def _entries_of(existing: Existing) -> tuple[Used, ...]:
    """What configuration names of others."""
    sections = ((kind, getattr(existing, section)) for kind, section in SECTIONS.items())
    return tuple(Used(kind, key, entry.name, is_there=True) for kind, entries in sections for key, entry in entries.items())


def _entries(value: JsonMapping, depth: int) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The values at a depth, with the keys that lead to each."""
    for key, inner in value.items():
        if depth == 1:
            yield (key,), inner
        else:
            yield from (((key, *path), deeper) for path, deeper in _entries(inner, depth - 1))
