"""The time at which this process started: users also wait for the start of Python and for the loading of modules."""

import os
import time
from pathlib import Path

LOADED = time.monotonic()
"""The time at which this module was loaded. Systems without `/proc` report nothing earlier, so there the start of Python is
missing."""
LOADED_NS = time.time_ns()
"""The same time in nanoseconds since the epoch, to compare with the times of files."""


def process_started() -> float:
    """Returns the start of this process on the clock of `time.monotonic`.

    Follows https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 22, in ticks since the system was started.
    """
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[22 - 3]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return LOADED
    return time.monotonic() - age if age >= 0 else LOADED
