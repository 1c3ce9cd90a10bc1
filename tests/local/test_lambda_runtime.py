"""Handlers run in interpreters of their own, and fail as in AWS."""

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.conftest import create_function
from tests.local.fixtures import ACCOUNT, REGION, client_of

SHELL = {
    "AWS_PROFILE": "somebody",
    "AWS_CA_BUNDLE": "/nowhere",
    "DATABASE_PASSWORD": "of the shell",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PYTHONPATH": "/nowhere",
}

TYPED = """
class InputMissing(Exception):
    pass

def handler(event, context):
    raise InputMissing("landing/" + event["file"])
"""


def invoke(client: Any, name: str, event: Any = None) -> tuple[Any, str | None]:
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def test_a_typed_error_is_caught_by_its_type(function: Any, execute: Any) -> None:
    arn = function("typed", TYPED)
    catch = [{"ErrorEquals": ["InputMissing"], "Next": "Missing", "ResultPath": "$.error"}]
    task = {"Type": "Task", "Resource": arn, "Catch": catch, "End": True}

    done = execute("typed", {"Validate": task, "Missing": {"Type": "Succeed"}}, {"file": "none.csv"})

    assert done["status"] == "SUCCEEDED", done.get("cause")
    error = json.loads(done["output"])["error"]
    assert error["Error"] == "InputMissing"
    assert json.loads(error["Cause"])["errorMessage"] == "landing/none.csv"


def test_an_invocation_tells_type_message_and_trace(client: Any, function: Any) -> None:
    function("told", TYPED)

    body, failed = invoke(client, "told", {"file": "a"})

    assert failed == "Unhandled"
    assert (body["errorType"], body["errorMessage"]) == ("InputMissing", "landing/a")
    assert "raise InputMissing" in "".join(body["stackTrace"])
    logged = base64.b64decode(client("lambda").invoke(FunctionName="told", Payload=b'{"file": "a"}', LogType="Tail")["LogResult"])
    assert "raise InputMissing" in logged.decode()
    assert "_worker.py" not in logged.decode(), "frames are of the function's own files, as in AWS"


LOGGED = """
import decimal, logging, os, subprocess, sys
log = logging.getLogger()
log.setLevel(logging.INFO)

def handler(event, context):
    log.debug("quiet"); log.info("loud"); logging.getLogger("mine").error("wrong %s", "way")
    subprocess.run([sys.executable, "-c", "print(input() if False else 'a child')"])
    os.write(1, b"\\xff bytes\\n")
    print("x" * 100_000)
    return {"price": decimal.Decimal("1.5")}
"""


