"""Checks what tasks call: that the integration and the action exist, and that the action has their parameters.

Actions of `aws-sdk:` integrations are looked up in the models of the installed botocore, which may be older than a service: what
is similar to nothing that it knows, and looks like an action, is a warning.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from common.aws import sdk_services
from common.aws.api_models import input_shape, model_of
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest, did_you_mean, known_names
from common.declare.asl.called import WAIT, Called, called_by
from common.declare.asl.integration_tables import FURTHER, MODELS, ONE_OF, OPERATIONS, OPTIMISED, OWN_SHAPES, SHAPES, SYNC
from common.declare.asl.later import is_later
from common.declare.asl.parameters import Parameters
from common.declare.asl.problem import Problem, shown
from common.declare.asl.walk import Place, PlacedState

TOKEN = re.compile(
    r"\$\$(?![.{\w])|\$\$\.Task(?:\.Token|(?!\.?\w))|\$states(?!\.?\w)|\$states\.context(?:\.Task(?:\.Token|(?!\.?\w))|(?!\.?\w))"
)
"""Matches what may pass on a task token: the token itself, or a part of the context object that has it."""
PLAIN = re.compile(r"[\w.-]+(:[\w./$-]*)+")
"""Matches what is written like an ARN or a part of one, and is not a placeholder of a template."""
RESOURCE_ARN = re.compile(r"arn:[^:]*:(lambda:[^:]*:[^:]*:function:.+|states:[^:]*:[^:]*:(activity:)?.+)")
"""Matches what the Resource of a Task can be: the ARN of a function, an activity or an integration."""
READING = ("getObject", "listObjectsV2", "putObject")
"""The actions with which a Map reads items and writes results."""
VERBS = (
    *("accept", "add", "associate", "attach", "batch", "cancel", "copy", "create", "delete", "deregister", "describe", "disable"),
    *("enable", "execute", "export", "generate", "get", "import", "invoke", "list", "modify", "post", "publish", "put", "query"),
    *("register", "remove", "reset", "restore", "resume", "retrieve", "run", "search", "send", "set", "start", "stop", "submit"),
    *("tag", "terminate", "test", "untag", "update", "upload", "validate"),
)
"""The words that actions of AWS begin with."""


def api_problems(states: Iterable[PlacedState]) -> Iterator[Problem]:
    """Yields the problems of tasks, and of what a distributed Map reads and writes."""
    for placed in states:
        state, here = placed.state, placed.place
        if state["Type"] == "Task":
            yield from _part(here, state, placed.language, in_map=False)
        elif state["Type"] == "Map":
            for name in ("ItemReader", "ResultWriter"):
                if isinstance(state.get(name), Mapping):
                    yield from _part(here / name, state[name], placed.language, in_map=True)


def _part(here: Place, part: JsonMapping, language: str, *, in_map: bool) -> Iterator[Problem]:
    resource, called = part.get("Resource"), called_by(part.get("Resource"))
    if called is None:
        if (
            isinstance(resource, str)
            and not is_later(resource)
            and PLAIN.fullmatch(resource)
            and not RESOURCE_ARN.fullmatch(resource)
        ):
            text = f"{shown(resource)} is not an ARN of a function, an activity or an integration."
            yield Problem("UNKNOWN_INTEGRATION", here / "Resource", text)
        return
    problems = [*_integration(here / "Resource", called, in_map=in_map)]
    yield from problems
    field = "Arguments" if language == "JSONata" else "Parameters"
    parameters = part.get(field)
    if called.ending == WAIT and not in_map and not _mentions_token(parameters, language):
        token = "{% $states.context.Task.Token %}" if language == "JSONata" else "$$.Task.Token"
        yield Problem("TASK_TOKEN", here, f"it waits for a task token, so its {field} must pass one on: {token}.")
    if parameters is not None and not problems and not is_later(parameters):
        if isinstance(parameters, Mapping):
            yield from _parameters(here / field, called, parameters, language)
        else:
            yield Problem("PARAMETER_VALUE", here / field, f"it must be an object, not {shown(parameters)}.")


def _integration(at: Place, called: Called, *, in_map: bool) -> Iterator[Problem]:
    service, action, ending = called
    if in_map and service == "s3":
        if action not in READING:
            yield Problem("UNKNOWN_INTEGRATION", at, f"a Map has no {action!r}.", did_you_mean(action, READING))
    elif service == "aws-sdk":
        yield from _sdk(at, action, ending)
    elif service not in OPTIMISED or ending not in OPTIMISED[service].get(action, ()):
        integrations = [
            f"{name}:{operation}{form}" for name in OPTIMISED for operation, forms in OPTIMISED[name].items() for form in forms
        ]
        integration = f"{service}:{action}{ending}"
        everything = known_names(["aws-sdk:…", *sorted(OPTIMISED)], len(OPTIMISED) + 1)
        guess = did_you_mean(integration, integrations, otherwise=everything)
        yield Problem("UNKNOWN_INTEGRATION", at, f"the integration {integration!r} is not known.", guess)


def botocore_name(called: Called) -> str | None:
    """The service's name in botocore; None if botocore does not know it."""
    if called.service == "aws-sdk":
        return sdk_services.service_of(called.action.partition(":")[0])
    if called.service not in {*OPTIMISED, "s3"} or called.service == "http":
        return None
    return MODELS.get(f"{called.service}:{called.action}", MODELS.get(called.service, called.service))


