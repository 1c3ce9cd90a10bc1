"""A lease on a project of an environment: at most one deploy changes it at a time.

The lock is an object that only one can create (a conditional put). Its holder renews it by compare-and-set, so that a holder
that was thought dead notices, at its next renewal or write, that it is holder no more. How old a lease is, is told by the
store's own clock, never by comparing two machines'. All of it stands on the store's refusal of a put whose condition does not
hold, so that refusal is seen once, before the first deploy of a project relies on it.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from common.config import Environment
from common.errors import AwsError, LockedError, UsageError
from common.release import parsed, printable
from common.resource import Aws

LEASE_SECONDS = 60.0
RENEWED_AFTER = 0.25
"""Of the lease's time."""
TAKEN = frozenset({"PreconditionFailed", "412"})
RACED = frozenset({"ConditionalRequestConflict", "409"})
GONE = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
OTHER = '"00000000000000000000000000000000"'
"""An ETag that nothing has."""
CONDITIONS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("PutObject", "If-None-Match", {"IfNoneMatch": "*"}),
    ("PutObject", "If-Match", {"IfMatch": OTHER}),
    ("DeleteObject", "If-Match", {"IfMatch": OTHER}),
)
"""What the store must refuse while the lock is held: to create what is there, to replace or delete what is another."""


