"""`invoke` in a world where time flies: what takes patience with AWS takes none with a test.

Usage: ``python -m tests.faults.hurried FACTOR TASK …``. How long an answer may take stays as it is, as a slow machine is not
to be taken for a silent AWS; ``HURRIED_ANSWER`` says in seconds how long it may take instead.
"""

import os
import sys
import threading
import time

from botocore.httpsession import URLLib3Session
from botocore.retries import bucket

_sleep, _monotonic, _gettime, _wait = time.sleep, time.monotonic, time.clock_gettime, threading.Condition.wait


def main() -> None:
    factor = float(sys.argv.pop(1))

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        return _wait(condition, None if timeout is None else timeout / factor)

    time.sleep = lambda seconds: _sleep(float(seconds) / factor)
    time.monotonic = lambda: _monotonic() * factor
    time.clock_gettime = lambda clock: _gettime(clock) * factor
    threading.Condition.wait = wait  # type: ignore[method-assign, assignment]  # for this process alone
    bucket.Clock.current_time = lambda _: time.time() * factor  # what botocore's rate limiter measures by

    if seconds := os.environ.get("HURRIED_ANSWER"):
        made = URLLib3Session.__init__
        URLLib3Session.__init__ = lambda self, **options: made(self, **{**options, "timeout": (float(seconds),) * 2})

    from invoke.main import program  # what it imports may keep `sleep` by name

    program.run()


if __name__ == "__main__":
    main()
