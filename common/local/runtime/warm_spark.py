"""One Java process that stays between Spark jobs, so that the second run starts in a second or two.

Each run has a fresh Python process, which makes a Spark context of its own in this process and stops it at its end: views,
configuration, cached tables and the current database end with it (see ``boot.py``). One run at a time has the process; a run
beside it starts its own, as does a job that asks for a jar, for files or for settings of the Java process. A run that does not
end properly takes the process with it. It ends after ten idle minutes, and with the embedded AWS, which holds its standard input.
"""

import os
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import errors
from settings import Credentials

IDLE_SECONDS = 600
"""How long the process waits for the next run."""
_START_SECONDS = 90
_COLD_ARGUMENTS = ("--extra-jars", "--extra-files")
_COLD_SETTINGS = ("spark.driver.", "spark.jars", "spark.executor.")


@dataclass
class _Process:
    """The Java process, whose environment it is, and where clients connect."""

    program: "subprocess.Popen[str]"
    environment: dict[str, str]
    variables: dict[str, str]


def suits(arguments: dict[str, str]) -> bool:
    """Whether a job with these arguments can run in a process that others used before."""
    conf = arguments.get("--conf", "")
    return not any(arguments.get(name) for name in _COLD_ARGUMENTS) and not any(name in conf for name in _COLD_SETTINGS)


class WarmSpark:
    """Lends the Java process to one run at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lease = threading.Lock()
        self._process: _Process | None = None
        self._write: Callable[[str], None] = lambda _: None
        self._idle: threading.Timer | None = None

    @contextmanager
    def leased(self, environment: dict[str, str], released: Path, write: Callable[[str], None]) -> Iterator[dict[str, str]]:
        """The variables with which a run finds the process; none where another run has it or it does not start.

        What the process writes meanwhile goes to ``write``. The run leaves the file ``released`` once it is done with it.
        """
        if not self._lease.acquire(blocking=False):
            yield {}
            return
        try:
            if self._idle:
                self._idle.cancel()
            self._write = write
            process = self._running(environment)
            yield process.variables if process else {}
            time.sleep(0.1)  # the last lines of the log are on their way
            self._write = lambda _: None
            if not released.exists():
                self._end()
        finally:
            self._idle = threading.Timer(IDLE_SECONDS, self._end_idle)
            self._idle.daemon = True
            self._idle.start()
            self._lease.release()

    @property
    def is_running(self) -> bool:
        """Whether the process is there, or is being started."""
        return self._lease.locked() or (self._process is not None and self._process.program.poll() is None)

    def warm_up(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        """Start the process, and run a program with it that does what every job does first.

        Raises:
            JobError: the process does not start, or the program fails.
        """
        lines: list[str] = []
        pipe = subprocess.PIPE
        with (
            self.leased(environment, folder / "released", lines.append) as variables,
            subprocess.Popen(  # our own program
                command, cwd=folder, env={**environment, **variables}, text=True, errors="replace", process_group=0,
                stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT,
            ) as program,
        ):  # fmt: skip
            lines += program.stdout or ()
        if program.returncode != 0:
            raise errors.JobError("Spark does not start: " + " ".join(line.strip() for line in lines[-5:]))

    def _running(self, environment: dict[str, str]) -> _Process | None:
        needed = {
            name: value
            for name, value in environment.items()
            if name.startswith(("AWS_", "JAVA", "SPARK_HOME", "PYSPARK")) and name not in Credentials.NAMES
        }
        if self._process and (self._process.program.poll() is not None or self._process.environment != needed):
            self._end()
        if self._process is None:
            self._process = self._start(environment, needed)
        return self._process

    def _start(self, environment: dict[str, str], needed: dict[str, str]) -> _Process | None:
        for name in ("tmp", "conf"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        announcement = self._folder / "gateway"
        announcement.unlink(missing_ok=True)
        configuration = Path(environment["SPARK_CONF_DIR"])
        run = str(configuration.parent)
        for file in configuration.iterdir():  # the run's own, at this process's places
            (self._folder / "conf" / file.name).write_text(file.read_text().replace(run, str(self._folder)))
        own = {
            **environment,
            "SPARK_CONF_DIR": str(self._folder / "conf"),
            "SPARK_LOCAL_DIRS": str(self._folder / "tmp"),
            "TMPDIR": str(self._folder / "tmp"),
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(announcement),
        }
        for name in ("PYTHONPATH", *Credentials.NAMES):  # each run's own, see `job_program`
            own.pop(name, None)
        command = [f"{environment['SPARK_HOME']}/bin/spark-submit", "pyspark-shell"]
        program = subprocess.Popen(  # Spark's own program
            command, cwd=self._folder, env=own, text=True, errors="replace", process_group=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        threading.Thread(target=self._pump, args=(program,), daemon=True).start()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and program.poll() is None:
            if announcement.exists():
                with announcement.open("rb") as file:
                    port, length = struct.unpack(">ii", file.read(8))
                    secret = file.read(length).decode()
                announcement.unlink()
                return _Process(program, needed, {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret})
            time.sleep(0.05)
        _kill(program)
        return None

    def _pump(self, program: "subprocess.Popen[str]") -> None:
        for line in program.stdout or ():
            if line.strip():
                self._write(line.rstrip("\n"))

    def _end_idle(self) -> None:
        if self._lease.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lease.release()

    def _end(self) -> None:
        if self._process:
            _kill(self._process.program)
            self._process = None


def _kill(program: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait(10)
