"""Definitions of state machines, what they refer to, and what they need."""

from typing import Any

from common.declare.asl import integrations
from common.declare.asl.may_call import MayCall, MayCallEntry
from common.environment.config import Environment
from common.model.reference import Names, Ref
from common.model.resource import Key
from common.resources import kinds
from tests.support.repository import CONFIG

ENV = Environment.model_validate(CONFIG)
REGION = "eu-central-1:123456789012"


def ref(kind: str, name: str, arn: str) -> Ref:
    return Ref(Key("acres", kind, name), name, arn)


BUCKET = ref("bucket", "landing", "arn:aws:s3:::landing")
TABLE = ref("table", "runs", f"arn:aws:dynamodb:{REGION}:table/runs")
DATABASE = ref("database", "db", f"arn:aws:glue:{REGION}:database/db")
TOPIC = ref("topic", "alerts", f"arn:aws:sns:{REGION}:alerts")
QUEUE = ref("queue", "orders", f"arn:aws:sqs:{REGION}:orders")
OWN = ref("state-machine", "own", f"arn:aws:states:{REGION}:stateMachine:own")
EXECUTIONS = f"arn:aws:states:{REGION}:execution:own"
ITSELF = {
    "states:StartExecution": [OWN.arn],
    **{f"states:{action}": [f"{EXECUTIONS}/*", f"{EXECUTIONS}:*"] for action in ("DescribeExecution", "StopExecution")},
    "states:RedriveExecution": [f"{EXECUTIONS}/*"],
}
"""What a machine with a distributed Map needs on itself."""
END: dict[str, Any] = {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}


def named() -> Names:
    """All that the definitions of these tests refer to."""
    made = Names({"region": "x", "lake": "lake"}, kinds())
    for name in ("CreateNewId", "Validate", "LogResults"):
        made.add(ref("lambda", name, f"arn:aws:lambda:{REGION}:function:{name}"))
    for name in ("landing_job", "cleaning_job", "final_job"):
        made.add(ref("glue-job", name, f"arn:aws:glue:{REGION}:job/{name}"))
    made.add(ref("crawler", "final_crawler", f"arn:aws:glue:{REGION}:crawler/final_crawler"))
    made.add(ref("state-machine", "child", f"arn:aws:states:{REGION}:stateMachine:child"))
    for reference in (BUCKET, TABLE, DATABASE, TOPIC, QUEUE):
        made.add(reference)
    return made


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def needed(machine: dict[str, Any], names: Names, *may_call: MayCallEntry) -> dict[str, list[str]]:
    """Of each action the resources it is allowed on."""
    statements: dict[str, list[str]] = {}
    listed = MayCall(ENV, may_call, names, "here")
    for statement in integrations.state_machine(ENV, OWN, machine, names, "here", listed):
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            statements.setdefault(action, []).extend(statement["Resource"])
    return statements
