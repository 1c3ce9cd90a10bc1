"""A Lambda layer: what several functions import, published as a new version when its content changes.

AWS numbers the versions, and no number is known before. So nothing names one: a version's description says whose it is, the
digest of its inputs, by which a plan finds it before anything is built, and that of its bytes, by which functions ask for it. A
number is looked up where one has to be sent. Versions cannot be changed and have no tags; each stays until nothing needs it.

Follows https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, ClassVar, NamedTuple

from common.aws.protocol import Aws
from common.aws.session_memory import of_session
from common.base.errors import ArtifactError, AwsError
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import ContentOf, rendered, whole
from common.model.kind import ArnForm, Calls, Kind, NameRule, Policy, Versions
from common.model.orphan import Named
from common.model.resource import Artifact, Change, Live, Outputs, State
from common.model.tags import owned_tags

OURS = "deployer:"
OWNER, PROJECT = f"{OURS}environment", f"{OURS}project"
"""How the tags begin that a description has room for."""


class Version(NamedTuple):
    """One version as AWS lists it; `tags`, `inputs` and `content` are empty where its description does not say them."""

    arn: str
    number: int
    written: str
    tags: Mapping[str, str]
    inputs: str
    content: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> "Version":
        """From an entry of ListLayerVersions, or the answer of PublishLayerVersion."""
        said = described(listed)
        inputs, content = said.pop("inputs", ""), said.pop("sha256", "")
        tags = {f"{OURS}{name}": value for name, value in said.items()} if content else {}
        fits = (tuple(sorted(listed.get(f"Compatible{what}") or ())) for what in ("Runtimes", "Architectures"))
        return cls(listed["LayerVersionArn"], listed["Version"], listed.get("CreatedDate", ""), tags, inputs, content, *fits)

    @property
    def published(self) -> datetime:
        """When."""
        return datetime.fromisoformat(self.written)


def described(listed: Mapping[str, Any]) -> dict[str, str]:
    """What the description of a version says, by name; of others' versions nothing that means something to us."""
    words = str(listed.get("Description") or "").split(" ")
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def versions(aws: Aws, name: str) -> list[Version]:
    """All versions of a layer, the newest first."""
    try:
        listed = [one for page in aws.pages("lambda", "ListLayerVersions", LayerName=name) for one in page["LayerVersions"]]
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        listed = []
    return _newest_first(map(Version.of, listed))


class Catalog:
    """The versions of one layer, as a session has listed them: functions are read in parallel, and one listing answers all."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._by_arn: dict[str, Version | None] = {}
        """None for a version that the last listing did not show."""
        self.lock = RLock()
        """Held while something is concluded from a listing."""

    def listed(self, aws: Aws) -> list[Version]:
        """All versions, listed anew."""
        with self.lock:
            found = versions(aws, self._name)
            self._by_arn = {version.arn: version for version in found}
            return found

    def known(self, aws: Aws) -> list[Version]:
        """All versions, listed if nothing is known of them yet."""
        with self.lock:
            known = [version for version in self._by_arn.values() if version is not None]
            return known or self.listed(aws)

    def version(self, aws: Aws, arn: str) -> Version | None:
        """The version of an ARN; None if there is none."""
        with self.lock:
            if arn not in self._by_arn:
                self.listed(aws)
            return self._by_arn.setdefault(arn, None)

    def add(self, version: Version) -> None:
        """Takes note of a version that was just published."""
        with self.lock:
            self._by_arn[version.arn] = version


def existing(aws: Aws, owner: str) -> dict[str, str]:
    """The ARN of each layer whose newest version is `owner`'s, and its project; the tagging index knows no layers."""
    pages = aws.pages("lambda", "ListLayers")
    found = {one["LayerArn"]: Version.of(one["LatestMatchingVersion"]).tags for page in pages for one in page["Layers"]}
    return {arn: tags.get(PROJECT, "") for arn, tags in found.items() if tags.get(OWNER) == owner}


def in_use(aws: Aws) -> set[str]:
    """The ARN of every version of a layer that some function of the account uses, in any of its own versions."""
    pages = aws.pages("lambda", "ListFunctions", FunctionVersion="ALL")
    return {layer["Arn"] for page in pages for function in page["Functions"] for layer in function.get("Layers", ())}


def remove(aws: Aws, name: str, number: int) -> None:
    """Deletes a version; functions that use it keep what they have."""
    gone = "ResourceNotFoundException"
    aws.find("lambda", "DeleteLayerVersion", gone, LayerName=name, VersionNumber=number)


