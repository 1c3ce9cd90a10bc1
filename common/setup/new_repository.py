"""Makes a repository of a team's own: the deployer with its manifest, configuration, shared resources, CI, and one project."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from common.base import programs
from common.base.errors import UsageError
from common.declare import project_names
from common.setup import deployer_files, new_environment, new_project, templates
from common.setup.new_environment import Wishes

OWN_FILES = (
    *(".gitignore", ".gitattributes", "build/.gitignore"),
    *("projects/ruff.toml", "projects/mypy.ini", "projects/pytest.ini", "projects/requirements.txt"),
)
"""What a team gets as the repository has it from which the new one is made, and owns from then on."""
EMBEDDED_ACCOUNT, EMBEDDED_REGION = "000000000000", "us-east-1"


class RepositoryWishes(NamedTuple):
    """What a new repository is to be.

    Args:
        folder: where.
        project: the name of its first project.
        template: what that is made from.
        prefix: begins all names in AWS; None for the name of the folder.
        account: the account of the environment `dev`; None for no such environment yet.
        region: the region of that.
    """

    folder: Path
    project: str
    template: str
    prefix: str | None = None
    account: str | None = None
    region: str | None = None


class NewRepository(NamedTuple):
    """A repository that was made: where, from which version, with which environments, and whether git knows it."""

    folder: Path
    version: str
    environments: list[str]
    is_in_git: bool


def create(source: Path, wishes: RepositoryWishes) -> NewRepository:
    """Makes a repository beside its place, and moves it there once it is whole.

    Args:
        source: the repository that the deployer is taken from.
        wishes: what it is to be.

    Raises:
        UsageError: the folder has something in it, or a name or template cannot be.
        DeployError: an environment would refuse the project. Nothing stays written.
    """
    folder = wishes.folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and is not an empty folder. Name another one. Nothing was written.")
    if folder.is_relative_to(source):
        raise UsageError(f"{folder} is in the deployer's own repository. Name a folder outside of it. Nothing was written.")
    if not folder.parent.is_dir():
        raise UsageError(f"There is no folder {folder.parent}. Make it first. Nothing was written.")
    project_names.check_name(wishes.project)
    templates.check(wishes.template)
    stage = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        stage.chmod(0o755)
        version = _fill(source, stage, wishes, folder.name)
        if folder.exists():
            folder.rmdir()
        stage.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    environments = ["local", *(["dev"] if wishes.account else [])]
    return NewRepository(folder, version, environments, _in_git(folder))


def _fill(source: Path, stage: Path, wishes: RepositoryWishes, name: str) -> str:
    prefix = wishes.prefix or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:16] or "data"
    version = deployer_files.copy(source, stage).version
    for path in OWN_FILES:
        if (source / path).is_file():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, stage / path)
    shutil.copytree(templates.FOLDER / templates.REPOSITORY, stage, dirs_exist_ok=True)
    readme = stage / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace(templates.PLACEHOLDER, wishes.project), encoding="utf-8")
    local = {"$schema": "schema.json", "name": "local", "account_id": EMBEDDED_ACCOUNT, "region": EMBEDDED_REGION}
    local |= {"name_prefix": f"{prefix}-local", "artifact_bucket": f"{prefix}-local-artifacts-{EMBEDDED_ACCOUNT}"}
    text = json.dumps({**local, "embedded": {}, "default": True}, indent=2)
    (stage / "config" / "local.json").write_text(f"{text}\n", encoding="utf-8")
    if wishes.account:
        dev = Wishes("dev", account=wishes.account, region=wishes.region or EMBEDDED_REGION, prefix=f"{prefix}-dev")
        new_environment.create(stage, dev)
    new_project.create(stage, wishes.project, wishes.template)
    for compiled in stage.rglob("__pycache__"):
        shutil.rmtree(compiled)
    return version


def _in_git(folder: Path) -> bool:
    """Makes it a repository of git, unless it is in one or git is not installed."""
    git = shutil.which("git", path=programs.search_path())
    if git is None:
        return False
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if any((parent / ".git").exists() for parent in folder.parents):
        return True
    return subprocess.run([git, "init", "--quiet", str(folder)], env=variables, capture_output=True, check=False).returncode == 0
