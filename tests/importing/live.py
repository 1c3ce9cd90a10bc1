"""A live account in moto, made by plain boto3: functions, jobs, crawlers, machines that name each other, and what starts them."""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3

from common.aws.session import AwsSession
from common.environment.config import Environment
from common.importing.account import LiveAccount
from tests.support.repository import ACCOUNT, CONFIG

REGION = str(CONFIG["region"])
ENV = Environment.model_validate(dict(CONFIG))
CODE, LANDING = "company-code", "company-landing"
SECRET = "Xk29-vPq7!mZt4Lw"
"""The value of a variable that must not be written anywhere."""


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def zipped(files: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


class Live:
    """Makes what a test needs. Moto must be running."""

    def __init__(self) -> None:
        policy = {"Version": "2012-10-17", "Statement": []}
        made = client("iam").create_role(Path="/team/", RoleName="fsa", AssumeRolePolicyDocument=json.dumps(policy))
        self.role = made["Role"]["Arn"]
        for bucket in (CODE, LANDING):
            client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def function(self, name: str, files: dict[str, str] | None = None, **fields: Any) -> str:
        data = zipped(files or {"app.py": "def run(event, context):\n    return event\n"})
        client("s3").put_object(Bucket=CODE, Key=f"{name}.zip", Body=data)
        usual = {"Code": {"S3Bucket": CODE, "S3Key": f"{name}.zip"}, "Runtime": "python3.12", "Handler": "app.run"}
        made = client("lambda").create_function(FunctionName=name, Role=self.role, **{**usual, **fields})
        return str(made["FunctionArn"])

    def image(self, name: str, uri: str, **fields: Any) -> None:
        image = {"PackageType": "Image", "Code": {"ImageUri": uri}}
        client("lambda").create_function(FunctionName=name, Role=self.role, **image, **fields)

    def job(self, name: str, **fields: Any) -> None:
        client("s3").put_object(Bucket=CODE, Key=f"{name}.py", Body=b"print('rows')\n")
        usual = {
            "Role": "fsa",
            "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{CODE}/{name}.py"},
            "GlueVersion": "4.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "Timeout": 100,
        }
        client("glue").create_job(Name=name, **{**usual, **fields})

    def crawler(self, name: str, **fields: Any) -> None:
        usual = {"Role": "team/fsa", "DatabaseName": "sales", "Targets": {"S3Targets": [{"Path": f"s3://{LANDING}/orders/"}]}}
        client("glue").create_crawler(Name=name, **{**usual, **fields})

    def machine(self, name: str, definition: dict[str, Any], **fields: Any) -> str:
        made = client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role, **fields
        )
        return str(made["stateMachineArn"])

    def rule(self, name: str, target: str, **fields: Any) -> None:
        client("events").put_rule(Name=name, **fields)
        client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target, "RoleArn": self.role}])


def tasks(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A definition with one task after another."""
    states: dict[str, Any] = {}
    for number, (resource, parameters) in enumerate(resources):
        after = {"Next": f"S{number + 1}"} if number + 1 < len(resources) else {"End": True}
        states[f"S{number}"] = {"Type": "Task", "Resource": resource, "Parameters": parameters, **after}
    return {"StartAt": "S0", "States": states}


def downloaded(_opener: Any, address: str, **_: Any) -> io.BytesIO:
    """The code at the address that moto's GetFunction returns, at which nobody answers."""
    return io.BytesIO(client("s3").get_object(Bucket=CODE, Key=address.rpartition("/")[2])["Body"].read())


@contextmanager
def account() -> Iterator[LiveAccount]:
    """The account as an import reads it."""
    with ThreadPoolExecutor(4) as pool:
        yield LiveAccount(ENV, AwsSession(REGION, ACCOUNT, sleep=lambda _: None), pool)
