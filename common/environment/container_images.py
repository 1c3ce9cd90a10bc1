"""Container images of functions: which names Lambda takes, and what they say.

Follows https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field

from common.base.text_rules import Text
from common.environment.settings_model import Model

_URI = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z]{2,}(-[a-z]+)+-[0-9]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<repository>[a-z0-9]+([._/-]+[a-z0-9]+)*)(?P<named>[:@].*)?"
)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
_EXAMPLE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/score@sha256:…"


class Repository(NamedTuple):
    """The ECR repository of an image."""

    account: str
    region: str
    name: str

    @classmethod
    def of(cls, image: str) -> Self:
        """The repository of an image that was checked."""
        match = _URI.fullmatch(image)
        if match is None:
            raise ValueError(f"{image} is not an image in ECR")
        return cls(match["account"], match["region"], match["repository"])

    def arn(self, partition: str) -> str:
        """Its ARN."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.name}"


def _check(image: str) -> str:
    match = _URI.fullmatch(image)
    if match is None:
        raise ValueError(f"{image} is not an image in ECR, from which alone Lambda takes images; one is written {_EXAMPLE}")
    named = match["named"] or ""
    if named.startswith(":") or not named:
        tag = f"the tag {named[1:].partition('@')[0]}" if named else "no digest, which stands for the tag latest"
        raise ValueError(
            f"{image} has {tag}, and a tag may mean another image tomorrow. Name the image by its digest alone, "
            f"{image[: match.start('named')] if named else image}@sha256:…"
        )
    if not _DIGEST.fullmatch(named):
        raise ValueError(f"{image} has no digest of an image, which is sha256: and 64 hexadecimal digits")
    return image


ImageUri = Annotated[str, AfterValidator(_check)]
"""The URI of an image in ECR, by its digest."""


class ImageConfig(Model):
    """What a function does otherwise than its image says; what is left out is as in the image."""

    entry_point: tuple[Text, ...] = Field(default=(), max_length=1500)
    """The program that is started, with arguments, in place of the image's ENTRYPOINT."""
    command: tuple[Text, ...] = Field(default=(), max_length=1500)
    """The arguments in place of the image's CMD; for an image of AWS the handler, as in app.handler."""
    working_directory: Annotated[Text, Field(max_length=1000)] = ""
    """The folder in place of the image's WORKDIR."""
