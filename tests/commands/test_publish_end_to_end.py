"""An execution under way keeps its version across a deploy, on the embedded AWS; triggers start the alias."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import PROJECT
from tests.test_end_to_end import changes, deploy, invoke

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:acres-local-orders-main"
BODY = """result = {{"Type": "Pass", "Result": "{result}", "End": True}}
    states = {{"W": {{"Type": "Wait", "Seconds": 60, "Next": "R"}}, "R": result}}
    settings = StateMachineSettings(publish=True, keep_versions=1)
    machine = p.state_machine("main", {{"StartAt": "W", "States": states}}, settings=settings)
    p.on_event("sown", machine, {{"source": ["acres"]}})
    p.schedule("nightly", machine, "rate(1 day)", timezone="America/Chicago")"""


def declare(root: Path, result: str) -> None:
    text = PROJECT.format(name="orders", body=BODY.format(result=result))
    (root / "projects/orders/deploy.py").write_text(text.replace("Pipeline, main", "Pipeline, StateMachineSettings, main"))


def plan(root: Path, *words: str, code: int = 0) -> dict[str, str]:
    return changes(json.loads(invoke(root, "plan", "--env", "local", "--json", *words, code=code)))


def until(read: Callable[[], Any], condition: Callable[[Any], bool], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not condition(value := read()):
        assert time.monotonic() < end, value
        time.sleep(0.2)
    return value


def test_executions_under_way_keep_their_version(root: Path) -> None:
    declare(root, "old")
    assert deploy(root)["failed"] == {}
    started = local.running(root)
    assert started is not None
    steps, events, scheduler = (client_of(started, name) for name in ("stepfunctions", "events", "scheduler"))
    (target,) = events.list_targets_by_rule(Rule="acres-local-orders-sown")["Targets"]
    schedule = scheduler.get_schedule(Name="acres-local-orders-nightly")
    assert target["Arn"] == schedule["Target"]["Arn"] == f"{MACHINE}:live"

    old = steps.start_execution(stateMachineArn=f"{MACHINE}:live")["executionArn"]
    declare(root, "new")
    reason = plan(root, code=2)["state-machine/main"]
    assert reason.startswith("definition changed: ~ R"), reason
    assert deploy(root)["failed"] == {}
    assert steps.describe_execution(executionArn=old)["status"] == "RUNNING", "it was under way during the deploy"
    new = steps.start_execution(stateMachineArn=f"{MACHINE}:live")["executionArn"]
    (version,) = steps.list_state_machine_versions(stateMachineArn=MACHINE)["stateMachineVersions"]
    assert version["stateMachineVersionArn"] == f"{MACHINE}:2", "the first one is pruned, though an execution runs with it"
    for arn, result in ((old, "old"), (new, "new")):
        ended = until(partial(steps.describe_execution, executionArn=arn), lambda answer: answer["status"] != "RUNNING")
        assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", result)
    assert plan(root, "--verify") == {}

    steps.update_state_machine(stateMachineArn=MACHINE, tracingConfiguration={"enabled": True}, publish=True)
    (drifted,) = json.loads(invoke(root, "drift", "--env", "local", "--json", code=2))["drifted"]
    assert [field["name"] for field in drifted["fields"]] == ["alias.live", "tracingConfiguration.enabled"]
    invoke(root, "deploy", "--env", "local", "--verify")
    assert plan(root, "--verify") == {}
    invoke(root, "destroy", "--env", "local", "--project", "orders", "--yes", "orders")
    assert steps.list_state_machines()["stateMachines"] == []
