"""Versions of layers that were superseded, and whether anything still uses them.

A function keeps working when a version that it uses is deleted, but could not be deployed again as it is. So a version goes only
when its content is no longer what is deployed, no release that is kept was made with it, and no function of the account uses it.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from common.aws.protocol import Aws
from common.environment.config import Environment
from common.model.resource import Key
from common.resources.layer import KIND, OWNER, PROJECT, versions
from common.state.records import Records


@dataclass(frozen=True)
class OldVersion:
    """A version that is not what is deployed now.

    Args:
        declared: the key of the layer.
        digest: of the inputs that it was made from.
    """

    project: str
    declared: Key
    layer: str
    number: int
    arn: str
    digest: str
    written: datetime

    @property
    def key(self) -> str:
        """Names it for people."""
        return f"layer/{self.layer}:{self.number}"


def superseded(env: Environment, aws: Aws, known: Records, project: str) -> Iterator[OldVersion]:
    """The versions of a project's layers that hold something else than what was deployed last."""
    for key in sorted(known.recorded_keys(project)):
        body = known.read(key) if key.kind == KIND.name else {}
        name, state = body.get("name"), body.get("desired")
        if isinstance(name, str) and isinstance(state, dict):
            for one in versions(aws, name):
                ours = (one.tags.get(OWNER), one.tags.get(PROJECT)) == (env.owner, project)
                if ours and one.content != state.get("CodeSha256"):
                    yield OldVersion(project, key, name, one.number, one.arn, one.inputs, one.published)


def in_use(aws: Aws) -> set[str]:
    """The ARN of every version of a layer that some function of the account uses, in any of its own versions."""
    pages = aws.pages("lambda", "ListFunctions", FunctionVersion="ALL")
    return {layer["Arn"] for page in pages for function in page["Functions"] for layer in function.get("Layers", ())}
