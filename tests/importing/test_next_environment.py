"""A project that was imported from one environment is imported from the next: its configuration alone is written."""

import json
from typing import Any
from urllib.request import OpenerDirector

import pytest

from tests.importing import live as accounts
from tests.importing.live import LANDING, Live, client, downloaded, tasks
from tests.support.repository import Repository

RUN = "arn:aws:states:::glue:startJobRun.sync"
CODE = "def run(event, context):\n    return event\n"


@pytest.fixture
def team(moto: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A team's account before anything is in it."""
    monkeypatch.setattr(OpenerDirector, "open", downloaded)
    return Live()


def deployed(team: Live, stage: str, code: str = CODE, **variables: str) -> None:
    """What the team's script has deployed of a stage."""
    is_small = stage == "dev"
    client("glue").create_database(DatabaseInput={"Name": f"odd_{stage}"})
    variables |= {"STAGE": stage, "JOB": f"odd-{stage}-load", "BUCKET": LANDING}
    function = team.function(
        f"odd-{stage}-Check",
        {"app.py": code},
        Environment={"Variables": variables},
        Runtime="python3.12" if is_small else "python3.11",
        MemorySize=256 if is_small else 512,
    )
    arguments = {"--stage": stage, "--mode": "full" if is_small else "delta"}
    team.job(f"odd-{stage}-load", DefaultArguments=arguments, NumberOfWorkers=2 if is_small else 10)
    targets = {"S3Targets": [{"Path": f"s3://{LANDING}/{stage}/rows/"}]}
    team.crawler(f"odd-{stage}-rows", DatabaseName=f"odd_{stage}", Targets=targets)
    machine = team.machine(f"odd-{stage}-Main", tasks((function, {}), (RUN, {"JobName": f"odd-{stage}-load"})))
    team.rule(f"odd-{stage}-daily", machine, ScheduleExpression="rate(1 day)" if is_small else "rate(1 hour)")


def imported(repository: Repository, stage: str) -> str:
    ended = repository.invoke("import", "--env", stage, "--project", "orders", "--match", f"odd-{stage}-*")
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def changes_of(repository: Repository, stage: str) -> dict[str, str]:
    ended = repository.invoke("plan", "--env", stage, "--project", "orders", "--adopt", "--json")
    assert ended.code in {0, 2}, ended.out + ended.err
    changes: list[dict[str, Any]] = json.loads(ended.out)["changes"]
    changing = [change for change in changes if change["project"] == "orders" and change["action"] not in {"noop", "record"}]
    return {change["key"]: change["reason"] for change in changing}


def test_its_plan_is_tags_only_and_no_line_of_the_project_changes(
    team: Live, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.configure("prod", region="us-west-2", name_prefix="t-prod", artifact_bucket="t-prod-artifacts")
    repository.project("others", 'p.function("Validate", environment={"WORD": "${word}"})')
    repository.write("config/others/dev.json", {"parameters": {"word": "x"}})
    deployed(team, "dev", LEVEL="DEBUG")
    imported(repository, "dev")
    before = repository.files()
    monkeypatch.setattr(accounts, "REGION", "us-west-2")
    deployed(team, "prod", LEVEL="INFO")
    assert "imported 1 state machine, 1 function, 1 job, 1 crawler, 1 trigger\n    + config/orders/prod.json" in imported(
        repository, "prod"
    )
    after = repository.files()
    assert {path for path in after if before.get(path) != after[path]} == {"config/orders/prod.json"}
    written = json.loads(after["config/orders/prod.json"])
    assert written["parameters"] == {"stage": "prod"}
    assert written["existing"]["databases"] == {"dev": {"name": "odd_prod"}}
    assert written["functions"]["Check"]["environment"] == {"LEVEL": "INFO", "STAGE": "prod"}
    names = "environment logging memory_mb package role runtime timeout_seconds"
    assert sorted(written["functions"]["Check"]) == names.split(), "nothing that is as it is by default"
    assert written["jobs"]["load"]["arguments"] == {"--mode": "delta", "--stage": "prod"}
    assert written["triggers"]["daily"]["expression"] == "rate(1 hour)"
    reasons = changes_of(repository, "prod")
    assert reasons.keys() == {"crawler/rows", "glue-job/load", "lambda/Check", "rule/daily", "state-machine/Main"}
    assert {key: reason for key, reason in reasons.items() if "tags only" not in reason} == {}
    repository.write("config/others/prod.json", {"parameters": {"word": "y"}})
    assert "declared already" in imported(repository, "prod")


def test_what_differs_is_told(team: Live, repository: Repository) -> None:
    repository.configure("prod", name_prefix="t-prod", artifact_bucket="t-prod-artifacts")
    deployed(team, "dev", ONLY="1")
    team.function("odd-dev-Only")
    imported(repository, "dev")
    path = repository.root / "config/orders/dev.json"
    path.write_text(path.read_text().replace('"stage": "dev"', '"stage": "dev",\n    "word": "x"'))
    declaration = repository.root / "projects/orders/deploy.py"
    text = declaration.read_text().replace('"JOB":', '"WORD": "${word}", "JOB":')
    line = '    p.resource("dead", "AWS::SQS::Queue", {"QueueName": "odd-${stage}-dead"})\n    return p'
    declaration.write_text(text.replace("    return p", line))
    deployed(team, "prod", code="def run(event, context):\n    return 1\n")
    team.function("odd-prod-Extra")
    said = imported(repository, "prod")
    assert "function odd-prod-Extra: the project does not declare it" in said
    assert "odd-prod-dead" not in said, "it is declared as a whole, and selected by its type alone"
    assert "function odd-prod-Check: ONLY is declared, and AWS does not have it here; a deploy adds it" in said
    assert 'the parameter word is "x", as in dev; correct it, if it differs here' in said
    assert "lambda/Only: odd-prod-Only was not selected; if it does not exist, a deploy creates it" in said
    assert "function odd-prod-Check: Its code is not that of the repository, which a deploy would put in its place." in said
    declaration.write_text(text)  # moto has no Cloud Control API
    reasons = changes_of(repository, "prod")
    assert {key for key, reason in reasons.items() if "tags only" not in reason} >= {"lambda/Check", "lambda/Only"}
    assert "CodeSha256" in reasons["lambda/Check"]
