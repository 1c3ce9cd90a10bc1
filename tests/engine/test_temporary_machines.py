"""`gc` finds the temporary state machines that a killed `run --from` has left, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common.base.errors import AwsError
from common.engine import temporary_machines
from tests.resources.scripted import ScriptedAws
from tests.support.deploying import ENV

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=2)
TAGS = {ENV.owner_tag: ENV.owner, ENV.project_tag: "acres", "deployer:temporary": "run"}
LIST, TAGGED, RUNS = "ListStateMachines", "ListTagsForResource", "ListExecutions"


class Machines(ScriptedAws):
    """State machines with tags and running executions."""

    def __init__(self, **machines: Any) -> None:
        super().__init__({})
        self.machines = machines

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        if operation == LIST:
            listed = [(name.replace("_", "-"), about) for name, about in self.machines.items()]
            return {"stateMachines": [{"name": name, "stateMachineArn": name, "creationDate": at} for name, (at, *_) in listed]}
        name = str(parameters.get("resourceArn") or parameters.get("stateMachineArn")).replace("-", "_")
        _, tags, running = self.machines[name]
        if isinstance(tags, AwsError):
            raise tags
        if operation == TAGGED:
            return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        return {"executions": [{}] if running else []}


def test_only_old_idle_machines_of_these_projects_are_garbage() -> None:
    foreign = {**TAGS, ENV.owner_tag: "other/other"}
    aws = Machines(
        m_from_0123abcd=(OLD, TAGS, False),
        m_from_1123abcd=(NOW, TAGS, False),
        m_from_2123abcd=(OLD, TAGS, True),
        m_from_3123abcd=(OLD, foreign, False),
        m_from_4123abcd=(OLD, {**TAGS, ENV.project_tag: "codes"}, False),
        m_from_5123abcd=(OLD, {key: value for key, value in TAGS.items() if "temporary" not in key}, False),
        m_from_6123abcd=(OLD, AwsError("stepfunctions", TAGGED, "AccessDeniedException", ""), False),
        orders=(OLD, TAGS, False),
    )
    assert temporary_machines.find(ENV, aws, ["acres"], NOW) == ["m-from-0123abcd"]
    assert not [about for name, about in aws.calls if about.get("resourceArn") == "orders"], "other names cost no call"


def test_they_are_deleted() -> None:
    aws = ScriptedAws({"stepfunctions:DeleteStateMachine": {}})
    arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:m-from-0123abcd"
    temporary_machines.delete(aws, [arn])
    assert aws.sent("stepfunctions:DeleteStateMachine") == {"stateMachineArn": arn}
