"""Converts configuration of others to ours, for `invoke import --config`: each key is converted, or refused with where it goes.

What a key means follows from what it is, not from one team's name for it: a field of AWS, below the name of a function or a job
of the project or for all of them; an ARN; the name of a bucket; a token of definitions; or else a parameter. Secrets are never
written, and nothing is written over.
"""

import re
from collections.abc import Mapping

from pydantic import ValidationError

from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.environment.config import Environment
from common.environment.parameter_values import check_value
from common.environment.project import Project
from common.importing import config_kinds
from common.importing.config_kinds import KINDS, arn_of, sections_hinted, snake
from common.importing.config_places import KeyPath
from common.importing.project_names import ProjectNames
from common.importing.setting_fields import plain
from common.importing.values import holds_secret
from common.model import projection

NOT_WRITTEN = "it looks like a secret, and secrets are not written: store it, and hand over its name (existing.secrets)"
CONTAINERS = frozenset({"strparams", "params", "parameters", "config", "configdata", "settings", "variables", "values"})
"""Names of maps that say nothing about what the maps contain."""
OF_ENVIRONMENT = {
    "account_id": "account_id",
    "aws_account_id": "account_id",
    "account": "account_id",
    "region": "region",
    "aws_region": "region",
    "tags": "tags",
    "subnet_ids": "network.subnet_ids",
    "security_group_ids": "network.security_group_ids",
    "permissions_boundary": "roles.permissions_boundary",
}
"""Keys that belong to the whole environment, and where they stand there."""
NUMBERS = frozenset({"workers", "max_retries", "timeout_minutes", "timeout_seconds", "memory_mb"})
"""These settings are numbers, which others often write as texts."""


@dataclass(frozen=True)
class Refused:
    """A key that was not converted, and where it goes or what to do."""

    path: str
    where: str


@dataclass
class Converted:
    """The result of a conversion.

    Args:
        values: the values by their keys in the project's section.
        sources: the key in the file of each of these.
        refused: what was not converted.
        tokens: the tokens of definitions, and the references that they become.
    """

    values: dict[KeyPath, Json] = field(default_factory=dict)
    sources: dict[KeyPath, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)


