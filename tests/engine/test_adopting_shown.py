"""What is taken over is shown field by field, may be limited to a pattern, and is named by the history."""

import json

import boto3
import pytest

from tests.engine.test_adopting import NAME, PLACE, aws, done
from tests.support.replacing_aws import ReplacingAws
from tests.support.repository import Repository

__all__ = ["aws"]
GROUP = f"/aws/lambda/{NAME}-Validate"


@pytest.fixture
def two(repository: Repository, moto_dates: None) -> Repository:
    """A log group that differs in its tags alone, and a database with a description of its own."""
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace("    return shared", '    shared.database("lake", "ours")\n    return shared'))
    repository.project("acres", 'p.function("Validate")')
    boto3.client("logs", **PLACE).create_log_group(logGroupName=GROUP)
    boto3.client("glue", **PLACE).create_database(DatabaseInput={"Name": "t_dev_lake", "Description": "theirs"})
    return repository


def test_each_field_has_a_line_with_both_values(two: Repository) -> None:
    planned = [line.split() for line in done(two, "plan", "--adopt", code=2).splitlines()]
    assert ["~", "log-group/Validate", "update", "taken", "over", "from", "nobody;", "tags", "only"] in planned
    assert ["~", "database/lake", "update", "taken", "over", "from", "nobody:", "Description"] in planned
    assert ["~", "Description", "theirs", "→", "ours"] in planned
    changes = {change["key"]: change for change in json.loads(done(two, "plan", "--adopt", "--json", code=2))["changes"]}
    assert (changes["log-group/Validate"]["adopted"], changes["log-group/Validate"]["fields"]) == ("nobody", [])
    field = {"name": "Description", "live": "theirs", "declared": "ours", "lost": ""}
    assert changes["database/lake"]["fields"] == [field]
    assert "adopted" not in changes["lambda/Validate"]


def test_values_of_others_in_variables_and_arguments_are_shown_by_digests(repository: Repository, aws: ReplacingAws) -> None:
    aws.live[f"Function/{NAME}-Validate"]["Environment"]["Variables"]["ZONE"] = "theirs-and-secret"
    aws.live[f"Job/{NAME}-load"]["DefaultArguments"]["--zone"] = "theirs-and-secret"
    shown = done(repository, "plan", "--adopt", code=2)
    assert "theirs-and-secret" not in shown + done(repository, "plan", "--adopt", "--json", code=2)
    for name in ("Environment.Variables.ZONE", "DefaultArguments.--zone"):
        (line,) = [line for line in shown.splitlines() if line.split()[1:2] == [name]]
        assert line.count("(sha256 ") == 1
    lines = [line.split() for line in shown.splitlines()]
    assert ["~", "loggingConfiguration.level", "ALL", "→", "ERROR"] in lines
    assert ["~", "StartAt", "X", "→", "Done"] in lines


def test_a_pattern_limits_what_is_taken_over(two: Repository) -> None:
    refused = done(two, "plan", "--adopt", "log-group/*", code=1)
    assert "database/lake" in refused
    assert "log-group/Validate" not in refused
    assert "take it over with --adopt." in refused
    done(two, "deploy", "--only", "log-group/Validate", "--adopt", "log-group/*")
    assert "log-group/Validate" not in done(two, "plan", "--adopt=database/*", code=2)
    done(two, "deploy", "--adopt=database/*")
    assert "nothing to do" in done(two, "plan", "--verify")


def test_a_pattern_that_matches_nothing_is_refused(two: Repository) -> None:
    refused = done(two, "deploy", "--adopt", "log-groups/Validate", code=1)
    assert "--adopt 'log-groups/Validate' matches nothing. Did you mean 'log-group/Validate'?" in refused


def test_history_names_what_was_taken_over(two: Repository) -> None:
    done(two, "deploy", "--adopt")
    history = done(two, "history")
    assert "acres: taken over: log-group/Validate" in history
    assert "shared: taken over: database/lake" in history
    releases = json.loads(done(two, "history", "--json"))["releases"]
    adopted = {change["key"]: change["adopted"] for release in releases for change in release["changes"] if "adopted" in change}
    assert adopted == {"log-group/Validate": "nobody", "database/lake": "nobody"}


def test_a_secret_that_somebody_left_in_a_definition_is_not_shown(repository: Repository, aws: ReplacingAws) -> None:
    definition = {
        "StartAt": "X",
        "States": {"X": {"Type": "Pass", "Result": {"db_password": "hunter2-Xy7", "zone": "old"}, "End": True}},
    }
    aws.live[f"Machine/{NAME}-main"]["definition"] = json.dumps(definition)
    shown = done(repository, "plan", "--adopt", code=2)
    assert "- X (Pass)" in shown
    data = done(repository, "plan", "--adopt", "--json", code=2)
    assert "hunter2-Xy7" not in shown + data
    (machine,) = [change for change in json.loads(data)["changes"] if change["key"] == "state-machine/main"]
    assert {"name": "definition.States.X", "live": "(a secret)", "declared": None, "lost": ""} in machine["fields"]
