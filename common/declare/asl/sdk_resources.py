"""Finds the resources of `aws-sdk:` calls for any service: the ARN of a type has named parts, and parameters have their names.

``${ClusterName}`` is filled in from `ClusterName`, `Cluster` or `ClusterIdentifier`, and for an action on clusters also from
`Name`; never a part that is an id from a parameter that is a name. A part that nothing fills is ``*``.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common.aws import api_models, arn_forms, iam_actions, sdk_services
from common.aws.arn_forms import ENVIRONMENT, PLACE, ResourceType
from common.base.json_types import Json
from common.declare.asl.needs import Need, need
from common.declare.asl.targets import ALL, Problem, Targets, values_at

ENDS = ("arn", "identifier", "name", "url", "id")
"""How the names of parameters, and of parts of ARNs, end that name a resource."""
ODD = re.compile(r"(withpath|withoutleadingslash|path)$")
CREATES = re.compile(r"(Batch)?(Allocate|Copy|Create|Import|Register|Restore|Run)[A-Z]")
"""Matches operations that create the resource that they name, mostly under a name that is made while the machine runs."""
PASSING = re.compile(
    r"(?<!glue:)(?<!databrew:)([a-z-]+:)?.*(backup|build|change|execution|export|import|instance|job|query|run|session|snapshot|task)s?$"
)
"""Matches the types of resources that come and go while machines run, so that nobody can list them."""
PLAIN = frozenset({"", "resource"})
"""What a name is of that does not say of what it is, as in `Name` and `ResourceArn`."""
VALUE = re.compile(r"[^\s*?]+")
SHORTEST = 2
"""Names that are as short as this are not compared by their ends."""


class Name(NamedTuple):
    """The name of a parameter or of a part of an ARN, as they are compared: what it is of, and how it ends."""

    stem: str
    end: str


def name_of(text: str) -> Name:
    """Splits a name: ``DBInstanceIdentifier`` is ("dbinstance", "identifier"), ``InstanceIds`` ("instance", "id")."""
    folded = ODD.sub("", _folded(text))
    for end in ENDS:
        for ending in (f"{end}s", end):
            if folded.endswith(ending):
                return Name(folded.removesuffix(ending), end)
    return Name(folded, "")


def exist(targets: Targets, actions: tuple[str, ...], place: str) -> bool:
    """Whether IAM knows all actions; otherwise that is a problem, unless the declaration allows actions of the service itself."""
    for action in actions:
        if arn_forms.action_named(action) is not None or iam_actions.exists(action):
            continue
        prefix = action.partition(":")[0]
        if not targets.permits(f"{prefix}:*"):
            text = (
                f"{place} calls {action}, and IAM has no action of that name. Say what the call needs in "
                f"permissions=[allow('{prefix}:…', on='…')] of the declaration."
            )
            targets.problems.append(Problem(text))
        return False
    return True


def of_actions(targets: Targets, actions: tuple[str, ...], operation: str, parameters: Json, place: str) -> Iterator[Need]:
    """Yields each action, which exists, on what the parameters name."""
    for action in actions:
        described = arn_forms.action_named(action)
        if described is None:  # newer than the list that has the names of parts
            forms = [form.replace(".*", ALL) for form in iam_actions.forms_of(action)]
            yield need((action,), {_in_environment(targets, form) for form in forms} or {ALL})
        elif not described.types:
            yield need((described.name,), {ALL})
        else:
            yield need((described.name,), _resources(targets, described, operation, parameters, place))


def fitting(targets: Targets, action: str, arns: set[str]) -> set[str]:
    """Returns those ARNs on which IAM can allow an action.

    Glue asks for a resource and all above it, so what it needs besides is a pattern of its type.
    """
    described = arn_forms.action_named(action)
    if described is None or not arns:
        return arns
    if not described.types:
        return {ALL}
    arns_by_type = {of.name: {arn for arn in arns if _may_be(targets, of, arn)} for of in described.types}
    needed = described.types if action.startswith("glue:") else ()
    missing = {_pattern(targets, of) for of in needed if of.is_required and not arns_by_type[of.name]}
    return set().union(*arns_by_type.values()) | missing


def of_api_gateway(targets: Targets, service: str, operation: str, parameters: Json, place: str) -> Iterator[Need]:
    """API Gateway's actions are the methods of HTTP, and its resources the paths of its API."""
    name = sdk_services.service_of(service)
    model = api_models.model_of(name) if name else {"operations": {}}
    if operation not in model["operations"]:
        return
    described = model["operations"][operation]
    members = model["shapes"][described["input"]["shape"]]["members"] if "input" in described else {}
    path = described["http"]["requestUri"].partition("?")[0].removeprefix("/v2")
    for member, shape in members.items():
        if shape.get("location") == "uri":
            parameter = f"{member[0].upper()}{member[1:]}"
            values = [targets.text_of(value, place) for _, value in values_at(parameters, parameter)]
            path = path.replace(f"{{{shape.get('locationName', member)}}}", (values[0] if values else None) or ALL)
    env = targets.env
    yield need((f"apigateway:{described['http']['method']}",), {f"arn:{env.partition}:apigateway:{env.region}::{path}"})


