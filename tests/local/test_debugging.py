"""A function and a job that wait for a debugger stop in the repository's file, and no timeout ends them there."""

import base64
import json
import queue
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from common.local import debugging
from tests.support.debug_client import DebugClient
from tests.support.waiting import until

HANDLER = """\
def handler(event, context):
    doubled = event["number"] * 2
    left = context.get_remaining_time_in_millis()
    return {"doubled": doubled, "in time": left > 3000}
"""
SCRIPT = """\
import sys
from awsglue.utils import getResolvedOptions
table = getResolvedOptions(sys.argv, ["table"])["table"]
print("table", table, "arguments", len(sys.argv))
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder like a repository, which the code was packaged from."""
    (tmp_path / "handler.py").write_text(HANDLER)
    (tmp_path / "load.py").write_text(SCRIPT)
    return tmp_path


def invoke(client: Any, name: str, token: str, payload: Any) -> dict[str, Any]:
    context = base64.b64encode(json.dumps(debugging.client_context(token)).encode()).decode()
    response = client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload), ClientContext=context)
    return dict(json.loads(response["Payload"].read()))


def test_a_function_stops_in_the_file_of_the_repository_for_longer_than_its_timeout(
    client: Any, embedded_root: Path, function: Any, repository: Path
) -> None:
    function("debugged", HANDLER)
    client("lambda").update_function_configuration(FunctionName="debugged", Timeout=2)
    client("lambda").get_waiter("function_updated_v2").wait(FunctionName="debugged", WaiterConfig={"Delay": 1})
    addresses: queue.Queue[str] = queue.Queue()
    file = repository / "handler.py"
    with ThreadPoolExecutor(1) as pool, debugging.requested(embedded_root, {"index.py": file}, addresses.put) as token:
        answer = pool.submit(invoke, client, "debugged", token, {"number": 21})
        debugger = DebugClient(addresses.get(timeout=120))
        debugger.attach(file, 3, repository)
        path, line, variables = debugger.stopped()
        time.sleep(2.5)
        debugger.go_on()
        debugger.close()
        assert (path, line, variables["doubled"]) == (str(file), 3, "42")
        assert answer.result(30) == {"doubled": 42, "in time": True}
    undisturbed = client("lambda").invoke(FunctionName="debugged", Payload='{"number": 1}')
    assert json.loads(undisturbed["Payload"].read()) == {"doubled": 2, "in time": False}


def test_a_job_stops_in_the_file_of_the_repository(client: Any, embedded_root: Path, job: Any, repository: Path) -> None:
    job("debugged", SCRIPT, "pythonshell", GlueVersion="3.0")
    addresses: queue.Queue[str] = queue.Queue()
    file = repository / "load.py"
    file.write_text(SCRIPT.replace("table", "tisch"))
    requested = debugging.requested(embedded_root, {"debugged.py": file}, addresses.put)
    with requested as token, socket.socket() as other:
        port = json.loads((embedded_root / f"build/local/debug/{token}.json").read_text())["port"]
        other.bind(("127.0.0.1", port))  # another program takes it before the job begins
        other.listen()
        run_id = start(client, "debugged", token)
        address = addresses.get(timeout=120)
        assert address != f"127.0.0.1:{port}"
        debugger = DebugClient(address)
        debugger.attach(file, 4, repository)
        path, line, variables = debugger.stopped()
        debugger.go_on()
        debugger.close()
        until(lambda: state(client, "debugged", run_id) not in {"STARTING", "RUNNING"})
    assert (path, line, variables["table"]) == (str(file), 4, "'orders'")
    assert state(client, "debugged", run_id) == "SUCCEEDED"
    run = client("glue").get_job_run(JobName="debugged", RunId=run_id)["JobRun"]
    assert run["Arguments"] == {"--table": "orders"}
    errors = client("logs").get_log_events(logGroupName="/aws-glue/jobs/error", logStreamName=run_id)["events"]
    assert any(f"{file} has changed since the deploy" in event["message"] for event in errors)


def test_a_run_ends_with_the_command_that_asked_for_the_debugger(client: Any, embedded_root: Path, job: Any) -> None:
    job("left-alone", SCRIPT, "pythonshell", GlueVersion="3.0")
    addresses: queue.Queue[str] = queue.Queue()
    with debugging.requested(embedded_root, {}, addresses.put) as token:
        run_id = start(client, "left-alone", token)
        addresses.get(timeout=120)
    until(lambda: state(client, "left-alone", run_id) == "FAILED")
    assert list((embedded_root / "build/local/debug").iterdir()) == []


def start(client: Any, name: str, token: str) -> str:
    arguments = {"--table": "orders", f"--{debugging.JOB_ARGUMENT}": token}
    return str(client("glue").start_job_run(JobName=name, Arguments=arguments)["JobRunId"])


def state(client: Any, name: str, run_id: str) -> str:
    return str(client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"])
