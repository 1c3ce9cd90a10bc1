"""Lists executions of a state machine, and reads the history of one.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
"""

from collections import deque
from datetime import datetime

from common.aws.protocol import Aws
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.execution.history import History

UNSUCCESSFUL = ("FAILED", "TIMED_OUT", "ABORTED")
"""The statuses of executions that did not succeed."""


@dataclass(frozen=True)
class Execution:
    """An execution of a standard state machine.

    Args:
        arn: its ARN.
        status: ``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT``, ``ABORTED`` or ``PENDING_REDRIVE``.
        started: when it was started.
        ended: when it ended; None if it is running.
    """

    arn: str
    status: str
    started: datetime
    ended: datetime | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition(":")[2]


def last(aws: Aws, machine_arn: str, *, failed: bool = False) -> Execution | None:
    """Returns the execution that was started last; None if there is none.

    Args:
        aws: AWS in the region of the machine.
        machine_arn: the ARN of a standard state machine.
        failed: only among those that did not succeed.

    Raises:
        AwsError: AWS refused; ``StateMachineDoesNotExist`` and ``StateMachineTypeNotSupported`` are among its codes.
    """
    filters: list[JsonMapping] = [{"statusFilter": status} for status in UNSUCCESSFUL] if failed else [{}]
    newest = []
    for status in filters:
        page = aws.call("stepfunctions", "ListExecutions", stateMachineArn=machine_arn, maxResults=1, **status)
        newest += [_execution(item) for item in page["executions"]]
    return max(newest, key=lambda execution: execution.started, default=None)


def since(aws: Aws, machine_arn: str, moment: datetime, *, failed: bool = False) -> list[Execution]:
    """Returns the executions that were started since a moment, the oldest first.

    Raises:
        AwsError: see `last`.
    """
    found: list[Execution] = []
    for page in aws.pages("stepfunctions", "ListExecutions", stateMachineArn=machine_arn):
        executions = [_execution(item) for item in page["executions"]]
        found += [execution for execution in executions if execution.started >= moment]
        if any(execution.started < moment for execution in executions):  # the newest come first
            break
    return [execution for execution in reversed(found) if not failed or execution.status in UNSUCCESSFUL]


def read_history(aws: Aws, execution: str) -> History:
    """Returns everything that has happened in an execution so far.

    Raises:
        AwsError: AWS refused to return it.
    """
    history = History()
    pages = aws.pages("stepfunctions", "GetExecutionHistory", executionArn=execution)
    deque(history.read([event for page in pages for event in page["events"]]), maxlen=0)
    return history


def last_entered(aws: Aws, execution: str, state: str) -> JsonMapping | None:
    """Returns the details of the last event with which an execution entered a state; None if there is none.

    Raises:
        AwsError: AWS refused to return the history.
    """
    for page in aws.pages("stepfunctions", "GetExecutionHistory", executionArn=execution, reverseOrder=True):
        for event in page["events"]:
            details: JsonMapping = event.get("stateEnteredEventDetails", {})
            if details.get("name") == state:
                return details
    return None


def _execution(item: JsonMapping) -> Execution:
    return Execution(item["executionArn"], item["status"], item["startDate"], item.get("stopDate"))
