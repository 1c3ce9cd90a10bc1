"""When this process started: people wait for the start of Python, and for what is loaded, as for everything else."""

import os
import time
from pathlib import Path

LOADED = time.monotonic()
"""When this module was loaded; systems without `/proc` tell no more, and what Python itself takes is missing there."""


def process_started() -> float:
    """The start of this process, on the clock of `time.monotonic`.

    Follows https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 22, in ticks since the system was started.
    """
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[22 - 3]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return LOADED
    return time.monotonic() - age if age >= 0 else LOADED
