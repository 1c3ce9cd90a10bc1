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
from common.resources import kind_of


def render(project: ProjectResources, ref: Ref, properties: JsonMapping) -> tuple[JsonObject, tuple[Ref, ...]]:
    """Returns the properties of a resource with tokens replaced, and the resources that they refer to.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own.
    """
    if not properties:
        return {}, ()
    where = project.where(ref)
    rendered, refs = project.names.substitute(dict(properties), where)
    check(kind_of(ref.key.kind), rendered, where)
    return rendered, refs


def check(kind: Kind, properties: JsonMapping, where: str) -> None:
    """Checks properties offline.

    Raises:
        DeclarationError: AWS would not accept them, or one of them has a setting of its own; one message has all problems.
    """
    if properties and (problems := list(_problems(kind, properties))):
        raise DeclarationError("\n".join(f"{where}: properties: {problem.rstrip('.')}{_stop(problem)}" for problem in problems))


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
    own = {"Tags", "tags", *(name for name in accepted.settings if "." not in name)}
    names = {name: Parameter(kind.service, operation, (name,), _has_mark) for name, operation in accepted.operations.items()}
    whole = Parameter(kind.service, accepted.operation, accepted.path, _has_mark) if accepted.operation else None
    known = {*names, *(whole.members() if whole else ())}
    for name in sorted(properties.keys() - known - own):
        choices = sorted(known - own)
        guess = did_you_mean(name, choices, otherwise=f" It accepts {', '.join(choices)}.")
        yield f"{accepted.operation or 'AWS'} does not accept {name!r}.{guess}"
    for name in names.keys() & properties.keys():
        yield from names[name].problems(properties[name], name)
    if whole is not None:
        yield from whole.problems({name: properties[name] for name in properties.keys() & {*whole.members()} - own})


def _stop(sentence: str) -> str:
    return "" if sentence.endswith("?") else "."


def _has_mark(text: str) -> bool:
    return MARK.search(text) is not None


def _has(value: object, path: list[str]) -> bool:
    """Whether a JSON object has a value at a path."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
