"""What a project has before an import: a second import adds to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.base.text_rules import check_file_name
from common.declare import projects
from common.environment.config import Environment
from common.importing import declaration
from common.importing.entries import Context
from common.importing.references import SECTIONS, VERBS, Used
from common.model.resource import PROJECT_NAME, SHARED


@dataclass(frozen=True, kw_only=True)
class PresentProject:
    """A project as it is before an import, which may not exist yet.

    Args:
        project: its name.
        overlay_path: its file of configuration, relative to the repository.
        text: its declaration; None if it has none.
        overlay: the content of its file of configuration; None if it has none.
        arns: what it declares.
        keys: the kinds and keys of what it declares, and of what it uses.
        named: the keys of what it declares, by kind and name.
    """

    project: str
    overlay_path: str
    text: str | None = None
    overlay: JsonObject | None = None
    arns: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    named: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, env: Environment, project: str) -> "PresentProject":
        """The project of a repository.

        Raises:
            UsageError: no project can be called so.
            DeployError: it exists, and its declaration or configuration is broken.
        """
        _check_name(project)
        if (instances := env.instances_of(project)) or env.instance_of(project):
            what = f"deployed as {', '.join(instances)}" if instances else "an instance of another folder"
            raise UsageError(f"In {env.name}, {project} is {what}, so nothing is imported into it. Name a project of its own.")
        overlay_path = f"config/{project}/{env.name}.json"
        path, file = root / "projects" / project / "deploy.py", root / overlay_path
        overlay = json.loads(decode_text(file.read_bytes())) if file.is_file() else None
        if not path.is_file():
            return cls(project=project, overlay_path=overlay_path, overlay=overlay)
        (_, declared) = projects.load(root, env, [project])
        resources = [resource for resource in declared.resources() if resource.key.project == project]
        used = [(kind, key) for kind, section in SECTIONS.items() for key in (overlay or {}).get("existing", {}).get(section, {})]
        return cls(
            project=project,
            overlay_path=overlay_path,
            text=decode_text(path.read_bytes()),
            overlay=overlay,
            arns=frozenset(resource.arn for resource in resources),
            keys=frozenset([*((resource.key.kind, resource.key.name) for resource in resources), *used]),
            named={(resource.key.kind, resource.name): resource.key.name for resource in resources},
        )

    def extend(self, context: Context) -> Context:
        """Makes known to the writers what the project declares and uses already."""
        references = context.references
        references.taken = (self.overlay or {}).get("parameters", {})
        references.imported = {**self.named, **references.imported}
        for kind, section in SECTIONS.items():
            for key, entry in (self.overlay or {}).get("existing", {}).get(section, {}).items():
                references.known[kind, entry["name"]] = Used(kind, key, entry["name"])
        by_key = {(VERBS[kind], key): (kind, name) for (kind, name), key in self.named.items() if kind in VERBS}
        by_key |= {(VERBS[kind], used.key): (kind, used.name) for (kind, _), used in references.known.items()}
        for verb, key, variable in declaration.variables(self.text or ""):
            if (verb, key) in by_key:
                context.variables[by_key[verb, key]] = variable
        return context

    def overlay_with(self, sections: JsonMapping) -> JsonObject:
        """The file of configuration with what is new; what it has stays as it is."""
        result: JsonObject = {"$schema": "../schema.json#/$defs/Project"} if self.overlay is None else dict(self.overlay)
        return _merged(result, sections)


def _merged(first: JsonMapping, more: JsonMapping) -> JsonObject:
    result = dict(first)
    for key, value in more.items():
        here = result.get(key)
        result[key] = _merged(here, value) if isinstance(here, dict) and isinstance(value, Mapping) else result.get(key, value)
    return result


def _check_name(project: str) -> None:
    if not PROJECT_NAME.fullmatch(project) or project == SHARED:
        raise UsageError(
            f"--project is {project!r}, and a project's name has up to 64 letters (a to z), digits, - and _, and begins with a "
            f"letter or _; {SHARED} is none."
        )
    try:
        check_file_name(project)
    except ValueError as error:
        raise UsageError(f"--project is {project!r}: {error}.") from None
