"""Imports a project that is there into another environment: writes its configuration for that one, and changes no declaration.

The configuration that it has for one environment tells how names come about: where that has its name or its account, this one has
its own. Then every declared resource has a name in AWS, and what is found under that name is written as settings.
"""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

from common.base.json_texts import replace_texts
from common.base.json_types import Json, JsonMapping, JsonObject
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.importing.account import LiveAccount
from common.importing.cloud_resources import identity_of
from common.importing.entries import Context, Entry, Unexpressed
from common.importing.generated import KIND
from common.importing.live_code import is_same_code
from common.importing.outcome import Import
from common.importing.present import sections
from common.importing.project import Importer
from common.importing.selection import KINDS, Keys, LiveResource
from common.importing.setting_fields import FIELDS, TEXTS, setting_of, value_at
from common.importing.sources import Source
from common.model import projection
from common.model.resource import Resource
from common.resources import kind_of


def importer_of(root: Path, env: Environment, project: str, account: LiveAccount) -> Importer:
    """What imports into a project: into a new one, into one of this environment, or from a further environment."""
    base = _of_another(root, env, project)
    return Importer(root, env, project, account) if base is None else NextImporter(root, env, project, account, base)


class Base(NamedTuple):
    """What another environment configures for a project, with the names of this one.

    Args:
        other: the other environment.
        content: the content of the file.
        same: the parameters that have the same value there.
    """

    other: str
    content: JsonObject
    same: JsonMapping


def _of_another(root: Path, env: Environment, project: str) -> Base | None:
    """What another environment configures for a project that this one does not; None if none does."""
    known = [name for name in config_json.environments(root) if (root / "config" / project / f"{name}.json").is_file()]
    if not known or project in env.projects or not (root / "projects" / project / "deploy.py").is_file():
        return None
    other, data = config_files.load(root, known[0]), config_json.read_file(root / "config" / project / f"{known[0]}.json", root)
    words = {other.name: env.name, other.name.upper(): env.name.upper(), other.region: env.region}
    words[other.account_id] = env.account_id
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, words))})(?![A-Za-z0-9])")
    content = replace_texts(data, lambda text: pattern.sub(lambda match: words[match[0]], text), lambda key: key)
    same = {name: value for name, value in data.get("parameters", {}).items() if content["parameters"][name] == value}
    return None if "instances" in data else Base(other.name, content, same)


class NextImporter(Importer):
    """Imports into a project that has no configuration for this environment yet.

    Args:
        root: the repository.
        env: the environment.
        project: the name of the project.
        account: where to read.
        base: what another environment configures. Its parameters and `existing` are written, too; the rest is read from AWS.
    """

    def __init__(self, root: Path, env: Environment, project: str, account: LiveAccount, base: Base) -> None:
        with tempfile.TemporaryDirectory() as folder:
            copytree(root / "config", Path(folder, "config"))
            Path(folder, "config", project, f"{env.name}.json").write_text(json.dumps(base.content), encoding="utf-8")
            env = config_files.load(Path(folder), env.name)
        super().__init__(root, env, project, account, beside=env.projects)
        self._base = base
        pipeline = next(pipeline for pipeline in self._present.loaded if pipeline.name == project)
        self._declared: Mapping[str, Resource] = {identity_of(each): each for each in pipeline.rendered()}

    def _new(self, chosen: Sequence[LiveResource], result: Import) -> list[LiveResource]:
        for resource in chosen:
            if resource.arn not in self._declared and not resource.live.get("ManagedBy"):
                result.unexpressed.append(Unexpressed(resource, "the project does not declare it"))
        for name, value in self._base.same.items():
            said = f"the parameter {name} is {json.dumps(value)}, as in {self._base.other}"
            result.left.append(f"{said}; correct it, if it differs here")
        names = {(resource.kind, resource.name) for resource in chosen}
        for (kind, name), key in sorted(self._present.named.items()):
            if kind in KINDS and kind != KIND and (kind, name) not in names:  # those of any type are selected by their type
                result.left.append(f"{kind}/{key}: {name} was not selected; if it does not exist, a deploy creates it")
        declared = [resource for resource in chosen if resource.arn in self._declared]
        new = [resource for resource in declared if resource.kind != KIND]  # all that those are is declared
        result.declared = len(declared) - len(new)
        return new

    def _key(self, keys: Keys, resource: LiveResource, stem: str) -> str:
        return self._present.named.get((resource.kind, resource.name)) or super()._key(keys, resource, stem)

    def _startable(self, importable: Iterable[LiveResource], context: Context, result: Import) -> Iterator[LiveResource]:
        yield from importable

    def _write_code(self, result: Import, fetched: dict[str, Source | str], stage: Path) -> None:
        for entry in result.entries:
            resource, source = self._declared[entry.resource.arn], fetched.get(entry.resource.arn)
            if isinstance(source, Source) and resource.artifact is not None:
                if is_same_code(resource.artifact, source.path, source.package, _live(entry)):
                    entry.settings["package"] = source.package
                else:
                    entry.say("Its code is not that of the repository, which a deploy would put in its place.")
            of_other = self._base.content.get(kind_of(entry.resource.kind).section, {}).get(entry.key, {})
            _configure_what_differs(entry, resource.desired(), of_other)

    def _finish(self, result: Import, context: Context, stage: Path) -> str:
        written = sections(context, result.entries)
        existing = self._base.content.get("existing", {})
        for section, entries in written.get("existing", {}).items():
            existing = {**existing, section: {**existing.get(section, {}), **entries}}
        parameters = {**self._base.content.get("parameters", {}), **written.get("parameters", {})}
        above = {name: value for name, value in (("parameters", parameters), ("existing", existing)) if value}
        return self._present.overlay_with({**above, **{name: value for name, value in written.items() if name not in above}})


def _live(entry: Entry) -> JsonObject:
    """The live fields of a resource; of a function those of its configuration."""
    live: JsonObject = entry.resource.live.get("Configuration", entry.resource.live)
    return live


def _configure_what_differs(entry: Entry, desired: JsonMapping, of_other: JsonMapping) -> None:
    """Configures what the declaration has otherwise, or what is as it is by default and the declaration has not.

    Args:
        entry: what is written.
        desired: the resource as it is declared, with the settings of the other environment.
        of_other: these settings.
    """
    live = _live(entry)
    texts, setting = TEXTS.get(entry.resource.kind, ("", ""))
    declared = value_at(desired, texts) if texts else None
    for name, text in entry.named.get(setting, {}).items():
        if (declared or {}).get(name) != value_at(live, texts).get(name):
            entry.settings.setdefault(setting, {})[name] = text
    for name in sorted(
        (declared or {}).keys() - value_at(live, texts).keys() - of_other.get(setting, {}).keys() if declared else ()
    ):
        entry.say(
            f"{name} is declared, and AWS does not have it here; a deploy adds it, unless it stands in the configuration alone."
        )
    added: Json = {}
    for name in FIELDS.get(entry.resource.kind, ()):
        before = value_at(desired, name)
        if before is None or before == value_at(live, name) or (texts and name.startswith(f"{texts}.")):
            continue
        found = setting_of(entry.resource.kind, name, live)
        for path, value in (found.values or {}).items() if found else ():
            added = added if value is None else projection.with_value(added, path, value)
    entry.settings = {**added, **entry.settings}
