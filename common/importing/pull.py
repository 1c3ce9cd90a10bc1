"""Brings what somebody edited in AWS back into the repository, for `invoke pull`: settings are written, and the rest is reported.

What has drifted says which fields; their values come from a live read, as drift hides those of variables and arguments. A value
is written into the most specific place that holds the setting already. Secrets are never written.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.engine.drift import Drifted, DriftResult, Field
from common.environment.config import Environment
from common.environment.project import Project
from common.environment.settings_model import explain_settings_error
from common.importing import arguments
from common.importing.config_places import ConfigPlaces, KeyPath, Place
from common.importing.declared_at import METHODS, declared_at, definition_file
from common.importing.live_code import compare, script_in_place
from common.importing.setting_fields import SettingField, properties_of, setting_of, value_at
from common.importing.values import holds_secret
from common.model import comparison, projection
from common.model.resource import SHARED, Key, Resource
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package
from common.packaging.source_files import display_path
from common.resources import kind_of

SECTIONS = {"log-group": "functions"}
"""The sections of kinds whose settings belong to another resource of the same name."""


@dataclass(frozen=True)
class Pulled:
    """A setting that gets a live value."""

    project: str
    key: str
    field: str
    place: Place
    value: Json


@dataclass(frozen=True)
class Left:
    """A field that no setting can express, and where it belongs instead."""

    project: str
    key: str
    field: str
    where: str


@dataclass
class PullResult:
    """What was found, and the new contents of the files."""

    pulled: list[Pulled] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)


class Puller:
    """Finds where what has drifted belongs.

    Args:
        root: the repository.
        env: the environment.
        aws: the AWS session.
        resources: the declared resources.
    """

    def __init__(self, root: Path, env: Environment, aws: Aws, resources: Sequence[Resource]) -> None:
        self._root, self._env, self._aws = root, env, aws
        self._resources = {(resource.key.project, str(resource.key)): resource for resource in resources}
        self._places = ConfigPlaces(root, env)

    def find(self, drift: DriftResult, selected: Callable[[Key], bool]) -> PullResult:
        """Finds the settings of what has drifted. Nothing is written.

        Raises:
            ConfigError: the configuration would not be valid with the live values.
        """
        result = PullResult()
        for drifted in drift.drifted:
            resource = self._resources.get((drifted.project, drifted.key))
            if resource is not None and selected(resource.key):
                self._take(resource, drifted, result)
            elif resource is None and selected(Key(drifted.project, *_kind_and_name(drifted.key))):
                advice = "" if drifted.how == "replaced" else ". `deploy --verify` repairs it"  # of a script, it says what to do
                result.left.append(Left(drifted.project, drifted.key, "", f"{drifted.what.removesuffix('.')}{advice}"))
        for resource in self._resources.values():
            if isinstance(resource.artifact, Script) and selected(resource.key):
                self._take_script(resource, resource.artifact, result)
        if result.pulled:
            result.contents = self._places.edited({pulled.place: pulled.value for pulled in result.pulled})
        return result

    def write(self, result: PullResult) -> None:
        """Writes the files."""
        self._places.write(result.contents)

    def _take(self, resource: Resource, drifted: Drifted, result: PullResult) -> None:
        live = resource.read(self._aws) if drifted.how == "changed" and drifted.fields else None
        if live is None:
            advice = "`deploy --verify` repairs it; if it is to stay so, change its declaration in"
            result.left.append(
                Left(drifted.project, drifted.key, "", f"{drifted.what}. {advice} {self._declared(resource, resource.key.kind)}")
            )
            return
        for part in drifted.fields:
            values, where = self._settings(resource, part, live.state)
            for keys, value in values.items():
                place = self._places.of(resource.key.project, keys)
                if not any(pulled.place == place for pulled in result.pulled):  # two fields may be one setting
                    result.pulled.append(Pulled(drifted.project, drifted.key, part.name, place, value))
            if where:
                result.left.append(Left(drifted.project, drifted.key, part.name, where))

    def _take_script(self, resource: Resource, script: Script, result: PullResult) -> None:
        """Takes up that the script of an imported job is the same here and there again, after both were edited."""
        try:
            package = script_in_place(self._aws, script)
        except AwsError:  # once it was edited here, these credentials may not be allowed to read the other one
            return
        if package is not None:
            keys = (kind_of(resource.key.kind).section, resource.key.name, "package")
            place = self._places.of(resource.key.project, keys)
            result.pulled.append(Pulled(resource.key.project, str(resource.key), "ScriptLocation", place, package))

    def _settings(self, resource: Resource, part: Field, state: JsonMapping) -> tuple[Mapping[KeyPath, Json], str]:
        """The settings of a field by the keys below the project's section, or a sentence about where it belongs."""
        kind, name = resource.key.kind, resource.key.name
        section = SECTIONS.get(kind) or kind_of(kind).section
        if kind == "lambda" and part.name == "CodeSha256" and isinstance(resource.artifact, Package):
            return self._code(resource.key, resource.name, resource.artifact)
        field_settings = setting_of(kind, part.name, state) or _property(resource, part.name, state)
        if (
            not section
            or field_settings is None
            or (kind == "log-group" and (resource.key.project, f"lambda/{name}") not in self._resources)
        ):
            return {}, self._elsewhere(resource, part.name, state)
        if field_settings.values is None:
            return {}, self._no_setting(resource, part, state)
        problem = _problem(field_settings.values) or _invalid(section, name, field_settings.values)
        if problem:
            return {}, f"{problem}. It belongs to {self._declared(resource, kind)}"
        return {(section, name, *path): value for path, value in field_settings.values.items()}, ""

    def _code(self, key: Key, function: str, package: Package) -> tuple[Mapping[KeyPath, Json], str]:
        """The reference to other code that is made of the same files, or a sentence about edited code."""
        try:
            live = compare(self._aws, function, package)
        except AwsError as error:
            folder = display_path(package.folder)
            return {}, f"whether its code was edited is not known ({error.code}): compare what it runs with {folder}/"
        if live.package is not None:
            return {("functions", key.name, "package"): live.package}, ""
        what = f"the code was edited{f' ({live.changed})' if live.changed else ''}"
        return {}, f"{what}: bring the edit into {display_path(package.folder)}/"

    def _no_setting(self, resource: Resource, part: Field, state: JsonMapping) -> str:
        """Says where a value belongs that its setting cannot express; among others one that somebody removed."""
        kind, where = resource.key.kind, self._declared(resource, resource.key.kind)
        declared = setting_of(kind, part.name, resource.desired())
        if declared and declared.values and value_at(state, part.name) is None:
            keys = ((kind_of(kind).section, resource.key.name, *path) for path in declared.values)
            places = ", ".join(str(self._places.of(resource.key.project, path)) for path in keys)
            return f"it was removed: remove it from {places}, or from {where}"
        return f"no setting can express this value: change {where}"

    def _elsewhere(self, resource: Resource, part: str, state: JsonMapping) -> str:
        """Says where a field belongs that no setting has, and what to write there."""
        kind, where = resource.key.kind, self._declared(resource, resource.key.kind)
        if part.startswith("Tags"):
            return f"tags belong to $.tags of config/{self._env.name}.json, for all resources"
        if resource.artifact_field and part.startswith(resource.artifact_field) and (code := _code(resource, part)):
            return code
        if kind == "state-machine" and part.startswith("definition"):
            file = definition_file(self._folder(resource) / "deploy.py", resource.key.name)
            return f"the definition was edited: change {display_path(self._folder(resource) / file) if file else where}"
        if kind == "role":
            return f"a role follows from what reads and writes are declared with it: change them in {where}, or set `role`"
        if kind == "log-group" and part == "retentionInDays":
            return f"the log group is shared: change $.defaults.log_retention_days of config/{self._env.name}.json"
        return arguments.advice(kind, part, state, where)

    def _declared(self, resource: Resource, kind: str) -> str:
        """The file, and if possible the line, of a resource's declaration."""
        file = self._folder(resource) / "deploy.py"
        name = resource.key.name
        if kind == "role":  # its name is that of what it belongs to, followed by the kind
            kind = next((owner for owner in METHODS if name.endswith(f"-{owner}")), "rule")
            name = name.removesuffix("-trigger" if kind == "rule" else f"-{kind}")
        line = declared_at(file, kind, name)
        return f"{display_path(file)}:{line}" if line else display_path(file)

    def _folder(self, resource: Resource) -> Path:
        project = resource.key.project
        return self._root if project == SHARED else self._root / "projects" / self._env.folder(project)