KIND = Kind(
    name="layer",
    word="layer",
    must_say=', Path(__file__).parent / "layers/{name}"',
    service="lambda",
    step=steps.LAMBDAS,
    arn=ArnForm("lambda", "layer:"),
    names=NameRule(140, re.compile(r"[A-Za-z0-9_-]+"), "letters, digits, - and _"),
    is_packaged=True,
    in_index=False,
    owned=existing,
    versions=Versions(versions, in_use, remove),
    calls=Calls(("PublishLayerVersion",), "PublishLayerVersion"),
    policy=Policy(
        operations=("PublishLayerVersion", "GetLayerVersion", "DeleteLayerVersion"),
        everywhere=("ListLayers", "ListLayerVersions"),
        parts=lambda arn: (f"{arn}:*",),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Layer(Declared):
    """A layer for one runtime and architecture; `bucket` holds its content."""

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
        """What a version holds, what it is for, and whose it is."""
        return {
            "CodeSha256": ContentOf(self.code),
            "CompatibleRuntimes": [self.runtime],
            "CompatibleArchitectures": [self.architecture],
            "Tags": self._own_tags(),
        }

    def read(self, aws: Aws) -> Live | None:
        """Our version of the same inputs, else the newest of ours, else the newest; None if there is none."""
        found = self._ranked(self._catalog(aws).listed(aws))
        return Live(self._state(found[0]), found[0].arn) if found else None

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Publishes a version, unless an interrupted run has published it."""
        return self.update(aws, whole(self, desired, None))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """The same: what is there cannot be changed. Of what was not seen it is looked whether it is there by now."""
        with self._catalog(aws).lock:
            live = change.live or self.read(aws)
            there = live is not None and live.state == change.desired and live.revision
            return {"LayerVersionArn": there or self._publish(aws, change.desired)}

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """What stands for tags in the newest version that has it; None if there is no version."""
        found = versions(aws, one.name)
        return dict(next((version.tags for version in found if version.tags), {})) if found else None

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """Deletes every version that is ours."""
        found = versions(aws, one.name)
        own = next((version.tags for version in found if version.tags), None)
        for version in found:
            if version.tags == own:
                remove(aws, one.name, version.number)

    # What functions ask -------------------------------------------------------------------------------------------------------

    def content(self, aws: Aws, arn: str) -> str | None:
        """What a version holds, as `CodeSha256` says it; None if it is not there, or not ours."""
        version = self._catalog(aws).version(aws, arn)
        return version.content if version and self._is_own(version) else None

    def version(self, aws: Aws, content: str) -> str:
        """The ARN of the newest version that holds `content`; it is published again if somebody has deleted it."""
        catalog = self._catalog(aws)
        with catalog.lock:
            for listed in (catalog.known, catalog.listed):
                own = [version for version in _newest_first(listed(aws)) if self._is_own(version)]
                if found := next((version for version in own if version.content == content), None):
                    return found.arn
            return self._publish(aws, rendered(self.desired(), lambda _: content))

    def _catalog(self, aws: Aws) -> Catalog:
        return of_session(aws, (KIND.name, self.name), lambda: Catalog(self.name))

    def _ranked(self, found: Iterable[Version]) -> list[Version]:
        """All versions, the one that stands for the layer first."""

        def rank(version: Version) -> tuple[bool, bool, int]:
            own, fits = (
                self._is_own(version),
                (version.runtimes, version.architectures) == ((self.runtime,), (self.architecture,)),
            )
            return own and fits and version.inputs == self.code.input_digest(), own, version.number

        return sorted(found, key=rank, reverse=True)

    def _state(self, version: Version) -> State:
        return {
            "CodeSha256": version.content or None,
            "CompatibleRuntimes": list(version.runtimes),
            "CompatibleArchitectures": list(version.architectures),
            "Tags": owned_tags(version.tags, self._own_tags()),
        }

    def _publish(self, aws: Aws, desired: State) -> str:
        whose = [f"{name.removeprefix(OURS)}={value}" for name, value in sorted(desired["Tags"].items())]
        said = " ".join([*whose, f"inputs={self.code.input_digest()}", f"sha256={desired['CodeSha256']}"])
        fits = {name: desired[name] for name in ("CompatibleRuntimes", "CompatibleArchitectures")}
        place = {"S3Bucket": self.bucket, "S3Key": self.code.location}
        response = aws.call("lambda", "PublishLayerVersion", LayerName=self.name, Description=said, Content=place, **fits)
        version = Version.of(response)
        if (loaded := response["Content"]["CodeSha256"]) != desired["CodeSha256"]:
            remove(aws, self.name, version.number)  # it does not hold what it says
            raise ArtifactError(
                f"{self.key}: Lambda loaded content with SHA-256 {loaded}, but {desired['CodeSha256']} was built. "
                f"s3://{self.bucket}/{self.code.location} is not what was uploaded: delete it and deploy again."
            )
        self._catalog(aws).add(version)
        return version.arn

    def _is_own(self, version: Version) -> bool:
        return self._own_tags().items() <= version.tags.items()

    def _own_tags(self) -> dict[str, str]:
        return {key: value for key, value in self.tags.items() if key.startswith(OURS)}


def _newest_first(found: Iterable[Version]) -> list[Version]:
    return sorted(found, key=lambda version: version.number, reverse=True)
