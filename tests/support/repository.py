"""A throw-away repository: the real tasks on configuration and projects of its own.

`tasks.py` takes its own folder for the repository, so a copy of it is what makes another one; `common` stays the real one for
commands in this process, and is copied only for commands in a process of their own.
"""

import contextlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from invoke.program import Program

from common.declare import project_names, projects
from common.declare.declaration import Declares
from common.environment.config import Environment
from common.environment.config_files import load
from common.model.resource import Resource

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
CONFIG: Mapping[str, Any] = {
    "$schema": "schema.json",
    "name": "dev",
    "account_id": ACCOUNT,
    "region": "eu-central-1",
    "name_prefix": "t-dev",
    "artifact_bucket": "t-dev-artifacts",
}
SHARED = """
from common import Environment, SharedResources, main


def pipeline(env: Environment) -> SharedResources:
    shared = SharedResources(env)
    shared.bucket("artifacts")
    shared.log_group("states")
    shared.log_group("glue/output")
    shared.log_group("glue/error")
    return shared


if __name__ == "__main__":
    main("deploy-shared")
"""
PROJECT = """
from pathlib import Path

from common import Environment, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    p = Pipeline({name!r}, env, Path(__file__).parent)
    {body}
    return p


if __name__ == "__main__":
    main("deploy", {name!r})
"""
HANDLER = "def handler(event, context):\n    return event\n"
SCRIPT = "print('rows')\n"


def remove_projects(root: Path, *names: str) -> None:
    """Removes projects of a repository, with what its configuration says of them; without names, all that it has."""
    gone = set(names) or {path.parent.name for path in root.glob("projects/*/deploy.py")}
    for name in gone:
        shutil.rmtree(root / "projects" / name)
    for path in root.glob("config/*.json"):
        content = json.loads(path.read_text())
        if "projects" in content:
            kept = {name: section for name, section in content["projects"].items() if name not in gone}
            path.write_text(json.dumps({**content, "projects": kept}, indent=2) + "\n")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Repository:
    """A repository with an environment `dev`, shared resources and, once asked for, projects."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.configure()
        self.write("deploy.py", SHARED)
        for name in ("tasks.py", "invoke.yaml"):
            shutil.copyfile(ROOT / name, root / name)

    def write(self, path: str, content: str | bytes | Mapping[str, Any]) -> Path:
        """A file; objects become JSON."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content) if isinstance(content, Mapping) else content
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def configure(self, name: str = "dev", **settings: Any) -> None:
        """`config/<name>.json`: a valid one with these keys; a protected one is deployed from a commit alone."""
        self.write(f"config/{name}.json", {**CONFIG, "name": name, **settings})
        if settings.get("protected"):
            self.commit()

    def project(self, name: str = "acres", *lines: str) -> None:
        """A project with the function `Validate` and the job `load`, its declaration made of these lines."""
        self.write(f"projects/{name}/deploy.py", PROJECT.format(name=name, body="\n    ".join(lines)))
        self.write(f"projects/{name}/lambda/Validate/handler.py", HANDLER)
        self.write(f"projects/{name}/glue/landing/load.py", SCRIPT)

    def commit(self) -> None:
        """Everything in it, in a git repository; what commands leave behind is ignored."""
        self.write(".gitignore", "build/\n__pycache__/\n")
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "All of it")):
            subprocess.run(["git", "-C", str(self.root), *words], check=True)

    def files(self) -> dict[str, bytes]:
        """Everything in it, by path, but for what only saves time."""
        passing = {"__pycache__", "checked-definitions"}
        paths = (path for path in self.root.rglob("*") if path.is_file() and passing.isdisjoint(path.parts))
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}

    def environment(self, name: str = "dev") -> Environment:
        return load(self.root, name)

    def declared(self, *names: str, environment: str = "dev") -> list[Declares]:
        """The declared pipelines, the shared resources first."""
        with fresh_imports():
            env = self.environment(environment)
            return projects.load(self.root, env, list(names) or project_names.deployed_projects(self.root, env))

    def resources(self) -> dict[str, Resource]:
        """The projects' resources by ``kind/name``."""
        return {str(resource.key): resource for pipeline in self.declared()[1:] for resource in pipeline.rendered()}

    def invoke(self, *words: str) -> Ended:
        """`invoke …` in this process."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with fresh_imports(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                Program().run(["invoke", "--search-root", str(self.root), *words])
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())

    def shell(self, *command: str, **environment: str) -> Ended:
        """A command in a process of its own, in the repository's folder; `python` and `invoke` are this environment's."""
        if not (self.root / "common").exists():
            shutil.copytree(ROOT / "common", self.root / "common", ignore=shutil.ignore_patterns("__pycache__"))
        program = [sys.executable] if command[0] == "python" else [sys.executable, "-m", command[0]]
        variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
        done = subprocess.run(
            [*program, *command[1:]], cwd=self.root, env=variables, capture_output=True, text=True, check=False, timeout=60
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def fresh_imports() -> Iterator[None]:
    """Declarations and tasks are imported anew, as in a new process; afterwards everything is as before."""
    modules, path, written = dict(sys.modules), list(sys.path), sys.dont_write_bytecode
    ours = [name for name in modules if name.partition(".")[0] in {"deploy", "projects", "tasks"}]
    for name in ours:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    # The real root is on the path of the tests; its declarations must not be found.
    sys.path[:] = [entry for entry in path if Path(entry or ".").resolve() != ROOT]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
        for name in [name for name in sys.modules if name.partition(".")[0] in {"deploy", "projects", "tasks"}]:
            del sys.modules[name]
        sys.modules.update({name: modules[name] for name in ours})