class Converter:
    """Converts one file.

    Args:
        env: the environment.
        names: what the project declares and refers to.
        present: the project's section as it is now.
    """

    def __init__(self, env: Environment, names: ProjectNames, present: JsonMapping) -> None:
        self._env, self._names, self._present = env, names, present
        self._result = Converted()
        self._specific: set[KeyPath] = set()
        """The settings that stand in the file at a resource's name, which wins over what stands there for all."""

    def convert(self, data: JsonMapping) -> Converted:
        """Converts the content of a file."""
        for key, value in data.items():
            self._take((key,), value)
        return self._result

    def _take(self, path: KeyPath, value: Json) -> None:
        key = path[-1]
        if isinstance(value, Mapping):
            self._take_map(path, value)
        elif (named := config_kinds.by_name(value)) is not None:
            self._take_map(path, named)
        elif any(isinstance(text, str) and holds_secret(key, text) for text in (value if isinstance(value, list) else [value])):
            self._refuse(path, NOT_WRITTEN)
        elif (where := self._of_environment(path, value)) is not None:
            self._refuse(path, where)
        elif not self._take_settings(path, value):
            self._take_value(path, value)

    def _take_map(self, path: KeyPath, value: JsonMapping) -> None:
        """A map is about one resource by its name, is a field of AWS itself, or is looked into."""
        key, hinted = path[-1], sections_hinted(path)
        if (resource := self._resource(path)) and self._is_about(resource, path, value):
            for name, inner in value.items():
                self._take_field((*path, name), [resource], name, inner, specific=True)
        elif snake(key) == "tags":
            self._refuse(path, f"tags belong to the whole environment: $.tags of config/{self._env.name}.json")
        elif section := next((section for section in hinted or ["jobs"] if _settings(section, key, value) is not None), None):
            self._take_field(path, [(section, name) for name in self._names.declared(section)], key, value, specific=False)
        elif section := self._unknown_resource(path, value):
            declared = ", ".join(self._names.declared(section)) or "none"
            self._refuse(
                path, f"the project declares no such resource in {section}, only {declared}; declare it, and convert again"
            )
        else:
            for name, inner in value.items():
                self._take((*path, name), inner)

    def _is_about(self, resource: tuple[str, str], path: KeyPath, value: JsonMapping) -> bool:
        """Whether a map is about a resource: it is called exactly so, or ends so and has settings of such a resource."""
        section, name = resource
        return plain(name) == plain(path[-1]) or any(_settings(section, key, inner) is not None for key, inner in value.items())

    def _unknown_resource(self, path: KeyPath, value: JsonMapping) -> str | None:
        """The section of a resource that the project does not have: its map is in one about such resources, and has settings."""
        for section in sections_hinted(path[:-1]) if len(path) > 1 else ():
            if snake(path[-1]) not in CONTAINERS and any(_settings(section, name, inner) for name, inner in value.items()):
                return section
        return None

    def _resource(self, path: KeyPath, section: str = "") -> tuple[str, str] | None:
        """The section and the name of the resource that the last key names, also with what a template adds in AWS."""
        key = plain(path[-1])
        candidates = [
            (candidate, name)
            for candidate in ([section] if section else KINDS)
            for name in self._names.declared(candidate)
            if plain(name) == key or (len(plain(name)) > 3 and key.endswith(plain(name)))
        ]
        hinted = sections_hinted(path[:-1])
        candidates.sort(key=lambda pair: (pair[0] not in hinted, plain(pair[1]) != key, -len(pair[1])))
        return candidates[0] if candidates else None

    def _take_field(self, path: KeyPath, resources: list[tuple[str, str]], key: str, value: Json, *, specific: bool) -> None:
        """A field of these resources: of one by its name, which is `specific`, or of all in a section."""
        if not resources:
            self._refuse(path, "the project declares no resource that it could be about; declare it, and convert again")
        for section, name in resources:
            settings = _settings(section, key, value)
            if settings is None:
                self._refuse(path, f"no setting of {section}.{name} has it; docs/configuration.md lists the settings")
            for keys, inner in (settings or {}).items():
                if isinstance(inner, str) and len(keys) > 1 and holds_secret(keys[-1], inner):
                    self._refuse((*path, keys[-1]), NOT_WRITTEN)
                else:
                    self._put(path, (section, name, *keys), _number(keys[-1], inner), specific=specific)

    def _take_settings(self, path: KeyPath, value: Json) -> bool:
        """Whether a value is a setting of all resources of a section, by the name of a field of AWS and the words in its path."""
        hinted = sections_hinted(path)
        sections = [
            section for section in hinted or KINDS if _settings(section, path[-1], value, hinted=bool(hinted)) is not None
        ]
        if not sections:
            return False
        if len(sections) > 1:
            self._refuse(path, f"it may be a setting of {' or of '.join(sections)}: set it there by name")
        elif sections == ["triggers"] and len(self._names.declared("triggers")) != 1:
            self._refuse(path, "it is a setting of one trigger: set it at triggers.<name>")
        elif not (names := self._names.declared(sections[0])):
            self._refuse(path, f"it is a setting of {sections[0]}, of which the project declares none")
        else:
            settings = _settings(sections[0], path[-1], value, hinted=bool(hinted)) or {}
            for name in names:
                for keys, inner in settings.items():
                    self._put(path, (sections[0], name, *keys), _number(keys[-1], inner), specific=False)
        return True

    def _of_environment(self, path: KeyPath, value: Json) -> str | None:
        """Where a key belongs that is of the whole environment; None if it is not."""
        place = OF_ENVIRONMENT.get(snake(path[-1]))
        if place is None:
            return None
        present = projection.value_at(self._env.model_dump(mode="json"), tuple(place.split(".")))
        file = f"$.{place} of config/{self._env.name}.json"
        return f"{file} has this value already" if present == value else f"it belongs to the whole environment: {file}"

    def _take_value(self, path: KeyPath, value: Json) -> None:
        """An ARN or a bucket becomes an existing thing, and everything else a parameter."""
        key, name = path[-1], snake(path[-1])
        arn = arn_of(value)
        if arn is not None and not arn.section:
            self._refuse(path, "this kind of ARN cannot be referred to; set it as a parameter if code needs it as text")
        elif arn is not None or config_kinds.is_bucket(path, value):
            section = arn.section if arn is not None else "buckets"
            reference, shared = config_kinds.without_ending(name, section), section.removesuffix("s")
            own = self._resource((re.split(r"[:/]", str(value))[-1],), section) if section in KINDS else None
            if own is not None:
                self._token(key, f"{own[1]}.arn")
                self._refuse(path, f"it is the project's own: refer to it as ${{{own[1]}.arn}}")
                return
            how = f'p.shared.{shared}("{reference}")'
            if self._use(path, ("existing", section, reference, "name"), reference, value, how):
                self._token(key, f"{shared}.{reference}.{'arn' if arn is not None else 'name'}")
        elif value is None:
            self._refuse(path, "it has no value")
        else:
            try:
                check_value(value)
            except ValueError as error:
                self._refuse(path, f"{error}")
                return
            if self._use(path, ("parameters", name), name, value, f"${{{name}}}"):
                self._token(key, name)

    def _token(self, key: str, reference: str) -> None:
        if key.startswith("__") and key.endswith("__"):
            self._result.tokens[key] = reference

    def _use(self, path: KeyPath, keys: KeyPath, name: str, value: Json, how: str) -> bool:
        """Puts what a declaration must refer to, as an unused one would be refused by every plan. Returns whether it was put."""
        refused = len(self._result.refused)
        token = path[-1] if path[-1].startswith("__") else ""
        if self._names.folder.exists() and not (self._names.refers_to(name) or (token and self._names.refers_to(token))):
            self._refuse(path, f"nothing in the project refers to it: refer to it as {how}, and convert again")
        else:
            self._put(path, keys, value)
        return len(self._result.refused) == refused

    def _put(self, path: KeyPath, keys: KeyPath, value: Json, *, specific: bool = True) -> None:
        """Puts a value, unless there is another one already, or it is not valid there."""
        if keys in self._result.values and specific != (keys in self._specific):
            if not specific:
                return
            del self._result.values[keys]
        earlier = self._result.values.get(keys, projection.value_at(self._present, keys))
        if earlier is not None:
            if earlier != value:
                self._refuse(path, f"{'.'.join(keys)} has another value already, and nothing is written over")
            return
        try:
            Project.model_validate(projection.with_value({}, keys, value), strict=False)
        except ValidationError as error:
            self._refuse(path, f"{'.'.join(keys)} cannot have this value: {error.errors()[0]['msg']}")
            return
        self._result.values[keys], self._result.sources[keys] = value, ".".join(path)
        if specific:
            self._specific.add(keys)

    def _refuse(self, path: KeyPath, where: str) -> None:
        self._result.refused.append(Refused(".".join(path), where))


def _settings(section: str, key: str, value: Json, *, hinted: bool = True) -> Mapping[tuple[str, ...], Json] | None:
    """The settings of a resource of a section that a key stands for; None if it stands for none."""
    if hinted and section != "triggers" and (arn := arn_of(value)) is not None and arn.section == "roles":
        return {("role",): value}
    if section == "triggers" and isinstance(value, str) and config_kinds.SCHEDULE.fullmatch(value):
        return {("expression",): value}
    texts = config_kinds.texts_of(section, key, value)
    return texts if texts is not None else config_kinds.settings_of(section, key, value, hinted=hinted)


def _number(setting: str, value: Json) -> Json:
    """A number that was written as text, where the setting is a number."""
    return int(value) if setting in NUMBERS and isinstance(value, str) and value.isascii() and value.isdecimal() else value
