"""Loads an imported project before it is put in place: what the deployer would refuse is not written.

AWS accepts more than a declaration may say. What each writer knows of that is checked before; rules that are about several
settings, or about several resources, are those of declarations, and only loading one applies them all.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from common.base.errors import DeployError
from common.declare import projects
from common.declare.declaration import Declares
from common.environment import config_files
from common.environment.config import Environment
from common.importing.entries import Entry
from common.resources import kind_of


class Refused(NamedTuple):
    """A resource that the deployer refuses as it was written, and why."""

    entry: Entry
    reason: str


def problem(
    root: Path, env: Environment, project: str, stage: Path, overlay: tuple[str, str], others: Sequence[Declares]
) -> DeployError | None:
    """Returns why a project cannot be loaded with what is to be added to it; None if it can.

    Args:
        root: the repository.
        env: the environment, as it is without the project.
        project: the name of the project.
        stage: the folder with the new files.
        overlay: the path and the new text of its file of configuration.
        others: the shared resources and the other projects.
    """
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=stage.parent) as temporary:
        shutil.copytree(root / "config", Path(temporary, "config"))
        path, text = overlay
        (file := Path(temporary, path)).parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        folder = Path(temporary, "projects", project)
        for source in (root / "projects" / project, stage):
            if source.is_dir():
                shutil.copytree(source, folder, copy_function=_link, dirs_exist_ok=True)
        try:
            projects.load_file(root, config_files.load(Path(temporary), env.name), project, folder / "deploy.py", others)
        except DeployError as error:
            return error
    return None


def refused(error: DeployError, entries: Iterable[Entry]) -> Refused | None:
    """Returns the resource that an error is about; None if the error names none of them."""
    text = str(error)
    for entry in entries:
        kind = kind_of(entry.resource.kind)
        names = (f"{kind.name}/{entry.key}", f"$.{kind.section}.{entry.key}", f'$.{kind.section}["{entry.key}"]')
        if match := next((match for name in names if (match := re.search(rf"{re.escape(name)}(?![\w/-])", text))), None):
            line = text[match.start() :].splitlines()[0]
            return Refused(entry, re.sub(r"^[^:]*: ", "", line).rstrip("."))
    return None


def _link(source: str, target: str) -> str:
    """Links a file to another place, where it cannot be linked, copies it."""
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
