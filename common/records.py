"""What was deployed: S3 objects beside the artifacts, told apart by the digest in a tag.

The order of writes is what makes a crash harmless. The tag on an artifact proves that bytes were uploaded and nothing more. The
tag on a record proves that a resource reached a state: it is written after the update and its waiter, body and tag in one
PutObject. The release root stands for all records below it only while its tag says `clean`; before the first change it is
marked `deploying`. So whatever a run leaves behind when it dies, the next one finds a record that does not match, and looks.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from common import digest
from common.ahead import Question, first_question
from common.config import Environment
from common.digest import Digest
from common.errors import AwsError, DeployError, OwnershipError
from common.index import Part
from common.resource import Artifact, Aws, Key, Outputs, State

SCHEMA = 1
CLEAN, DEPLOYING = "clean", "deploying"
REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


@dataclass(frozen=True)
class Root:
    """A release root: the digest of every record below it, and of every artifact's files.

    Args:
        digests: by ``kind/name``.
        pending: what a deploy that did not finish was about to change. Its records prove nothing: a resource that was updated
            and not yet recorded still has the record of before, which would match if the change was then taken back.
        files: of each artifact, by ``artifact/name``: digests by path.
        about: who released what when; for people.
    """

    digests: Mapping[str, Digest] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    files: Mapping[str, Mapping[str, Digest]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> Digest:
        """The Merkle root: equal exactly if every key and digest below is equal, and nothing is pending."""
        return digest.of_struct("root", SCHEMA, {"digests": dict(self.digests), "pending": sorted(self.pending)})


@dataclass(frozen=True)
class Mark:
    """The tags of a release root."""

    state: str
    root: Digest


class Records:
    """The records of one environment."""

    def __init__(self, aws: Aws, env: Environment) -> None:
        self._aws = aws
        self._env = env

    def mark(self, project: str) -> Mark | None:
        """The tags of the project's release root, None if it has none."""
        tags = self._tags(self._root_path(project))
        return Mark(tags.get("state", ""), Digest(tags.get("root-sha256", ""))) if tags else None

    def root(self, project: str) -> tuple[Root | None, str | None]:
        """The project's release root and its ETag; no root if it is missing or cannot be read as one."""
        response = self._find("GetObject", Key=self._root_path(project))
        if response is None:
            return None, None
        etag = str(response["ETag"])
        body: Any = _parsed(response["Body"].read())
        digests, pending, files, about = (body.get(name) for name in ("digests", "pending", "files", "about"))
        maps = all(isinstance(one, dict) for one in (digests, files, about)) and isinstance(pending, list)
        if body.get("schema") != SCHEMA or not maps or not all(_are_texts(one) for one in (digests, pending, about)):
            return None, etag
        return Root(digests, tuple(pending), {name: one for name, one in files.items() if _are_texts(one)}, about), etag

    def recorded(self, key: Key) -> Digest | None:
        """The digest of the state that the resource is known to have reached."""
        tags = self._tags(self._path(key))
        return Digest(tags["desired-sha256"]) if tags and "desired-sha256" in tags else None

    def listed(self, project: str) -> set[Key]:
        """The resources that have records."""
        prefix = f"{self._prefix(project)}records/"
        found: set[Key] = set()
        try:
            for page in self._aws.pages("s3", "ListObjectsV2", **self._bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    kind, _, name = entry["Key"].removeprefix(prefix).removesuffix(".json").partition("/")
                    found.add(Key(project, kind, name))
        except AwsError as error:
            self._not_absent(error)
        return found

    def write(self, key: Key, desired: Digest, state: State, outputs: Outputs) -> None:
        """Records that the resource reached a state. Call only after AWS said so."""
        body = {"schema": SCHEMA, "key": str(key), "desired": state, "outputs": outputs}
        self._put(self._path(key), body, {"desired-sha256": desired})

    def forget(self, key: Key) -> None:
        """Removes the record of a resource that is about to be changed beyond what its record says, or is gone."""
        self._aws.call("s3", "DeleteObject", **self._bucket, Key=self._path(key))

    def start(self, project: str, root: Root, etag: str | None) -> str:
        """Writes the root as not clean, before the first change: what is about to change is `pending` in it.

        Args:
            project: whose root.
            root: what may be said while changes are under way.
            etag: of the root that the plan was made from; None if it was not read, or there was none.

        Returns:
            The ETag of the new root.

        Raises:
            DeployError: the root is not the one that the plan was made from.
        """
        if etag is None:
            _, etag = self.root(project)
        return self._write_root(project, root, DEPLOYING, etag)

    def release(self, project: str, root: Root, etag: str) -> None:
        """Writes a clean release root over the one with `etag`. Call only when every digest in it is recorded.

        Raises:
            DeployError: another deploy has written a root meanwhile.
        """
        self._write_root(project, root, CLEAN, etag)

    def content(self, artifact: Artifact) -> str | None:
        """The content digest (hexadecimal) of an uploaded artifact, None if it is not there."""
        tags = self._tags(artifact.location)
        return tags["content-sha256"] if tags and tags.get("input-sha256") == artifact.input_digest() else None

    def upload(self, artifact: Artifact, built: Path) -> None:
        """Uploads an artifact, once and for all. Finding the same bytes there already is success.

        Raises:
            DeployError: other bytes are there under the same input digest.
        """
        content = digest.of_file(built)
        tags = urlencode({"input-sha256": artifact.input_digest(), "content-sha256": content})
        conditions = {"IfNoneMatch": "*", "ChecksumSHA256": digest.to_base64(content)}
        try:
            with built.open("rb") as body:
                self._aws.call("s3", "PutObject", **self._bucket, Key=artifact.location, Body=body, Tagging=tags, **conditions)
        except AwsError as error:
            if error.code not in REFUSED:
                raise
            if self.content(artifact) != content:
                raise DeployError(
                    f"{artifact.key}: another deploy has just uploaded other bytes for the same input. Deploy again."
                ) from None

    def read(self, key: Key) -> Mapping[str, Any]:
        """The body of a record: the state last applied and its outputs; empty if there is none that can be read."""
        response = self._find("GetObject", Key=self._path(key))
        return _parsed(response["Body"].read()) if response else {}

    def _tags(self, path: str) -> dict[str, str] | None:
        response = self._find("GetObjectTagging", Key=path)
        return None if response is None else {tag["Key"]: tag["Value"] for tag in response["TagSet"]}

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
        body = {"schema": SCHEMA, **dataclasses.asdict(root)}
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            return self._put(self._root_path(project), body, {"root-sha256": root.digest(), "state": state}, **condition)
        except AwsError as error:
            # A put whose answer was lost is tried again by botocore, and then meets itself.
            found, present = self.root(project)
            if error.code not in REFUSED or found != root or present is None:
                raise _overtaken(project, error) from None
            return present

    def _put(self, path: str, body: Mapping[str, Any], tags: Mapping[str, str], **condition: str) -> str:
        text = json.dumps(body, sort_keys=True, indent=1).encode()
        content = {"Body": text, "ContentType": "application/json", "Tagging": urlencode(tags), **condition}
        return str(self._aws.call("s3", "PutObject", **self._bucket, Key=path, **content)["ETag"])

    @property
    def _bucket(self) -> dict[str, str]:
        return {"Bucket": self._env.artifact_bucket, "ExpectedBucketOwner": self._env.account_id}

    def _prefix(self, project: str) -> str:
        return f"{self._env.name}/{project}/"

    def _root_path(self, project: str) -> str:
        return f"{self._prefix(project)}release.json"

    def _path(self, key: Key) -> str:
        return f"{self._prefix(key.project)}records/{key.kind}/{key.name}.json"


def _overtaken(project: str, error: AwsError) -> DeployError:
    if error.code not in REFUSED:
        return error
    return DeployError(f"{project}: another deploy has changed it since this plan was made. Deploy again.")


def inventory(aws: Aws, env: Environment, types: Sequence[str] = ()) -> set[str]:
    """The ARNs of everything that carries this environment's ownership tag, as far as the tagging index knows.

    With `types`, of these types of resources alone. Roles are not in that index and have a listing of their own, by path.
    """
    filters: dict[str, Any] = {"TagFilters": [{"Key": "deployer:environment", "Values": [env.owner]}]}
    filters |= {"ResourceTypeFilters": list(types)} if types else {}
    pages = aws.pages("resourcegroupstaggingapi", "GetResources", **filters, ResourcesPerPage=100)
    return {found["ResourceARN"] for page in pages for found in page["ResourceTagMappingList"]}


def roles(aws: Aws, env: Environment) -> set[str]:
    """The ARNs of the roles below this environment's path."""
    pages = aws.pages("iam", "ListRoles", PathPrefix=f"/{env.name_prefix}/{env.name}/", MaxItems=1000)
    return {role["Arn"] for page in pages for role in page["Roles"]}


def first_questions(env: Environment, projects: Sequence[str], parts: Sequence[Part]) -> list[Question]:
    """What a plan asks before it knows anything: who we are, what exists, and whether each project is as it was released."""
    asking: list[Callable[[Aws], object]] = [lambda aws: aws.call("sts", "GetCallerIdentity"), lambda aws: roles(aws, env)]
    asking += [partial(inventory, env=env, types=part) for part in parts]
    asking += [lambda aws, name=name: Records(aws, env).mark(name) for name in projects]  # type: ignore[misc]  # a default
    return [first_question(one) for one in asking]


def _parsed(text: bytes) -> dict[str, Any]:
    """The JSON object in `text`, or nothing: a record that cannot be read counts as absent."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _are_texts(value: object) -> bool:
    texts = value.values() if isinstance(value, dict) else value
    return isinstance(texts, Iterable) and all(isinstance(text, str) for text in texts)
