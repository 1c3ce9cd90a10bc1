"""What a machine and a repository need before AWS is asked: programs, versions, the deployer's files, configuration."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from common.base import programs
from common.base.command_text import typed
from common.base.errors import DeployError
from common.base.plural import counted
from common.base.version import VERSION
from common.declare import project_names, projects
from common.environment import config_files, config_json
from common.local import environments
from common.setup import deployer_files
from common.setup.finding import FINE, NOTE, PROBLEM, Finding

OLDEST, NEWEST = (3, 11), (3, 14)
"""The versions of Python that are tested."""


def check_machine(root: Path) -> Iterator[Finding]:
    """Looks at what the machine has."""
    version = sys.version_info[:2]
    shown = ".".join(map(str, sys.version_info[:3]))
    is_tested = OLDEST <= version <= NEWEST
    yield Finding(
        "Python", FINE if is_tested else NOTE, shown, "" if is_tested else "Python 3.11 to 3.14 are tested: `uv python pin 3.13`."
    )
    yield _program("uv", PROBLEM, "It installs packages of functions and jobs: `pip install uv`.", sys.executable)
    yield _program("git", NOTE, "Without it nobody sees from which commit a deploy was, and protected environments are refused.")
    java = environments.installed_java()
    text = java or "no Java 17 or 11"
    yield Finding(
        "Java", FINE if java else NOTE, text, "" if java else "Local Spark needs one: the first run fetches it (190 MB)."
    )
    yield _dependencies(root)
    build = root / "build"
    is_writable = os.access(build if build.exists() else root, os.W_OK)
    yield Finding(
        "build/",
        FINE if is_writable else PROBLEM,
        "can be written" if is_writable else "cannot be written",
        "" if is_writable else f"Make {build} writable.",
    )


def _program(name: str, missing: Literal["note", "problem"], advice: str, beside: str = "") -> Finding:
    places = os.pathsep.join([*([str(Path(beside).parent)] if beside else []), programs.search_path()])
    path = shutil.which(name, path=places)
    if path is None:
        return Finding(name, missing, "is not installed", advice)
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)+", done.stdout)
    return Finding(name, FINE, number[0] if number else path)


def _dependencies(root: Path) -> Finding:
    """Whether the libraries that are installed are those that `pyproject.toml` pins."""
    try:
        pinned = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    except (OSError, ValueError, KeyError):
        return Finding("libraries", NOTE, "there is no pyproject.toml that pins them")
    wrong = []
    for requirement in map(Requirement, pinned):
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if version not in requirement.specifier:
            wrong.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    if wrong:
        return Finding("libraries", PROBLEM, ", ".join(wrong), "Type `uv sync`, and start commands with `uv run`.")
    return Finding("libraries", FINE, f"{len(pinned)} as pinned")


def check_repository(root: Path) -> Iterator[Finding]:
    """Looks at the deployer's files, the configuration of all environments, and what is declared for them."""
    try:
        recorded = deployer_files.recorded(root)
        edits = deployer_files.edited(root, recorded) if recorded is not None else []
    except DeployError as error:
        yield Finding("deployer", PROBLEM, str(error))
    else:
        text = f"{VERSION}, as it came" if recorded is not None else f"{VERSION}, without a manifest"
        advice = f"`{typed('upgrade')}` will refuse to take these edits away."
        yield Finding("deployer", NOTE, f"{VERSION}, {edits[0]}", advice) if edits else Finding("deployer", FINE, text)
    names = config_json.environments(root)
    if not names:
        advice = f"`{typed('new --environment dev --account 111111111111 --region us-east-1')}` writes one."
        yield Finding("config/", PROBLEM, "there is no environment", advice)
    for name in names:
        try:
            environment = config_files.load(root, name)
            declared = projects.load(root, environment, project_names.enabled_projects(root, environment))
        except DeployError as error:
            yield Finding(f"config/{name}.json", PROBLEM, str(error))
        else:
            yield Finding(f"config/{name}.json", FINE, f"{counted(len(declared) - 1, 'project')} can be declared")


def states(findings: list[Finding]) -> Mapping[str, int]:
    """How many findings there are of each state."""
    return {state: sum(finding.state == state for finding in findings) for state in (FINE, NOTE, PROBLEM)}
