"""Starts the forkable embedded AWS, copies it, and asks it what it holds."""

import json
import os
import random
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Emulator:
    """One embedded AWS: a process that serves a port."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def copy(self, port: int | None = None) -> "Emulator":
        """Another one in just this state, at this port or at any that is free; it ends with this one at the latest."""
        with _DIRECT.open(urllib.request.Request(f"{self.endpoint}/_copy?port={port or 0}", method="POST"), timeout=30) as answer:
            pid, chosen = json.loads(answer.read())
        assert chosen, f"port {port} is in use"
        return Emulator(pid, chosen)

    def objects(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Text and tags of every object, by ``bucket/key``."""
        with _DIRECT.open(f"{self.endpoint}/_objects", timeout=30) as answer:
            return {name: (text, tags) for name, (text, tags) in json.loads(answer.read()).items()}

    def put_clock_forward(self, seconds: float) -> None:
        """By how much its clock is ahead from now on, in answers; what is stored keeps its times."""
        request = urllib.request.Request(f"{self.endpoint}/_ahead?seconds={seconds}", method="POST")
        with _DIRECT.open(request, timeout=30):
            pass

    def crawl(self, name: str, looks: int) -> None:
        """Lets a crawler run until it has been looked at so often, or is stopped."""
        request = urllib.request.Request(f"{self.endpoint}/_crawl?name={name}&looks={looks}", method="POST")
        with _DIRECT.open(request, timeout=30):
            pass

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    @contextmanager
    def copied(self, port: int | None = None) -> Iterator["Emulator"]:
        """The same for as long as it is needed."""
        made = self.copy(port)
        try:
            yield made
        finally:
            made.end()


@contextmanager
def started(folder: Path, python: Path, runtime: Path) -> Iterator[Emulator]:
    """An empty one, run by ministack's own Python with the seams in `runtime`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    command = [str(python), str(HERE / "forkable_aws.py"), str(folder), str(runtime)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield Emulator(process.pid, int(line))
        assert process.poll() is None, f"the embedded AWS has ended with {process.returncode}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port() -> int:
    """A port that nobody uses now, from below those that the system itself gives to connections and servers meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def in_child(act: Callable[[], None], quiet: Path) -> int:
    """The id of a process that does this and ends; it shares nothing with this one. What it prints goes to `quiet`."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        output = os.open(quiet, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must not go on as a second parent, whatever happens
        import traceback  # only where it is needed

        traceback.print_exc()
    os._exit(code)
