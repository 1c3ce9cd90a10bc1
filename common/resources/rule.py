"""An EventBridge rule on the default bus, with one target: on a schedule, or for each event of a pattern.

PutTargets answers 200 and lists what it refused, so its answer is read. A rule cannot be deleted before its targets.

Follows https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from common.desired import whole
from common.errors import AwsError, DeclarationError
from common.remains import Named
from common.resource import Aws, Change, Declared, Live, Outputs, State
from common.tags import owned_tags, tag_list, tag_map

_RULE = ("ScheduleExpression", "EventPattern", "State")


@dataclass(frozen=True, kw_only=True)
class Rule(Declared):
    """A rule: either `schedule` or `pattern`, and at most one of `input` and `input_transformer` (paths, template)."""

    kind: ClassVar[str] = "rule"
    target_arn: str
    role_arn: str
    schedule: str | None = None
    pattern: Mapping[str, Any] | None = None
    enabled: bool = True
    input: Mapping[str, Any] | None = None
    input_transformer: tuple[Mapping[str, str], str] | None = None

    @property
    def hidden(self) -> frozenset[str]:
        """Its input, if there is something in it that the declaration calls no secret, or insists on."""
        return frozenset({"Targets"} if self.accept_secret else ())

    def desired(self) -> State:
        """The owned fields, pattern and input as objects.

        Raises:
            DeclarationError: neither or both of schedule and pattern, or both kinds of input.
        """
        if (self.schedule is None) == (self.pattern is None):
            raise DeclarationError(f"{self.key}: a rule has either a schedule or a pattern.")
        if self.input is not None and self.input_transformer is not None:
            raise DeclarationError(f"{self.key}: its target takes either a constant input or one made from the event.")
        return {
            "ScheduleExpression": self.schedule,
            "EventPattern": _plain(self.pattern),
            "State": "ENABLED" if self.enabled else "DISABLED",
            "Targets": [self._target()],
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live rule with all its targets."""
        live = aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=self.name)
        if live is None:
            return None
        tags = tag_map(aws.call("events", "ListTagsForResource", ResourceARN=self.arn)["Tags"])
        pattern = live.get("EventPattern")
        state = {
            "ScheduleExpression": live.get("ScheduleExpression") or None,
            "EventPattern": json.loads(pattern) if pattern else None,
            "State": live["State"],
            "Targets": [_read_target(target) for target in _targets(aws, self)],
            "Tags": owned_tags(tags, self.tags),
        }
        return Live(state)

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Puts the rule with its tags, and its target. PutRule ignores tags if the rule exists, so those are put again then."""
        change = whole(self, desired, self.read(aws))
        if change.live is None:
            self._put(aws, desired, Tags=tag_list(desired["Tags"]))
            change = replace(change, changed=frozenset({"Targets"}))
        return self.update(aws, change)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Replaces the rule, its target or its tags."""
        if change.changed & set(_RULE):
            self._put(aws, change.desired)
        if "Targets" in change.changed:
            wanted = [_sent_target(target) for target in change.desired["Targets"]]
            _accepted("PutTargets", aws.call("events", "PutTargets", Rule=self.name, Targets=wanted))
            _remove(aws, self, keep={target["Id"] for target in wanted})
        if "Tags" in change.changed:
            aws.call("events", "TagResource", ResourceARN=self.arn, Tags=tag_list(change.desired["Tags"]))
        return {}

    def delete(self, aws: Aws) -> None:
        """Removes the targets, then the rule."""
        self.erase(aws, self)

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """All its tags; None if it does not exist."""
        if aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=one.name) is None:
            return None
        return tag_map(aws.call("events", "ListTagsForResource", ResourceARN=one.arn)["Tags"])

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """See `delete`."""
        if aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=one.name) is None:
            return
        _remove(aws, one, keep=set())
        aws.find("events", "DeleteRule", "ResourceNotFoundException", Name=one.name)

    def _target(self) -> State:
        target: State = {"Id": "target", "Arn": self.target_arn, "RoleArn": self.role_arn}
        if self.input is not None:
            target["Input"] = _plain(self.input)
        if self.input_transformer is not None:
            paths, template = self.input_transformer
            target["InputTransformer"] = {"InputPathsMap": dict(paths), "InputTemplate": template}
        return target

    def _put(self, aws: Aws, desired: State, **more: Any) -> None:
        wanted = {name: desired[name] for name in _RULE if desired[name] is not None}
        if "EventPattern" in wanted:
            wanted["EventPattern"] = json.dumps(wanted["EventPattern"], sort_keys=True)
        aws.call("events", "PutRule", Name=self.name, **wanted, **more)


def _targets(aws: Aws, one: Named) -> list[dict[str, Any]]:
    pages = aws.pages("events", "ListTargetsByRule", Rule=one.name)
    return sorted((target for page in pages for target in page["Targets"]), key=lambda target: target["Id"])


def _remove(aws: Aws, one: Named, keep: set[str]) -> None:
    if extra := [target["Id"] for target in _targets(aws, one) if target["Id"] not in keep]:
        _accepted("RemoveTargets", aws.call("events", "RemoveTargets", Rule=one.name, Ids=extra))


def _plain(value: Mapping[str, Any] | None) -> Any:
    return None if value is None else json.loads(json.dumps(value, default=dict))


def _read_target(target: dict[str, Any]) -> dict[str, Any]:
    return {**target, "Input": json.loads(target["Input"])} if "Input" in target else target


def _sent_target(target: dict[str, Any]) -> dict[str, Any]:
    return {**target, "Input": json.dumps(target["Input"], sort_keys=True)} if "Input" in target else target


def _accepted(operation: str, response: dict[str, Any]) -> None:
    for entry in response.get("FailedEntries", ()):
        raise AwsError("events", operation, entry.get("ErrorCode", "Unknown"), entry.get("ErrorMessage", "no reason given"))


def object_created(bucket: str, wildcard: str) -> dict[str, Any]:
    """The event pattern for new objects; a wildcard, since prefix and suffix together would be an or."""
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"wildcard": wildcard}]}}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
