"""A small account of a team, made by plain boto3."""

import json
from urllib.request import OpenerDirector

import pytest

from tests.importing.live import CODE, LANDING, SECRET, Live, arn, client, downloaded, tasks

RUN, START = "arn:aws:states:::glue:startJobRun.sync", "arn:aws:states:::states:startExecution.sync:2"


@pytest.fixture
def live(moto: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A small account of a team."""
    monkeypatch.setattr(OpenerDirector, "open", downloaded)
    made = Live()
    client("logs").create_log_group(logGroupName="/aws/lambda/fsa-dev-orders-Validate")
    load = arn("states", "stateMachine:fsa-dev-orders-Load")
    variables = {"BUCKET": LANDING, "LEVEL": "INFO", "DB_PASSWORD": SECRET, "LOAD": load}
    validate = made.function("fsa-dev-orders-Validate", MemorySize=512, Timeout=9, Environment={"Variables": variables})
    made.job("fsa-dev-orders-clean", DefaultArguments={"--source": f"s3://{LANDING}/in/", "--TempDir": f"s3://{CODE}/temp/"})
    made.machine("fsa-dev-orders-Load", tasks((RUN, {"JobName": "fsa-dev-orders-clean"})))
    main = made.machine("fsa-dev-orders-Main", tasks((validate, {}), (START, {"StateMachineArn": load})))
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [LANDING]}}}
    made.rule("fsa-dev-orders-arrived", main, EventPattern=json.dumps(pattern), State="ENABLED")
    return made
