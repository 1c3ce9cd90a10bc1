"""A Lambda function: a zip in the artifact bucket, and its configuration.

Code and configuration are two calls, and Lambda refuses the second while it is still busy with the first. Configuration goes
first: a runtime that Lambda no longer supports must be left before it accepts code again, what is wrong is refused before the
code is touched, and new code never runs without the environment that it expects. `State` and `LastUpdateStatus` belong to the
desired state, so that a change whose end was never seen counts as a difference.

Follows https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from common.errors import ArtifactError, AwsError, DeclarationError
from common.resource import Artifact, Aws, ContentOf, Declared, Outputs, State, owned_tags
from common.settings import FunctionSettings, Network

_CODE = frozenset({"CodeSha256", "Architectures"})
_STATUS = frozenset({"State", "LastUpdateStatus"})


@dataclass(frozen=True, kw_only=True)
class Function(Declared):
    """A function. `environment` is complete and rendered; `bucket` holds the code."""

    artifact_field: ClassVar[str] = "CodeSha256"
    role_arn: str
    handler: str
    code: Artifact
    bucket: str
    settings: FunctionSettings
    environment: Mapping[str, str]
    log_group: str
    network: Network | None = None

    @property
    def artifact(self) -> Artifact:
        """The code."""
        return self.code

    def desired(self) -> State:
        """The owned fields, spelled as in GetFunction.

        Raises:
            DeclarationError: the environment is larger than Lambda accepts.
        """
        if (size := len(json.dumps(dict(self.environment), separators=(",", ":"), ensure_ascii=False).encode())) > 4096:
            raise DeclarationError(f"{self.key}: its environment variables are {size} bytes; Lambda accepts 4096.")
        return {
            **self._configuration(),
            "Architectures": [self.settings.architecture],
            "CodeSha256": ContentOf(self.code),
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> State | None:
        """The live state, all of it from one GetFunction.

        Raises:
            AwsError: AWS refused the call, or left tags or variables out of its answer for want of a permission.
        """
        found = aws.find("lambda", "GetFunction", "ResourceNotFoundException", FunctionName=self.name)
        if found is None:
            return None
        live = found["Configuration"]
        for part in (found.get("TagsError"), live.get("Environment", {}).get("Error")):
            if part:
                raise AwsError("lambda", "GetFunction", part.get("ErrorCode", "Unknown"), part.get("Message", "no reason given"))
        vpc = live.get("VpcConfig", {})
        return {
            **{name: live.get(name) for name in self._configuration()},
            "EphemeralStorage": {"Size": live.get("EphemeralStorage", {}).get("Size", 512)},
            "Environment": {"Variables": live.get("Environment", {}).get("Variables", {})},
            "Layers": [layer["Arn"] for layer in live.get("Layers", ())],
            "VpcConfig": {name: sorted(vpc.get(name, ())) for name in ("SubnetIds", "SecurityGroupIds")},
            "LoggingConfig": {"LogGroup": live.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{self.name}")},
            "Architectures": live.get("Architectures", ["x86_64"]),
            "CodeSha256": live.get("CodeSha256"),
            "State": "Active" if live.get("State") == "Inactive" else live.get("State"),  # idle: the next call wakes it
            "LastUpdateStatus": live.get("LastUpdateStatus"),
            "Tags": owned_tags(found.get("Tags"), self.tags),
        }

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the function and waits until it can be called."""
        wanted = {name: desired[name] for name in (*self._configuration(), "Architectures", "Tags")}
        if not wanted["VpcConfig"]["SubnetIds"]:
            del wanted["VpcConfig"]
        code = {"S3Bucket": self.bucket, "S3Key": self.code.location}
        try:
            response = aws.call("lambda", "CreateFunction", FunctionName=self.name, Code=code, **wanted)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            return self.update(aws, desired, frozenset(desired))
        if response.get("State") != "Active":
            aws.wait("lambda", "function_active_v2", FunctionName=self.name)
        return self._outputs(response, desired)

    def update(self, aws: Aws, desired: State, changed: frozenset[str]) -> Outputs:
        """Sends configuration, code and tags, each only if it changed, and waits after each."""
        if changed & _STATUS:
            changed = frozenset(desired)
        response: dict[str, Any] = {"CodeSha256": desired["CodeSha256"]}
        if changed & self._configuration().keys():
            wanted = {name: desired[name] for name in self._configuration()}
            response = self._change(aws, "UpdateFunctionConfiguration", wanted)
        if changed & _CODE:
            wanted = {"S3Bucket": self.bucket, "S3Key": self.code.location, "Architectures": desired["Architectures"]}
            response = self._change(aws, "UpdateFunctionCode", wanted)
        if "Tags" in changed:
            aws.call("lambda", "TagResource", Resource=self.arn, Tags=desired["Tags"])
        if "State" in changed:
            aws.wait("lambda", "function_active_v2", FunctionName=self.name)
        return self._outputs(response, desired)

    def delete(self, aws: Aws) -> None:
        """Deletes the function with all its versions."""
        aws.find("lambda", "DeleteFunction", "ResourceNotFoundException", FunctionName=self.name)

    def _configuration(self) -> State:
        network = self.network or Network()
        return {
            "Runtime": self.settings.runtime,
            "Role": self.role_arn,
            "Handler": self.handler,
            "MemorySize": self.settings.memory_mb,
            "Timeout": self.settings.timeout_seconds,
            "EphemeralStorage": {"Size": self.settings.ephemeral_storage_mb},
            "Environment": {"Variables": dict(self.environment)},
            "Layers": list(self.settings.layers),
            "VpcConfig": {"SubnetIds": sorted(network.subnet_ids), "SecurityGroupIds": sorted(network.security_group_ids)},
            "LoggingConfig": {"LogGroup": self.log_group},
        }

    def _change(self, aws: Aws, operation: str, wanted: State) -> dict[str, Any]:
        """One update and its end; what another update is in the way of is tried again once that has ended."""
        try:
            response = aws.call("lambda", operation, FunctionName=self.name, **wanted)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            aws.wait("lambda", "function_updated_v2", FunctionName=self.name)
            response = aws.call("lambda", operation, FunctionName=self.name, **wanted)
        if response.get("LastUpdateStatus") != "Successful":
            aws.wait("lambda", "function_updated_v2", FunctionName=self.name)
        return response

    def _outputs(self, response: dict[str, Any], desired: State) -> Outputs:
        if response["CodeSha256"] != desired["CodeSha256"]:
            raise ArtifactError(
                f"{self.key}: Lambda loaded code with SHA-256 {response['CodeSha256']}, but {desired['CodeSha256']} was built. "
                f"s3://{self.bucket}/{self.code.location} is not what was uploaded: delete it and deploy again."
            )
        return {name: str(response[name]) for name in ("CodeSha256", "RevisionId") if response.get(name)}