def _sdk(at: Place, action: str, ending: str) -> Iterator[Problem]:
    name, _, operation = action.partition(":")
    service = sdk_services.service_of(name)
    if service is None:
        guess = sdk_services.suggested_service(name)
        code = "UNKNOWN_INTEGRATION" if guess or not operation.startswith(VERBS) else "NEWER_SERVICE"
        yield Problem(code, at, f"the AWS SDK has no service {name!r}.", guess)
    elif sdk_services.operation_of(service, operation) is None:
        guess = _guessed_action(operation, sdk_services.actions(service))
        yield Problem("UNKNOWN_ACTION", at, f"{name} has no action {operation!r}.", guess)
    if ending not in {"", WAIT}:
        text = f"an action of the AWS SDK ends with {WAIT} or nothing, not {ending!r}."
        yield Problem("UNKNOWN_INTEGRATION", at, text, "" if ending.startswith(SYNC) else did_you_mean(ending, [WAIT]))


def _guessed_action(operation: str, actions: list[str]) -> str:
    alike = closest(operation, actions)
    if alike and alike.casefold() == operation.casefold():
        return f" Did you mean {alike!r}? It begins with a small letter."
    return f" Did you mean {alike!r}?" if alike else ""


def _parameters(here: Place, called: Called, parameters: JsonMapping, language: str) -> Iterator[Problem]:
    own = f"{called.service}:{called.action}"
    names = {name.removesuffix(".$") for name in parameters}
    if (targets := ONE_OF.get(own)) and not names & {*targets}:
        yield Problem("MISSING_PARAMETER", here, f"{' or '.join(targets)} is missing; AWS needs one of them.")
    if own == "http:invoke" and str(parameters.get("ApiEndpoint")).startswith("http://"):
        yield Problem("PARAMETER_VALUE", here / "ApiEndpoint", "AWS calls https:// alone.")
    model = botocore_name(called)
    shapes: JsonMapping = model_of(model)["shapes"] if model and own not in OWN_SHAPES else {}
    if own in OWN_SHAPES:
        shapes = {**(model_of("emr")["shapes"] if model == "emr" else {}), **SHAPES, "Own": OWN_SHAPES[own]}
        yield from Parameters(shapes, "Own", as_object=True, language=language).problems(parameters, here)
        return
    sdk = called.service == "aws-sdk"
    action = called.action.partition(":")[2] if sdk else called.action
    operation = OPERATIONS.get(own) or (sdk_services.operation_of(model, action) if model else None)
    if model and operation:
        further = frozenset[str]() if sdk else FURTHER.get(own, FURTHER.get(called.service, frozenset()))
        yield from Parameters(shapes, input_shape(model, operation), further, as_object=not sdk, language=language).problems(
            parameters, here
        )


def _mentions_token(parameters: Json, language: str, *, is_path: bool = False) -> bool:
    """Whether a task token is passed on, as far as it can be told. What is not evaluated is a text like any other."""
    if isinstance(parameters, Mapping):
        return any(_mentions_token(value, language, is_path=name.endswith(".$")) for name, value in parameters.items())
    if isinstance(parameters, list):
        return any(_mentions_token(value, language) for value in parameters)
    if not isinstance(parameters, str):
        return False
    is_evaluated = is_path if language == "JSONPath" else parameters.strip().startswith("{%")
    return (is_evaluated and TOKEN.search(parameters) is not None) or "${" in parameters or "__" in parameters
