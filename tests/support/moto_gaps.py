"""What moto forgets or gets wrong, done as AWS does it.

It lacks the validation of definitions. Of a Lambda function it forgets the log group and some updates; of a bucket, that its
events go to EventBridge. A bucket policy that denies requests without TLS makes it deny every request. It accepts the creation of
a topic that exists with other attributes or tags. A listing of log groups or roles fails while another thread makes one.
"""

import json
from collections.abc import Callable
from copy import copy
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from moto.awslambda.models import LambdaFunction
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import IAMBackend
from moto.logs.models import LogsBackend
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.sns.exceptions import InvalidParameterValue
from moto.sns.models import SNSBackend
from moto.stepfunctions.responses import StepFunctionResponse

from tests.support.moto_glue import moto_glue
from tests.support.strict_lambda import grant, weigh
from tests.support.strict_s3 import strict_s3

__all__ = ["moto_gaps", "moto_glue", "strict_s3"]

_INIT, _READ = LambdaFunction.__init__, LambdaFunction.get_configuration
_UPDATE, _CODE = LambdaFunction.update_configuration, LambdaFunction.update_function_code
_SHOWN = LambdaFunction.get_code
_NOTIFICATION = S3Response.get_bucket_notification
_LOGS = FakeBucket._log_permissions_enabled_policy
_TOPIC = SNSBackend.create_topic
_GROUPS = LogsBackend.__init__


@pytest.fixture
def moto_gaps(monkeypatch: pytest.MonkeyPatch, moto_glue: None, strict_s3: None) -> None:
    """Moto with these gaps closed, those of Glue, and those of S3, for as long as the test lasts."""
    monkeypatch.setattr(LambdaFunction, "__init__", init)
    monkeypatch.setattr(LambdaFunction, "get_configuration", get_configuration)
    monkeypatch.setattr(LambdaFunction, "update_configuration", update_configuration)
    monkeypatch.setattr(LambdaFunction, "update_function_code", update_function_code)
    monkeypatch.setattr(LambdaFunction, "get_code", get_code)
    monkeypatch.setattr(FakeBucket, "get_permission", get_permission)
    monkeypatch.setattr(FakeBucket, "_log_permissions_enabled_policy", staticmethod(may_log))
    monkeypatch.setattr(S3Response, "get_bucket_notification", get_bucket_notification)
    monkeypatch.setattr(SNSBackend, "create_topic", create_topic)
    monkeypatch.setattr(LogsBackend, "__init__", logs)
    monkeypatch.setattr(IAMBackend, "get_roles", lambda backend: [*backend.roles.values()])
    monkeypatch.setattr(StepFunctionResponse, "validate_state_machine_definition", validated, raising=False)


class Groups(dict[str, Any]):
    """Log groups that are listed as they are when the listing begins."""

    def items(self) -> Any:
        """All of them, whatever another thread makes or deletes meanwhile."""
        return [*super().items()]


def logs(backend: Any, region_name: str, account_id: str) -> None:
    """Keeps the log groups so that they can be listed at any time."""
    _GROUPS(backend, region_name, account_id)
    backend.groups = Groups()


def validated(_response: Any) -> ActionResult:
    """Finds nothing wrong with any definition."""
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


def init(function: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
    """Remembers the log group."""
    default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{spec['FunctionName']}"}
    function.logging_config = {**default, **spec.get("LoggingConfig", {})}
    _INIT(function, account_id, spec, region, version)
    grant(function, function.role)


def get_configuration(function: Any, on_create: bool = False) -> dict[str, Any]:
    """Tells the log group."""
    return {**_READ(function, on_create), "LoggingConfig": function.logging_config}


def update_configuration(function: Any, updates: dict[str, Any]) -> dict[str, Any]:
    """Changes storage and log group, then what moto changes, if that is not too large."""
    before = dict(vars(function))
    if "EphemeralStorage" in updates:
        function.ephemeral_storage = updates["EphemeralStorage"]["Size"]
    function.logging_config = {**function.logging_config, **updates.get("LoggingConfig", {})}
    _UPDATE(function, updates)
    weigh(function, before)
    grant(function, function.role)
    result: dict[str, Any] = function.get_configuration()
    return result


def update_function_code(function: Any, updates: dict[str, Any]) -> dict[str, Any]:
    """Changes the architecture, then the code, if that is not too large."""
    before = dict(vars(function))
    function.architectures = updates.get("Architectures", function.architectures)
    result: dict[str, Any] = _CODE(function, updates)
    function.code |= {name: updates[name] for name in ("ImageUri",) if name in updates}
    weigh(function, before)
    return result


def get_code(function: Any) -> dict[str, Any]:
    """Tells an image that is named by its digest as it is named."""
    result: dict[str, Any] = _SHOWN(function)
    if "@" in (uri := result["Code"].get("ImageUri", "")):
        result["Code"]["ResolvedImageUri"] = uri
    return result


def get_bucket_notification(response: Any) -> Any:
    """Tells EventBridge, too."""
    status, headers, body = _NOTIFICATION(response)
    live = response.backend.get_bucket_notification_configuration(response.bucket_name)
    if live and live.event_bridge is not None:
        root = ET.fromstring(body)
        ET.SubElement(root, root.tag.replace("NotificationConfiguration", "EventBridgeConfiguration"))
        body = ET.tostring(root, encoding="unicode")
    return status, headers, body


def may_log(target_bucket: Any, target_prefix: str | None) -> bool:
    """Whether S3 may write access logs there, by the statements about a service; others make moto stumble."""
    bucket = copy(target_bucket)
    bucket.policy = _only(bucket.policy, lambda statement: isinstance(statement.get("Principal"), dict))
    return bool(_LOGS(bucket, target_prefix))


def get_permission(bucket: Any, action: str, resource: str) -> Any:
    """Judges by the statements without a condition, which moto would take to hold always: one against plain HTTP, too."""
    policy = _only(bucket.policy, lambda statement: "Condition" not in statement)
    return IAMPolicy(policy.decode()).is_action_permitted(action, resource) if policy else PermissionResult.NEUTRAL


def _only(policy: bytes | None, fits: Callable[[dict[str, Any]], bool]) -> bytes | None:
    """A policy with the statements that fit alone; the bucket keeps its own, which other threads read."""
    if not policy:
        return policy
    document = json.loads(policy)
    return json.dumps({**document, "Statement": [each for each in document["Statement"] if fits(each)]}).encode()


def create_topic(backend: Any, name: str, attributes: dict[str, str] | None = None, tags: dict[str, str] | None = None) -> Any:
    """Creates a topic, and refuses one that exists without one of these tags or with other values of these attributes.

    AWS does so: https://github.com/localstack/localstack/issues/2405 and https://github.com/localstack/localstack/pull/13714
    """
    existing = next((topic for topic in backend.topics.values() if topic.name == name), None)
    if existing is not None:
        live = {name: str(getattr(existing, camelcase_to_underscores(name), "")) for name in attributes or {}}
        for differ, word in (
            (live != (attributes or {}), "Attributes"),
            (not (tags or {}).items() <= existing._tags.items(), "Tags"),
        ):
            if differ:
                raise InvalidParameterValue(
                    f"Invalid parameter: {word} Reason: Topic already exists with different {word.lower()}"
                )
    return _TOPIC(backend, name, attributes, tags)
