"""A lease on a project of an environment: at most one deploy changes it at a time.

The lock is an object that only one can create (a conditional put). Its holder renews it by compare-and-set, so that a holder
that was thought dead notices, at its next renewal or write, that it is holder no more. How old a lease is, is told by the
store's own clock, never by comparing two machines'. All of it stands on the store's refusal of a put whose condition does not
hold, so that refusal is seen once, before the first deploy of a project relies on it.

A holder writes only while its lease is proved: not when the last proof is nearly as old as a lease, and not after a pause of its
own (the process was stopped, the machine slept) in which others may have decided that it is dead; then it asks first. What it had
sent before that may still arrive: `others_end` says until when.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from common.aws.fence import REQUEST_SECONDS, fenced
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, DeployError, LockedError, UsageError
from common.environment.config import Environment
from common.state.release_root import WRITER, printable, store_time, stored_object

LEASE_SECONDS = 60.0
RENEWED_AFTER = 0.25
"""Renew the lease once this fraction of its time has passed."""
WRITES_UNTIL = 0.75
"""Begin no call once this fraction of the lease's time has passed since it was last proved; the call must arrive in the rest."""
BEAT = 1 / 60
"""How often a holder looks at its clock, as a fraction of the lease's time."""
PAUSE = 1 / 12
"""After a pause of this fraction of the lease's time, a holder asks whether it is holder still."""
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
        self._renewed = self._awake = clock()
        self.others_end: datetime | None = None
        """By the store's clock: until then something may arrive that an earlier holder has sent. None if nothing can."""
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

        Whoever has slept, or was stopped, or could not renew the lease in time cannot know, and asks.

        Raises:
            LockedError: the lease was lost.
        """
        if self._must_ask(self._clock()):
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
        self._etag = self.others_end = None

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
        body, etag, age, _ = found
        place = f"{self._env.name}/{self._project}"
        ask(f"{place} is held by {who(body)}; last heard of {max(age, 0):.0f} s ago")
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
        return json.dumps({**WRITER, "token": self._token, "put": uuid.uuid4().hex, **self._about}).encode()

    def _put(self, condition: Mapping[str, str], silent: float = 0.0) -> bool:
        """Writes the lock; False if the condition does not hold.

        Args:
            condition: what the store must see first.
            silent: the seconds since an earlier holder was last heard of; 0 where that is not known.
        """
        body, before = self._body(), self._clock()
        try:
            with fenced(None):  # this is what the check itself asks
                response = self._aws.call(
                    "s3", "PutObject", **self._object, Body=body, ContentType="application/json", **condition
                )
        except AwsError as error:
            if error.code not in TAKEN | RACED | GONE:
                raise
            # A put whose answer was lost is tried again by botocore, and then meets itself.
            found = self._read()
            if found is None and error.code == "NoSuchKey" and self._etag and not error.deleted:
                raise  # it is not found, and nobody has deleted it: a bucket that is new may say so, see `retries`
            if found is None or found[0].get("token") != self._token:
                return False
            self._etag, now = found[1], found[3]
        else:
            self._etag, now = response["ETag"], store_time(response)
        self._renewed = self._awake = before
        if "IfNoneMatch" in condition or silent:
            left = REQUEST_SECONDS + self._lease - silent
            self.others_end = now + timedelta(seconds=left) if left > 0 else None
        return True

    def _read(self) -> tuple[dict[str, Any], str, float, datetime] | None:
        """The lock's body, its ETag, its age in seconds by the store's clock, and what that clock says."""
        with fenced(None):
            found = self._aws.find("s3", "GetObject", "NoSuchKey", **self._object)
        if found is None:
            return None
        modified, now = found["LastModified"], store_time(found)
        where = f"s3://{self._object['Bucket']}/{self._object['Key']}"
        return stored_object(found["Body"], where), found["ETag"], (now - modified).total_seconds(), now

    def _take_over(self, wait: bool) -> bool:
        found = self._read()
        if found is None:
            return False
        body, etag, age, _ = found
        if age > self._lease:
            self._say(f"{self._project}: taking over the lease of {who(body)}, silent for {age:.0f} s.")
            return self._put({"IfMatch": etag}, age)
        if not wait:
            raise LockedError(
                f"{self._env.name}/{self._project} is being deployed by {who(body)}. Wait for it (--wait), or, if it is dead, "
                f"deploy again in {self._lease - age:.0f} s, or remove its lease ({typed('unlock')})."
            )
        if not self._waiting:
            self._say(f"{self._project}: waiting for {who(body)}.")
        self._waiting = True
        return False

    def _renew(self) -> None:
        while not self._stopping.wait(self._lease * BEAT) and not self._lost:
            now = self._clock()
            if now - self._awake <= self._lease * PAUSE:
                self._awake = now
            self._renew_now()

    def _must_ask(self, now: float) -> bool:
        """Whether so much time has passed unseen, or without a renewal, that the lease may be somebody else's."""
        return now - self._awake > self._lease * PAUSE or now - self._renewed > self._lease * RENEWED_AFTER * 2

    def _renew_now(self) -> None:
        """Renews the lease if that is due, or finds it lost: to another, or because AWS could not be told of it in time."""
        with self._renewing:
            now = self._clock()
            if self._lost or not (self._must_ask(now) or now - self._renewed >= self._lease * RENEWED_AFTER):
                return
            reason = "it was not renewed in time, or somebody has taken it."
            try:
                kept = self._put({"IfMatch": self._etag or ""})
            except DeployError as error:
                paused = now - self._awake > self._lease * PAUSE
                if isinstance(error, AwsError) and not paused and self._clock() - self._renewed < self._lease * WRITES_UNTIL:
                    return
                kept, reason = False, f"it could not be renewed. {error}"
            if not kept:
                place = f"{self._env.name}/{self._project}"
                self._lost = f"The lease on {place} was lost: {reason} This deploy stops before its next change."


def who(body: Mapping[str, Any]) -> str:
    """A person, a machine, a time, a commit and a version of the deployer, as far as the lock tells them."""
    said = {name: printable(body[name], 80) for name in ("holder", "host", "since", "commit", "deployer") if body.get(name)}
    since = f" since {said['since']}" if "since" in said else ""
    details = [f"commit {said['commit'][:12]}"] if "commit" in said else []
    details += [f"deployer {said['deployer']}"] if "deployer" in said else []
    more = f" ({', '.join(details)})" if details else ""
    return f"{said.get('holder', 'somebody')} on {said.get('host', 'an unknown machine')}{since}{more}"
