"""An EventBridge rule on the default bus, with one target: on a schedule, or for each event of a pattern.

PutTargets answers 200 even if it refuses targets, and lists these, so its answer is checked. A rule cannot be deleted before its
targets.

Follows https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject, are_equal
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.generated import has_mark
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, NameRule, Passing, Policy, Properties, Quota
from common.model.listing import Listing
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map

_RULE = ("ScheduleExpression", "EventPattern", "State")
DESCRIPTION = "Description"
"""The field that says what a rule is for."""
_UNDECLARED = (DESCRIPTION, "RoleArn")
"""PutRule accepts these fields, which need not be declared, and empties those that are left out."""
_TARGET = "target"
"""Our target has this id among the targets of a rule."""
_INPUTS = ("Input", "InputPath", "InputTransformer")
"""A target has at most one of these fields."""


KIND = Kind(
    name="rule",
    word="trigger",
    service="events",
    step=steps.TRIGGERS,
    console="events/home?region={region}#/eventbus/default/rules/{name}",
    arn=ArnForm("events", "rule/"),
    names=NameRule(64, re.compile(r"[A-Za-z0-9_.-]+"), "letters, digits and _.-"),
    section="triggers",
    principal="events.amazonaws.com",
    role_word="trigger",
    has_secrets=True,
    acts=True,
    listing=Listing("ListRules", "Rules", "Name", prefix="NamePrefix"),
    quota=Quota("rules of the default event bus", "events", "L-244521F2", 300),
    calls=Calls(reads_first=True),
    properties=Properties(
        "PutTargets",
        ("Targets", "[]"),
        {
            "Id": "",
            "Arn": "the target",
            "RoleArn": "role",
            "Input": "the input of the schedule",
            "InputPath": "the input of the schedule",
            "InputTransformer": "the input of the schedule",
        },
    ),
    passing=Passing(
        codes={"ConcurrentModificationException": AT_ONCE},
        messages=("is not assumable by principal", "cannot be assumed by principal"),
    ),
    policy=Policy(
        operations=(
            *("PutRule", "DeleteRule", "DescribeRule", "PutTargets", "RemoveTargets", "ListTargetsByRule", "ListTagsForResource"),
            *("TagResource", "UntagResource"),
        ),
        everywhere=("ListRules",),
        left_over=("DeleteRule", "RemoveTargets", "UntagResource"),
        actions={"PutRule": ("events:PutRule", "events:TagResource")},
    ),
)


@dataclass(frozen=True, kw_only=True)
class Rule(Declared):
    """A rule: either `schedule` or `pattern`, and at most one of `input` and `input_transformer` (paths, template)."""

    removable: ClassVar[frozenset[str]] = frozenset({"Description", "Tags", "Targets"})
    target_arn: str
    role_arn: str
    schedule: str | None = None
    pattern: JsonMapping | None = None
    enabled: bool = True
    description: str | None = None
    input: JsonMapping | None = None
    is_default_input: bool = False
    """Nobody has declared the input: a target that has another one keeps it."""
    input_transformer: tuple[Mapping[str, str], str] | None = None

    @property
    def hidden(self) -> frozenset[str]:
        """The targets, which contain the input, if the declaration accepts a secret in it."""
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
            **({DESCRIPTION: self.description} if self.description else {}),
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
        own, others = self._split(_targets(aws, self))
        kept_of_own = self._kept(own) if own else {}
        undeclared: State = {target["Id"]: target for target in others} | ({_TARGET: kept_of_own} if kept_of_own else {})
        state = {
            "ScheduleExpression": live.get("ScheduleExpression") or None,
            "EventPattern": json.loads(pattern) if pattern else None,
            "State": live["State"],
            **({DESCRIPTION: live.get(DESCRIPTION)} if self.description else {}),
            "Targets": [self._compared(own, kept_of_own)] if own else [],
            "Tags": owned_tags(tags, self.tags),
        }
        kept = {name: live[name] for name in _UNDECLARED if live.get(name) and name not in state} | (
            {"Targets": undeclared} if undeclared else {}
        )
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Puts the rule with its tags, and its target. For an existing rule, PutRule ignores tags, so they are put separately."""
        change = whole_if_ours(self, desired, self.read(aws))
        if change.live is None:
            self._put(aws, desired, Tags=tag_list(desired["Tags"]))
            change = replace(change, changed=frozenset({"Targets"}))
        return self.update(aws, change)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Replaces the rule, our target or the tags, with their undeclared fields as they are now. Targets of others stay."""
        return self.update_from(aws, change, self.reread(aws, change))

    def reread(self, aws: Aws, change: Change) -> JsonObject:
        """The live rule, which PutRule replaces; empty if only its target or its tags change."""
        if not change.changed & {*_RULE, *_UNDECLARED}:
            return {}
        return aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=self.name) or {}

    def update_from(self, aws: Aws, change: Change, live: JsonObject) -> Outputs:
        """Puts what has changed of the rule, with the undeclared fields of the `live` one."""
        if change.changed & {*_RULE, *_UNDECLARED}:
            names = [name for name in _UNDECLARED if name not in {*change.stale, *change.desired}]
            kept = {name: live[name] for name in names if live.get(name)}
            self._put(aws, change.desired, **kept)
        if "Targets" in change.changed:
            own, _ = self._split(_targets(aws, self)) if change.live else (None, [])
            stale = change.stale.get("Targets", {}).get(_TARGET, {})
            more = {name: value for name, value in self._kept(own).items() if name not in stale} if own else {}
            its_id = {"Id": own["Id"]} if own else {}
            unsent = {"Input"} if own and self._leaves_input(own, more) else set()
            targets = [
                _target_as_sent({name: value for name, value in target.items() if name not in unsent} | more | its_id)
                for target in change.desired["Targets"]
            ]
            others = sorted(change.stale.get("Targets", {}).keys() - {_TARGET, *its_id.values()})
            if others:
                _raise_refused("RemoveTargets", aws.call("events", "RemoveTargets", Rule=self.name, Ids=others))
            _raise_refused("PutTargets", aws.call("events", "PutTargets", Rule=self.name, Targets=targets))
        if "Tags" in change.changed:
            aws.call("events", "TagResource", ResourceARN=self.arn, Tags=tag_list(change.desired["Tags"]))
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        if aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=resource.name) is None:
            return None
        return tag_map(aws.call("events", "ListTagsForResource", ResourceARN=resource.arn)["Tags"])

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("events", "UntagResource", ResourceARN=resource.arn, TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Removes the targets, then the rule."""
        if aws.find("events", "DescribeRule", "ResourceNotFoundException", Name=resource.name) is None:
            return
        if ids := [target["Id"] for target in _targets(aws, resource)]:
            _raise_refused("RemoveTargets", aws.call("events", "RemoveTargets", Rule=resource.name, Ids=ids))
        aws.find("events", "DeleteRule", "ResourceNotFoundException", Name=resource.name)

    def _target(self) -> State:
        target: State = {**self.properties, "Id": _TARGET, "Arn": self.target_arn, "RoleArn": self.role_arn}
        if self.input is not None:
            target["Input"] = _plain(self.input)
        if self.input_transformer is not None:
            paths, template = self.input_transformer
            target["InputTransformer"] = {"InputPathsMap": dict(paths), "InputTemplate": template}
        return target

    def _split(self, targets: list[JsonObject]) -> tuple[JsonObject | None, list[JsonObject]]:
        """Our target, and those of others. One with our ARN is ours, whatever its id is: a second one would start it twice."""
        own = next((target for target in targets if target["Id"] == _TARGET), None)
        own = own or next((target for target in targets if self._is_ours(target)), None)
        return own, [target for target in targets if target is not own]

    def _compared(self, own: State, kept: State) -> State:
        """The declared fields of our live target."""
        default = {"Input": _plain(self.input)} if self.is_default_input and self._leaves_input(own, kept) else {}
        declared = {name: value for name, value in own.items() if name not in kept} | {"Id": _TARGET} | default
        return declared | {
            name: comparison.selected(own.get(name), value) for name, value in self.properties.items() if name in own
        }

    def _leaves_input(self, own: State, kept: State) -> bool:
        """Whether our live target keeps the input that it has, or has none, because the declaration names none."""
        return bool(kept.keys() & {*_INPUTS}) or (self.is_default_input and not own.keys() & {*_INPUTS})

    def _kept(self, live: State) -> State:
        """The undeclared fields of our target, such as retries and dead letter queue, if it still has our ARN."""
        owned = {"Id", "Arn", "RoleArn", *self.properties}
        is_default = self.is_default_input and are_equal(live.get("Input"), self.input) and {*_INPUTS} & live.keys() == {"Input"}
        if is_default or (not self.is_default_input and (self.input is not None or self.input_transformer is not None)):
            owned |= {*_INPUTS}
        return {name: value for name, value in live.items() if name not in owned} if self._is_ours(live) else {}

    def _is_ours(self, target: State) -> bool:
        """Whether a live target is what is started: by its ARN, or by its id where AWS gives the ARN."""
        is_known = not has_mark(self.target_arn)
        return bool(target.get("Arn") == self.target_arn if is_known else target["Id"] == _TARGET)

    def _put(self, aws: Aws, desired: State, **more: Json) -> None:
        fields = {name: desired[name] for name in (*_RULE, DESCRIPTION) if desired.get(name) is not None}
        if "EventPattern" in fields:
            fields["EventPattern"] = json.dumps(
                fields["EventPattern"], sort_keys=True, separators=(",", ":")
            )  # its length has a limit
        aws.call("events", "PutRule", Name=self.name, **fields, **more)


def _targets(aws: Aws, resource: Named) -> list[JsonObject]:
    pages = aws.pages("events", "ListTargetsByRule", Rule=resource.name)
    return sorted((_target_as_read(target) for page in pages for target in page["Targets"]), key=lambda target: target["Id"])


def _plain(value: JsonMapping | None) -> Json:
    return None if value is None else json.loads(json.dumps(value, default=dict))


def _target_as_read(target: JsonObject) -> JsonObject:
    return {**target, "Input": json.loads(target["Input"])} if "Input" in target else target  # AWS takes nothing but JSON


def _target_as_sent(target: JsonObject) -> JsonObject:
    return {**target, "Input": json.dumps(target["Input"], sort_keys=True)} if "Input" in target else target


def _raise_refused(operation: str, response: JsonObject) -> None:
    for entry in response.get("FailedEntries", ()):
        raise AwsError("events", operation, entry.get("ErrorCode", "Unknown"), entry.get("ErrorMessage", "no reason given"))


def object_created(bucket: str, wildcard: str) -> JsonObject:
    """The event pattern for new objects. It has a wildcard, because EventBridge joins a prefix and a suffix by "or"."""
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"wildcard": wildcard}]}}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
