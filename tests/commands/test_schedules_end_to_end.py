"""A rule that becomes a schedule with a time zone, and a rule again, on the embedded AWS; and rules that start other things."""

import json
from pathlib import Path

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import PROJECT
from tests.test_end_to_end import changes, deploy, invoke

NAME = "acres-local-orders-nightly"
BODY = """machine = p.state_machine("main", {{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": True}}}}}})
    p.schedule("nightly", machine, "cron(30 6 * * ? *)"{more})
    p.on_event("kept", p.queue("work"), {{"source": ["acres"]}})
    p.alert(p.shared.topic("alerts"))"""
FAILED = {
    "id": "1",
    "account": "000000000000",
    "time": "2027-01-31T06:30:00Z",
    "region": "us-east-1",
    "resources": [],
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
}


def declare(root: Path, more: str = "") -> None:
    (root / "projects/orders/deploy.py").write_text(PROJECT.format(name="orders", body=BODY.format(more=more)))


def test_a_rule_becomes_a_schedule_and_back(root: Path) -> None:
    declare(root)
    assert deploy(root)["failed"] == {}
    started = local.running(root)
    assert started is not None
    events, scheduler, sqs = (client_of(started, name) for name in ("events", "scheduler", "sqs"))
    events.put_events(Entries=[{"Source": "acres", "DetailType": "sown", "Detail": '{"acres": 7}'}])
    url = sqs.get_queue_url(QueueName="acres-local-orders-work")["QueueUrl"]
    received = iter(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []), None)
    messages = next(filter(None, received))
    assert json.loads(messages[0]["Body"])["detail"] == {"acres": 7}

    rule = events.describe_rule(Name="acres-local-orders-alert-machines")
    machine = client_of(started, "stepfunctions").list_state_machines()["stateMachines"][0]["stateMachineArn"]
    for status, reported in (("FAILED", True), ("SUCCEEDED", False)):
        event = json.dumps({**FAILED, "detail": {"stateMachineArn": machine, "status": status}})
        assert events.test_event_pattern(EventPattern=rule["EventPattern"], Event=event)["Result"] is reported
    alarms = {alarm["AlarmName"]: alarm for alarm in client_of(started, "cloudwatch").describe_alarms()["MetricAlarms"]}
    assert {name.removeprefix("acres-local-orders-") for name in alarms} == {
        *("Validate-errors", "kept-undelivered", "nightly-undelivered")
    }
    assert all(alarm["AlarmActions"][0].endswith(":acres-local-alerts") for alarm in alarms.values())

    declare(root, ', timezone="America/Chicago"')
    planned = invoke(root, "plan", "--env", "local", code=2)
    assert "replaced by resource/nightly.schedule" in planned
    moved = deploy(root)
    assert moved["failed"] == {}
    assert changes(moved) == {
        "role/nightly-schedule": "does not exist",
        "resource/nightly.schedule": "does not exist",
        "rule/nightly": "replaced by resource/nightly.schedule",
        "role/nightly-trigger": "replaced by resource/nightly.schedule",
        "resource/nightly.undelivered": "replaced by resource/nightly.schedule",
        "queue/alert-undelivered": "does not exist",
        "resource/alert-undelivered.filled": "does not exist",
    }
    assert scheduler.get_schedule(Name=NAME)["State"] == "ENABLED"
    request = {"TypeName": "AWS::Scheduler::Schedule", "Identifier": NAME}
    described = client_of(started, "cloudcontrol").get_resource(**request)["ResourceDescription"]["Properties"]
    assert json.loads(described)["ScheduleExpressionTimezone"] == "America/Chicago"
    names = {rule["Name"].removeprefix("acres-local-orders-") for rule in events.list_rules()["Rules"]}
    assert names == {"kept", "alert-machines"}
    assert changes(deploy(root, "--verify")) == {}

    declare(root)
    printed = invoke(root, "deploy", "--env", "local")
    lines = [line for line in printed.splitlines() if "created" in line or "deleted" in line]
    order = ["rule/nightly ", "resource/nightly.schedule ", "role/nightly-schedule "]
    positions = [next(number for number, line in enumerate(lines) if name in line and "nightly" in line) for name in order]
    assert positions == sorted(positions), "the new one exists before the old one is deleted, and its role goes last"
    assert scheduler.list_schedules()["Schedules"] == []
    assert NAME in [rule["Name"] for rule in events.list_rules()["Rules"]]
    assert changes(deploy(root)).keys() == {"queue/alert-undelivered", "resource/alert-undelivered.filled"}, "no schedule is left"
