"""A Step Functions state machine.

Its definition is compared and sent as canonical JSON text, so the order of keys and the white space of its source mean
nothing. CreateStateMachine on an existing machine ignores another role and other tags, so creation looks first.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.errors import AwsError, DeclarationError
from common.environment.resource_settings import StateMachineSettings
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, Listing, NameRule, Passing, Policy, Quota
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map
from common.resources import accepted_fields

_SENT = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
_POLL_SECONDS = 5.0
_POLLS = 60


KIND = Kind(
    name="state-machine",
    word="state_machine",
    service="stepfunctions",
    step=steps.MACHINES,
    arn=ArnForm("states", "stateMachine:"),
    names=NameRule(80),
    section="state_machines",
    principal="states.amazonaws.com",
    has_secrets=True,
    listing=Listing("ListStateMachines", "stateMachines", "name", size=("maxResults", 1000)),
    quota=Quota("state machines", "states", "", 100_000),
    calls=Calls(("DescribeStateMachine", "CreateStateMachine"), "UpdateStateMachine"),
    budgets={
        "stepfunctions:CreateStateMachine": Budget(100, 1),
        "stepfunctions:DeleteStateMachine": Budget(100, 1),
        "stepfunctions:DescribeStateMachine": Budget(200, 20),
        "stepfunctions:ListStateMachines": Budget(100, 5),
        "stepfunctions:ListTagsForResource": Budget(100, 1),
        "stepfunctions:TagResource": Budget(200, 1),
        "stepfunctions:UpdateStateMachine": Budget(100, 1),
        "stepfunctions:ValidateStateMachineDefinition": Budget(100, 1),
    },
    passing=Passing(
        codes={
            "ConflictException": AT_ONCE,
            "KmsThrottlingException": "the key service is busy",
            "StateMachineDeleting": "a state machine of this name is just being deleted",
        },
        messages=(
            "is not authorized to assume the provided role",
            "Neither the global service principal",
            "is not authorized to access the Log Destination",
            "is not authorized to create managed-rule",
        ),
    ),
    policy=Policy(
        operations=(
            *("CreateStateMachine", "UpdateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "ListTagsForResource"),
            *("TagResource", "UntagResource"),
        ),
        everywhere=("ListStateMachines", "ValidateStateMachineDefinition"),
        left_over=("DeleteStateMachine",),
        actions={"CreateStateMachine": ("states:CreateStateMachine", "states:TagResource")},
        when_declared=(
            *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
            *("logs:ListLogDeliveries", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"),
        ),
        parts=lambda arn: (f"{arn.replace(':stateMachine:', ':execution:')}:*",),
    ),
)


@dataclass(frozen=True, kw_only=True)
class StateMachine(Declared):
    """A state machine. `definition` is the final Amazon States Language object."""

    role_arn: str
    definition: Mapping[str, Any]
    settings: StateMachineSettings
    log_group_arn: str
    immutable: ClassVar[frozenset[str]] = frozenset({"type"})
    usual: ClassVar[State] = {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}

    @property
    def hidden(self) -> frozenset[str]:
        """Its definition, if there is something in it that the declaration calls no secret, or insists on."""
        return frozenset({"definition"} if self.accept_secret else ())

    def desired(self) -> State:
        """The owned fields, spelled as in DescribeStateMachine.

        Raises:
            DeclarationError: the definition is larger than Step Functions accepts.
        """
        definition = _canonical(self.definition)
        if (size := len(definition.encode())) > 1_048_576:
            raise DeclarationError(
                f"{self.key}: its definition has {size} bytes; Step Functions accepts 1048576. Move a part into a nested machine."
            )
        return {
            "definition": definition,
            "roleArn": self.role_arn,
            "type": self.settings.type,
            "loggingConfiguration": self._logging(),
            "tracingConfiguration": {"enabled": self.settings.tracing},
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live state; a machine that is being deleted is absent."""
        live = _live(aws, self)
        return None if live is None or live.get("status") == "DELETING" else self._as_live(aws, live)

    def _as_live(self, aws: Aws, live: dict[str, Any]) -> Live:
        tags = _live_tags(aws, self)
        state = {
            "definition": _canonical(json.loads(live["definition"])),
            "roleArn": live["roleArn"],
            "type": live["type"],
            "loggingConfiguration": _logged(live.get("loggingConfiguration") or {}),
            "tracingConfiguration": live.get("tracingConfiguration") or {"enabled": False},
            "Tags": owned_tags(tags, self.tags),
        }
        kept = comparison.undeclared(live, {}, accepted_fields.MACHINE)
        return Live(state, live.get("revisionId"), {**kept, **other_tags(tags, self.tags)})

    def check_creation(self, aws: Aws, desired: State) -> None:
        """Has the definition validated for the type.

        Raises:
            DeclarationError: AWS would refuse it, and says why.
        """
        asked = {"definition": desired["definition"], "type": desired["type"], "severity": "ERROR"}
        answer = aws.call("stepfunctions", "ValidateStateMachineDefinition", **asked)
        if answer["result"] == "FAIL":
            found = [f"  {one.get('location') or 'the definition'}: {one['message']}" for one in answer.get("diagnostics", ())]
            told = f"{self.key}: AWS would not create it as {desired['type']}, and the old one stays. It says of the definition:"
            raise DeclarationError("\n".join([told, *found]))

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the machine with its tags in one call, after the end of one of the same name that is being deleted."""
        live = _live(aws, self)
        if live and live.get("status") != "DELETING":
            return self.update(aws, whole(self, desired, self._as_live(aws, live)))
        if live:
            _wait_until_gone(aws, self)
        wanted = {name: desired[name] for name in (*_SENT, "type")}
        try:
            aws.call("stepfunctions", "CreateStateMachine", name=self.name, tags=_tags(desired), **wanted)
        except AwsError as error:
            if error.code != "StateMachineAlreadyExists":
                raise
            return self.update(aws, whole(self, desired, self.read(aws)))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends the whole machine if anything but the tags changed; running executions keep the old definition."""
        outputs: Outputs = {}
        if change.changed - {"Tags"}:
            wanted = {name: change.desired[name] for name in _SENT}
            kept = change.live.undeclared.get("encryptionConfiguration") if change.live else None
            if kept and kept != self.usual["encryptionConfiguration"]:
                wanted["encryptionConfiguration"] = kept
            response = aws.call("stepfunctions", "UpdateStateMachine", stateMachineArn=self.arn, **wanted)
            outputs = {"revisionId": response["revisionId"]} if response.get("revisionId") else {}
        if "Tags" in change.changed:
            aws.call("stepfunctions", "TagResource", resourceArn=self.arn, tags=_tags(change.desired))
        if gone := stale_tags(change.stale):
            aws.call("stepfunctions", "UntagResource", resourceArn=self.arn, tagKeys=gone)
        return outputs

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """All its tags; None if it does not exist, or is being deleted."""
        live = _live(aws, one)
        return None if live is None or live.get("status") == "DELETING" else _live_tags(aws, one)

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """Deletes the machine and waits until it is gone, which it is when its last execution has ended.

        Raises:
            AwsError: StateMachineDeleting: executions still run.
        """
        if _live(aws, one) is not None:
            aws.call("stepfunctions", "DeleteStateMachine", stateMachineArn=one.arn)
            _wait_until_gone(aws, one)

    def _logging(self) -> State:
        if self.settings.log_level == "OFF":
            return _logged({})
        group = {"logGroupArn": f"{self.log_group_arn.removesuffix(':*')}:*"}
        return {
            "level": self.settings.log_level,
            "includeExecutionData": self.settings.log_execution_data,
            "destinations": [{"cloudWatchLogsLogGroup": group}],
        }


