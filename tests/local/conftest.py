"""Shared by the tests of the embedded AWS: small deployments to run something with."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.local.enforcing import caller, enforcing, role
from tests.local.fixtures import ROLE, Client, client, embedded, embedded_root
from tests.support.waiting import until

__all__ = ["caller", "client", "embedded", "embedded_root", "enforcing", "role"]


@pytest.fixture(scope="session")
def bucket(client: Client) -> str:
    client("s3").create_bucket(Bucket="tests-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return "tests-bucket"


@pytest.fixture
def job(client: Client, bucket: str) -> Callable[..., str]:
    """Creates a Glue job with a script; its name."""

    def create(name: str, script: str, kind: str = "glueetl", **settings: Any) -> str:
        key = f"scripts/{name}.py"
        client("s3").put_object(Bucket=bucket, Key=key, Body=script.encode())
        command = {"Name": kind, "ScriptLocation": f"s3://{bucket}/{key}", "PythonVersion": "3"}
        sized = {} if kind == "pythonshell" else {"WorkerType": "G.1X", "NumberOfWorkers": 2}
        parameters = {"GlueVersion": "5.0", "Timeout": 5, **sized, **settings}
        client("glue").create_job(Name=name, Role=ROLE, Command=command, **parameters)
        return name

    return create


@pytest.fixture
def run_job(client: Client) -> Callable[..., dict[str, Any]]:
    """Runs a job to its end; the JobRun."""

    def run(name: str, **arguments: str) -> dict[str, Any]:
        parameters = {f"--{key}": value for key, value in arguments.items()}
        run_id = client("glue").start_job_run(JobName=name, Arguments=parameters)["JobRunId"]
        return ended(lambda: client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"], "JobRunState")

    return run


@pytest.fixture
def function(client: Client) -> Callable[..., str]:
    """Creates a Lambda function from one source file; its ARN."""
    return partial(create_function, client)


@pytest.fixture
def execute(client: Client) -> Callable[..., dict[str, Any]]:
    """Runs a state machine with these states to its end; DescribeExecution's answer."""

    def run(name: str, states: dict[str, Any], data: Any = None) -> dict[str, Any]:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        machine = client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
        arn = client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {}))[
            "executionArn"
        ]
        return ended(lambda: client("stepfunctions").describe_execution(executionArn=arn), "status")

    return run


def ended(read: Callable[[], dict[str, Any]], field: str) -> dict[str, Any]:
    """Read until the state in ``field`` is a final one."""
    until(lambda: read()[field] not in ("STARTING", "RUNNING", "STOPPING"))
    return read()


def create_function(client: Client, name: str, source: str, runtime: str = "python3.11", role: str = ROLE) -> str:
    """Create a Lambda function from one source file; its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.mjs" if runtime.startswith("nodejs") else "index.py", source)
    code = {"ZipFile": packed.getvalue()}
    made = client("lambda").create_function(
        FunctionName=name, Runtime=runtime, Role=role, Handler="index.handler", Code=code, Timeout=20
    )
    client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return str(made["FunctionArn"])
