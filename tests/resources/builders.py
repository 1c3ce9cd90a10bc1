"""One builder a type, with everything said; a test names only what it is about."""

import atexit
import io
import json
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.aws.protocol import Aws
from common.aws.session import AwsSession
from common.base import digest
from common.base.digest import Digest, OfFile
from common.base.errors import AwsError
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.comparison import difference, taken_away
from common.model.desired_state import rendered
from common.model.resource import Action, Artifact, Change, Key, Live, Outputs, Resource, State
from common.resources.bucket import Bucket
from common.resources.crawler import Crawler
from common.resources.database import Database
from common.resources.directory import Content, Directory
from common.resources.function import Function
from common.resources.job import Job
from common.resources.layer import Layer
from common.resources.log_group import LogGroup
from common.resources.role import Role
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from common.resources.table import Table
from common.resources.topic import Topic

FOLDER = tempfile.TemporaryDirectory()
atexit.register(FOLDER.cleanup)
TAGS = {"deployer:environment": "t/test", "team": "crops"}
ARTIFACTS = "t-artifacts"
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


@dataclass(frozen=True)
class Code:
    """An artifact of known bytes."""

    name: str = "code"
    data: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> Key:
        return Key("p", "artifact", self.name)

    @property
    def location(self) -> str:
        return f"test/p/artifacts/{self.name}/{self.input_digest()}.zip"

    def read(self, of_file: OfFile) -> None:
        """There is no file."""

    def files(self) -> Mapping[str, Digest]:
        return {"main.py": digest.of_bytes(self.data)}

    def input_digest(self) -> Digest:
        return digest.of_files(self.files())

    def bill(self, build_dir: Path) -> Path | None:
        raise NotImplementedError("what only reads, creates, updates and deletes asks for no bill of materials")

    def build(self, build_dir: Path) -> Path:
        path = build_dir / f"{self.name}.zip"
        path.write_bytes(self.data)
        return path


