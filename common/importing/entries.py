"""What is written of one resource: its call in the declaration, its section of the configuration, its files, its notes.

What belongs to the code stands in the declaration: the runtime, the version of Glue, the type of a machine. What may differ
between environments stands in the configuration of the one that was read: sizes, roles, networks, values with an account, a
region or the environment's name in them.
"""

import builtins
import keyword
import re
from collections.abc import Mapping

from pydantic import ValidationError

from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.declare.naming import PhysicalNames
from common.environment.config import Environment
from common.environment.resource_settings import Settings
from common.importing.generated import GeneratedValues
from common.importing.references import VERBS, References
from common.importing.selection import LiveResource
from common.resources import kind_of

RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "p", "env", "main", "pipeline", "environment", "path", "os", "sys"})
"""A variable of a declaration cannot have these names."""


REFERENCE = re.compile(r"(s3[an]?://)?(?<!\$)\$\{[^{}]*\}")
"""A reference in a text, after which another environment has its own value."""


class Code(str):
    """Python source that stands for a value in a declaration."""

    __slots__ = ()


@dataclass
class Context:
    """What the writers of all kinds need.

    Args:
        env: the environment.
        project: the name of the project.
        references: puts references in place of names.
        variables: the variables of the declaration, by the kind and name of the resource that each holds.
        generated: what AWS gives resources of any type that are imported.
        published: the ARNs of the imported functions and machines that publish, by those of their aliases.
        retentions: for how many days each log group of a function keeps its lines; ``shared`` if others write to it, too, and
            None if it does not exist.
    """

    env: Environment
    project: str
    references: References
    variables: dict[tuple[str, str], str] = field(default_factory=dict)
    generated: GeneratedValues = field(default_factory=GeneratedValues)
    published: Mapping[str, str] = field(default_factory=dict)
    retentions: Mapping[str, int | str | None] = field(default_factory=dict)

    def variable(self, kind: str, name: str) -> str:
        """The variable of the declaration that holds a resource, imported or not, or the call that returns it."""
        references = self.references
        if (kind, name) in references.used_before and (kind, name) not in self.variables:
            return f'p.shared.{VERBS[kind]}("{references.used_before[kind, name].key}")'
        if (kind, name) not in self.variables:
            key = references.imported.get((kind, name)) or references.use(kind, name).key
            plain = re.sub(r"\W", "_", key, flags=re.ASCII).lower()
            candidates = (plain, f"{plain}_{VERBS[kind]}", *(f"{plain}_{number}" for number in range(2, 10_000)))
            taken = {*self.variables.values(), *RESERVED}
            self.variables[kind, name] = next(
                variable for variable in candidates if variable.isidentifier() and variable not in taken
            )
        return self.variables[kind, name]

    def name(self, entry: "Entry") -> None:
        """Gives what is written the exact name of its resource, unless it has that name anyway."""
        usual = PhysicalNames(self.env, self.project).named(kind_of(entry.resource.kind), entry.key)
        if usual != entry.resource.name:
            entry.named["name"] = self.references.staged(entry.resource.name)

    def machine_name(self, arn: str) -> str:
        """How a machine is named here: by its name in this account and region, else by its ARN."""
        arn = self.published.get(arn, arn)
        name = arn.rpartition(":")[2]
        return name if kind_of("state-machine").arn_of(self.env, name) == arn else arn

    def is_particular(self, text: str) -> bool:
        """Whether a value belongs to this account or environment, so that another one will have another value."""
        env, text = self.env, REFERENCE.sub("", text)
        own = re.search(rf"(?<![A-Za-z0-9]){re.escape(env.name)}(?![A-Za-z0-9])", text, re.IGNORECASE)
        return own is not None or env.account_id in text or env.region in text or "arn:" in text or "://" in text


@dataclass(kw_only=True)
class Entry:
    """What is written of one resource.

    Args:
        resource: the resource.
        key: what the project calls it.
        method: the method of `Pipeline` that declares it.
        arguments: its arguments after its key, without settings.
        named: its keyword arguments.
        code_settings: the settings that stand in the declaration.
        settings: its section of the configuration.
        files: the files of the project that belong to it, by path.
        comments: what stands above its call.
        notes: what the command tells of it.
        secrets: the variables or arguments that hold secrets and were left out.
    """

    resource: LiveResource
    key: str
    method: str
    arguments: list[Json] = field(default_factory=list)
    named: JsonObject = field(default_factory=dict)
    code_settings: JsonObject = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Adds something to what stands above its call, and to what the command tells."""
        self.comments.append(text)
        self.notes.append(text)


@dataclass(frozen=True)
class Unexpressed:
    """A resource that is not imported, and why."""

    resource: LiveResource
    reason: str


def set_differing(entry: Entry, model: type[Settings], default: Settings, live: Mapping[str, Json], code: frozenset[str]) -> None:
    """Takes up the settings whose live values differ from the defaults of the environment.

    Args:
        entry: what is written.
        model: the settings of the kind.
        default: the defaults of the environment.
        live: the live values by setting.
        code: the settings that belong to the code.
    """
    usual = model().over(default).model_dump(mode="json")
    for name, value in live.items():
        if value != usual[name]:
            (entry.code_settings if name in code else entry.settings)[name] = value


def refusal(model: type[Settings], live: Mapping[str, Json]) -> str:
    """Why live values cannot be settings; empty if they can."""
    if missing := next((name for name, value in live.items() if value is None), ""):
        return f"AWS shows no {missing}, or one that cannot be declared"
    try:
        model().over(live)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in problem['loc'])} is {problem['input']!r}: {problem['msg']}"
    return ""