class _Search(NamedTuple):
    """The search for the resources of one type that the parameters of a call name."""

    targets: Targets
    action: str
    operation: str
    of: ResourceType
    is_main: bool
    """Whether the operation is called after the type, so that a plain `Name` or `Id` is one of it."""
    place: str

    @property
    def stem(self) -> str:
        """The name of the type as it is compared."""
        return _folded(self.of.name)

    @property
    def passes(self) -> bool:
        """Whether such resources come and go while machines run, or the operation creates this one."""
        service = self.of.arn.split(":")[2]
        passing = PASSING.fullmatch(f"{service}:{self.of.name.lower()}") is not None
        return passing or (self.is_main and CREATES.match(self.operation) is not None)


def _resources(targets: Targets, action: arn_forms.Action, operation: str, parameters: Json, place: str) -> set[str]:
    """The ARNs on which an action is allowed: of the types that the parameters name, and of those that each call needs."""
    main = _main_type(action.types, operation)
    searches = [_Search(targets, action.name, operation, of, of is main, place) for of in action.types]
    named = {search.of.name: _named(search, parameters) for search in searches}
    if all(arns is None for arns in named.values()):
        required = [of for of in action.types if of.is_required] or list(action.types)
        return {_pattern(targets, of) for of in required}
    everything = operation.startswith("Run")  # it creates what else the call needs
    arns: set[str] = set()
    for of in action.types:
        arns_of_type = named[of.name]
        if arns_of_type is not None:
            arns |= arns_of_type
        elif everything or of.is_required:
            arns.add(_pattern(targets, of))
    return arns


def _main_type(types: tuple[ResourceType, ...], operation: str) -> ResourceType | None:
    """The type that an operation is called after; the only one if there is one."""
    if len(types) == 1:
        return types[0]
    called = [of for of in types if _folded(of.name) in operation.lower()]
    return max(called, key=lambda of: len(of.name), default=None)


def _named(search: _Search, parameters: Json) -> set[str] | None:
    """The ARNs of the resources that the parameters name; None if they name none."""
    targets, of = search.targets, search.of
    if not isinstance(parameters, Mapping):
        return _untold(search, "Arguments") if search.is_main else None
    filled: dict[str, list[str]] = {}
    whole: set[str] = set()
    for field in parameters:
        parameter = field.removesuffix(".$")
        part = _part_of(search, name_of(parameter))
        for _, value in values_at(parameters, f"{parameter}[]") if part else ():
            text = targets.text_of(value, search.place)
            if text is None and name_of(parameter).end != "id" and not search.passes:
                return _untold(search, field)
            if text is not None and part == of.parts[-1] and _is_arn(targets, of, text):
                whole.add(text)
            elif part is not None:
                filled.setdefault(part, []).append(_value(part, parameter, text))
    if whole:
        return whole | _beside(of, whole)
    if not filled:
        return None if of.parts else {_pattern(targets, of)}
    arns = {_in_environment(targets, _filled(of, filled, number)) for number in range(max(map(len, filled.values())))}
    return arns | _beside(of, arns)