def test_a_handler_logs_as_in_aws_whatever_it_writes(client: Any, function: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html shows the lines; decimals are numbers in an answer."""
    function("logged", LOGGED)

    answers = [client("lambda").invoke(FunctionName="logged", Payload=b"{}", LogType="Tail") for _ in range(2)]

    assert [json.loads(answer["Payload"].read()) for answer in answers] == [{"price": 1.5}] * 2
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/logged")["events"]
    lines = [event["message"].rstrip() for event in events]
    levels = [line.split("\t")[0] + line.split("\t")[-1] for line in lines if line.startswith("[")]
    assert levels == ["[INFO]loud", "[ERROR]wrong way"] * 2
    requests = [line.split()[2] for line in lines if line.startswith("START RequestId")]
    assert [line.split("\t")[2] for line in lines if line.startswith("[INFO]")] == requests
    assert lines.count("a child") == lines.count("\ufffd bytes") == lines.count("x" * 100_000) == 2


WRITTEN = """
import os, sys

def handler(event, context):
    for number in range(event["lines"]):
        print("line", number, "x" * 200)
    sys.stdout.write("no newline")
    return [sys.stdin.read(), context.aws_request_id]
"""
IN_NODE = """
export const handler = (event) => {
  for (let number = 0; number < event.lines; number++) console.log("line", number, "x".repeat(200));
  process.stdout.write("no newline");
};
"""


@pytest.mark.parametrize(("runtime", "source"), [("python3.11", WRITTEN), ("nodejs22.x", IN_NODE)])
def test_a_call_has_all_its_lines_and_no_others(client: Any, runtime: str, source: str) -> None:
    name = f"written-{runtime[:6]}"
    create_function(client, name, source, runtime)

    answers = [
        client("lambda").invoke(FunctionName=name, Payload=json.dumps({"lines": lines}), LogType="Tail")
        for lines in (6_000, 1, 6_000)
    ]

    requests = [answer["ResponseMetadata"]["RequestId"] for answer in answers]
    tail = base64.b64decode(answers[1]["LogResult"]).decode().splitlines()
    assert tail[0] == f"START RequestId: {requests[1]} Version: $LATEST"
    assert tail[1:-2] == [f"line 0 {'x' * 200}", "no newline"], "of this call alone, to its end"
    assert tail[-2] == f"END RequestId: {requests[1]}"
    used = int(tail[-1].rpartition("Max Memory Used: ")[2].removesuffix(" MB"))
    assert 5 < used < 300, "that of the handler's process"
    if runtime.startswith("python"):
        assert [json.loads(answer["Payload"].read()) for answer in answers] == [["", request] for request in requests]
    pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
    sizes = [len(page["events"]) for page in pages]
    assert sizes == [10_000, 6_000 * 2 + 1 + 3 * 4 - 10_000], "in pages, as in AWS"


def test_logs_in_json_and_answers_that_cannot_be_given(client: Any, function: Any) -> None:
    answer = "{'set': {1}, 'long': 'x' * 7_000_000, 'half': chr(0xD800)}[e['do']]"
    source = f"import logging\ndef handler(e, c):\n    logging.info('a %s', 'b')\n    return {answer}"
    function("answers", source)
    client("lambda").update_function_configuration(FunctionName="answers", LoggingConfig={"LogFormat": "JSON"})

    unfit, failed = invoke(client, "answers", {"do": "set"})
    long, also_failed = invoke(client, "answers", {"do": "long"})
    half, _ = invoke(client, "answers", {"do": "half"})

    assert (unfit["errorType"], failed) == ("Runtime.MarshalError", "Unhandled")
    assert unfit["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"
    assert half["errorType"] == "Runtime.MarshalError", "half a character cannot be sent"
    assert (long["errorType"], also_failed) == ("Function.ResponseSizeTooLarge", "Unhandled")
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/answers")["events"]
    written = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    assert [(line["level"], line["message"], line["logger"]) for line in written] == [("INFO", "a b", "root")] * 3


@pytest.mark.parametrize(
    ("name", "source", "kind"),
    [
        ("no-module", "import nowhere\ndef handler(e, c): ...", "Runtime.ImportModuleError"),
        ("no-handler", "def other(e, c): ...", "Runtime.HandlerNotFound"),
        ("no-syntax", "def handler(e, c:\n", "Runtime.UserCodeSyntaxError"),
        ("exits", "import os\ndef handler(e, c): os._exit(3)", "Runtime.ExitError"),
    ],
)
def test_a_handler_that_cannot_run_has_lambdas_own_error_type(
    client: Any, function: Any, name: str, source: str, kind: str
) -> None:
    function(name, source)

    body, failed = invoke(client, name)

    assert (failed, body["errorType"]) == ("Unhandled", kind), body
    report = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"][-1]["message"]
    assert int(report.rpartition("Max Memory Used: ")[2].removesuffix(" MB")) <= 128, "not that of the embedded AWS"


def test_a_handler_sees_boto3_and_its_account_but_neither_ministack_nor_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
import importlib.util, os, boto3
def handler(event, context):
    return {
        "ministack": importlib.util.find_spec("ministack") is not None,
        "account": boto3.client("sts").get_caller_identity()["Account"],
        "environment": dict(os.environ),
    }
"""
    with monkeypatch.context() as shell:
        for name, value in SHELL.items():
            shell.setenv(name, value)
        started = local.start(tmp_path, account_id=ACCOUNT, region=REGION)
    try:
        own = partial(client_of, started)
        create_function(own, "curious", source)
        body, failed = invoke(own, "curious")
    finally:
        local.stop(tmp_path)

    assert failed is None, body
    assert (body["ministack"], body["account"]) == (False, ACCOUNT)
    assert not (SHELL.keys() - {"HTTP_PROXY"} | {"GATEWAY_PORT", "S3_DATA_DIR", "VIRTUAL_ENV"}) & body["environment"].keys()
    assert body["environment"]["AWS_ACCESS_KEY_ID"] == ACCOUNT


def test_without_node_on_the_machine_one_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as shell:
        shell.setenv("PATH", str(tmp_path))
        started = local.start(tmp_path, account_id=ACCOUNT, region=REGION)
    try:
        own = partial(client_of, started)
        create_function(own, "node", "export const handler = async () => 1;", "nodejs22.x")
        body, failed = invoke(own, "node")
    finally:
        local.stop(tmp_path)

    assert (body, failed) == (1, None)


def test_a_node_handler_runs_with_the_machines_node(client: Any, function: Any) -> None:
    source = """
class InputInvalid extends Error { constructor(m) { super(m); this.name = "InputInvalid"; } }
export const handler = async (event) => {
  if (event.bad) throw new InputInvalid("bad input");
  return { doubled: event.number * 2 };
};
"""
    function("node", source, "nodejs22.x")

    assert invoke(client, "node", {"number": 21}) == ({"doubled": 42}, None)
    body, _ = invoke(client, "node", {"bad": True})
    assert (body["errorType"], body["errorMessage"]) == ("InputInvalid", "bad input")
