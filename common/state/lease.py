"""A lease on one project of an environment: at most one deploy changes a project at a time.

The lock is an object that only one process can create (a conditional put). Its holder renews it by compare-and-set. So a holder
that others took for dead notices at its next renewal or write that it has lost the lease. The age of a lease is measured by the
store's clock alone; the clocks of two machines are never compared. All of this relies on the store refusing a put whose condition
does not hold. So before the first deploy of a project, the store is tested once.

A holder writes only while its lease is proved. If the last proof is nearly as old as a lease may become, or if the process was
paused (stopped, or the machine slept) so that others may have taken it for dead, it renews the lease before it writes. Requests
that it sent before the pause may still arrive; `late_requests_until` says until when.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta

from common.aws.fence import REQUEST_SECONDS, fenced
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, DeployError, LockedError, UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.environment.config import Environment
from common.state.stored_objects import ABSENT, WRITER, printable, store_time, stored_object

LEASE_SECONDS = 60.0
RENEW_AFTER = 0.25
"""Renew the lease once this fraction of its duration has passed."""
STOP_WRITING_AFTER = 0.75
"""Begin no call once this fraction of the lease's duration has passed since the last proof; the call must arrive in the rest."""
CLOCK_INTERVAL = 1 / 60
"""How often a holder looks at its clock, as a fraction of the lease's duration."""
LONGEST_UNSEEN = 1 / 12
"""After a pause longer than this fraction of the lease's duration, the holder renews the lease before it writes."""
TAKEN = frozenset({"PreconditionFailed", "412"})
RACED = frozenset({"ConditionalRequestConflict", "409"})
OTHER = '"00000000000000000000000000000000"'
"""No object has this ETag."""
CONDITIONS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("DeleteObject", "If-Match", {"IfMatch": OTHER}),
    ("PutObject", "If-Match", {"IfMatch": OTHER}),
    ("PutObject", "If-None-Match", {"IfNoneMatch": "*"}),
)
"""The store must refuse these while the lock exists. Deletion comes first: a store that deletes the lock may accept the rest."""


