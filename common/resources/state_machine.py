"""A Step Functions state machine.

Its definition is compared and sent as canonical JSON text, so the order of keys and the white space of its source do not matter.
For an existing machine, CreateStateMachine ignores another role and other tags, so the machine is read before it is created.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
"""

import json
from collections.abc import Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.errors import AwsError, DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.resource_settings import StateMachineSettings
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.diagnosis import Diagnosis
from common.model.kind import AT_ONCE, MACHINE_NAMES, ArnForm, Calls, Kind, Passing, Policy, Properties, Quota
from common.model.listing import Listing
from common.model.lookup import QUALIFIED_NAME, by_arn
from common.model.machine_changes import is_machine, summary
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map
from common.resources import accepted_fields, machine_validation, machine_versions
from common.resources.machine_logging import desired_logging, logged

_SENT = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
_POLL_SECONDS = 5.0
_POLLS = 60


KIND = Kind(
    name="state-machine",
    word="state_machine",
    service="stepfunctions",
    step=steps.MACHINES,
    console="states/home?region={region}#/statemachines/view/{arn}",
    arn=ArnForm("states", "stateMachine:"),
    names=MACHINE_NAMES,
    section="state_machines",
    principal="states.amazonaws.com",
    has_secrets=True,
    writes=("states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"),  # of who answers a task
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
        **machine_versions.BUDGETS,
    },
    properties=Properties(
        "UpdateStateMachine",
        settings={
            "stateMachineArn": "name",
            "definition": "the definition",
            "roleArn": "role",
            "loggingConfiguration": "log_level and log_execution_data",
            "tracingConfiguration": "tracing",
            "publish": "publish",
            "versionDescription": "",
        },
        fields=accepted_fields.MACHINE_FIELDS,
    ),
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
        left_over=("DeleteStateMachine", "UntagResource"),
        actions={"CreateStateMachine": ("states:CreateStateMachine", "states:TagResource")},
        when_declared=(
            *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
            *("logs:ListLogDeliveries", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"),
        ),
        parts=machine_versions.parts,
    ),
    lookup=by_arn(
        *("DescribeStateMachine", "stateMachineArn", "StateMachineDoesNotExist"),
        names=QUALIFIED_NAME,
        is_there=lambda response, _: response.get("status") != "DELETING",
    ),
)


