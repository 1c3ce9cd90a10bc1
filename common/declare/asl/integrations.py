"""Finds the IAM statements that a state machine needs: exactly those for what its definition does.

Each task's integration names the API operation, and the parameter that names its target the only resource that it is allowed on.
A Map in distributed mode starts executions of the machine that it is in, and reads its items from a bucket itself.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
and https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
"""

import re
from collections.abc import Callable, Iterator, Mapping

from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.bucket_permissions import in_bucket
from common.declare.asl.integration_permissions import INTEGRATIONS
from common.declare.asl.may_call import MayCall
from common.declare.asl.needs import Need, need, statements
from common.declare.asl.optimised import optimised
from common.declare.asl.special_permissions import Call, executions
from common.declare.asl.targets import Problem, Targets
from common.declare.asl.walk import every_state, is_distributed
from common.declare.permissions import Statement
from common.environment.config import Environment
from common.model.generated import GeneratedRef
from common.model.reference import Names, Ref

ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:activity:[^:]+")
WAITS = re.compile(r"\.sync(:2)?$")
READERS = {"s3:getObject": ("s3:GetObject",), "s3:listObjectsV2": ("s3:ListBucket",)}
WRITERS = {
    "s3:putObject": ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
}
"""What a distributed Map reads its items with, and writes its results with: IAM actions by the operation that it names."""


def state_machine(
    env: Environment,
    own: Ref,
    definition: JsonMapping,
    names: Names,
    where: str,
    may_call: MayCall | None = None,
    permits: Callable[[str], bool] = lambda _: False,
) -> Iterator[Statement]:
    """The statements that a definition (before substitution of its references) needs.

    Args:
        env: names what is not declared.
        own: the machine itself.
        definition: its structure proved.
        names: what it may refer to.
        where: named in errors.
        may_call: what targets that are known only at run time may be.
        permits: whether the declaration allows an action by itself.

    Raises:
        DeclarationError: what states need cannot be told from their integrations and references; one message names all. What can
            be told was yielded before. Only who takes the statements gets to know: with a role from configuration they are
            somebody else's matter.
    """
    targets = Targets(env, own, names, may_call or MayCall(env, (), names, where), permits)
    needs: list[Need] = []
    for place, _, state, _ in every_state(definition):
        if state["Type"] == "Task":
            needs += _task(targets, state, str(place))
        elif is_distributed(state):
            needs += _distributed(targets, state, str(place))
    yield from statements(needs)
    unused = targets.may_call.unused()
    if unused and not targets.problems:
        raise DeclarationError(
            f"{where}: may_call lists {', '.join(unused)}, which no state calls by a target that is known only when the machine "
            f"runs. Take it out."
        )
    if targets.problems:
        raise DeclarationError(_message(env, where, targets.problems))


def _message(env: Environment, where: str, problems: list[Problem]) -> str:
    """Returns one message with all problems, each once, and with what to write."""
    texts = list(dict.fromkeys(problem.text for problem in problems))
    examples = list(dict.fromkeys(problem.example for problem in problems if problem.example))
    advice = f"Or set a role for the machine in config/{env.name}.json."
    if examples:
        listed = ", ".join(f'"{example}"' for example in examples)
        advice = f"List what it may be in the declaration, references or ARNs, as in may_call=[{listed}]. {advice}"
    if len(texts) == 1:
        return f"{where}: {texts[0]} {advice}"
    lines = "".join(f"\n  {text}" for text in texts)
    return f"{where}: its role cannot be generated, for {len(texts)} reasons:{lines}\n{advice}"


def _task(targets: Targets, task: JsonMapping, place: str) -> Iterator[Need]:
    resource = str(task.get("Resource", ""))
    if "Credentials" in task:  # then the task does all that it does as somebody else
        roles = targets.of_parameter("role", "RoleArn", task["Credentials"], f"{place}.Credentials", ("sts:AssumeRole",))
        if roles is None:
            targets.problems.append(Problem(f"{place}.Credentials: RoleArn is missing."))
        yield need(("sts:AssumeRole",), roles or ())
        return
    _, integration, name = resource.partition(":states:::")
    if not integration:
        if not _is_activity(targets, resource, place):  # whose workers come to ask for work
            action = ("lambda:InvokeFunction",)
            yield need(action, targets.of_value("function", resource, f"{place}.Resource", action))
        return
    plain, parameters = name.removesuffix(".waitForTaskToken"), _parameters(task)
    if plain.startswith("aws-sdk:"):
        from common.declare.asl import sdk_permissions  # many machines have none of these

        yield from sdk_permissions.needs(targets, plain.removeprefix("aws-sdk:"), parameters, place)
    elif (action_name := WAITS.sub("", plain)) in INTEGRATIONS:
        yield from optimised(Call(targets, parameters, place, waits=plain != action_name), action_name)
    else:
        hint = did_you_mean(plain, INTEGRATIONS, otherwise=known_names(["aws-sdk:…", *sorted(INTEGRATIONS)]))
        targets.problems.append(Problem(f"{place}: the integration {name!r} is not known.{hint}"))


def _is_activity(targets: Targets, resource: str, place: str) -> bool:
    text, refs = targets.names.substitute(resource, place)
    made = any(isinstance(ref, GeneratedRef) and ref.type_name == "AWS::StepFunctions::Activity" for ref in refs)
    return made or ACTIVITY.fullmatch(str(text)) is not None


def _distributed(targets: Targets, state: JsonMapping, place: str) -> Iterator[Need]:
    """Its items' executions are the machine's own, named behind the label of the Map."""
    own = targets.own.arn
    runs = executions(own)
    yield need(("states:StartExecution",), {own})
    yield need(("states:DescribeExecution", "states:StopExecution"), {f"{runs}:*", f"{runs}/*"})
    yield need(("states:RedriveExecution",), {f"{runs}/*"})
    if "ItemReader" in state:
        reader = state["ItemReader"]
        yield from _bucket(targets, reader, READERS, f"{place}.ItemReader")
        config = reader.get("ReaderConfig")
        if isinstance(config, dict) and config.get("Transformation") == "LOAD_AND_FLATTEN":  # reads what it has listed, too
            yield from in_bucket(targets, ("s3:GetObject",), _parameters(reader), f"{place}.ItemReader")
    if "Resource" in state.get("ResultWriter", {}):  # without it the results go on to the next state
        yield from _bucket(targets, state["ResultWriter"], WRITERS, f"{place}.ResultWriter")


def _bucket(targets: Targets, part: JsonMapping, types: Mapping[str, tuple[str, ...]], place: str) -> Iterator[Need]:
    """Yields what reading or writing the bucket of an ItemReader or ResultWriter needs."""
    operation = str(part.get("Resource", "")).partition(":states:::")[2]
    if operation not in types:
        hint = did_you_mean(operation, types, otherwise=known_names(types))
        targets.problems.append(Problem(f"{place}: the integration {operation!r} is not known.{hint}"))
        return
    yield from in_bucket(targets, types[operation], _parameters(part), place)


def _parameters(part: JsonMapping) -> Json:
    """Returns the parameters in JSONPath or JSONata; a text if all of it is an expression."""
    return part.get("Parameters") or part.get("Arguments") or {}
