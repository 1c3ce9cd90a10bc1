"""One builder a type, with everything said; a test names only what it is about."""

import atexit
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from common.aws.protocol import Aws
from common.aws.session import AwsSession
from common.base import digest
from common.base.digest import Digest, OfFile
from common.base.errors import AwsError
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.comparison import difference, taken_away
from common.model.declared import Identity
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
from common.resources.queue import Queue
from common.resources.role import Role
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from common.resources.table import Table
from common.resources.topic import Topic

FOLDER = tempfile.TemporaryDirectory()
atexit.register(FOLDER.cleanup)
R = TypeVar("R")
IDENTITY = {field.name for field in fields(Identity)}
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
    def in_aws(self) -> str | None:
        return None

    @property
    def location(self) -> str:
        return f"test/p/artifacts/{self.name}/{self.input_digest()}.zip"

    def hash_files(self, of_file: OfFile) -> None:
        """There is no file."""

    def files(self) -> Mapping[str, Digest]:
        return {"main.py": digest.of_bytes(self.data)}

    def input_digest(self) -> Digest:
        return digest.of_files(self.files())

    def sbom_file(self, build_dir: Path) -> Path | None:
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
    changed = frozenset(difference(final(resource), live.state)) | stale.keys()
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

    def bucket(self, **overrides: Any) -> Bucket:
        own = {"account_id": self.account_id, "region": self.region}
        return self._built(Bucket, "bucket", "arn:aws:s3:::t-landing", "t-landing", own, overrides)

    def database(self, **overrides: Any) -> Database:
        return self._built(Database, "database", self.arn("glue", "database/t_final"), "t_final", {}, overrides)

    def table(self, **overrides: Any) -> Table:
        own = {"partition_key": "run_id"}
        return self._built(Table, "table", self.arn("dynamodb", "table/t-runs"), "t-runs", own, overrides)

    def topic(self, **overrides: Any) -> Topic:
        return self._built(Topic, "topic", self.arn("sns", "t-failures"), "t-failures", {}, overrides)

    def queue(self, name: str = "t-orders", **overrides: Any) -> Queue:
        return self._built(Queue, "queue", self.arn("sqs", name), name, {}, overrides)

    def log_group(self, **overrides: Any) -> LogGroup:
        own = {"retention_days": 30}
        return self._built(LogGroup, "log-group", self.arn("logs", "log-group:/t/logs"), "/t/logs", own, overrides)

    def role(self, **overrides: Any) -> Role:
        own = {"path": "/t/test/p/", "service": "lambda.amazonaws.com"}
        return self._built(Role, "role", self.role_arn("t-worker"), "t-worker", own, overrides)

    def function(self, **overrides: Any) -> Function:
        own = {
            "role_arn": self.role_arn(),
            "handler": "main.handler",
            "code": zipped("def handler(event, context):\n    return event\n"),
            "bucket": ARTIFACTS,
            "settings": FunctionSettings(),
            "environment": {},
            "log_group": "/aws/lambda/t-Validate",
        }
        return self._built(Function, "lambda", self.arn("lambda", "function:t-Validate"), "t-Validate", own, overrides)

    def layer(self, name: str = "t-deps", **overrides: Any) -> Layer:
        code = Code(name, overrides.pop("code", zipped("x = 1")).data)
        own = {"code": code, "bucket": ARTIFACTS, "runtime": "python3.11", "architecture": "x86_64"}
        return self._built(Layer, "layer", self.arn("lambda", f"layer:{name}"), name, own, overrides)

    def job(self, **overrides: Any) -> Job:
        own = {
            "role_arn": self.role_arn(),
            "script": Code("landing", b"print(1)"),
            "bucket": ARTIFACTS,
            "settings": JobSettings(),
            "arguments": {"--zone": "landing"},
        }
        return self._built(Job, "glue-job", self.arn("glue", "job/t-landing"), "t-landing", own, overrides)

    def directory(self, files: Mapping[str, str] | None = None, **overrides: Any) -> Directory:
        """Its files are written to a temporary folder, each named by its contents."""
        texts = {"sql/acres.sql": "select 1", "codes.csv": "a,b"} if files is None else files
        contents = {}
        for name, text in texts.items():
            path = Path(FOLDER.name, digest.of_bytes(text.encode()))
            path.write_text(text)
            contents[name] = Content(path, path.stat(), digest.md5)
        place = f"{ARTIFACTS}/configs/"
        own = {"files": contents, "account_id": self.account_id, "needs": (Key("shared", "bucket", "artifacts"),)}
        return self._built(Directory, "directory", f"arn:aws:s3:::{place}", place, own, overrides)

    def crawler(self, **overrides: Any) -> Crawler:
        own = {
            "role_arn": self.role_arn(),
            "database": "t_final",
            "targets": ("s3://t-final/acres/",),
            "settings": CrawlerSettings(),
        }
        return self._built(Crawler, "crawler", self.arn("glue", "crawler/t-final"), "t-final", own, overrides)

    def state_machine(self, **overrides: Any) -> StateMachine:
        own = {
            "role_arn": self.role_arn(),
            "definition": DEFINITION,
            "settings": StateMachineSettings(),
            "log_group_arn": self.arn("logs", "log-group:/t/logs"),
        }
        return self._built(StateMachine, "state-machine", self.arn("states", "stateMachine:t-Main"), "t-Main", own, overrides)

    def rule(self, **overrides: Any) -> Rule:
        own = {"target_arn": self.arn("states", "stateMachine:t-Main"), "role_arn": self.role_arn()}
        when: dict[str, Any] = {} if {"schedule", "pattern"} & overrides.keys() else {"schedule": "rate(1 day)"}
        return self._built(Rule, "trigger", self.arn("events", "rule/t-daily"), "t-daily", {**own, **when}, overrides)

    def _built(
        self, make: Callable[..., R], kind: str, arn: str, name: str, fields: dict[str, Any], parameters: dict[str, Any]
    ) -> R:
        """The resource: what a test gives wins, and may be of its identity or of its type."""
        whole: dict[str, Any] = {"key": Key("p", kind, name), "name": name, "arn": arn, "tags": TAGS, **fields, **parameters}
        identity = Identity(**{field: whole.pop(field) for field in IDENTITY & whole.keys()})
        return make(identity=identity, **whole)


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
    if any(isinstance(resource, Queue) for resource in resources):
        aws.call("sqs", "CreateQueue", QueueName="t-failed")
    for artifact in (artifact for resource in resources for artifact in resource.artifacts):
        if isinstance(artifact, Code):
            aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key=artifact.location, Body=artifact.data)


def _unless_there(aws: AwsSession, service: str, operation: str, exists: str, **parameters: Any) -> None:
    try:
        aws.call(service, operation, **parameters)
    except AwsError as error:
        if error.code != exists:
            raise
