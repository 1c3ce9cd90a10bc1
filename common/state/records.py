"""Records of what was deployed: the records, release roots and artifacts of one environment, as S3 objects with digest tags.

The order of writes makes a crash harmless. The tag of an artifact proves that its bytes were uploaded, and nothing more. The tag
of a record proves that a resource reached a state: record and tag are written by one PutObject, after the update and its waiter.
The release root stands for all records below it only while its tag is `clean`; it is set to `deploying` before the first change.
So whatever a deploy leaves behind when it dies, the next one finds a record that does not match and reads the resource.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import AwsError, DeployError, OvertakenError
from common.base.json_types import JsonMapping, JsonObject
from common.environment.site import Site
from common.model.orphan import Orphan
from common.model.resource import PROJECT_NAME, Artifact, Key, Outputs, State
from common.packaging.sbom import FILE_SUFFIX, MEDIA_TYPE
from common.state import release_root, stored_objects
from common.state.release_root import CLEAN, DEPLOYING, Location, Root, RootTag, Version
from common.state.store import Store, tags_in
from common.state.stored_objects import SCHEMA, WRITER
from common.state.unbound import UnboundNotes

REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class Records(Store):
    """The records of one environment."""

    def __init__(self, aws: Aws, env: Site) -> None:
        super().__init__(aws, env)
        self.unbound = UnboundNotes(aws, env)

    def root_tag(self, project: str) -> RootTag | None:
        """The tags of the project's release root, None if there is no root or it has no tags."""
        response = self._find("GetObjectTagging", Key=self._root_path(project))
        if response is None or not (tags := tags_in(response)):
            return None
        version = response.get("VersionId")
        kept = version if version != "null" else None  # "null" is overwritten by the next put
        root = Digest(tags.get("root-sha256", ""))
        return RootTag(tags.get("state", ""), root, kept, tags.get("written", ""), tags.get("roles-sha256", ""))

    def root(self, project: str, version: str | None = None) -> tuple[Root | None, str | None]:
        """The project's release root, or a version of it, and its ETag. The root is None if it is missing or not valid."""
        body, answer = self._stored(self._root_path(project), **({"VersionId": version} if version else {}))
        if answer is None:
            return None, None
        root = release_root.root_of(body, stored_objects.store_time(answer))
        return root if release_root.is_of(body, self._owner(project)) else None, str(answer["ETag"])

    def versions(self, project: str) -> Iterator[Version]:
        """Every version of the project's release root, the newest first."""
        path = self._root_path(project)
        for page in self._pages("ListObjectVersions", Prefix=path):
            items = [(item, False) for item in page.get("Versions", ())] + [
                (item, True) for item in page.get("DeleteMarkers", ())
            ]
            versions = [Version(item["VersionId"], item["LastModified"], marker) for item, marker in items if item["Key"] == path]
            yield from sorted(versions, key=lambda version: version.written, reverse=True)

    def version(self, project: str, version: Version) -> tuple[Root | None, str]:
        """One version of the project's release root, None if it is not valid, and the state in its body."""
        body, _ = self._stored(self._root_path(project), VersionId=version.id)
        return release_root.root_of(body) if release_root.is_of(body, self._owner(project)) else None, str(body.get("state", ""))

    def projects(self) -> set[str]:
        """All projects that have objects in the bucket, declared or not."""
        return {name for name in self._below(f"{self._env.store_prefix}{self._env.name}/") if PROJECT_NAME.fullmatch(name)}

    def other_prefixes(self) -> set[str]:
        """The first parts of all other keys in the bucket."""
        return self._below("") - {self._env.name}

    def recorded_digest(self, key: Key) -> Digest | None:
        """The digest of the state that the resource has reached, from the tag of its record."""
        tags = self._tags(self._path(key))
        return Digest(tags["desired-sha256"]) if tags and "desired-sha256" in tags else None

    def recorded_keys(self, project: str) -> set[Key]:
        """The keys of all resources that have records."""
        return self.keys_in(project, self._paths(f"{self._env.stored(project)}records/"))

    def stored_paths(self, project: str) -> frozenset[str]:
        """The keys of all objects of a project in the bucket."""
        return frozenset(self._paths(self._env.stored(project)))

    def keys_in(self, project: str, paths: Iterable[str]) -> set[Key]:
        """The keys of the resources whose records are among these objects."""
        prefix = f"{self._env.stored(project)}records/"
        names = [path.removeprefix(prefix).removesuffix(".json") for path in paths if path.startswith(prefix)]
        return {key for key in (release_root.key_of(project, name) for name in names) if key is not None}

    def has_root(self, project: str, paths: Collection[str]) -> bool:
        """Whether the project's release root is among these objects."""
        return self._root_path(project) in paths

    def write(self, key: Key, desired: Digest, state: State, outputs: Outputs, location: Location) -> None:
        """Records that the resource reached a state. Call it only after AWS has confirmed the state."""
        header = {**WRITER, "of": self._owner(key.project), "key": str(key)}
        body = {**header, **location, "desired": state, "outputs": outputs}
        self._put(self._path(key), body, {"desired-sha256": desired})

    def forget(self, key: Key) -> None:
        """Removes the record of a resource that was deleted or is no longer ours."""
        self._aws.call("s3", "DeleteObject", **self._bucket, Key=self._path(key))

    def start(self, project: str, root: Root, etag: str | None, expected: Digest | None, *, is_new: bool = False) -> str:
        """Writes the root with the state `deploying`, before the first change. Everything that is about to change is pending.

        Args:
            project: the project.
            root: the root that is true while changes are under way.
            etag: the ETag of the root that the plan was made from; None if its body was not read, or there was none.
            expected: the digest of that root if its ETag is not known; None if there was none.
            is_new: whether there was no root, so that none is looked for: the store refuses a second one.

        Returns:
            The ETag of the new root.

        Raises:
            OvertakenError: the root is not the one that the plan was made from.
        """
        if etag is None and not is_new:
            present, etag = self.root(project)
            # A body that cannot be read is not a reason to stop: the plan was made from the tag.
            if (present.digest() if present else None) != expected and self.root_tag(project) != RootTag(
                CLEAN, expected or Digest("")
            ):
                raise _overtaken(project)
        return self._write_root(project, root, DEPLOYING, etag)

    def release(self, project: str, root: Root, etag: str) -> str:
        """Replaces the root with `etag` by a clean one and returns the new ETag. Call it only when every digest is recorded.

        Raises:
            OvertakenError: another deploy has written a root meanwhile.
        """
        return self._write_root(project, root, CLEAN, etag)

    def erase(self, project: str, etag: str) -> None:
        """Deletes the root with `etag` of a project that has no resources any more. Its versions stay.

        Raises:
            OvertakenError: another deploy has written a root meanwhile.
        """
        try:
            self._aws.call("s3", "DeleteObject", **self._bucket, Key=self._root_path(project), IfMatch=etag)
        except AwsError as error:
            # If the answer to a deletion is lost, botocore sends it again, and then there is no object.
            if error.code not in REFUSED:
                raise
            if self.root(project)[1] is not None:
                raise _overtaken(project) from None

    def uploaded_content(self, artifact: Artifact) -> str | None:
        """The content digest (hexadecimal) of an uploaded artifact, None if it is not uploaded."""
        tags = self._tags(artifact.location)
        return tags.get("content-sha256") if tags and tags.get("input-sha256") == artifact.input_digest() else None

    def uploaded_sbom(self, artifact: Artifact) -> JsonObject | None:
        """The bill of materials (SBOM) of an uploaded artifact, None if it has none."""
        response = self._find("GetObject", Key=f"{artifact.location}{FILE_SUFFIX}")
        return dict(stored_objects.parsed(response["Body"])) if response else None

    def upload(self, artifact: Artifact, built: Path, sbom: Path | None) -> None:
        """Uploads an artifact; it is never overwritten. If the same bytes are uploaded already, that is a success.

        Its bill of materials is uploaded first, so that every uploaded artifact has one.

        Raises:
            DeployError: other bytes were uploaded for the same input digest.
        """
        if sbom is not None:
            body = {"Body": sbom.read_bytes(), "ContentType": MEDIA_TYPE}
            self._aws.call("s3", "PutObject", **self._bucket, Key=f"{artifact.location}{FILE_SUFFIX}", **body)
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
            if (uploaded := self.uploaded_content(artifact)) == content:
                return
            # If the object has lost its tags, it is put again, but only if its bytes are the same.
            present = self._aws.call("s3", "GetObject", **target)
            if digest.of_bytes(present["Body"].read()) != content:
                how = "delete it with all its versions and deploy again"
                reason = f"s3://{target['Bucket']}/{artifact.location} was replaced. Find out who wrote it; then {how}."
                if uploaded is not None:
                    reason = "another deploy has just uploaded other bytes for the same input. Deploy again."
                raise DeployError(f"{artifact.key}: {reason}") from None
            put(IfMatch=present["ETag"])

    def read(self, key: Key) -> JsonMapping:
        """The body of a record: the state that was applied last and its outputs. Empty if there is no valid record."""
        body, _ = self._stored(self._path(key))
        whole = body.get("schema") == SCHEMA and body.get("key") == str(key) and isinstance(body.get("desired"), dict)
        return body if whole and release_root.is_of(body, self._owner(key.project)) else {}

    def foreign_location(self, key: Key) -> Location:
        """The location in a record that belongs to another project or environment; empty if the record is ours."""
        body, _ = self._stored(self._path(key))
        own = release_root.is_of(body, self._owner(key.project))
        return {} if own else {name: body[name] for name in ("of", "name", "arn", "needs") if name in body}

    def orphan(self, key: Key, location: Location | None) -> Orphan | None:
        """An undeclared resource: from its record, else from its `location` in a root; None if neither is valid."""
        for recorded in (self.read(key), location or {}):
            if orphan := release_root.orphan_of(key, recorded, self._env.account_id):
                return orphan
        return None

    def has_record(self, key: Key, paths: Collection[str]) -> bool:
        """Whether the record of a resource is among these objects."""
        return self._path(key) in paths

    def _paths(self, prefix: str) -> Iterator[str]:
        for page in self._pages("ListObjectsV2", Prefix=prefix):
            yield from (entry["Key"] for entry in page.get("Contents", ()))

    def _below(self, prefix: str) -> set[str]:
        """The next part of every key that begins with `prefix`."""
        pages = list(self._pages("ListObjectsV2", Prefix=prefix, Delimiter="/"))
        paths = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", ())]
        paths += [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {path.removeprefix(prefix).removesuffix("/") for path in paths}

    def _write_root(self, project: str, root: Root, state: str, etag: str | None) -> str:
        body = {**root.body(state), "of": self._owner(project)}
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        tags = {"root-sha256": root.digest(), "state": state, "written": datetime.now(UTC).isoformat(timespec="seconds")}
        tags |= {"roles-sha256": release_root.roles_digest(root.roles)} if root.roles else {}
        try:
            return self._put(self._root_path(project), body, tags, **condition)
        except AwsError as error:
            if error.code not in REFUSED:
                raise
            # If the answer to a put is lost, botocore sends it again, and then it finds its own object.
            present, present_etag = self.root(project)
            if present != root or present_etag is None:
                raise _overtaken(project) from None
            return present_etag

    def _owner(self, project: str) -> str:
        """The owner that is stored in roots and records, so that copies of another project's objects are noticed."""
        return f"{self._env.name}/{project}"

    def _root_path(self, project: str) -> str:
        return f"{self._env.stored(project)}release.json"

    def _path(self, key: Key) -> str:
        return f"{self._env.stored(key.project)}records/{key.kind}/{key.name}.json"


def _overtaken(project: str) -> OvertakenError:
    return OvertakenError(f"{project}: another deploy has changed it since this plan was made. Deploy again.")
