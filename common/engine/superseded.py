"""Finds superseded versions of resources, and the versions that are still used. AWS keeps every version of a layer.

A function keeps working if a version that it uses is deleted, but it could not be deployed again as it is. So a version is
deleted only if its content is no longer deployed, no kept release was made with it, and no function of the account uses it.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from common.aws.protocol import Aws
from common.base.lean_dataclass import dataclass
from common.environment import owner_tags
from common.environment.config import Environment
from common.model.resource import Key
from common.model.versions import Versions
from common.resources import kinds
from common.state.records import Records


@dataclass(frozen=True)
class OldVersion:
    """A version of a resource whose content is no longer deployed.

    Args:
        project: its project.
        declared: the key of the resource.
        name: the physical name of the resource.
        number: the number of the version.
        arn: the ARN of the version.
        digest: the digest of the inputs that it was made from.
        written: when it was published.
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
        """The name that people are shown."""
        return f"{self.declared.kind}/{self.name}:{self.number}"


def superseded(env: Environment, aws: Aws, records: Records, project: str) -> Iterator[OldVersion]:
    """The versions of a project's resources that differ from what was deployed last."""
    for key in sorted(records.recorded_keys(project)):
        versions = _versions(key)
        body = records.read(key) if versions is not None else {}
        name, state = body.get("name"), body.get("desired")
        if versions is not None and isinstance(name, str) and isinstance(state, dict):
            for version in versions.of(aws, name):
                ours = owner_tags.read_owner(version.tags, env.tag_prefix) == (env.owner, project)
                if ours and version.content != state.get("CodeSha256"):
                    yield OldVersion(project, key, name, version.number, version.arn, version.inputs, version.published)


def in_use(aws: Aws, versions: Iterable[OldVersion]) -> set[str]:
    """The ARNs of all versions that are used in the account, of the kinds of these versions."""
    by_kind = {version.declared.kind: _versions(version.declared) for version in versions}
    return {arn for kind in by_kind.values() if kind is not None for arn in kind.in_use(aws)}


def remove(aws: Aws, version: OldVersion) -> None:
    """Deletes a version."""
    if (versions := _versions(version.declared)) is not None:
        versions.remove(aws, version.name, version.number)


def _versions(key: Key) -> Versions | None:
    return kinds()[key.kind].versions if key.kind in kinds() else None
