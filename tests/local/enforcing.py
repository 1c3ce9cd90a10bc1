"""An embedded AWS that enforces IAM, roles in it, and who they are; its tests share it. Its module is named in `conftest`."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from common import local
from tests.local.fixtures import ACCOUNT, REGION, client_of
from tests.support import ending

HERE = f"{REGION}:{ACCOUNT}"
BUCKET = "arn:aws:s3:::landing"
JOB = {"Command": {"Name": "pythonshell", "ScriptLocation": "s3://landing/jobs/who.py", "PythonVersion": "3.9"}}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}], "Version": "2012-10-17"}
Statement = dict[str, Any]
Roles = Callable[..., str]


@pytest.fixture(scope="session")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Embedded]:
    """An embedded AWS that was started without IAM, and then had to enforce it."""
    root, messages = tmp_path_factory.mktemp("enforcing"), list[str]()
    ending.promise()
    where: dict[str, Any] = {"account_id": ACCOUNT, "region": REGION}
    before = local.start(root, **where)
    s3 = client_of(before, "s3")
    s3.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="landing", Key="in/a.csv", Body=b"a,b\n1,2\n")
    after = local.start(root, **where, enforce_iam=True, say=messages.append)
    assert messages == ["restarting the embedded AWS, which does not enforce IAM yet ...", "starting the embedded AWS ..."]
    assert (before.enforces_iam, after.enforces_iam) == (False, True)
    assert local.start(root, **where).enforces_iam, "whoever does not ask for it cannot switch it off"
    yield after
    local.stop(root)


@pytest.fixture(scope="session")
def role(enforcing: local.Embedded) -> Roles:
    """Makes a role with these statements; its ARN."""

    def make(name: str, *statements: Statement, path: str = "/") -> str:
        iam = client_of(enforcing, "iam")
        arn: str = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def caller(enforcing: local.Embedded, role: Roles, request: pytest.FixtureRequest) -> Callable[..., Callable[[str], Any]]:
    """Makes a role with these statements, and clients of a session of it."""

    def make(*statements: Statement) -> Callable[[str], Any]:
        arn = role(f"r{abs(hash(request.node.name))}", *statements)
        keys = client_of(enforcing, "sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
        return lambda service: boto3.client(
            service,
            endpoint_url=enforcing.endpoint,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False, proxies={}, retries={"max_attempts": 1}),
        )

    return make


def allow(action: Any, resource: Any, **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """What AWS says of a call: its code and message; empty if it allows it."""
    try:
        call(**parameters)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return ""
