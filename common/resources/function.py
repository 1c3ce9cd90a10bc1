"""A Lambda function: a zip in the artifact bucket, and its configuration.

Code and configuration are updated by two calls, and Lambda refuses the second one while the first is still being carried out.
The configuration comes first: Lambda accepts no code for a runtime that it no longer supports; a wrong configuration is refused
before the code is changed; and new code never runs without the environment that it expects. There is one exception: if packages
move from the code into a layer, the new layers together with the old code may be too large, so then the code comes first. Old
code with old layers and new code with new layers are small enough, so at least one of the two orders works. `State` and
`LastUpdateStatus` belong to the desired state, so that a change whose end was never seen counts as a difference. An update names
the revision that the plan was made from, so that a change that others made meanwhile is not overwritten.

Follows https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.errors import AwsError
from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.resource_settings import FunctionSettings, Network
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import ContentOf, Versioned, whole_if_ours
from common.model.kind import PLAIN, ArnForm, Calls, Kind, NameRule, Passing, Policy
from common.model.listing import Listing
from common.model.lookup import QUALIFIED_NAME, by_arn
from common.model.orphan import Named
from common.model.resource import Artifact, Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags
from common.resources import accepted_fields, function_code, function_image, function_versions
from common.resources.function_image import Image
from common.resources.function_updates import CODE, RESERVED, FunctionUpdates, refuse_part, reserve, without_role

_NETWORK = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
"""Lambda makes these calls itself, with the credentials of the deployer, when a function is put into a network."""
_STATUS = frozenset({"State", "LastUpdateStatus"})

KIND = Kind(
    name="lambda",
    word="function",
    service="lambda",
    step=steps.LAMBDAS,
    console="lambda/home?region={region}#/functions/{name}",
    arn=ArnForm("lambda", "function:"),
    names=NameRule(64, *PLAIN),
    is_packaged=True,
    section="functions",
    principal="lambda.amazonaws.com",
    attributes={"live": function_versions.arn_of},
    has_secrets=True,
    listing=Listing("ListFunctions", "Functions", "FunctionName"),
    calls=Calls(("CreateFunction",), "UpdateFunctionConfiguration", apart=CODE),
    waits=True,
    budgets={"lambda": Budget(1, 15), "lambda:GetFunction": Budget(1, 100)},  # of all control-plane calls together
    properties=accepted_fields.OF_FUNCTION,
    passing=Passing(
        codes=function_code.NOT_READY,
        messages=(
            "cannot be assumed by Lambda",
            "does not have permissions to call",
            "KMS key is invalid for CreateGrant",
            "S3 Error Code: NoSuchKey",
        ),
    ),
    policy=Policy(
        operations=(
            *("CreateFunction", "DeleteFunction", "GetFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
            *("TagResource", "UntagResource", "PutFunctionConcurrency", *function_versions.TAKING_AWAY),
        ),
        everywhere=("GetAccountSettings", "ListFunctions"),
        left_over=("DeleteFunction", "UntagResource"),
        parts=lambda arn: (f"{arn}:*",),
        actions={
            "CreateFunction": ("lambda:CreateFunction", "lambda:TagResource"),
            "GetFunction": ("lambda:GetFunction", "lambda:ListTags"),
        },
    ),
    lookup=by_arn("GetFunctionConfiguration", "FunctionName", "ResourceNotFoundException", names=QUALIFIED_NAME),
)


@dataclass(frozen=True, kw_only=True)
class Function(Declared):
    """A function. `environment` is complete and rendered; the code is in `bucket`, and sent along if that is elsewhere."""

    artifact_field: ClassVar[str] = "CodeSha256"
    apart: ClassVar[frozenset[str]] = function_versions.FIELDS
    removable: ClassVar[frozenset[str]] = accepted_fields.FUNCTION_REMOVABLE
    lasting: ClassVar[frozenset[str]] = accepted_fields.FUNCTION_LASTING | {function_versions.PUBLISHED}
    usual: ClassVar[State] = accepted_fields.USUAL_FUNCTION
    role_arn: str
    handler: str
    code: Artifact | Image
    bucket: str
    code_is_sent: bool = False
    settings: FunctionSettings
    environment: Mapping[str, str]
    log_group: str
    network: Network | None = None
    layers: tuple[Versioned, ...] = ()
    """The declared layers. Layers of others are in the settings and come after these."""

    @property
    def artifact(self) -> Artifact | None:
        """The code; none if it is in an image."""
        return None if isinstance(self.code, Image) else self.code

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The code, and the contents of its layers."""
        return () if isinstance(self.code, Image) else (self.code, *(layer.code for layer in self.layers))

    @property
    def start_arn(self) -> str:
        """The ARN by which triggers start it: that of its alias if it publishes versions."""
        return function_versions.arn_of(self.arn) if self.settings.publish else self.arn

    @property
    def hidden(self) -> frozenset[str]:
        """The environment variables."""
        return frozenset({"Environment"})

    @property
    def executed_by(self) -> str:
        """The runtime; an image has its own."""
        return "" if isinstance(self.code, Image) else self.settings.runtime

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permissions that its deployer needs besides those of its kind: for layers of others, image, network and key."""
        needs: dict[str, tuple[str, ...]] = {"*": _NETWORK} if self.network else {}
        needs |= accepted_fields.needs_of_key(self.properties.get("KMSKeyArn"))
        needs |= {self.code.repository: function_image.ACTIONS} if isinstance(self.code, Image) else {}
        needs |= dict.fromkeys((self.arn, f"{self.arn}:*") if self.settings.publish else (), function_versions.ACTIONS)
        return needs | dict.fromkeys(self.settings.layers, ("lambda:GetLayerVersion",))

    def desired(self) -> State:
        """The owned fields, spelled as in GetFunction.

        Raises:
            DeclarationError: the environment is larger than Lambda accepts.
        """
        accepted_fields.check_variables(self.key, self.environment)
        return {
            **self._configuration(),
            **{name: value for name, value in self.properties.items() if name in RESERVED},
            "Architectures": [self.settings.architecture],
            **(self.code.state if isinstance(self.code, Image) else {"CodeSha256": ContentOf(self.code)}),
            "State": "Active",
            "LastUpdateStatus": "Successful",
            **function_versions.desired(self.settings),
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live state, from a single GetFunction.

        Raises:
            AwsError: AWS refused the call, or left tags or variables out of its answer for want of a permission.
        """
        response = aws.find("lambda", "GetFunction", "ResourceNotFoundException", FunctionName=self.name)
        if response is None:
            return None
        live = {**response["Configuration"], **response.get("Concurrency", {})}
        settled = live.get("LastUpdateStatus") == "Successful" and live.get("State") in {"Active", "Inactive"}
        revision = live.get("RevisionId") if settled else None
        refuse_part(response.get("TagsError"))
        refuse_part(live.get("Environment", {}).get("Error"))
        variables, other_variables = comparison.entries(live.get("Environment", {}).get("Variables", {}), self.environment)
        state = {
            **{name: live.get(name) for name in self._configuration() if name not in self.properties},
            "EphemeralStorage": {"Size": live.get("EphemeralStorage", {}).get("Size", 512)},
            "Environment": {"Variables": variables},
            "VpcConfig": {name: sorted(live.get("VpcConfig", {}).get(name, ())) for name in ("SubnetIds", "SecurityGroupIds")},
            "LoggingConfig": {"LogGroup": live.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{self.name}")},
            "Architectures": live.get("Architectures", ["x86_64"]),
            **function_code.live(aws, self, response),
            "State": "Active" if live.get("State") == "Inactive" else live.get("State"),  # idle: the next call wakes it
            "LastUpdateStatus": live.get("LastUpdateStatus"),
            "Tags": owned_tags(response.get("Tags"), self.tags),
        }
        state = comparison.with_selected(state, live, self.properties)
        published, rest = function_versions.live(aws, self, response["Configuration"])
        undeclared = comparison.undeclared({**response.get("Code", {}), **live}, state, {**accepted_fields.FUNCTION, **RESERVED})
        state, free = comparison.released(state, self._configuration(), {"Layers", "VpcConfig"} & state.keys())
        undeclared |= {"Environment": {"Variables": other_variables}} if other_variables else {}
        kept = comparison.merged(free, undeclared) | rest | other_tags(response.get("Tags"), self.tags)
        return Live({**state, **published}, revision, kept)

    def is_fixed(self, name: str, before: Json, after: Json) -> bool:
        """Whether a package would take the place of an image, or the other way round: only images have no runtime."""
        return name == "PackageType" or (name == "Runtime" and before is None)

    def missing_image(self, aws: Aws) -> str:
        """Looks at its image; returns what to do if that does not exist, or an empty text."""
        return self.code.missing(aws, self.key) if isinstance(self.code, Image) else ""

    def runs_in_place(self, live: Live | None) -> bool:
        """Whether it runs the code with which it was imported."""
        expected = {"CodeSha256": self.code.in_aws, "Architectures": [self.settings.architecture]}
        return live is not None and all(live.state.get(name) == value for name, value in expected.items())

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the function and waits until it can be called."""
        function_image.refuse_other_type(self.code, desired)
        names = {*self._configuration(), "Architectures", "PackageType", "Tags"} & desired.keys()
        fields = {name: desired[name] for name in names}
        if not fields["VpcConfig"]["SubnetIds"]:
            del fields["VpcConfig"]
        try:
            sent = self.by_number(aws, fields)
            response = aws.call("lambda", "CreateFunction", FunctionName=self.name, Code=function_code.place(aws, self), **sent)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        if response.get("State") != "Active":
            aws.wait("lambda", "function_active_v2", FunctionName=self.name)
        reserve(aws, self.name, desired, frozenset(desired), {})
        function_versions.bring(aws, self, desired, frozenset(desired), {}, updated=True)
        return function_code.outputs(self, response, desired)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends configuration, code and tags, each only if it changed, and waits after each.

        Raises:
            AwsError: among others PreconditionFailedException: somebody has changed the function since it was read.
        """
        desired, changed = change.desired, change.changed
        if changed & _STATUS:
            changed = frozenset(desired)
        response: JsonObject = {"CodeSha256": desired.get("CodeSha256")}
        configuration = {
            name: desired[name]
            for name in self._configuration()
            if name not in {"Layers", "VpcConfig"} or name in change.stale or not comparison.is_empty(desired[name])
        }
        configuration |= accepted_fields.reset(accepted_fields.FUNCTION_RESET, change.stale)
        code = {name: desired[name] for name in CODE & desired.keys()}
        steps = [configuration] if changed & configuration.keys() else []
        steps += [code] if changed & CODE and not self.runs_in_place(change.live) else []
        with without_role(aws, self, change) as live:
            response = FunctionUpdates(aws, self, change.stale).carry_out(live, steps) or response
        if "Tags" in changed:
            aws.call("lambda", "TagResource", Resource=self.arn, Tags=desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        if "State" in changed:
            aws.wait("lambda", "function_active_v2", FunctionName=self.name)
        reserve(aws, self.name, desired, changed, change.stale)
        function_versions.bring(aws, self, desired, changed, change.stale, updated=bool(steps))
        return function_code.outputs(self, response, desired)

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        response = aws.find("lambda", "GetFunction", "ResourceNotFoundException", FunctionName=resource.name)
        if response is None:
            return None
        refuse_part(response.get("TagsError"))
        return dict(response.get("Tags", {}))

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("lambda", "UntagResource", Resource=resource.arn, TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the function with all its versions."""
        aws.find("lambda", "DeleteFunction", "ResourceNotFoundException", FunctionName=resource.name)

    def _configuration(self) -> State:
        network = self.network or Network()
        own = {
            "Runtime": self.settings.runtime,
            "Role": self.role_arn,
            "Handler": self.handler,
            "MemorySize": self.settings.memory_mb,
            "Timeout": self.settings.timeout_seconds,
            "EphemeralStorage": {"Size": self.settings.ephemeral_storage_mb},
            "Environment": {"Variables": dict(self.environment)},
            "Layers": [
                *({"Layer": layer.arn, "CodeSha256": ContentOf(layer.code)} for layer in self.layers),
                *self.settings.layers,
            ],
            "VpcConfig": {"SubnetIds": sorted(network.subnet_ids), "SecurityGroupIds": sorted(network.security_group_ids)},
            "LoggingConfig": {"LogGroup": self.log_group},
        }
        if isinstance(self.code, Image):
            own = self.code.configuration(own)
        return comparison.merged({name: value for name, value in self.properties.items() if name not in RESERVED}, own)

    def by_number(self, aws: Aws, state: State) -> State:
        """The state as Lambda accepts it: layers by the ARNs of their versions."""
        return function_code.by_number(aws, self.layers, state)
