"""The templates of projects: real files below `common/templates/<name>/`, in which one word stands for the project's name.

``project/`` becomes `projects/<name>/`. Of ``config/``, ``environment.json`` becomes the project's configuration for each
environment, and ``embedded.json``, if there is one, that for environments in the embedded AWS.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from common.base.errors import UsageError
from common.base.suggestions import did_you_mean
from common.base.syntax_trees import parsed
from common.environment.config import Environment

FOLDER = Path(__file__).resolve().parents[1] / "templates"
PLACEHOLDER = "new_project"
"""The word that stands for the name of the project in all files of a template."""
REPOSITORY = "repository"
"""The folder beside the templates with what a new repository gets besides a project."""
DEFAULT = "s3-to-parquet"
"""The template that is taken where none is chosen."""


def names() -> list[str]:
    """Returns the names of all templates, the default one first."""
    folders = sorted(path.parent.parent.name for path in FOLDER.glob("*/project/deploy.py"))
    return [DEFAULT, *(name for name in folders if name != DEFAULT)]


def descriptions() -> dict[str, str]:
    """Returns what each template is, in one line: the docstring of its declaration."""
    return {
        name: str(ast.get_docstring(parsed((FOLDER / name / "project" / "deploy.py").read_text(encoding="utf-8"))))
        for name in names()
    }


def check(template: str) -> None:
    """Checks that there is a template.

    Raises:
        UsageError: there is none of this name.
    """
    if template not in names():
        raise UsageError(f"There is no template {template!r}: there are {', '.join(names())}.{did_you_mean(template, names())}")


def project_files(template: str, project: str) -> dict[str, bytes]:
    """Returns the files of a new project, by their paths in its folder."""
    folder = FOLDER / template / "project"
    return {
        path.relative_to(folder).as_posix(): _named(path, project)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def config_files(template: str, project: str, environments: Mapping[str, Environment]) -> dict[str, bytes]:
    """Returns the configuration of a new project, by the names of the environments."""
    folder = FOLDER / template / "config"
    special = folder / "embedded.json"
    return {
        name: _named(special if env.embedded is not None and special.is_file() else folder / "environment.json", project)
        for name, env in environments.items()
    }


def _named(path: Path, project: str) -> bytes:
    return path.read_bytes().replace(PLACEHOLDER.encode(), project.encode())
