"""How Lambda is given the code of a function: by its place in the artifact bucket, or with the call.

Lambda loads code from buckets of its own region alone. A function in another region than the artifact bucket gets its code with
the call, which may carry 50 MB.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html and
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections.abc import Sequence
from typing import Protocol

from common.aws.protocol import Aws
from common.base.errors import ArtifactError
from common.base.json_types import Json, JsonObject
from common.model.desired_state import Versioned
from common.model.resource import Artifact, Key, Outputs, State
from common.resources import function_image
from common.resources.function_image import Image

MAX_SENT_BYTES = 50 * 2**20
"""How many bytes of code a call to Lambda may carry."""
NOT_READY = {
    "CodeArtifactUserPendingException": "the function is still being prepared",
    "ENINotReadyException": "the network interface of the function is being prepared",
    "ResourceNotReadyException": "the function was idle, and its network is prepared again",
    "SnapStartNotReadyException": "the snapshot of the function is being made",
}
"""With these codes Lambda refuses a call of a function whose code or network is not ready yet, each with the reason."""


class Coded(Protocol):
    """A function, as far as its code is concerned."""

    @property
    def key(self) -> Key:
        """Its key."""
        ...

    @property
    def bucket(self) -> str:
        """The bucket with the code."""
        ...

    @property
    def code(self) -> Artifact | Image:
        """The code, or the image that has it."""
        ...

    @property
    def layers(self) -> Sequence[Versioned]:
        """The declared layers."""
        ...

    @property
    def code_is_sent(self) -> bool:
        """Whether calls carry the code, because the bucket is in another region."""
        ...


def place(aws: Aws, function: Coded) -> JsonObject:
    """Returns the parameters that give Lambda the code; if it is sent, it is read from the bucket now.

    Raises:
        ArtifactError: the code is too large to be sent.
    """
    bucket, code = function.bucket, function.code
    if isinstance(code, Image):
        return {"ImageUri": code.uri}
    if not function.code_is_sent:
        return {"S3Bucket": bucket, "S3Key": code.location}
    body = aws.call("s3", "GetObject", Bucket=bucket, Key=code.location)["Body"].read()
    check_size(code.key, len(body))
    return {"ZipFile": body}


def check_size(key: Key, size: int) -> None:
    """Checks that a call to Lambda can carry code of this size.

    Raises:
        ArtifactError: it cannot.
    """
    if size > MAX_SENT_BYTES:
        raise ArtifactError(
            f"{key.project}: {key}: the package has {size / 2**20:.0f} MB. The project is in another region than the artifact "
            f"bucket, so Lambda cannot load it from there, and a call to Lambda carries at most {MAX_SENT_BYTES // 2**20} MB. "
            f"Make the package smaller, or describe an environment of its own for the other region."
        )


def by_content(aws: Aws, layers: Sequence[Versioned], arn: str) -> Json:
    """A layer version as in a desired state; if it is not ours or was deleted, its ARN."""
    layer = next((own for own in layers if own.arn == arn.rpartition(":")[0]), None)
    content = layer.content(aws, arn) if layer is not None else None
    return {"Layer": layer.arn, "CodeSha256": content} if layer is not None and content is not None else arn


def live(aws: Aws, function: Coded, response: JsonObject) -> State:
    """The fields of what a function runs, from the answer of GetFunction, spelled as in a desired state."""
    configuration = response["Configuration"]
    if isinstance(function.code, Image):
        return {
            "PackageType": function_image.package_type(response),
            "ImageUri": function_image.uri_of(response),
            "ImageConfig": function_image.config_of(response),
        }
    layers = [by_content(aws, function.layers, layer["Arn"]) for layer in configuration.get("Layers", ())]
    return {"CodeSha256": configuration.get("CodeSha256"), "Layers": layers}


def by_number(aws: Aws, layers: Sequence[Versioned], state: State) -> State:
    """A state as Lambda accepts it: layers by the ARNs of their versions."""
    if "Layers" not in state:
        return state
    by_arn = {layer.arn: layer for layer in layers}
    named = state["Layers"]
    arns = [item if isinstance(item, str) else by_arn[item["Layer"]].version(aws, item["CodeSha256"]) for item in named]
    return {**state, "Layers": arns}


def outputs(function: Coded, response: JsonObject, desired: State) -> Outputs:
    """The outputs of an update.

    Raises:
        ArtifactError: Lambda has loaded other code than was built.
    """
    if not isinstance(function.code, Image) and response["CodeSha256"] != desired["CodeSha256"]:
        raise ArtifactError(
            f"{function.key}: Lambda loaded code with SHA-256 {response['CodeSha256']}, but {desired['CodeSha256']} was built. "
            f"s3://{function.bucket}/{function.code.location} is not what was uploaded: delete it and deploy again."
        )
    return {name: str(response[name]) for name in ("CodeSha256", "RevisionId") if response.get(name)}
