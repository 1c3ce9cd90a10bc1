"""A Lambda layer: code that several functions import. When its content changes, a new version is published.

AWS chooses the number of a version, so no number is known before. Therefore the description of a version contains its owner, the
digest of its inputs, by which a plan finds it before anything is built, and the digest of its bytes, by which functions find it.
The number is looked up when it has to be sent. Versions cannot be changed and have no tags; each stays until nothing needs it.

Follows https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import ClassVar, NamedTuple

from common.aws.protocol import Aws
from common.aws.session_memory import of_session
from common.base.errors import ArtifactError, AwsError
from common.base.json_types import JsonMapping
from common.environment import owner_tags
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import ContentOf, rendered, whole
from common.model.kind import PLAIN, ArnForm, Calls, Kind, NameRule, Policy
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Artifact, Change, Live, Outputs, State
from common.model.tags import owned_tags
from common.model.versions import Versions

OURS = owner_tags.DEFAULT_PREFIX
"""The owner tags of a version have this beginning, whatever that of tags is: they are words of its description."""
OWNER, PROJECT = owner_tags.environment_key(OURS), owner_tags.project_key(OURS)


class Version(NamedTuple):
    """A version as AWS lists it. `tags`, `inputs` and `content` are empty if its description does not contain them."""

    arn: str
    number: int
    written: str
    tags: Mapping[str, str]
    inputs: str
    content: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]

    @classmethod
    def of(cls, listed: JsonMapping) -> "Version":
        """The version in an entry of ListLayerVersions, or in the answer of PublishLayerVersion."""
        fields = described(listed)
        inputs, content = fields.pop("inputs", ""), fields.pop("sha256", "")
        tags = {f"{OURS}{name}": value for name, value in fields.items()} if content else {}
        fits = (tuple(sorted(listed.get(f"Compatible{what}") or ())) for what in ("Runtimes", "Architectures"))
        return cls(listed["LayerVersionArn"], listed["Version"], listed.get("CreatedDate", ""), tags, inputs, content, *fits)

    @property
    def published(self) -> datetime:
        """When it was published."""
        return datetime.fromisoformat(self.written)


def described(listed: JsonMapping) -> dict[str, str]:
    """The fields in the description of a version, by name. Descriptions of versions that are not ours have no such fields."""
    words = str(listed.get("Description") or "").split(" ")
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def versions(aws: Aws, name: str) -> list[Version]:
    """All versions of a layer, the newest first."""
    try:
        listed = [entry for page in aws.pages("lambda", "ListLayerVersions", LayerName=name) for entry in page["LayerVersions"]]
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        listed = []
    return _newest_first(map(Version.of, listed))


class Catalog:
    """The versions of one layer as a session has listed them. Functions are read in parallel, and one listing serves them all."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._by_arn: dict[str, Version | None] = {}
        """The versions by ARN; None for an ARN that the last listing did not contain."""
        self.lock = RLock()
        """The lock is held while a decision is made from a listing."""

    def listed(self, aws: Aws) -> list[Version]:
        """All versions, from a new listing."""
        with self.lock:
            listed_versions = versions(aws, self._name)
            self._by_arn = {version.arn: version for version in listed_versions}
            return listed_versions

    def known(self, aws: Aws) -> list[Version]:
        """All versions, from the last listing if there was one."""
        with self.lock:
            kept = [version for version in self._by_arn.values() if version is not None]
            return kept or self.listed(aws)

    def version(self, aws: Aws, arn: str) -> Version | None:
        """The version with an ARN; None if it does not exist."""
        with self.lock:
            if arn not in self._by_arn:
                self.listed(aws)
            return self._by_arn.setdefault(arn, None)

    def add(self, version: Version) -> None:
        """Adds a version that was just published."""
        with self.lock:
            self._by_arn[version.arn] = version


def existing(aws: Aws, owner: str) -> dict[str, str]:
    """The ARNs of the layers whose newest version is `owner`'s, with their projects. The tagging index does not show layers."""
    pages = aws.pages("lambda", "ListLayers")
    tags_by_arn = {
        entry["LayerArn"]: Version.of(entry["LatestMatchingVersion"]).tags for page in pages for entry in page["Layers"]
    }
    return {arn: tags.get(PROJECT, "") for arn, tags in tags_by_arn.items() if tags.get(OWNER) == owner}


def in_use(aws: Aws) -> set[str]:
    """The ARNs of all layer versions that the account's functions use, in any version of these."""
    pages = aws.pages("lambda", "ListFunctions", FunctionVersion="ALL")
    return {layer["Arn"] for page in pages for function in page["Functions"] for layer in function.get("Layers", ())}


def remove(aws: Aws, name: str, number: int) -> None:
    """Deletes a version. Functions that use it keep its content."""
    gone = "ResourceNotFoundException"
    aws.find("lambda", "DeleteLayerVersion", gone, LayerName=name, VersionNumber=number)


KIND = Kind(
    name="layer",
    word="layer",
    must_say=', Path(__file__).parent / "layers/{name}"',
    service="lambda",
    step=steps.LAMBDAS,
    arn=ArnForm("lambda", "layer:"),
    names=NameRule(140, *PLAIN),
    is_packaged=True,
    in_index=False,
    unbinds=False,  # the tags of a version are in its description, which nobody can change
    owned=existing,
    versions=Versions(versions, in_use, remove),
    calls=Calls(("PublishLayerVersion",), "PublishLayerVersion"),
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
    code: Artifact
    bucket: str
    runtime: str
    architecture: str

    @property
    def artifact(self) -> Artifact:
        """The content."""
        return self.code

    def desired(self) -> State:
        """The content of a version, its runtime and architecture, and the tags in its description."""
        return {
            "CodeSha256": ContentOf(self.code),
            "CompatibleRuntimes": [self.runtime],
            "CompatibleArchitectures": [self.architecture],
            "Tags": self._own_tags(),
        }

    def read(self, aws: Aws) -> Live | None:
        """Our version with the same inputs, else our newest version, else the newest version; None if there are no versions."""
        ranked = self._ranked(self._catalog(aws).listed(aws))
        return Live(self._state(ranked[0]), ranked[0].arn) if ranked else None

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Publishes a version, unless an interrupted run has published it."""
        return self.update(aws, whole(self, desired, None))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Publishes a version, because versions cannot be changed, unless the desired one exists by now."""
        with self._catalog(aws).lock:
            live = change.live or self.read(aws)
            there = live is not None and live.state == change.desired and live.revision
            return {"LayerVersionArn": there or self._publish(aws, change.desired)}

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
                own = [version for version in _newest_first(listed(aws)) if self._is_own(version)]
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
            "Tags": owned_tags(version.tags, self._own_tags()),
        }

    def _publish(self, aws: Aws, desired: State) -> str:
        whose = [f"{name.removeprefix(OURS)}={value}" for name, value in sorted(desired["Tags"].items())]
        description = " ".join([*whose, f"inputs={self.code.input_digest()}", f"sha256={desired['CodeSha256']}"])
        fits = {name: desired[name] for name in ("CompatibleRuntimes", "CompatibleArchitectures")}
        place = {"S3Bucket": self.bucket, "S3Key": self.code.location}
        response = aws.call("lambda", "PublishLayerVersion", LayerName=self.name, Description=description, Content=place, **fits)
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


def _newest_first(some_versions: Iterable[Version]) -> list[Version]:
    return sorted(some_versions, key=lambda version: version.number, reverse=True)
