"""`package-lambdas --watch`: every save builds the packages anew or, with an environment, deploys.

A round is a process of its own, just as if `invoke deploy` had been typed: Python imports a declaration once, and whoever watches
may edit it. What was saved is found by asking `stat` about all files a few times a second, as git does. That needs no library,
works on network drives and in containers, and does not watch what lies in `build/` and `.venv/`, where most files are.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from common.base import digest, programs, provenance, terminal
from common.base.errors import UsageError
from common.base.signals import SIGNALS
from common.environment import config_files
from common.model.choices import Choices
from common.packaging.source_files import NEVER_PACKAGED

PAUSE = 0.3
"""How many seconds pass between two looks. A save has ended when a look finds nothing new."""
CPU_SHARE = 0.1
"""Looking takes at most this fraction of the time of one CPU."""
OUTPUT_FOLDERS = frozenset({"build"})
"""Folders that commands write to."""
TEMPORARY = re.compile(r".*~|\.#.*|#.*#|\..*\.sw[a-z]|4913|\.new-.*|.*\.(log|out)")
"""Matches names of files that editors, and we, make while saving another, and of logs that the output of a watch may go to."""
Snapshot = Mapping[str, str]
"""What `stat` says of each file, by its path."""


def watch(
    root: Path,
    choices: Choices,
    *,
    json: bool = False,
    run: Callable[[list[str]], int] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], object] = terminal.say,
) -> None:
    """Runs a round now, and another whenever files have changed. A round reports its own failure. A signal ends the watch.

    Args:
        root: the repository.
        choices: environment, projects and pattern of each round.
        json: what each round prints.
        run: runs a command and returns its exit code.
        sleep: waits.
        say: shows a line to people; standard output belongs to the rounds.

    Raises:
        UsageError: the environment is protected.
        KeyboardInterrupt: a signal has come; a round that was under way has ended.
    """
    if choices.env is not None and config_files.load(root, choices.env).protected:
        raise UsageError(f"{choices.env} is protected: it takes what is committed, not every save. Watch without it.")
    command, files = _command(root, choices, json=json), FileWatch(root, sleep)
    verb = f"deploys to {choices.env}" if choices.env else "builds what has changed"
    say(f"Every save {verb}; Ctrl-C ends it.")
    while True:
        code = (run or run_round)(command)
        say(f"{'Done' if code == 0 else f'Failed with exit code {code}'}. Waiting for the next save.")
        say(files.wait())


class FileWatch:
    """Looks at the files of a repository; those that git ignores and those of `NEVER_PACKAGED` are left out.

    Changes are found from the moment when this is made.
    """

    def __init__(self, root: Path, sleep: Callable[[float], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self._root, self._sleep, self._clock = root, sleep, clock
        self._ignored = provenance.git_ignored(root)
        self._pause = PAUSE
        self._snapshot = self._look()

    def wait(self) -> str:
        """Returns once files have changed and then not again for a moment; says which."""
        while True:
            before, now = self._snapshot, self._look()
            while now != self._snapshot:
                self._snapshot = now
                self._sleep(self._pause)
                now = self._look()
            if now != before:
                self._ignored = provenance.git_ignored(self._root)
                self._snapshot = now = self._look()
                kept = {name: status for name, status in before.items() if name in now or not _is_below(name, self._ignored)}
                if changes := digest.differences(kept, now):
                    return changes
            self._sleep(self._pause)

    def _look(self) -> Snapshot:
        started = self._clock()
        snapshot = snapshot_of(self._root, self._ignored)
        self._pause = max(PAUSE, (self._clock() - started) / CPU_SHARE)
        return snapshot


def snapshot_of(root: Path, ignored: Collection[str]) -> Snapshot:
    """Size, times and inode of each file.

    Args:
        root: the repository.
        ignored: paths that are left out, with all that is below.
    """
    snapshot: dict[str, str] = {}
    waiting = [("", os.fspath(root))]
    while waiting:
        prefix, folder = waiting.pop()
        with suppress(OSError), os.scandir(folder) as entries:  # it may be gone again
            for entry in entries:
                name = prefix + entry.name
                if entry.name in NEVER_PACKAGED or name in ignored or name in OUTPUT_FOLDERS or TEMPORARY.fullmatch(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{name}/", entry.path))
                elif entry.is_file():
                    with suppress(OSError):
                        status = entry.stat()
                        snapshot[name] = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
    return snapshot


def run_round(command: list[str]) -> int:
    """Runs a command to its end. A signal is handed on to it, once: what is under way is better finished than killed.

    Raises:
        KeyboardInterrupt: a signal has come.
    """
    stopped: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def hand_on(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)
        if child is not None:
            child.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in SIGNALS}
    try:
        # A group of its own: else the terminal would signal it, too, and the second one ends a deploy at once.
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)  # our own program
        code = child.wait()
    finally:
        for number, action in before.items():
            signal.signal(number, action)
    if stopped:
        raise KeyboardInterrupt
    return code


def _command(root: Path, choices: Choices, *, json: bool) -> list[str]:
    task = "deploy" if choices.env else "package-lambdas"
    words = [*choices.selection(), *(["--json"] if json else [])]
    return [*programs.isolated_python("-m", "invoke"), "--search-root", str(root), task, *words]


def _is_below(name: str, ignored: Collection[str]) -> bool:
    parts = name.split("/")
    return any("/".join(parts[:length]) in ignored for length in range(1, len(parts) + 1))