def zipped(text: str) -> Code:
    """A Lambda package of one module."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), text)
    return Code(data=buffer.getvalue())


def final(resource: Resource) -> State:
    """The rendered desired state, as the engine hands it to create and update."""

    def content(artifact: Artifact) -> str:
        assert isinstance(artifact, Code)
        return digest.to_base64(digest.of_bytes(artifact.data))

    return rendered(resource.desired(), content)


def updated(
    aws: Aws, resource: Resource, changed: Collection[str], live: Live | None = None, stale: State | None = None
) -> Outputs:
    """What a plan does that has found differences in these fields."""
    change = Change(resource.key, Action.UPDATE, "", final(resource), live, frozenset(changed), stale or {})
    return resource.update(aws, change)


def brought(aws: Aws, resource: Resource, applied: State | None = None) -> frozenset[str]:
    """What a deploy does with what exists; `applied` is what was applied last. The fields that differ."""
    live = resource.read(aws)
    assert live is not None
    stale = taken_away(live.undeclared, applied or {})
    changed = frozenset(difference(final(resource), live.state)) | (stale.keys() & live.state.keys())
    assert not resource.immutable & changed
    if changed:
        resource.update(aws, Change(resource.key, Action.UPDATE, "", final(resource), live, changed, stale))
    return changed


def live_state(aws: Aws, resource: Resource) -> State | None:
    """The live state."""
    live = resource.read(aws)
    return None if live is None else live.state


@dataclass(frozen=True)
class Place:
    """An account and region, and builders of resources there."""

    account_id: str = "123456789012"
    region: str = "eu-central-1"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def role_arn(self, name: str = "runner") -> str:
        return f"arn:aws:iam::{self.account_id}:role/t/test/p/{name}"

    def policy_arn(self, name: str) -> str:
        return f"arn:aws:iam::{self.account_id}:policy/{name}"

    def bucket(self, **said: Any) -> Bucket:
        common = self._common("bucket", "t-landing", "arn:aws:s3:::t-landing")
        return Bucket(**{**common, "account_id": self.account_id, "region": self.region, **said})

    def database(self, **said: Any) -> Database:
        return Database(**{**self._common("database", "t_final", self.arn("glue", "database/t_final")), **said})

    def table(self, **said: Any) -> Table:
        common = self._common("table", "t-runs", self.arn("dynamodb", "table/t-runs"))
        return Table(**{**common, "partition_key": "run_id", **said})

    def topic(self, **said: Any) -> Topic:
        return Topic(**{**self._common("topic", "t-failures", self.arn("sns", "t-failures")), **said})

    def log_group(self, **said: Any) -> LogGroup:
        common = self._common("log-group", "/t/logs", self.arn("logs", "log-group:/t/logs"))
        return LogGroup(**{**common, "retention_days": 30, **said})

    def role(self, **said: Any) -> Role:
        common = self._common("role", "t-worker", self.role_arn("t-worker"))
        return Role(**{**common, "path": "/t/test/p/", "service": "lambda.amazonaws.com", **said})

    def function(self, **said: Any) -> Function:
        common = self._common("lambda", "t-Validate", self.arn("lambda", "function:t-Validate"))
        own = {
            "role_arn": self.role_arn(),
            "handler": "main.handler",
            "code": zipped("def handler(event, context):\n    return event\n"),
            "bucket": ARTIFACTS,
            "settings": FunctionSettings(),
            "environment": {},
            "log_group": "/aws/lambda/t-Validate",
        }
        return Function(**{**common, **own, **said})

    def layer(self, name: str = "t-deps", **said: Any) -> Layer:
        code = Code(name, said.pop("code", zipped("x = 1")).data)
        own = {"code": code, "bucket": ARTIFACTS, "runtime": "python3.11", "architecture": "x86_64"}
        return Layer(**{**self._common("layer", name, self.arn("lambda", f"layer:{name}")), **own, **said})

    def job(self, **said: Any) -> Job:
        own = {
            "role_arn": self.role_arn(),
            "script": Code("landing", b"print(1)"),
            "bucket": ARTIFACTS,
            "settings": JobSettings(),
            "arguments": {"--zone": "landing"},
        }
        return Job(**{**self._common("glue-job", "t-landing", self.arn("glue", "job/t-landing")), **own, **said})

    def directory(self, files: Mapping[str, str] | None = None, **said: Any) -> Directory:
        """Its files are written to a temporary folder, each named by its contents."""
        texts = {"sql/acres.sql": "select 1", "codes.csv": "a,b"} if files is None else files
        contents = {}
        for name, text in texts.items():
            path = Path(FOLDER.name, digest.of_bytes(text.encode()))
            path.write_text(text)
            contents[name] = Content(path, path.stat(), digest.md5)
        common = self._common("directory", f"{ARTIFACTS}/configs/", f"arn:aws:s3:::{ARTIFACTS}/configs/")
        return Directory(**{**common, "files": contents, **said})

    def crawler(self, **said: Any) -> Crawler:
        own = {
            "role_arn": self.role_arn(),
            "database": "t_final",
            "targets": ("s3://t-final/acres/",),
            "settings": CrawlerSettings(),
        }
        return Crawler(**{**self._common("crawler", "t-final", self.arn("glue", "crawler/t-final")), **own, **said})

    def state_machine(self, **said: Any) -> StateMachine:
        own = {
            "role_arn": self.role_arn(),
            "definition": DEFINITION,
            "settings": StateMachineSettings(),
            "log_group_arn": self.arn("logs", "log-group:/t/logs"),
        }
        return StateMachine(
            **{**self._common("state-machine", "t-Main", self.arn("states", "stateMachine:t-Main")), **own, **said}
        )

    def rule(self, **said: Any) -> Rule:
        own = {"target_arn": self.arn("states", "stateMachine:t-Main"), "role_arn": self.role_arn()}
        when: dict[str, Any] = {} if {"schedule", "pattern"} & said.keys() else {"schedule": "rate(1 day)"}
        return Rule(**{**self._common("trigger", "t-daily", self.arn("events", "rule/t-daily")), **own, **when, **said})

    def _common(self, kind: str, name: str, arn: str) -> dict[str, Any]:
        return {"key": Key("p", kind, name), "name": name, "arn": arn, "tags": TAGS}


def prepare(aws: AwsSession, *resources: Resource) -> None:
    """What resources stand on: a role, policies, a layer, and their artifacts in the artifact bucket."""
    trusted = ["lambda.amazonaws.com", "glue.amazonaws.com", "states.amazonaws.com", "events.amazonaws.com"]
    statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = {"RoleName": "runner", "Path": "/t/test/p/", "AssumeRolePolicyDocument": trust}
    _unless_there(aws, "iam", "CreateRole", "EntityAlreadyExists", **role)
    there = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    _unless_there(aws, "s3", "CreateBucket", "BucketAlreadyOwnedByYou", Bucket=ARTIFACTS, **there)
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    for name in ("reader", "writer"):
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        _unless_there(aws, "iam", "CreatePolicy", "EntityAlreadyExists", PolicyName=name, PolicyDocument=document)
    if aws.find("lambda", "GetLayerVersion", "ResourceNotFoundException", LayerName="common", VersionNumber=1) is None:
        aws.call("lambda", "PublishLayerVersion", LayerName="common", Content={"ZipFile": zipped("").data})
    for artifact in (one for resource in resources for one in resource.artifacts):
        if isinstance(artifact, Code):
            aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key=artifact.location, Body=artifact.data)


def _unless_there(aws: AwsSession, service: str, operation: str, exists: str, **parameters: Any) -> None:
    try:
        aws.call(service, operation, **parameters)
    except AwsError as error:
        if error.code != exists:
            raise
