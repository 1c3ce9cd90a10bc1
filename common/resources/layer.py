"""A Lambda layer: code that several functions import. When its content changes, a new version is published.

AWS chooses the number of a version, so no number is known before. Therefore the description of a version contains its owner, the
digest of its inputs, by which a plan finds it before anything is built, and the digest of its bytes, by which functions find it.
The number is looked up when it has to be sent. Versions cannot be changed and have no tags; each stays until nothing needs it.

Follows https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
"""

import re
from collections.abc import Iterable
from typing import ClassVar

from common.aws.protocol import Aws
from common.aws.session_memory import of_session
from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass
from common.environment import owner_tags
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import ContentOf, rendered, whole
from common.model.kind import PLAIN, ArnForm, Calls, Kind, NameRule, Policy, Properties
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Artifact, Change, Live, Outputs, State
from common.model.tags import owned_tags
from common.model.versions import Versions
from common.resources.layer_versions import (
    OURS,
    OWNER,
    PROJECT,
    Catalog,
    Version,
    existing,
    in_use,
    newest_first,
    remove,
    versions,
)

KIND = Kind(
    name="layer",
    word="layer",
    must_say=', Path(__file__).parent / "layers/{name}"',
    service="lambda",
    step=steps.LAMBDAS,
    console="lambda/home?region={region}#/layers/{name}",
    arn=ArnForm("lambda", "layer:"),
    names=NameRule(140, *PLAIN),
    is_packaged=True,
    in_index=False,
    unbinds=False,  # the tags of a version are in its description, which nobody can change
    owned=existing,
    versions=Versions(versions, in_use, remove),
    calls=Calls(("PublishLayerVersion",), "PublishLayerVersion"),
    properties=Properties(
        "PublishLayerVersion",
        settings={
            "LayerName": "name",
            "Description": "",
            "Content": "folder",
            "CompatibleRuntimes": "runtime",
            "CompatibleArchitectures": "architecture",
        },
    ),
    policy=Policy(
        operations=("PublishLayerVersion", "GetLayerVersion", "DeleteLayerVersion"),
        everywhere=("ListLayers", "ListLayerVersions"),
        parts=lambda arn: (f"{arn}:*",),
    ),
    lookup=Lookup(
        "GetLayerVersion",
        lambda layer: {"LayerName": layer.arn.rpartition(":")[0], "VersionNumber": int(layer.arn.rpartition(":")[2])},
        ("ResourceNotFoundException",),
        names=re.compile(r"(?P<name>[A-Za-z0-9_-]+):[0-9]+"),
        words="the ARN of a layer's version, or name:version",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Layer(Declared):
    """A layer for one runtime and architecture. Its content is in `bucket`."""

    artifact_field: ClassVar[str] = "CodeSha256"
    removable: ClassVar[frozenset[str]] = frozenset({"LicenseInfo"})
    code: Artifact
    bucket: str
    runtime: str
    architecture: str

    @property
    def artifact(self) -> Artifact:
        """The content."""
        return self.code

    def desired(self) -> State:
        """The content of a version, its runtime, architecture and license, and the tags in its description."""
        return {
            "CodeSha256": ContentOf(self.code),
            "CompatibleRuntimes": [self.runtime],
            "CompatibleArchitectures": [self.architecture],
            **self.properties,
            "Tags": self._own_tags(),
        }

    def read(self, aws: Aws) -> Live | None:
        """Our version with the same inputs, else our newest version, else the newest version; None if there are no versions."""
        ranked = self._ranked(self._catalog(aws).listed(aws))
        if not ranked:
            return None
        state, terms = self._state(ranked[0]), ranked[0].license
        return Live(state, ranked[0].arn, {} if "LicenseInfo" in state or not terms else {"LicenseInfo": terms})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Publishes a version, unless an interrupted run has published it."""
        return self.update(aws, whole(self, desired, None))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Publishes a version, because versions cannot be changed, unless the desired one exists by now."""
        with self._catalog(aws).lock:
            live = change.live or self.read(aws)
            published = live is not None and live.state == change.desired and not change.stale and live.revision
            return {"LayerVersionArn": published or self._publish(aws, change.desired)}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """The tags in the description of the newest version that has some; None if there are no versions."""
        all_versions = versions(aws, resource.name)
        return dict(next((version.tags for version in all_versions if version.tags), {})) if all_versions else None

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes all versions that are ours."""
        all_versions = versions(aws, resource.name)
        own = next((version.tags for version in all_versions if version.tags), None)
        for version in all_versions:
            if version.tags == own:
                remove(aws, resource.name, version.number)

    # What functions ask -------------------------------------------------------------------------------------------------------

    def content(self, aws: Aws, arn: str) -> str | None:
        """The content digest of a version, as in `CodeSha256`; None if the version does not exist or is not ours."""
        version = self._catalog(aws).version(aws, arn)
        return version.content if version and self._is_own(version) else None

    def version(self, aws: Aws, content: str) -> str:
        """The ARN of our newest version with this content. If somebody has deleted it, it is published again."""
        catalog = self._catalog(aws)
        with catalog.lock:
            for listed in (catalog.known, catalog.listed):
                own = [version for version in newest_first(listed(aws)) if self._is_own(version)]
                if match := next((version for version in own if version.content == content), None):
                    return match.arn
            return self._publish(aws, rendered(self.desired(), lambda _: content))

    def _catalog(self, aws: Aws) -> Catalog:
        return of_session(aws, (KIND.name, self.name), lambda: Catalog(self.name))

    def _ranked(self, all_versions: Iterable[Version]) -> list[Version]:
        """The versions in the order in which they may stand for the layer, the best first."""

        def rank(version: Version) -> tuple[bool, bool, int]:
            own, fits = (
                self._is_own(version),
                (version.runtimes, version.architectures) == ((self.runtime,), (self.architecture,)),
            )
            return own and fits and version.inputs == self.code.input_digest(), own, version.number

        return sorted(all_versions, key=rank, reverse=True)

    def _state(self, version: Version) -> State:
        return {
            "CodeSha256": version.content or None,
            "CompatibleRuntimes": list(version.runtimes),
            "CompatibleArchitectures": list(version.architectures),
            **dict.fromkeys(self.properties, version.license),
            "Tags": owned_tags(version.tags, self._own_tags()),
        }

    def _publish(self, aws: Aws, desired: State) -> str:
        whose = [f"{name.removeprefix(OURS)}={value}" for name, value in sorted(desired["Tags"].items())]
        description = " ".join([*whose, f"inputs={self.code.input_digest()}", f"sha256={desired['CodeSha256']}"])
        fits = {name: value for name, value in desired.items() if name not in {"CodeSha256", "Tags"}}
        content = {"S3Bucket": self.bucket, "S3Key": self.code.location}
        response = aws.call(
            "lambda", "PublishLayerVersion", LayerName=self.name, Description=description, Content=content, **fits
        )
        version = Version.of(response)
        if (loaded := response["Content"]["CodeSha256"]) != desired["CodeSha256"]:
            remove(aws, self.name, version.number)  # its content is not what its description says
            raise ArtifactError(
                f"{self.key}: Lambda loaded content with SHA-256 {loaded}, but {desired['CodeSha256']} was built. "
                f"s3://{self.bucket}/{self.code.location} is not what was uploaded: delete it and deploy again."
            )
        self._catalog(aws).add(version)
        return version.arn

    def _is_own(self, version: Version) -> bool:
        return self._own_tags().items() <= version.tags.items()

    def _own_tags(self) -> dict[str, str]:
        begin = self.tag_prefix
        keys = {owner_tags.environment_key(begin): OWNER, owner_tags.project_key(begin): PROJECT}
        return {name: self.tags[key] for key, name in keys.items() if key in self.tags}