def _live(aws: Aws, one: Named) -> dict[str, Any] | None:
    return aws.find("stepfunctions", "DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=one.arn)


def _live_tags(aws: Aws, one: Named) -> dict[str, str]:
    """From Step Functions itself: the index is behind, and would show tags of before, or of a machine that was deleted.

    Of the first 100 in an account nobody waits, then for one second each; see `rates`.
    """
    return tag_map(aws.call("stepfunctions", "ListTagsForResource", resourceArn=one.arn)["tags"], "key", "value")


def _wait_until_gone(aws: Aws, one: Named) -> None:
    for _ in range(_POLLS):
        if _live(aws, one) is None:
            return
        aws.sleep(_POLL_SECONDS)
    said = f"{one.name} is deleted when its last execution has ended. Stop what still runs, then try again."
    raise AwsError("stepfunctions", "DeleteStateMachine", "StateMachineDeleting", said)


def _logged(live: dict[str, Any]) -> State:
    """Logging as we compare it: whatever else is kept, a machine that logs nothing logs nowhere."""
    if live.get("level", "OFF") == "OFF":
        return {"level": "OFF", "includeExecutionData": False, "destinations": []}
    return {
        "level": live["level"],
        "includeExecutionData": live.get("includeExecutionData", False),
        "destinations": live.get("destinations", []),
    }


def _canonical(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict)


def _tags(desired: State) -> list[dict[str, str]]:
    return tag_list(desired["Tags"], "key", "value")