def _property(resource: Resource, part: str, state: JsonMapping) -> SettingField | None:
    """The field as it is declared in AWS's own spelling, without the parts that have settings; None if it is not."""
    name = part.partition(".")[0]
    if name not in resource.properties or name not in state:
        return None
    accepted = properties_of(resource.key.kind)
    value = comparison.selected(state[name], resource.properties[name])
    if isinstance(value, dict):
        value = {
            field: inner for field, inner in value.items() if f"{name}.{field}" not in {*accepted.settings, *accepted.fields}
        }
    return SettingField(name, {("properties", name): value})


def _code(resource: Resource, part: str) -> str:
    """Says where edited code belongs; empty if the field is not about code."""
    artifact = resource.artifact
    if isinstance(artifact, Script) and part.endswith("ScriptLocation"):
        return f"another script was set: bring it into {display_path(artifact.path)}"
    return ""


def _problem(values: Mapping[tuple[str, ...], Json]) -> str:
    """Says why values must not be written; empty if they may."""
    for path, value in values.items():
        if len(path) > 1 and isinstance(value, str) and holds_secret(path[-1], value):
            return f"{path[-1]} looks like a secret, and secrets are not written: store it, and hand over its name"
        if isinstance(value, str) and "${" in value:
            return f"{path[-1]} holds ${{, which would be read as a token"
    return ""


def _invalid(section: str, name: str, values: Mapping[tuple[str, ...], Json]) -> str:
    """Says why the settings cannot have these values; empty if they can."""
    content: Json = {}
    for path, value in values.items():
        content = projection.with_value(content, (section, name, *path), value)
    try:
        Project.model_validate(content, strict=False)
    except ValidationError as error:
        return f"no setting can have this value: {explain_settings_error(error).rstrip('.')}"
    return ""


def _kind_and_name(key: str) -> tuple[str, str]:
    kind, _, name = key.partition("/")
    return kind, name