def _seconds() -> float:
    """Seconds that only rise, those in which the machine was asleep counted, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lock:
    """The lease on one project.

    Args:
        about: who asks for it: ``holder``, ``host``, ``commit``; shown to whoever finds it taken.
        say: gets a sentence when a dead holder's lease is taken over, or while waiting.
        lease: seconds after which a lease that was not renewed may be taken over.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        aws: Aws,
        env: Environment,
        project: str,
        about: Mapping[str, str],
        say: Callable[[str], None],
        *,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = _seconds,
    ) -> None:
        self._aws, self._env, self._project, self._about, self._say = aws, env, project, about, say
        self._lease, self._clock = lease, clock
        self._renewing = threading.Lock()
        self._renewed = clock()
        self._object = {
            "Bucket": env.artifact_bucket,
            "Key": f"{env.name}/{project}/lock.json",
            "ExpectedBucketOwner": env.account_id,
        }
        self._token = uuid.uuid4().hex
        self._etag: str | None = None
        self._lost: str | None = None
        self._waiting = False
        self._stopping = threading.Event()
        self._renewer: threading.Thread | None = None

    def acquire(self, *, wait: bool = False, stopped: Callable[[], bool] = lambda: False) -> None:
        """Takes the lease, a dead holder's too, unless it is held already.

        Args:
            wait: wait for a living holder instead of giving up.
            stopped: once true, it waits no more.

        Raises:
            LockedError: somebody else holds it.
        """
        if self._etag is not None:
            return
        while not (self._put({"IfNoneMatch": "*"}) or self._take_over(wait and not stopped())):
            self._aws.sleep(2.0)
        self._renewed = self._clock()
        self._renewer = threading.Thread(target=self._renew, name=f"lease-{self._project}", daemon=True)
        self._renewer.start()

    def prove(self) -> None:
        """Sees that the store refuses what the lease relies on. Call while holding it.

        Raises:
            UsageError: it does not, so that two deploys could not be kept apart. The lock is gone then.
        """
        for operation, header, condition in CONDITIONS:
            body = {"Body": self._body()} if operation == "PutObject" else {}
            try:
                self._aws.call("s3", operation, **self._object, **body, **condition)
            except AwsError as error:
                if error.code not in TAKEN | RACED | GONE:
                    raise
            else:
                self._stop_renewing()
                self._aws.call("s3", "DeleteObject", **self._object)
                self._etag = None
                raise UsageError(
                    f"The store of s3://{self._env.artifact_bucket} ignores {header} on {operation}, so two deploys could not be "
                    f"kept apart. Use a store that keeps to conditional writes, as S3 does. Nothing was deployed."
                )

    def check(self) -> None:
        """Stops a holder that is holder no more, before it writes.

        Whoever has slept, or was stopped, for longer than renewals are apart cannot know, and asks.

        Raises:
            LockedError: the lease was lost.
        """
        if self._clock() - self._renewed > self._lease * RENEWED_AFTER * 2:
            self._renew_now()
        if self._lost:
            raise LockedError(self._lost)

    def release(self) -> None:
        """Gives the lease back; a lease that is somebody else's by now is left alone."""
        self._stop_renewing()
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

    def remove(self, ask: Callable[[str], None]) -> bool:
        """Removes the lock, whoever holds it; for people.

        Args:
            ask: gets a sentence about the holder first, and raises to leave the lock.

        Returns:
            Whether there was one.

        Raises:
            LockedError: it changed hands, or was given back, while `ask` asked.
        """
        found = self._read()
        if found is None:
            return False
        body, etag, age = found
        place = f"{self._env.name}/{self._project}"
        ask(f"{place} is held by {_who(body)}; last heard of {max(age, 0):.0f} s ago")
        try:
            self._aws.call("s3", "DeleteObject", **self._object, IfMatch=etag)
        except AwsError as error:
            if error.code not in TAKEN | GONE:
                raise
            raise LockedError(f"{place}: the lease was just renewed, taken over or given back. It was not removed.") from None
        return True

    def _stop_renewing(self) -> None:
        self._stopping.set()
        if self._renewer:
            self._renewer.join()

    def _body(self) -> bytes:
        """Other bytes each time: S3 makes the ETag of them, and a renewal must be seen by who compares ETags."""
        return json.dumps({"schema": 1, "token": self._token, "put": uuid.uuid4().hex, **self._about}).encode()

    def _put(self, condition: Mapping[str, str]) -> bool:
        body = self._body()
        try:
            response = self._aws.call("s3", "PutObject", **self._object, Body=body, ContentType="application/json", **condition)
        except AwsError as error:
            if error.code not in TAKEN | RACED | GONE:
                raise
            # A put whose answer was lost is tried again by botocore, and then meets itself.
            found = self._read()
            if found is None and error.code == "NoSuchKey" and self._etag and not error.deleted:
                raise  # it is not found, and nobody has deleted it: a bucket that is new may say so, see `retries`
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
        modified: datetime = found["LastModified"]
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        return parsed(found["Body"]), found["ETag"], (now - modified).total_seconds()

    def _take_over(self, wait: bool) -> bool:
        found = self._read()
        if found is None:
            return False
        body, etag, age = found
        if age > self._lease:
            self._say(f"{self._project}: taking over the lease of {_who(body)}, silent for {age:.0f} s.")
            return self._put({"IfMatch": etag})
        if not wait:
            raise LockedError(
                f"{self._env.name}/{self._project} is being deployed by {_who(body)}. Wait for it (--wait), or, if it is dead, "
                f"deploy again in {self._lease - age:.0f} s, or remove its lease (invoke unlock)."
            )
        if not self._waiting:
            self._say(f"{self._project}: waiting for {_who(body)}.")
        self._waiting = True
        return False

    def _renew(self) -> None:
        while not self._stopping.wait(self._lease * RENEWED_AFTER) and not self._lost:
            self._renew_now()

    def _renew_now(self) -> None:
        """Renews the lease, or finds it lost: to another deploy, or because AWS could not be told of it for too long."""
        with self._renewing:
            before, since = self._clock(), self._clock() - self._renewed
            if self._lost or since < self._lease * RENEWED_AFTER / 2:
                return
            try:
                kept = self._put({"IfMatch": self._etag or ""})
            except AwsError:
                if self._clock() - self._renewed < self._lease:
                    return
                kept = False
            if kept:
                self._renewed = before
            else:
                place = f"{self._env.name}/{self._project}"
                self._lost = (
                    f"The lease on {place} was lost: it was not renewed in time. This deploy stops before its next change."
                )


class Fenced:
    """AWS for the holder of a lease: whoever has lost it calls nothing more.

    Args:
        check: raises when the lease is lost.
    """

    def __init__(self, aws: Aws, check: Callable[[], None]) -> None:
        self._aws, self._check = aws, check
        self.tags, self.sleep = aws.tags, aws.sleep

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """See `Aws`."""
        self._check()
        return self._aws.call(service, operation, **parameters)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        """See `Aws`."""
        self._check()
        return self._aws.find(service, operation, absent, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """See `Aws`."""
        self._check()
        return self._aws.pages(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        """See `Aws`."""
        self._check()
        self._aws.wait(service, waiter, **parameters)


def _who(body: Mapping[str, Any]) -> str:
    """A person, a machine, a commit and a time, as far as the lock tells them."""
    said = {name: printable(body[name], 80) for name in ("holder", "host", "since", "commit") if body.get(name)}
    since = f" since {said['since']}" if "since" in said else ""
    commit = f" (commit {said['commit'][:12]})" if "commit" in said else ""
    return f"{said.get('holder', 'somebody')} on {said.get('host', 'an unknown machine')}{since}{commit}"
