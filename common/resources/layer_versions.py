"""The versions of Lambda layers as AWS lists them.

The description of a version of ours contains its owner, the digest of its inputs and the digest of its bytes.

Follows https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import RLock
from typing import NamedTuple

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.environment import owner_tags

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
    license: str | None

    @classmethod
    def of(cls, listed: JsonMapping) -> "Version":
        """The version in an entry of ListLayerVersions, or in the answer of PublishLayerVersion."""
        fields = described(listed)
        inputs, content = fields.pop("inputs", ""), fields.pop("sha256", "")
        tags = {f"{OURS}{name}": value for name, value in fields.items()} if content else {}
        runtimes, architectures = (
            tuple(sorted(listed.get(f"Compatible{field}") or ())) for field in ("Runtimes", "Architectures")
        )
        written = listed.get("CreatedDate", "")
        terms = listed.get("LicenseInfo") or None
        arn, number = listed["LayerVersionArn"], listed["Version"]
        return cls(arn, number, written, tags, inputs, content, runtimes, architectures, terms)

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
    return newest_first(map(Version.of, listed))


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
    absent = "ResourceNotFoundException"
    aws.find("lambda", "DeleteLayerVersion", absent, LayerName=name, VersionNumber=number)


def newest_first(some_versions: Iterable[Version]) -> list[Version]:
    """Sorts versions, the newest first."""
    return sorted(some_versions, key=lambda version: version.number, reverse=True)
