"""`plan` and `drift` show a state machine by state, and maps and policies part by part."""

import json

import boto3
import pytest

from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-main"
STATES = {
    "Validate": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Validate.arn}"},
        "TimeoutSeconds": 300,
        "Next": "Notify",
    },
    "Notify": {"Type": "Pass", "End": True},
}
AFTER = {
    "Validate": {**STATES["Validate"], "TimeoutSeconds": 60, "Next": "Clean"},
    "Clean": {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "${load.name}"},
        "End": True,
    },
}


def declare(repository: Repository, states: object, variables: object = None, **arguments: str) -> None:
    definition = {"StartAt": "Validate", "States": states}
    repository.write("projects/acres/main.asl.json", definition)
    function = f'p.function("Validate", environment={variables or {}!r})'
    repository.project("acres", function, f'p.job("load", arguments={arguments!r})', 'p.state_machine("main", "main.asl.json")')


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    declare(repository, STATES, {"LIMIT": "5", "MODE": "full"}, **{"--zone": "landing"})
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


def test_a_plan_shows_states_variables_and_arguments(deployed: Repository) -> None:
    declare(deployed, AFTER, {"LIMIT": "7", "LEVEL": "INFO"}, **{"--zone": "cleansed"})
    plan = deployed.invoke("plan", "--env", "dev")
    lines = [" ".join(line.split()) for line in plan.out.splitlines()]
    for line in (
        "~ state-machine/main update definition changed: + Clean, - Notify, ~ Validate",
        "+ Clean (Task glue:startJobRun.sync)",
        "- Notify (Pass)",
        "~ Validate.Next Notify → Clean",
        "~ Validate.TimeoutSeconds 300 → 60",
        "~ Environment.Variables.LIMIT 5 → 7",
        "+ Environment.Variables.LEVEL INFO",
        "- Environment.Variables.MODE full",
        "~ DefaultArguments.--zone landing → cleansed",
    ):
        assert line in lines, plan.out
    data = {change["key"]: change for change in json.loads(deployed.invoke("plan", "--env", "dev", "--json").out)["changes"]}
    fields = {field["name"]: (field["live"], field["declared"]) for field in data["state-machine/main"]["fields"]}
    assert fields["definition.States.Validate.TimeoutSeconds"] == (300, 60)
    assert fields["definition.States.Clean"][1]["Resource"] == "arn:aws:states:::glue:startJobRun.sync"
    assert fields["definition.States.Notify"] == (STATES["Notify"], None)
    grants = [(field["live"], field["declared"]) for field in data["role/main-state-machine"]["fields"]]
    assert any(after and "glue:StartJobRun" in after["Action"] and after["Effect"] == "Allow" for _, after in grants)
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert deployed.invoke("plan", "--env", "dev").code == 0


def test_a_secret_that_is_accepted_is_shown_by_its_digest_alone(repository: Repository, moto_dates: None) -> None:
    for word in ("hunter2-Xy7", "hunter2-Xy8"):
        repository.project("acres", f'p.function("Validate", environment={{"DB_PASSWORD": "{word}"}}, accept_secret="a test")')
        plan = repository.invoke("plan", "--env", "dev")
        assert repository.invoke("deploy", "--env", "dev").code == 0
    assert "hunter2" not in plan.out
    assert "~ Environment.Variables.DB_PASSWORD (sha256 " in plan.out


def test_drift_shows_states_that_somebody_changed_and_leaves_out_what_is_only_declared(deployed: Repository) -> None:
    client = boto3.client("stepfunctions", **PLACE)
    live = json.loads(client.describe_state_machine(stateMachineArn=MACHINE)["definition"])
    live["States"]["Validate"]["TimeoutSeconds"] = 10
    live["States"]["Extra"] = {"Type": "Wait", "Seconds": 5, "End": True}
    live["States"]["Notify"] = {"Type": "Pass", "Next": "Extra"}
    client.update_state_machine(stateMachineArn=MACHINE, definition=json.dumps(live))
    declare(deployed, {**STATES, "Validate": {**STATES["Validate"], "Comment": "new"}}, {"LIMIT": "5", "MODE": "full"})
    done = deployed.invoke("drift", "--env", "dev", "--json")
    (drifted,) = [drifted for drifted in json.loads(done.out)["drifted"] if drifted["key"] == "state-machine/main"]
    values = {field["label"]: (field["applied"], field["declared"], field["live"]) for field in drifted["fields"]}
    assert values == {
        "Extra": ("(absent)", "(absent)", live["States"]["Extra"]),
        "Notify.End": (True, True, "(absent)"),
        "Notify.Next": ("(absent)", "(absent)", "Extra"),
        "Validate.TimeoutSeconds": (300, 300, 10),
    }
    text = deployed.invoke("drift", "--env", "dev").out
    assert "Extra, Notify.End, Notify.Next, Validate.TimeoutSeconds changed in AWS" in " ".join(text.split())
    assert "Wait" in text
