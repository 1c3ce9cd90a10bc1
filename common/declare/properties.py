"""Properties: fields of a resource in AWS's own spelling, for what has no setting of its own.

They are checked against the models of the installed botocore, which say what AWS accepts. A model takes about as long to load as
an unchanged deploy, so only declarations with properties load the one model of their service.
"""

from collections.abc import Iterator

from common.aws.api_models import Parameter
from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.declare.project_resources import ProjectResources
from common.model.generated import MARK
from common.model.kind import Kind
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of


def render(project: ProjectResources, ref: Ref, properties: JsonMapping) -> tuple[JsonObject, list[Key]]:
    """Returns the properties of a resource with tokens replaced, and the resources that they refer to.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own.
    """
    if not properties:
        return {}, []
    where = project.where(ref)
    rendered, refs = project.names.substitute(dict(properties), where)
    check(kind_of(ref.key.kind), rendered, where)
    return rendered, [used.key for used in refs]


def check(kind: Kind, properties: JsonMapping, where: str) -> None:
    """Checks properties offline.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own; one message has all problems.
    """
    if properties and (problems := list(_problems(kind, properties))):
        raise DeclarationError("\n".join(f"{where}: properties: {problem}." for problem in problems))


def _problems(kind: Kind, properties: JsonMapping) -> Iterator[str]:
    accepted = kind.properties
    if accepted is None:
        yield f"a {kind.word} takes none"
        return
    for name, setting in accepted.settings.items():
        if _has(properties, name.split(".")):
            yield f"{name} has a setting of its own: say {setting}" if setting else f"the deployer itself sets {name}"
    for name in properties.keys() & {"Tags", "tags"}:
        yield f"{name}: say `tags` in the configuration of the environment"
    settings = {name.partition(".")[0] for name in accepted.settings}
    unchecked = {"Tags", "tags", *(name for name in accepted.settings if "." not in name)}
    others = {name: value for name, value in properties.items() if name not in unchecked}
    parameter = Parameter(kind.service, accepted.operation, accepted.path, _has_mark)
    names = sorted({*parameter.members()} - settings | {name.partition(".")[0] for name in accepted.settings if "." in name})
    for name in others.keys() - {*parameter.members()}:
        guess = did_you_mean(name, names, otherwise=f" It accepts {', '.join(names)}.")
        yield f"{accepted.operation} does not accept {name!r}.{guess}".rstrip(".")
    yield from parameter.problems({name: value for name, value in others.items() if name in parameter.members()})


def _has_mark(text: str) -> bool:
    return MARK.search(text) is not None


def _has(value: object, path: list[str]) -> bool:
    """Whether a JSON object has a value at a path."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
