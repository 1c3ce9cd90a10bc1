"""Properties: fields of a resource in AWS's own spelling, for what has no setting of its own.

They are checked against the models of the installed botocore, which say what AWS accepts. A model takes about as long to load as
an unchanged deploy, so only declarations with properties load the one model of their service.
"""

from collections.abc import Iterator

from common.aws.api_models import Parameter
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.declare.project_resources import ProjectResources
from common.environment.resource_settings import Settings
from common.model import comparison
from common.model.generated import has_mark
from common.model.kind import Kind, Setting
from common.model.reference import Ref
from common.resources import kind_of


def render(
    project: ProjectResources, ref: Ref, properties: JsonMapping, settings: Settings | None = None
) -> tuple[JsonObject, tuple[Ref, ...]]:
    """Returns the properties of a resource with tokens replaced, and the resources that they refer to.

    Args:
        project: the project.
        ref: the resource.
        properties: its properties.
        settings: its settings, of which some are properties with a shorter name.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own.
    """
    kind, where = kind_of(ref.key.kind), project.where(ref)
    merged, refs = project.names.substitute(dict(properties), where) if properties else ({}, ())
    check(kind, merged, where)
    fields = kind.properties.fields if kind.properties and settings is not None else {}
    values = {name: value for name, field in fields.items() if (value := getattr(settings, field.name)) is not None}
    values, named = project.names.substitute(values, where) if values else ({}, ())
    for name, value in values.items():
        merged = comparison.merged(_spelled(name, fields[name], value, where), merged)
    return merged, (*refs, *named)


def _spelled(name: str, setting: Setting, value: Json, where: str) -> JsonObject:
    """The value of a setting in AWS's own spelling."""
    if setting.services and not has_mark(value) and value.split(":")[2:3] not in [[service] for service in setting.services]:
        raise DeclarationError(f"{where}: {setting.name} is {value!r}; it must be an ARN of {' or '.join(setting.services)}.")
    value = setting.words.get(value, value) if setting.words else value
    for part in reversed(name.split(".")):
        value = {part: value}
    return comparison.merged(value, setting.beside)


def check(kind: Kind, properties: JsonMapping, where: str) -> None:
    """Checks properties offline.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own; one message has all problems.
    """
    if properties and (problems := list(_problems(kind, properties))):
        raise DeclarationError("\n".join(f"{where}: properties: {problem.rstrip('.')}{_stop(problem)}" for problem in problems))


def accepted_names(kind: Kind) -> list[str]:
    """The fields that the properties of a kind may have: those that have no settings; parts of structures by dotted names."""
    accepted = kind.properties
    if accepted is None:
        return []
    own = {"Tags", "tags", *accepted.settings, *accepted.fields}
    members = Parameter(kind.service, accepted.operation, accepted.path).members() if accepted.operation else []
    partly = {name.partition(".")[0] for name in own if "." in name}
    result = []
    for name in sorted({*members, *accepted.keys, *accepted.operations} - own):
        if name not in partly or not accepted.operation:
            result.append(name)
            continue
        inner = Parameter(kind.service, accepted.operation, (*accepted.path, name)).members()
        result += [f"{name}.{part}" for part in inner if f"{name}.{part}" not in own]
    return result


def _problems(kind: Kind, properties: JsonMapping) -> Iterator[str]:
    accepted = kind.properties
    if accepted is None:
        yield f"a {kind.word} takes none"
        return
    settings = {**accepted.settings, **{name: setting.name for name, setting in accepted.fields.items()}}
    for name, setting in settings.items():
        if _has(properties, name.split(".")):
            yield f"{name} has a setting of its own: say {setting}" if setting else f"the deployer itself sets {name}"
    for name in properties.keys() & {"Tags", "tags"}:
        yield f"{name}: say `tags` in the configuration of the environment"
    own = {"Tags", "tags", *(name for name in settings if "." not in name)}
    names = {name: Parameter(kind.service, operation, (name,), has_mark) for name, operation in accepted.operations.items()}
    whole = Parameter(kind.service, accepted.operation, accepted.path, has_mark) if accepted.operation else None
    members = {*(whole.members() if whole else ()), *accepted.keys}
    choices = sorted({*names, *members} - own)
    for name in sorted(properties.keys() - {*choices} - own):
        guess = did_you_mean(name, choices, otherwise=f" It accepts {', '.join(choices)}.")
        yield f"{accepted.operation or 'AWS'} does not accept {name!r}.{guess}"
    for name in names.keys() & properties.keys():
        yield from names[name].problems(properties[name], name)
    if whole is not None:
        yield from whole.problems({name: properties[name] for name in properties.keys() & members - own})


def _stop(sentence: str) -> str:
    return "" if sentence.endswith("?") else "."


def _has(value: object, path: list[str]) -> bool:
    """Whether a JSON object has a value at a path."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