def _value(part: str, parameter: str, text: str | None) -> str:
    """What stands in a part of an ARN for the value of a parameter: a name is not an id."""
    is_other = name_of(part).end == "id" and name_of(parameter).end == "name"
    if text is None or is_other or not VALUE.fullmatch(text):
        return ALL
    if text.startswith("arn:"):
        return text.rpartition("/")[2]
    return text.lstrip("/") if "WithoutLeadingSlash" in part else text


def _filled(of: ResourceType, filled: Mapping[str, list[str]], number: int) -> str:
    """The ARN with the parts of the resource of this number; where there are fewer, the last counts for all further ones."""

    def value(match: re.Match[str]) -> str:
        if match[1] in ENVIRONMENT:
            return match[0]
        values = filled.get(match[1], [ALL])
        return values[min(number, len(values) - 1)]

    return PLACE.sub(value, of.arn)


def _part_of(search: _Search, parameter: Name) -> str | None:
    """The part of an ARN that a parameter names; None if it names none. The same name goes before a similar one."""
    stems = {part: name_of(part).stem for part in reversed(search.of.parts)}
    for part, stem in stems.items():
        if stem == parameter.stem and stem not in PLAIN:
            return part
    last = next(iter(stems), None)
    if last is None or parameter.stem == search.stem:
        return last
    for part, stem in {last: search.stem, **stems}.items() if parameter.end else ():
        if _ends(parameter.stem, stem) or (part == last and _ends(parameter.stem, stems[part])):
            return part
    is_plain = parameter.stem in PLAIN or parameter.stem in search.operation.lower()
    return last if search.is_main and parameter.end and is_plain else None


def _ends(parameter: str, part: str) -> bool:
    """Whether one of two names is the other with words before it, as in ``dbcluster`` and ``cluster``."""
    return min(len(parameter), len(part)) > SHORTEST and (parameter.endswith(part) or part.endswith(parameter))


def _untold(search: _Search, field: str) -> set[str]:
    """The ARNs of a type that `may_call` lists, for one that is known only at run time."""
    targets, of = search.targets, search.of
    if listed := targets.may_call.matching(lambda arn: _is_arn(targets, of, arn)):
        return listed | _beside(of, listed)
    if search.passes:
        return {_pattern(targets, of)}
    example = _in_environment(targets, PLACE.sub(lambda match: match[0] if match[1] in ENVIRONMENT else "NAME", of.arn))
    targets.untold(of.name, f"{search.place}.{field}", (search.action,), example)
    return set()


def _is_arn(targets: Targets, of: ResourceType, text: str) -> bool:
    """Whether a text is the ARN of a resource of the type, in any account and region; a mark of an ARN is taken for one."""
    if text.startswith("«"):
        return text.endswith("rn»")
    parts = re.split(r"\$\{(\w+)\}", of.arn)
    patterns = {"Partition": re.escape(targets.env.partition), "Region": "[a-z0-9-]*", "Account": "[0-9]*"}
    pattern = "".join(patterns.get(part, r"[^\s*?]+") if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.fullmatch(pattern, text) is not None


def _may_be(targets: Targets, of: ResourceType, arn: str) -> bool:
    """Whether an ARN, which may be a pattern or a mark, may be one of a resource of the type."""
    return _is_arn(targets, of, arn.replace(ALL, "x").replace("?", "x")) or arn.startswith("«")


def _beside(of: ResourceType, arns: set[str]) -> set[str]:
    """What belongs to resources: CloudWatch Logs names the streams of a group behind it."""
    return {f"{arn}:*" for arn in arns} if of.name == "log-group" else set()


def _pattern(targets: Targets, of: ResourceType) -> str:
    return _in_environment(targets, PLACE.sub(lambda match: match[0] if match[1] in ENVIRONMENT else ALL, of.arn))


def _in_environment(targets: Targets, form: str) -> str:
    env = targets.env
    values = {"Partition": env.partition, "Region": env.region, "Account": env.account_id}
    return PLACE.sub(lambda match: values.get(match[1], ALL), form)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