@dataclass(frozen=True, kw_only=True)
class StateMachine(Declared):
    """A state machine. `definition` is the final Amazon States Language object."""

    role_arn: str
    definition: JsonMapping
    settings: StateMachineSettings
    log_group_arn: str
    immutable: ClassVar[frozenset[str]] = frozenset({"type"})
    removable: ClassVar[frozenset[str]] = frozenset({"Tags", *accepted_fields.MACHINE_RESET})
    usual: ClassVar[State] = {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}

    @property
    def start_arn(self) -> str:
        """The ARN by which triggers start it."""
        return machine_versions.alias_arn(self.arn, self.settings)

    @property
    def hidden(self) -> frozenset[str]:
        """The definition, if the declaration accepts a secret in it."""
        return frozenset({"definition"} if self.accept_secret else ())

    def describe_change(self, name: str, before: Json, after: Json) -> str:
        """The states that were added, changed and taken away, unless the definition is hidden."""
        if name != "definition" or self.accept_secret:
            return ""
        old, new = json.loads(before), json.loads(after)
        return f"definition changed: {summary(old, new)}" if is_machine(old) and is_machine(new) else ""

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permissions that its deployer needs for its key, and for its versions."""
        key = accepted_fields.needs_of_key(self.properties.get("encryptionConfiguration", {}).get("kmsKeyId"))
        return {**key, **machine_versions.permissions(self.arn, self.settings)}

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
            "loggingConfiguration": desired_logging(self.settings, self.log_group_arn),
            "tracingConfiguration": {"enabled": self.settings.tracing},
            **self.properties,
            **machine_versions.desired_alias(self.settings),
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live state. A machine that is being deleted counts as absent."""
        live = _live(aws, self)
        return None if live is None or live.get("status") == "DELETING" else self._as_live(aws, live)

    def _as_live(self, aws: Aws, live: JsonObject) -> Live:
        tags = _live_tags(aws, self)
        state = {
            "definition": _canonical(json.loads(live["definition"])),
            "roleArn": live["roleArn"],
            "type": live["type"],
            "loggingConfiguration": logged(live.get("loggingConfiguration") or {}),
            "tracingConfiguration": live.get("tracingConfiguration") or {"enabled": False},
            "Tags": owned_tags(tags, self.tags),
            **machine_versions.live_alias(aws, self.arn, self.settings, live),
        }
        state = comparison.with_selected(state, live, self.properties)
        kept = comparison.undeclared(live, self.properties, accepted_fields.MACHINE)
        return Live(state, live.get("revisionId"), {**kept, **other_tags(tags, self.tags)})

    def check_creation(self, aws: Aws, desired: State) -> None:
        """Lets AWS validate the definition for the type of the machine.

        Raises:
            DeclarationError: AWS would refuse the definition; the message contains AWS's reasons.
        """
        problems = [diagnosis for diagnosis in self.diagnoses(aws, desired) if diagnosis.is_error]
        if problems:
            message = (
                f"{self.key}: AWS would not create it as {desired['type']}, and the old one stays. It says of the definition:"
            )
            raise DeclarationError("\n".join([message, *(f"  {problem.text}" for problem in problems)]))

    def diagnoses(self, aws: Aws, desired: State) -> Sequence[Diagnosis]:
        """Lets AWS validate the definition: its errors and warnings."""
        return machine_validation.diagnoses(aws, desired)

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the machine with its tags in one call. If one of its name is being deleted, it waits for that first."""
        live = _live(aws, self)
        if live and live.get("status") != "DELETING":
            return self.update(aws, whole_if_ours(self, desired, self._as_live(aws, live)))
        if live:
            _wait_until_gone(aws, self)
        fields = {name: desired[name] for name in (*_SENT, "type", *self.properties)} | self._publishing()
        try:
            response = aws.call("stepfunctions", "CreateStateMachine", name=self.name, tags=_tags(desired), **fields)
        except AwsError as error:
            if error.code != "StateMachineAlreadyExists":
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        return self._moved(aws, response)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends the whole machine if more than its tags changed. Running executions keep the old definition."""
        outputs: Outputs = {}
        if change.changed - {"Tags", machine_versions.FIELD}:
            fields = {name: change.desired[name] for name in (*_SENT, *self.properties)} | self._publishing()
            kept = change.live.undeclared.get("encryptionConfiguration") if change.live else None
            fields |= accepted_fields.reset(accepted_fields.MACHINE_RESET, change.stale)
            if kept and "encryptionConfiguration" not in change.stale and kept != self.usual["encryptionConfiguration"]:
                fields["encryptionConfiguration"] = comparison.merged(fields.get("encryptionConfiguration", {}), kept)
            response = aws.call("stepfunctions", "UpdateStateMachine", stateMachineArn=self.arn, **fields)
            outputs = {"revisionId": response["revisionId"]} if response.get("revisionId") else {}
            outputs |= self._moved(aws, response)
        elif machine_versions.FIELD in change.changed:
            outputs = self._moved(aws, {})
        if "Tags" in change.changed:
            aws.call("stepfunctions", "TagResource", resourceArn=self.arn, tags=_tags(change.desired))
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return outputs

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist, or is being deleted."""
        live = _live(aws, resource)
        return None if live is None or live.get("status") == "DELETING" else _live_tags(aws, resource)

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("stepfunctions", "UntagResource", resourceArn=resource.arn, tagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the machine and waits until it is gone, which happens when its last execution has ended.

        Raises:
            AwsError: StateMachineDeleting: executions still run.
        """
        if _live(aws, resource) is not None:
            aws.call("stepfunctions", "DeleteStateMachine", stateMachineArn=resource.arn)
            _wait_until_gone(aws, resource)

    def _publishing(self) -> State:
        return {"publish": True} if self.settings.publish else {}

    def _moved(self, aws: Aws, response: JsonMapping) -> Outputs:
        """Moves the alias of a machine that publishes to the version in a response, or to one that is published now."""
        if not self.settings.publish:
            return {}
        version = machine_versions.move_alias(aws, self.arn, self.settings, response.get("stateMachineVersionArn"))
        return {"stateMachineVersionArn": version}


def _live(aws: Aws, resource: Named) -> JsonObject | None:
    return aws.find("stepfunctions", "DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=resource.arn)


def _live_tags(aws: Aws, resource: Named) -> dict[str, str]:
    """The tags, read from Step Functions: the tagging index lags behind, and may show earlier tags, or a deleted machine.

    The first 100 calls in an account run at once, further ones at one a second; see `rates`.
    """
    return tag_map(aws.call("stepfunctions", "ListTagsForResource", resourceArn=resource.arn)["tags"], "key", "value")


def _wait_until_gone(aws: Aws, resource: Named) -> None:
    for _ in range(_POLLS):
        if _live(aws, resource) is None:
            return
        aws.sleep(_POLL_SECONDS)
    message = f"{resource.name} is deleted when its last execution has ended. Stop what still runs, then try again."
    raise AwsError("stepfunctions", "DeleteStateMachine", "StateMachineDeleting", message)


def _canonical(definition: JsonMapping) -> str:
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict)


def _tags(desired: State) -> list[dict[str, str]]:
    return tag_list(desired["Tags"], "key", "value")
