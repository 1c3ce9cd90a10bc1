"""Functions that run a container image, which is built elsewhere: it has neither runtime, handler nor layers.

Lambda cannot make such a function of one that runs a package, nor the other way round. It is created again.

Follows https://docs.aws.amazon.com/lambda/latest/dg/images-create.html and
https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html
"""

from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import DeployError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.model.resource import Key, State

_OF_PACKAGES = frozenset({"Runtime", "Handler", "Layers"})
"""Lambda refuses these fields for a function that runs an image."""
ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy")
"""Lambda makes these calls itself, with the credentials of the deployer, when a function gets an image."""
IMAGE_CONFIG = {"EntryPoint": "entry_point", "Command": "command", "WorkingDirectory": "working_directory"}
"""What settings call the fields of an ImageConfig."""


@dataclass(frozen=True)
class Image:
    """An image, by its digest.

    Args:
        uri: where it is in ECR.
        repository: the ARN of its repository.
        config: the ImageConfig of the function, without empty fields.
    """

    uri: str
    repository: str
    config: JsonMapping
    in_aws: ClassVar[str] = ""
    """Nothing else may run in its place."""

    @property
    def state(self) -> State:
        """The declared fields that only functions with images have, besides the ImageConfig."""
        return {"PackageType": "Image", "ImageUri": self.uri}

    def configuration(self, of_package: State) -> State:
        """The configuration of a function, made of what it would be with a package."""
        return {**{name: of_package[name] for name in of_package.keys() - _OF_PACKAGES}, "ImageConfig": dict(self.config)}

    def missing(self, aws: Aws, key: Key) -> str:
        """Looks whether the image is there; if it is not, returns what to do."""
        account, name = self.repository.split(":")[4], self.repository.partition(":repository/")[2]
        image = {"registryId": account, "repositoryName": name, "imageIds": [{"imageDigest": self.uri.partition("@")[2]}]}
        response = aws.find("ecr", "BatchGetImage", "RepositoryNotFoundException", **image)
        exists = response is not None and response.get("images")
        return "" if exists else f"{key.project}: {key}: there is no image {self.uri}. Push it first, or correct the digest."


def refuse_other_type(code: object, state: JsonMapping) -> None:
    """Refuses to put a function back that ran a package where an image is declared, or the other way round.

    Raises:
        DeployError: it cannot be created from what was read of it.
    """
    was_image = state.get("PackageType") == "Image" or ("PackageType" not in state and state.get("Runtime") is None)
    if was_image != isinstance(code, Image):
        raise DeployError("what it ran, a package or an image, is known no more. Deploy the commit before again")


def package_type(response: JsonMapping) -> str:
    """Returns whether a function runs a package or an image, from the answer of GetFunction: Zip or Image."""
    return str(response["Configuration"].get("PackageType", "Zip"))


def uri_of(response: JsonMapping) -> str | None:
    """Returns the image that a function runs, by its digest, from the answer of GetFunction; None if it runs a package."""
    code = response.get("Code", {})
    uri: str | None = code.get("ResolvedImageUri") or code.get("ImageUri")
    return uri


def config_of(response: JsonMapping) -> State:
    """Returns the ImageConfig of a function without empty fields, from the answer of GetFunction."""
    config = response["Configuration"].get("ImageConfigResponse", {}).get("ImageConfig", {})
    return {name: config[name] for name in IMAGE_CONFIG if config.get(name)}
