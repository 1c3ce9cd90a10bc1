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
from common.environment import project as environment_project
from common.setup import deployer_files, new_environment, new_project, templates
from common.setup.new_environment import Wishes

OWN_FILES = (
    *(".gitignore", ".gitattributes", "build/.gitignore"),
    *("projects/ruff.toml", "projects/mypy.ini", "projects/pytest.ini", "projects/requirements.txt"),
)
"""What a team gets as the repository has it from which the new one is made, and owns from then on."""
EMBEDDED_ACCOUNT = "000000000000"
PROJECT, REGION = "sales", "us-east-1"
"""The name of the first project and the region of its environments, if nobody says others."""
PREFIX = re.compile(r"[a-z][a-z0-9-]{0,15}")
"""Matches what names in AWS may begin with, before the name of the environment."""


class RepositoryWishes(NamedTuple):
    """What a new repository is to be.

    Args:
        folder: where.
        project: the name of its first project; None for `PROJECT`.
        template: what that is made from; None for the default one.
        prefix: begins all names in AWS; None for the name of the folder.
        account: the account of the environment `dev`; None for no such environment yet.
        region: the region of that; None for `REGION`.
    """

    folder: Path
    project: str | None = None
    template: str | None = None
    prefix: str | None = None
    account: str | None = None
    region: str | None = None


class NewRepository(NamedTuple):
    """A repository that was made: where, from which version, with what, and whether git knows it."""

    folder: Path
    version: str
    project: str
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
    folder = check_folder(source, wishes.folder)
    project, template = wishes.project or PROJECT, wishes.template or templates.DEFAULT
    project_names.check_name(project)
    templates.check(template)
    prefix = wishes.prefix or derived_prefix(folder)
    check_prefix(prefix)
    check_account(wishes.account or "")
    check_region(wishes.region or REGION)
    if wishes.region and not wishes.account:
        raise UsageError("--region is of the environment dev: add --account, or leave it out. Nothing was written.")
    stage = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        stage.chmod(0o755)
        version = _fill(source, stage, wishes._replace(project=project, template=template, prefix=prefix))
        if folder.exists():  # it stays the same folder: a shell may stand in it
            for item in stage.iterdir():
                item.rename(folder / item.name)
        else:
            stage.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    environments = ["local", *(["dev"] if wishes.account else [])]
    return NewRepository(folder, version, project, environments, _in_git(folder))


def check_folder(source: Path, folder: Path) -> Path:
    """The absolute path, without links and ``..``, of a folder in which a repository can be made.

    There is none, or it is empty but for git's own.

    Raises:
        UsageError: there cannot be one.
    """
    folder = folder.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(item.name != ".git" for item in folder.iterdir())):
        raise UsageError(f"{folder} is there already and is not an empty folder. Name another one. Nothing was written.")
    if folder.is_relative_to(source):
        raise UsageError(f"{folder} is in the deployer's own repository. Name a folder outside of it. Nothing was written.")
    if not folder.parent.is_dir():
        raise UsageError(f"There is no folder {folder.parent}. Make it first. Nothing was written.")
    return folder


def derived_prefix(folder: Path) -> str:
    """What names in AWS begin with in a repository in this folder, if nobody says it."""
    return re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).lstrip("-0123456789")[:16].strip("-") or "data"


def check_prefix(prefix: str) -> None:
    """Checks what names in AWS shall begin with.

    Raises:
        UsageError: they cannot.
    """
    if not PREFIX.fullmatch(prefix):
        raise UsageError(
            f"--name-prefix is {prefix!r}. Names in AWS begin with up to 16 small letters (a to z), digits and -; the first is a "
            f"letter. Nothing was written."
        )


def check_account(account: str) -> None:
    """Checks the number of an account; none is fine.

    Raises:
        UsageError: it is no such number.
    """
    if account and not re.fullmatch("[0-9]{12}", account):
        raise UsageError(f"--account is {account!r}. The number of an AWS account has 12 digits. Nothing was written.")


def check_region(region: str) -> None:
    """Checks that AWS has a region.

    Raises:
        UsageError: it has none of this name.
    """
    try:
        environment_project.check_region(region)
    except ValueError as error:
        raise UsageError(f"--region is {region!r}: {error}. Nothing was written.") from None


def _fill(source: Path, stage: Path, wishes: RepositoryWishes) -> str:
    prefix, project, template = wishes.prefix, wishes.project or PROJECT, wishes.template or templates.DEFAULT
    version = deployer_files.copy(source, stage).version
    for path in OWN_FILES:
        if (source / path).is_file():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, stage / path)
    shutil.copytree(templates.FOLDER / templates.REPOSITORY, stage, dirs_exist_ok=True)
    readme = stage / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace(templates.PLACEHOLDER, project), encoding="utf-8")
    local = {"$schema": "schema.json", "name": "local", "account_id": EMBEDDED_ACCOUNT, "region": REGION}
    local |= {"name_prefix": f"{prefix}-local", "artifact_bucket": f"{prefix}-local-artifacts-{EMBEDDED_ACCOUNT}"}
    text = json.dumps({**local, "embedded": {}, "default": True}, indent=2)
    (stage / "config" / "local.json").write_text(f"{text}\n", encoding="utf-8")
    if wishes.account:
        dev = Wishes("dev", account=wishes.account, region=wishes.region or REGION, prefix=f"{prefix}-dev")
        new_environment.create(stage, dev)
    new_project.create(stage, project, template)
    for compiled in stage.rglob("__pycache__"):
        shutil.rmtree(compiled)
    return version


def _in_git(folder: Path) -> bool:
    """Makes it a repository of git, unless it is in one or git is not installed."""
    git = shutil.which("git", path=programs.search_path())
    if git is None:
        return False
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return True
    return subprocess.run([git, "init", "--quiet", str(folder)], env=variables, capture_output=True, check=False).returncode == 0