def _seconds() -> float:
    """Seconds of a clock that never goes back. It includes the time in which the machine slept, where the system allows that."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lock:
    """The lease on one project.

    Args:
        about: who wants the lease: ``holder``, ``host``, ``commit``; shown to others who want it, too.
        say: is called with a sentence when the lease of a dead holder is taken over, and when waiting begins.
        lease: the duration in seconds; a lease that was not renewed for so long may be taken over.
        clock: returns seconds that never go back.
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
        self.late_requests_until: datetime | None = None
        """The time, by the store's clock, until which requests of an earlier holder may still arrive. None if none can."""
        self._object = {**env.store, "Key": f"{env.stored(project)}lock.json"}
        self._token = uuid.uuid4().hex
        self._etag: str | None = None
        self._lost: str | None = None
        self._waiting = False
        self._stopping = threading.Event()
        self._renewer: threading.Thread | None = None

    def acquire(self, *, wait: bool = False, stopped: Callable[[], bool] = lambda: False) -> None:
        """Takes the lease, also that of a dead holder, unless this object holds it already.

        Args:
            wait: wait while another deploy holds the lease, instead of giving up.
            stopped: once it returns True, waiting ends.

        Raises:
            LockedError: another deploy holds the lease.
        """
        if self._etag is not None:
            return
        while not (self._put({"IfNoneMatch": "*"}) or self._take_over(wait and not stopped())):
            self._aws.sleep(2.0)
        self._renewer = threading.Thread(target=self._keep_renewing, name=f"lease-{self._project}", daemon=True)
        self._renewer.start()

    def prove(self, pool: Executor) -> None:
        """Tests, while the lease is held, that the store refuses a deletion and two puts whose conditions do not hold.

        Raises:
            UsageError: the store does not, so it cannot keep two deploys apart. The lock has been deleted.
        """
        for ignored in filter(None, [*pool.map(self._ignored, CONDITIONS)]):
            self._stop_renewing()
            self._aws.call("s3", "DeleteObject", **self._object)
            self._etag = None
            raise UsageError(
                f"The store of s3://{self._env.artifact_bucket} ignores {ignored}, so two deploys could not be kept apart. Use a "
                f"store that keeps to conditional writes, as S3 does. Nothing was deployed."
            )

    def _ignored(self, tested: tuple[str, str, Mapping[str, str]]) -> str:
        operation, header, condition = tested
        body = {"Body": self._body()} if operation == "PutObject" else {}
        try:
            self._aws.call("s3", operation, **self._object, **body, **condition)
        except AwsError as error:
            if error.code not in TAKEN | RACED | ABSENT:
                raise
            return ""
        return f"{header} on {operation}"

    def check(self) -> None:
        """Makes sure that the lease is still held. Call it before every write.

        After a pause of the process, or if the lease was not renewed in time, it is renewed first.

        Raises:
            LockedError: the lease was lost.
        """
        if self._may_be_lost(self._clock()):
            self._renew_if_due()
        if self._lost:
            raise LockedError(self._lost)

    def release(self) -> None:
        """Gives the lease back. If another deploy holds it by now, it stays as it is."""
        self._stop_renewing()
        if self._etag and not self._lost:
            try:
                self._aws.call("s3", "DeleteObject", **self._object, IfMatch=self._etag)
            except AwsError as error:
                if error.code not in TAKEN | ABSENT:
                    raise
        self._etag = self.late_requests_until = None

    def holder(self) -> JsonObject | None:
        """The body of the present lock, which describes its holder; None if there is no lock."""
        lock = self._read()
        return None if lock is None else lock[0]

    def remove(self, ask: Callable[[str], None]) -> bool:
        """Removes the lock, whoever holds it. Only people may decide this.

        Args:
            ask: is called first with a sentence about the holder; it raises to keep the lock.

        Returns:
            Whether there was a lock.

        Raises:
            LockedError: the lock was renewed, taken over or given back meanwhile.
        """
        lock = self._read()
        if lock is None:
            return False
        body, etag, age, _ = lock
        lease = f"{self._env.name}/{self._project}"
        ask(f"{lease} is held by {who(body)}; last heard of {max(age, 0):.0f} s ago")
        try:
            self._aws.call("s3", "DeleteObject", **self._object, IfMatch=etag)
        except AwsError as error:
            if error.code not in TAKEN | ABSENT:
                raise
            raise LockedError(f"{lease}: the lease was just renewed, taken over or given back. It was not removed.") from None
        return True

    def _stop_renewing(self) -> None:
        self._stopping.set()
        if self._renewer:
            self._renewer.join()

    def _body(self) -> bytes:
        """The lock's body. Its bytes differ each time, because S3 derives the ETag from them, which a renewal must change."""
        return json.dumps({**WRITER, "token": self._token, "put": uuid.uuid4().hex, **self._about}).encode()

    def _put(self, condition: Mapping[str, str], silent: float = 0.0) -> bool:
        """Writes the lock. Returns False if the condition does not hold.

        Args:
            condition: the condition that the store checks, as parameters of PutObject.
            silent: seconds since the last renewal by an earlier holder; 0 if there was none.
        """
        body, before = self._body(), self._clock()
        try:
            with fenced(None):  # the fence itself calls this
                response = self._aws.call(
                    "s3", "PutObject", **self._object, Body=body, ContentType="application/json", **condition
                )
        except AwsError as error:
            if error.code not in TAKEN | RACED | ABSENT:
                raise
            # If the answer to a put is lost, botocore sends it again, and then it finds its own object.
            lock = self._read()
            if lock is None and error.code == "NoSuchKey" and self._etag and not error.deleted:
                raise  # not found although nobody has deleted it: a new bucket may answer so for a while, see `retries`
            if lock is None or lock[0].get("token") != self._token:
                return False
            self._etag, now = lock[1], lock[3]
        else:
            self._etag, now = response["ETag"], store_time(response)
        self._renewed = self._awake = before
        if "IfNoneMatch" in condition or silent:
            left = REQUEST_SECONDS + self._lease - silent
            self.late_requests_until = now + timedelta(seconds=left) if left > 0 else None
        return True

    def _read(self) -> tuple[JsonObject, str, float, datetime] | None:
        """The lock's body, its ETag, its age in seconds, and the present time, both by the store's clock."""
        with fenced(None):
            response = self._aws.find("s3", "GetObject", "NoSuchKey", **self._object)
        if response is None:
            return None
        modified, now = response["LastModified"], store_time(response)
        where = f"s3://{self._object['Bucket']}/{self._object['Key']}"
        return stored_object(response["Body"], where), response["ETag"], (now - modified).total_seconds(), now

    def _take_over(self, wait: bool) -> bool:
        lock = self._read()
        if lock is None:
            return False
        body, etag, age, _ = lock
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

    def _keep_renewing(self) -> None:
        while not self._stopping.wait(self._lease * CLOCK_INTERVAL) and not self._lost:
            now = self._clock()
            if now - self._awake <= self._lease * LONGEST_UNSEEN:
                self._awake = now
            self._renew_if_due()

    def _may_be_lost(self, now: float) -> bool:
        """Whether the process was paused, or did not renew the lease, for so long that another deploy may have taken it."""
        return now - self._awake > self._lease * LONGEST_UNSEEN or now - self._renewed > self._lease * RENEW_AFTER * 2

    def _renew_if_due(self) -> None:
        """Renews the lease if that is due. It is lost if another deploy has it, or if it could not be renewed in time."""
        with self._renewing:
            now = self._clock()
            if self._lost or not (self._may_be_lost(now) or now - self._renewed >= self._lease * RENEW_AFTER):
                return
            reason = "it was not renewed in time, or somebody has taken it."
            try:
                kept = self._put({"IfMatch": self._etag or ""})
            except DeployError as error:
                paused = now - self._awake > self._lease * LONGEST_UNSEEN
                if (
                    isinstance(error, AwsError)
                    and not paused
                    and self._clock() - self._renewed < self._lease * STOP_WRITING_AFTER
                ):
                    return
                kept, reason = False, f"it could not be renewed. {error}"
            if not kept:
                lease = f"{self._env.name}/{self._project}"
                self._lost = f"The lease on {lease} was lost: {reason} This deploy stops before its next change."


def who(body: JsonMapping) -> str:
    """Describes a lock's holder for people: person, machine, time, commit and version, as far as the lock has them."""
    fields = {name: printable(body[name], 80) for name in ("holder", "host", "since", "commit", "deployer") if body.get(name)}
    since = f" since {fields['since']}" if "since" in fields else ""
    details = [f"commit {fields['commit'][:12]}"] if "commit" in fields else []
    details += [f"deployer {fields['deployer']}"] if "deployer" in fields else []
    more = f" ({', '.join(details)})" if details else ""
    return f"{fields.get('holder', 'somebody')} on {fields.get('host', 'an unknown machine')}{since}{more}"
