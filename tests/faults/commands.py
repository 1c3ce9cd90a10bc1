"""The real commands, as processes of their own, in a clone of the repository whose embedded AWS is what a test says it is."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.local import environments
from tests.faults.proxy import Call, Held, Proxy, pass_on
from tests.support.repository import remove_projects

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "common" / "local" / "runtime"
PARTS = ("common", "config", "projects", "tests/faults", "deploy.py", "tasks.py", "invoke.yaml")
PACE = 50
"""How much faster than the world a command's time may fly where it only waits."""
ACCOUNT, REGION = "000000000000", "us-east-1"


def ministack() -> Path:
    """The Python that runs the embedded AWS."""
    return environments.python("ministack", print)


def clone(to: Path) -> Path:
    """The repository's files that a deploy reads, in a folder of their own: two projects of all types that have a step."""
    ignored = shutil.ignore_patterns("__pycache__", "env")
    for part in PARTS:
        source, target = ROOT / part, to / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copyfile(source, target)
    remove_projects(to, "orders")  # a third one would take longer and fail in no other way
    return to


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> dict[str, Any]:
        """Of a command with --json: its object."""
        output: dict[str, Any] = json.loads(self.out)
        return output

    def changes(self) -> dict[str, str]:
        """Of a command with --json: what was to be done, by key."""
        return {
            f"{change['project']}:{change['key']}": change["action"]
            for change in self.said["changes"]
            if change["action"] != "noop"
        }


@dataclass(frozen=True)
class Clone:
    """A clone; its commands find an AWS at whatever `endpoint` they are given."""

    root: Path

    def start(self, endpoint: str, *words: str, pace: float = 1.0) -> subprocess.Popen[str]:
        """`invoke …` on the way. With a `pace` above one, it does not wait as long between tries as it would."""
        self._announce(endpoint)
        program = ["-m", "invoke"] if pace == 1 else ["-m", "tests.faults.hurried", str(pace)]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**variables, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def run(self, endpoint: str, *words: str, pace: float = 1.0, seconds: float = 120) -> Ended:
        """`invoke …` to its end, which came without a traceback."""
        return ended(self.start(endpoint, *words, pace=pace), seconds)

    def deploy(self, endpoint: str, *words: str, pace: float = 1.0) -> Ended:
        """`invoke deploy --env local --json`."""
        return self.run(endpoint, "deploy", "--env", "local", "--json", *words, pace=pace)

    def _announce(self, endpoint: str) -> None:
        """As the embedded AWS does when it has started."""
        folder = self.root / "build" / "local"
        whose = {"account_id": ACCOUNT, "region": REGION, "credentials": str(folder / "credentials")}
        about = {"endpoint": endpoint, "pid": os.getpid(), **whose}
        announcement = folder / "embedded.json"
        fresh = announcement.with_suffix(".new")
        fresh.write_text(json.dumps(about))
        fresh.replace(announcement)

    @contextmanager
    def held(self) -> Iterator["Clone"]:
        """For as long as this lasts the embedded AWS counts as running."""
        folder = self.root / "build" / "local"
        folder.mkdir(parents=True)
        (folder / "credentials").write_text(f"[embedded]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = any\n")
        with (folder / "embedded.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self

    @contextmanager
    def edited(self, path: str, text: str) -> Iterator[None]:
        """With another content of one of its files."""
        before = (self.root / path).read_text()
        (self.root / path).write_text(text)
        try:
            yield
        finally:
            (self.root / path).write_text(before)

    @contextmanager
    def configured(self, **settings: Any) -> Iterator[None]:
        """With these keys in `config/local.json`."""
        path = "config/local.json"
        with self.edited(path, json.dumps({**json.loads((self.root / path).read_text()), **settings})):
            yield


@contextmanager
def held(proxy: Proxy, is_held: Callable[[Call], bool], *, delivered: bool = True) -> Iterator[Held]:
    """The first call of this kind waits for its answer until the end; `here` tells that it has arrived."""
    holding = Held(threading.Event(), threading.Event(), delivered)

    def rule(call: Call) -> Held | None:
        return holding if not holding.here.is_set() and is_held(call) else None

    proxy.rule = rule
    try:
        yield holding
    finally:
        holding.until.set()
        proxy.rule = pass_on


def ended(process: subprocess.Popen[str], seconds: float = 120) -> Ended:
    """Waits for a command; whatever happened to it, it must not have shown a traceback."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {seconds} s:\n{out}\n{err}") from None
    assert "Traceback" not in out + err, out + err
    return Ended(process.returncode, out, err)


def told(process: subprocess.Popen[str], text: str) -> str:
    """What a command has printed up to the line that has this text, which it is waited for; what follows is not lost."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"it has ended and not said {text!r}:\n{''.join(lines)}")


def interrupt(process: subprocess.Popen[str], number: int) -> None:
    """Sends a signal and waits until the process has got it; where nobody tells that, for a moment."""
    process.send_signal(number)
    status, pending = Path(f"/proc/{process.pid}/status"), 1 << (number - 1)
    if not status.exists():
        time.sleep(0.3)
        return
    end = time.monotonic() + 60
    while int(status.read_text().partition("ShdPnd:")[2].split()[0], 16) & pending:
        assert time.monotonic() < end, "the process does not take the signal"
        time.sleep(0.01)


def settled(repo: Clone, proxy: Proxy) -> None:
    """Nothing is left to do, by what is recorded and by what is live: two plans of one command line."""
    proxy.rule = pass_on
    plan = ["plan", "--env", "local", "--json"]
    left = repo.run(proxy.endpoint, *plan, *plan, "--verify", pace=PACE)
    by_records, end = json.JSONDecoder().raw_decode(left.out)
    by_reads = json.loads(left.out[end:])
    todo = [change for report in (by_records, by_reads) for change in report["changes"] if change["action"] != "noop"]
    assert (left.code, todo) == (0, []), left
    calls = [report["api_calls"]["by_operation"] for report in (by_records, by_reads)]
    assert [counts.get("glue:GetJob", 0) > 0 for counts in calls] == [False, True]
