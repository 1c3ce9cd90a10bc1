"""How fast packages are made: ``uv run python -m tests.bench.packaging``.

Whole processes on a generated project, and what installs packages beside pip. Only what was measured in one run may be compared:
a machine that is busy slows all of it down.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from common.local.environments import uv
from common.packaging import dependencies
from common.packaging.dependencies import Dependencies
from common.packaging.requirements import Requirements
from common.packaging.target import function_target
from tests.bench import measuring
from tests.bench.generated import PROJECT, Size, generate
from tests.support.repository import HANDLER, ROOT, Repository

ASKED = "requests\npydantic\nnumpy\n"
MODULES, LINES = 20, 200
"""Of each function of the generated project."""
SHARING = 3
"""Functions that import the shared module."""
Row = dict[str, Any]


class Project:
    """N functions, of which some share code; with `asked`, all ask for these packages."""

    def __init__(self, root: Path, number: int, requirements: str = "") -> None:
        self.repository, self.number = Repository(root), number
        generate(self.repository, Size(number, 0), "123456789012")
        (root / "common").symlink_to(ROOT / "common")
        words = random.Random(number)  # text that packs as code does, and the same each time
        for function in range(number):
            folder = f"projects/{PROJECT}/lambda/Fn{function:04}"
            for module in range(MODULES):
                lines = (f"name_{words.randrange(500)} = {words.randrange(100_000)}" for _ in range(LINES))
                self.repository.write(f"{folder}/part_{module}.py", "\n".join(lines))
            self.repository.write(f"{folder}/handler.py", ("import shared.codes\n" if function < SHARING else "") + HANDLER)
            if requirements:
                self.repository.write(f"{folder}/requirements.txt", requirements)
        self.share(0)
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        if requirements:
            self.run("package-lambdas", "--lock")

    def share(self, edit: int) -> None:
        """Changes the shared code."""
        self.repository.write(f"projects/{PROJECT}/shared/codes.py", f"EDIT = {edit}\n")

    def run(self, *words: str) -> measuring.Run:
        """One command, as people start it."""
        return measuring.run([sys.executable, "-m", "invoke", *words], self.repository.root, self._environment)

    def built(self) -> tuple[measuring.Run, int]:
        """Packages what has to be packaged: the process, and how many were built."""
        ended = self.run("package-lambdas", "--json")
        return ended, sum(package["built"] for package in json.loads(ended.out)["packages"])

    def forget(self) -> None:
        """Nothing was ever packaged here; what was installed for it is kept."""
        shutil.rmtree(self.repository.root / "build/artifacts" / PROJECT)


def installing(place: Path, runs: int) -> Iterator[Row]:
    """Seconds of an installation from one lock, by uv as it is done for packages, and by pip; caches empty, then full."""
    requirements = Requirements(place / "requirements.txt")
    requirements.path.write_text(ASKED)
    installed = Dependencies(requirements, function_target("python3.11", "x86_64"))
    dependencies.lock(requirements, {installed.target})
    subprocess.run(
        [uv(), "venv", "--quiet", "--seed", "--no-project", "--python", sys.executable, str(place / "pip")], check=True
    )
    seconds: dict[str, list[float]] = {"cold uv": [], "cold pip": [], "warm uv": [], "warm pip": []}
    for number in range(runs):
        os.environ["UV_CACHE_DIR"] = str(place / f"uv-{number}")
        for state in ("cold", "warm"):
            build, target = place / f"build-{state}-{number}", place / f"target-{state}-{number}"
            command = _pip(place, requirements.lock, place / f"pip-{number}", target)
            seconds[f"{state} uv"].append(_timed(partial(installed.install, build)))
            seconds[f"{state} pip"].append(_timed(partial(_run, command)))
    for state in ("cold", "warm"):
        ours, theirs = (statistics.median(seconds[f"{state} {tool}"]) for tool in ("uv", "pip"))
        yield {"what": f"install requests, pydantic, numpy, {state} cache", "uv s": ours, "pip s": theirs, "x": theirs / ours}


def _pip(place: Path, lock: Path, cache: Path, target: Path) -> list[str]:
    """Pip's command for what uv is asked to do."""
    platforms = [f"manylinux{version}_x86_64" for version in ("2014", "_2_17", "_2_12", "_2_5")]
    where = [word for name in platforms for word in ("--platform", name)]
    what = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", "3.11", *where, "-r", str(lock)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile", "--cache-dir", str(cache)]
    return [str(place / "pip/bin/python"), "-m", "pip", "install", *quiet, *what, "--target", str(target)]


def unchanged(project: Project, runs: int) -> Row:
    """Seconds of a command that finds nothing to build, beyond those of one that does nothing, each pair in turn."""
    project.built()
    empty, built_runs = zip(*((project.run("--list"), project.built()) for _ in range(runs)), strict=True)
    beyond = [(whole, start) for (whole, _), start in zip(built_runs, empty, strict=True)]
    return {
        "what": f"{project.number} unchanged",
        "built": sum(number for _, number in built_runs),
        "start s": statistics.median(start.wall for start in empty),
        "whole s": statistics.median(whole.wall for whole, _ in built_runs),
        "beyond start s": statistics.median(whole.wall - start.wall for whole, start in beyond),
        "beyond start CPU s": statistics.median(whole.cpu - start.cpu for whole, start in beyond),
    }


def shared(project: Project) -> Row:
    """How many are built after one change of code that some share."""
    project.share(1)
    ended, built = project.built()
    return {"what": f"shared code of {SHARING} of {project.number} changed", "built": built, "whole s": ended.wall}


def cold(project: Project, runs: int, what: str = "") -> Row:
    """Builds of everything: how many cores the middle one used of those that were free, and the peak of memory of all."""
    results: list[tuple[measuring.Run, int, float]] = []
    for _ in range(runs):
        project.forget()
        results.append((*project.built(), free()))
    used, built, had = sorted(results, key=lambda result: result[0].cpu / result[0].wall)[len(results) // 2]
    row: Row = {"what": f"{project.number} cold{what}", "built": built, "whole s": used.wall, "CPU s": used.cpu}
    cores = used.cpu / used.wall
    return row | {"cores used": cores, "cores free": had, "peak MiB": max(run.peak_mib for run, *_ in results)}


def free() -> float:
    """How many cores this machine has for us just now: what as many busy processes as it has cores get."""
    spinning = "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass\nprint(time.process_time())"
    command = [sys.executable, "-c", spinning]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count() or 1)]
    return sum(float(process.communicate()[0]) for process in running)


def measured(runs: int) -> Iterator[Row]:
    """Everything, in folders that are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield from installing(Path(folder), min(runs, 3))
    for number in (20, 200):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(Path(folder), number)
            yield unchanged(project, runs)
            yield shared(project)
            yield cold(project, min(runs, 3))
    with tempfile.TemporaryDirectory() as folder:
        yield cold(Project(Path(folder), 8, ASKED), 1, " with requests, pydantic, numpy")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.packaging", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="of each measurement; default: %(default)s")
    parser.add_argument("--json", type=Path, help="where to write everything")
    chosen = parser.parse_args()
    rows: list[Row] = []
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n", flush=True)
    for row in measured(chosen.runs):
        rows.append(row)
        print(
            f"{row['what']}: " + ", ".join(f"{name} {_shown(value)}" for name, value in row.items() if name != "what"), flush=True
        )
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2))


def _run(command: list[str]) -> None:
    """Quietly: an index may warn about whatever this machine's configuration names besides."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")


def _timed(what: Callable[[], Any]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _shown(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
