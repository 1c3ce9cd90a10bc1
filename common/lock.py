"""A lease on a project of an environment: at most one deploy changes it at a time.

The lock is an object that only one can create (a conditional put). Its holder renews it by compare-and-set, so that a holder
that was thought dead notices, at its next renewal or write, that it is holder no more. How old a lease is, is told by the
store's own clock, never by comparing two machines'.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from common.config import Environment
from common.errors import AwsError, LockedError
from common.resource import Aws

LEASE_SECONDS = 60
RENEW_SECONDS = 15
TAKEN = frozenset({"PreconditionFailed", "412"})
RACED = frozenset({"ConditionalRequestConflict", "409"})
GONE = frozenset({"NoSuchKey", "404"})


class Lock:
    """The lease on one project.

    Args:
        about: who asks for it: ``holder``, ``host``, ``commit``; shown to whoever finds it taken.
        say: gets a sentence when a dead holder's lease is taken over, or while waiting.
    """

    def __init__(self, aws: Aws, env: Environment, project: str, about: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._aws, self._env, self._project, self._about, self._say = aws, env, project, about, say
        self._object = {
            "Bucket": env.artifact_bucket,
            "Key": f"{env.name}/{project}/lock.json",
            "ExpectedBucketOwner": env.account_id,
        }
        self._token = uuid.uuid4().hex
        self._etag: str | None = None
        self._lost: str | None = None
        self._stopping = threading.Event()
        self._renewer: threading.Thread | None = None

    def acquire(self, *, wait: bool = False) -> None:
        """Takes the lease, a dead holder's too.

        Args:
            wait: wait for a living holder instead of giving up.

        Raises:
            LockedError: somebody else holds it.
        """
        while not (self._put({"IfNoneMatch": "*"}) or self._take_over(wait)):
            self._aws.sleep(2.0)
        self._renewer = threading.Thread(target=self._renew, name=f"lease-{self._project}", daemon=True)
        self._renewer.start()

    def check(self) -> None:
        """Stops a holder that is holder no more, before it writes.

        Raises:
            LockedError: the lease was lost.
        """
        if self._lost:
            raise LockedError(self._lost)

    def release(self) -> None:
        """Gives the lease back; a lease that is somebody else's by now is left alone."""
        self._stopping.set()
        if self._renewer:
            self._renewer.join()
        if self._etag and not self._lost:
            try:
                self._aws.call("s3", "DeleteObject", **self._object, IfMatch=self._etag)
            except AwsError as error:
                if error.code not in TAKEN | GONE:
                    raise
        self._etag = None

    def holder(self) -> dict[str, Any] | None:
        """What the present lock says of its holder, None if there is no lock."""
        found = self._read()
        return None if found is None else found[0]

    def remove(self) -> bool:
        """Removes the lock, whoever holds it; for people. True if there was one."""
        found = self._read()
        if found is not None:
            self._aws.call("s3", "DeleteObject", **self._object, IfMatch=found[1])
        return found is not None

    def _put(self, condition: Mapping[str, str]) -> bool:
        body = json.dumps({"schema": 1, "token": self._token, **self._about}).encode()
        try:
            response = self._aws.call("s3", "PutObject", **self._object, Body=body, ContentType="application/json", **condition)
        except AwsError as error:
            if error.code not in TAKEN | RACED | GONE:
                raise
            # A put whose answer was lost is tried again by botocore, and then meets itself.
            found = self._read()
            if found is None or found[0].get("token") != self._token:
                return False
            self._etag = found[1]
        else:
            self._etag = response["ETag"]
        return True

    def _read(self) -> tuple[dict[str, Any], str, float] | None:
        """The lock's body, its ETag, and its age in seconds by the store's clock."""
        found = self._aws.find("s3", "GetObject", "NoSuchKey", **self._object)
        if found is None:
            return None
        try:
            body = json.loads(found["Body"].read())
        except ValueError:
            body = {}
        modified: datetime = found["LastModified"]
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        return (body if isinstance(body, dict) else {}), found["ETag"], (now - modified).total_seconds()

    def _take_over(self, wait: bool) -> bool:
        found = self._read()
        if found is None:
            return False
        body, etag, age = found
        if age > LEASE_SECONDS:
            self._say(f"{self._project}: taking over the lease of {_who(body)}, silent for {age:.0f} s.")
            return self._put({"IfMatch": etag})
        if not wait:
            raise LockedError(
                f"{self._env.name}/{self._project} is being deployed by {_who(body)}. Wait for it (--wait), or, if it is dead, "
                f"deploy again in {LEASE_SECONDS - age:.0f} s."
            )
        self._say(f"{self._project}: waiting for {_who(body)}.")
        return False

    def _renew(self) -> None:
        silent = 0
        while not self._stopping.wait(RENEW_SECONDS):
            try:
                renewed = self._put({"IfMatch": self._etag or ""})
            except AwsError:
                silent += RENEW_SECONDS
                renewed = silent < LEASE_SECONDS
            else:
                silent = 0
            if not renewed:
                place = f"{self._env.name}/{self._project}"
                self._lost = f"The lease on {place} was lost to another deploy. This one stops before its next change."
                return


def _who(body: Mapping[str, Any]) -> str:
    """A person, a machine, a commit and a time, as far as the lock tells them."""
    holder, host = body.get("holder", "somebody"), body.get("host", "an unknown machine")
    since = f" since {body['since']}" if "since" in body else ""
    commit = f" (commit {str(body['commit'])[:12]})" if body.get("commit") else ""
    return f"{holder} on {host}{since}{commit}"
