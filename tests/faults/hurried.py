"""`invoke` in a world where time flies: what takes patience with AWS takes none with a test.

Usage: ``python -m tests.faults.hurried FACTOR TASK …``
"""

import sys
import threading
import time

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

    from invoke.main import program  # noqa: PLC0415 - what it imports may keep `sleep` by name

    program.run()


if __name__ == "__main__":
    main()
