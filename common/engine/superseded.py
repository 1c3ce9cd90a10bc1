"""Versions of resources that were superseded, and whether anything still uses them: AWS keeps every version of a layer.

A function keeps working when a version that it uses is deleted, but could not be deployed again as it is. So a version goes only
when its content is no longer what is deployed, no release that is kept was made with it, and no function of the account uses it.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from common.aws.protocol import Aws
from common.environment.config import OWNER_TAG, PROJECT_TAG, Environment
from common.model.kind import Versions
from common.model.resource import Key
from common.resources import kinds
from common.state.records import Records


@dataclass(frozen=True)
class OldVersion:
    """A version that is not what is deployed now.

    Args:
        declared: the key of the resource.
        name: its physical name.
        digest: of the inputs that it was made from.
    """

    project: str
    declared: Key
    name: str
    number: int
    arn: str
    digest: str
    written: datetime

    @property
    def key(self) -> str:
        """Names it for people."""
        return f"{self.declared.kind}/{self.name}:{self.number}"


def superseded(env: Environment, aws: Aws, known: Records, project: str) -> Iterator[OldVersion]:
    """The versions of a project's resources that hold something else than what was deployed last."""
    for key in sorted(known.recorded_keys(project)):
        versions = _versions(key)
        body = known.read(key) if versions is not None else {}
        name, state = body.get("name"), body.get("desired")
        if versions is not None and isinstance(name, str) and isinstance(state, dict):
            for one in versions.of(aws, name):
                ours = (one.tags.get(OWNER_TAG), one.tags.get(PROJECT_TAG)) == (env.owner, project)
                if ours and one.content != state.get("CodeSha256"):
                    yield OldVersion(project, key, name, one.number, one.arn, one.inputs, one.published)


def in_use(aws: Aws, versions: Iterable[OldVersion]) -> set[str]:
    """The ARN of every version that something in the account uses, of the kinds of these versions."""
    found = {version.declared.kind: _versions(version.declared) for version in versions}
    return {arn for kind in found.values() if kind is not None for arn in kind.in_use(aws)}


def remove(aws: Aws, version: OldVersion) -> None:
    """Deletes a version."""
    if (versions := _versions(version.declared)) is not None:
        versions.remove(aws, version.name, version.number)


def _versions(key: Key) -> Versions | None:
    return kinds()[key.kind].versions if key.kind in kinds() else None
