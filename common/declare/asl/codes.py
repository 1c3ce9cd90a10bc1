"""The codes of the problems of definitions: what each stands for, how grave it is, and the page of AWS that explains it.

A code is what `accept` silences, what programs read in `--json` and `--sarif`, and what `docs/state-machines.md` explains.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
"""The address of the developer guide of Step Functions."""
_ERRORS, _MAP = "concepts-error-handling.html", "state-map-distributed.html"
_SDK, _PARAMETERS = "supported-services-awssdk.html", "connect-parameters.html"
_PATHS = "amazon-states-language-paths.html"
_FIELDS, _STATES = "statemachine-structure.html", "workflow-states.html"


class Code(NamedTuple):
    """What a code stands for."""

    meaning: str
    page: str
    """The page of the developer guide."""
    severity: Severity = "error"

    def url(self, kind: str | None = None) -> str:
        """The address of the page; of what any state may have wrong, that of the type of the state, if it is known."""
        return f"{GUIDE}{f'state-{kind.lower()}.html' if kind and self.page == _FIELDS else self.page}"


CODES: Mapping[str, Code] = {
    "STRUCTURE": Code("What the rest is made of is missing: States, StartAt, a known Type, Branches.", _FIELDS),
    "MISSING_FIELD": Code("A field that is needed is missing or empty.", _FIELDS),
    "UNKNOWN_FIELD": Code("There is no such field here.", _FIELDS),
    "WRONG_VALUE": Code("The value of a field has a wrong type, or is out of its range.", _FIELDS),
    "EXCLUSIVE_FIELDS": Code("Two fields exclude each other.", _FIELDS),
    "SIZE": Code("Something is larger than AWS allows.", "service-quotas.html"),
    "DUPLICATE_NAME": Code("Two states have one name.", _STATES),
    "MISSING_STATE": Code("A transition leads to a state that does not exist.", "concepts-transitions.html"),
    "UNREACHABLE_STATE": Code("No path leads to a state.", "concepts-transitions.html"),
    "ENDLESS_STATE": Code("No path leads from a state to an end.", "concepts-transitions.html"),
    "QUERY_LANGUAGE": Code("A field belongs to the other query language.", "transforming-data.html"),
    "CHOICE_RULE": Code("A rule of a Choice has no operator, several, or an unknown one.", "state-choice.html"),
    "CATCH_ALL": Code("States.ALL does not stand alone and last.", _ERRORS),
    "UNKNOWN_ERROR": Code("Nothing raises an error of this name.", _ERRORS),
    "RETRY": Code("The times of a Retry contradict each other.", _ERRORS),
    "TIMEOUT": Code("Timeouts contradict each other.", "state-task.html"),
    "DISTRIBUTED_ONLY": Code("Only a distributed Map has this field.", _MAP),
    "MAP_CONFIG": Code("The configuration of a Map's processor, reader, batcher or writer is incomplete.", _MAP),
    "EXPRESS": Code("Express workflows cannot do this.", "choosing-workflow-type.html"),
    "UNKNOWN_REFERENCE": Code("A reference, ${…}, leads to nothing.", "concepts-amazon-states-language.html"),
    "UNKNOWN_INTEGRATION": Code("There is no such integration.", "integrate-services.html"),
    "NEWER_SERVICE": Code("The installed botocore knows no such service; it may be newer.", _SDK, "warning"),
    "UNKNOWN_ACTION": Code("The service has no such action.", _SDK),
    "UNKNOWN_PARAMETER": Code("The action has no such parameter.", _PARAMETERS),
    "MISSING_PARAMETER": Code("A parameter that the action needs is missing.", _PARAMETERS),
    "PARAMETER_VALUE": Code("The value of a parameter has a wrong type, or is not one of those accepted.", _PARAMETERS),
    "JSONATA": Code("An expression of JSONata does not parse, or calls what there is not.", "transforming-data.html"),
    "STATES_VARIABLE": Code("`$states` has no such part there.", "transforming-data.html"),
    "JSONPATH": Code("A path does not parse, or there is none where one must be.", _PATHS),
    "REFERENCE_PATH": Code("A path must lead to one place.", _PATHS),
    "INTRINSIC": Code("There is no such intrinsic function, or it has other arguments.", "intrinsic-functions.html"),
    "CONTEXT": Code("The context object has no such part.", "input-output-contextobject.html"),
    "VARIABLE": Code("A variable is used before it is assigned, or cannot have its name.", "workflow-variables.html"),
    "UNKNOWN_TARGET": Code("A task names what is nearly something of this project.", "connect-to-resource.html", "warning"),
    "JOB_ARGUMENT": Code("The script of a job reads an argument that nothing gives it.", "connect-glue.html"),
    "UNUSED_JOB_ARGUMENT": Code("The script of a job does not read an argument.", "connect-glue.html", "warning"),
    "PAYLOAD_KEY": Code("The type of a handler's event has other keys.", "connect-lambda.html", "warning"),
    "FUNCTION_TIMEOUT": Code("A task ends before the function that it calls must.", "connect-lambda.html", "warning"),
    "UNUSED_ACCEPT": Code("`accept` names a code that nothing has.", _FIELDS, "warning"),
    "TASK_TOKEN": Code("A task waits for a task token, and passes none on.", "connect-to-resource.html"),
}
"""All codes of problems, with what each stands for."""
BASIC = frozenset({"STRUCTURE", "MISSING_STATE", "UNKNOWN_REFERENCE"})
"""The codes of what nothing can be done without, so that they cannot be accepted."""
