"""What was deployed: S3 objects beside the artifacts, told apart by the digest in a tag.

The order of writes is what makes a crash harmless. The tag on an artifact proves that bytes were uploaded and nothing more. The
tag on a record proves that a resource reached a state: it is written after the update and its waiter, body and tag in one
PutObject. The release root stands for all records below it only while its tag says `clean`; before the first change it is
marked `deploying`. So whatever a run leaves behind when it dies, the next one finds a record that does not match, and looks.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import AwsError, DeployError, OvertakenError, OwnershipError
from common.environment.config import Environment
from common.model.orphan import Remains
from common.model.resource import PROJECT_NAME, Artifact, Key, Outputs, State
from common.packaging import bill
from common.state import release_root
from common.state.release_root import CLEAN, DEPLOYING, SCHEMA, WRITER, Mark, Place, Root, Version

REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


class Records:
    """The records of one environment."""

    def __init__(self, aws: Aws, env: Environment) -> None:
        self._aws = aws
        self._env = env

    def mark(self, project: str) -> Mark | None:
        """The tags of the project's release root, None if it has none."""
        response = self._find("GetObjectTagging", Key=self._root_path(project))
        if response is None or not (tags := _tags(response)):
            return None
        version = response.get("VersionId")
        known = version if version != "null" else None  # which is written over
        said = (tags.get("written", ""), tags.get("roles-sha256", ""))
        return Mark(tags.get("state", ""), Digest(tags.get("root-sha256", "")), known, *said)

    def root(self, project: str, version: str | None = None) -> tuple[Root | None, str | None]:
        """The project's release root, or a version of it, and its ETag; no root if it is missing or cannot be read as one."""
        body, answer = self._stored(self._root_path(project), **({"VersionId": version} if version else {}))
        if answer is None:
            return None, None
        root = release_root.root_of(body, release_root.store_time(answer))
        return root if release_root.is_of(body, self._whose(project)) else None, str(answer["ETag"])

    def versions(self, project: str) -> Iterator[Version]:
        """Every version of the project's release root, the newest first."""
        path = self._root_path(project)
        for page in self._pages("ListObjectVersions", Prefix=path):
            kinds = (("Versions", False), ("DeleteMarkers", True))
            listed = [(one, removed) for kind, removed in kinds for one in page.get(kind, ()) if one["Key"] == path]
            found = [Version(one["VersionId"], one["LastModified"], removed) for one, removed in listed]
            yield from sorted(found, key=lambda one: one.written, reverse=True)

    def version(self, project: str, version: Version) -> tuple[Root | None, str]:
        """What one version of the project's release root said, and the state that it was written in."""
        body, _ = self._stored(self._root_path(project), VersionId=version.id)
        return release_root.root_of(body) if release_root.is_of(body, self._whose(project)) else None, str(body.get("state", ""))

    def projects(self) -> set[str]:
        """Every project of which the bucket holds something, declared or not."""
        return {name for name in self._below(f"{self._env.name}/") if PROJECT_NAME.fullmatch(name)}

    def others(self) -> set[str]:
        """What else lies in the bucket, by the first part of its key."""
        return self._below("") - {self._env.name}

    def recorded(self, key: Key) -> Digest | None:
        """The digest of the state that the resource is known to have reached."""
        tags = self._tags(self._path(key))
        return Digest(tags["desired-sha256"]) if tags and "desired-sha256" in tags else None

    def listed(self, project: str) -> set[Key]:
        """The resources that have records."""
        prefix = f"{self._prefix(project)}records/"
        entries = [entry["Key"] for page in self._pages("ListObjectsV2", Prefix=prefix) for entry in page.get("Contents", ())]
        found = {release_root.key_of(project, path.removeprefix(prefix).removesuffix(".json")) for path in entries}
        return {key for key in found if key is not None}

    def write(self, key: Key, desired: Digest, state: State, outputs: Outputs, place: Place) -> None:
        """Records that the resource reached a state. Call only after AWS said so."""
        said = {**WRITER, "of": self._whose(key.project), "key": str(key)}
        body = {**said, **place, "desired": state, "outputs": outputs}
        self._put(self._path(key), body, {"desired-sha256": desired})

    def forget(self, key: Key) -> None:
        """Removes the record of a resource that is gone, or no longer ours."""
        self._aws.call("s3", "DeleteObject", **self._bucket, Key=self._path(key))

    def start(self, project: str, root: Root, etag: str | None, expected: Digest | None) -> str:
        """Writes the root as not clean, before the first change: what is about to change is `pending` in it.

        Args:
            project: whose root.
            root: what may be said while changes are under way.
            etag: of the root that the plan was made from; None if it was not read, or there was none.
            expected: the digest of that root, where its ETag is not known; None if there was none.

        Returns:
            The ETag of the new root.

        Raises:
            OvertakenError: the root is not the one that the plan was made from.
        """
        if etag is None:
            found, etag = self.root(project)
            # A body that cannot be read is no reason to stop: the plan was made from the tag.
            if (found.digest() if found else None) != expected and self.mark(project) != Mark(CLEAN, expected or Digest("")):
                raise _overtaken(project)
        return self._write_root(project, root, DEPLOYING, etag)

    def release(self, project: str, root: Root, etag: str) -> str:
        """Writes a clean release root over the one with `etag`, and returns its own. Call only when every digest is recorded.

        Raises:
            OvertakenError: another deploy has written a root meanwhile.
        """
        return self._write_root(project, root, CLEAN, etag)

    def erase(self, project: str, etag: str) -> None:
        """Removes the release root with `etag`, of a project of which nothing is left. Its versions stay.

        Raises:
            OvertakenError: another deploy has written a root meanwhile.
        """
        try:
            self._aws.call("s3", "DeleteObject", **self._bucket, Key=self._root_path(project), IfMatch=etag)
        except AwsError as error:
            # A deletion whose answer was lost is sent again by botocore, and then finds nothing.
            if error.code not in REFUSED:
                raise
            if self.root(project)[1] is not None:
                raise _overtaken(project) from None

    def content(self, artifact: Artifact) -> str | None:
        """The content digest (hexadecimal) of an uploaded artifact, None if it is not there."""
        tags = self._tags(artifact.location)
        return tags["content-sha256"] if tags and tags.get("input-sha256") == artifact.input_digest() else None

    def bill(self, artifact: Artifact) -> dict[str, Any] | None:
        """The bill of materials of an uploaded artifact, None if it has none."""
        response = self._find("GetObject", Key=f"{artifact.location}{bill.ENDING}")
        return dict(release_root.parsed(response["Body"])) if response else None

    def upload(self, artifact: Artifact, built: Path, its_bill: Path | None) -> None:
        """Uploads an artifact, once and for all. Finding the same bytes there already is success.

        Its bill of materials comes first, so an artifact that is there has one.

        Raises:
            DeployError: other bytes are there under the same input digest.
        """
        if its_bill is not None:
            said = {"Body": its_bill.read_bytes(), "ContentType": bill.MEDIA_TYPE}
            self._aws.call("s3", "PutObject", **self._bucket, Key=f"{artifact.location}{bill.ENDING}", **said)
        content = digest.of_file(built)
        tags = urlencode({"input-sha256": artifact.input_digest(), "content-sha256": content})
        checksum = digest.to_base64(content)
        target = {**self._bucket, "Key": artifact.location}

        def put(**condition: str) -> None:
            with built.open("rb") as body:
                self._aws.call("s3", "PutObject", **target, Body=body, Tagging=tags, ChecksumSHA256=checksum, **condition)

        try:
            put(IfNoneMatch="*")
        except AwsError as error:
            if error.code not in REFUSED:
                raise
            if self.content(artifact) == content:
                return
            # Tags that are lost come back with the same bytes, and with no others.
            present = self._aws.call("s3", "GetObject", **target)
            if digest.of_bytes(present["Body"].read()) != content:
                raise DeployError(
                    f"{artifact.key}: another deploy has just uploaded other bytes for the same input. Deploy again."
                ) from None
            put(IfMatch=present["ETag"])

    def read(self, key: Key) -> Mapping[str, Any]:
        """The body of a record: the state last applied and its outputs; empty if there is none that can be read."""
        body, _ = self._stored(self._path(key))
        whole = body.get("schema") == SCHEMA and body.get("key") == str(key) and isinstance(body.get("desired"), dict)
        return body if whole and release_root.is_of(body, self._whose(key.project)) else {}

    def stray(self, key: Key) -> Place:
        """Where a record says that it belongs, if that is another project or environment; else nothing."""
        body, _ = self._stored(self._path(key))
        own = release_root.is_of(body, self._whose(key.project))
        return {} if own else {name: body[name] for name in ("of", "name", "arn", "needs") if name in body}

    def remains(self, key: Key, place: Place | None) -> Remains | None:
        """What is known of a resource that nobody declares: from its record, else from `place`, which a root has of it."""
        for known in (self.read(key), place or {}):
            if found := release_root.remains_of(key, known, self._env.account_id):
                return found
        return None

    def _stored(self, path: str, **which: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """A root or record, empty if there is none that can be read, and the answer that it came with."""
        answer = self._find("GetObject", Key=path, **which)
        return (release_root.stored_object(answer["Body"], f"s3://{self._env.artifact_bucket}/{path}") if answer else {}), answer

    def _below(self, prefix: str) -> set[str]:
        """The next part of every key that begins so."""
        pages = list(self._pages("ListObjectsV2", Prefix=prefix, Delimiter="/"))
        found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        found += [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {one.removeprefix(prefix).removesuffix("/") for one in found}

    def _tags(self, path: str) -> dict[str, str] | None:
        response = self._find("GetObjectTagging", Key=path)
        return None if response is None else _tags(response)

    def _pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        try:
            yield from self._aws.pages("s3", operation, **self._bucket, **parameters)
        except AwsError as error:
            self._not_absent(error)

    def _find(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        try:
            return self._aws.call("s3", operation, **self._bucket, **parameters)
        except AwsError as error:
            self._not_absent(error)
            return None

    def _not_absent(self, error: AwsError) -> None:
        """Lets only the errors pass that say that something does not exist."""
        if error.code in {"AccessDenied", "403"}:
            raise OwnershipError(
                f"The artifact bucket {self._env.artifact_bucket} cannot be used: {error.said}. If it is another account's, "
                f"choose another artifact_bucket in config/{self._env.name}.json; if it is yours, allow this role to use it."
            ) from error
        if error.code not in ABSENT:
            raise error

    def _write_root(self, project: str, root: Root, state: str, etag: str | None) -> str:
        body = {**root.body(state), "of": self._whose(project)}
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        tags = {"root-sha256": root.digest(), "state": state, "written": datetime.now(UTC).isoformat(timespec="seconds")}
        tags |= {"roles-sha256": release_root.roles_digest(root.roles)} if root.roles else {}
        try:
            return self._put(self._root_path(project), body, tags, **condition)
        except AwsError as error:
            if error.code not in REFUSED:
                raise
            # A put whose answer was lost is tried again by botocore, and then meets itself.
            found, present = self.root(project)
            if found != root or present is None:
                raise _overtaken(project) from None
            return present

    def _put(self, path: str, body: Mapping[str, Any], tags: Mapping[str, str], **condition: str) -> str:
        text = json.dumps(body, sort_keys=True).encode()
        content = {"Body": text, "ContentType": "application/json", "Tagging": urlencode(tags), **condition}
        return str(self._aws.call("s3", "PutObject", **self._bucket, Key=path, **content)["ETag"])

    @property
    def _bucket(self) -> dict[str, str]:
        return {"Bucket": self._env.artifact_bucket, "ExpectedBucketOwner": self._env.account_id}

    def _whose(self, project: str) -> str:
        """What roots and records say of whose they are, so that those of others, which were copied, are told apart."""
        return f"{self._env.name}/{project}"

    def _prefix(self, project: str) -> str:
        return f"{self._whose(project)}/"

    def _root_path(self, project: str) -> str:
        return f"{self._prefix(project)}release.json"

    def _path(self, key: Key) -> str:
        return f"{self._prefix(key.project)}records/{key.kind}/{key.name}.json"


def _tags(response: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in response["TagSet"]}


def _overtaken(project: str) -> OvertakenError:
    return OvertakenError(f"{project}: another deploy has changed it since this plan was made. Deploy again.")
