"""Reads the dependencies of a `pyproject.toml`, as far as they are known without building the project.

Follows https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

import re
from collections.abc import Iterator
from pathlib import Path

from common.base.errors import ArtifactError
from common.base.json_types import Json, JsonMapping
from common.packaging.source_files import display_path, read_text

OTHER_TOOL_TABLES = ("tool.poetry.source", "tool.pdm.source", "tool.pdm.resolution", "tool.pdm.overrides")
"""Tables in which other tools change what is installed."""


def read_dependencies(path: Path) -> Iterator[str]:
    """Yields the dependencies of the project, a requirement each, with single spaces.

    Raises:
        ArtifactError: the file cannot be read, is invalid, or its dependencies are known only to another tool.
    """
    import tomllib  # slow to load, and an unchanged deploy does not need it

    try:
        content = tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # such as a number of thousands of digits
        raise ArtifactError(f"{display_path(path)} cannot be read: {error}.") from None
    project = content.get("project", {})
    requirements = project.get("dependencies", []) if isinstance(project, dict) else None
    if not isinstance(requirements, list) or not all(isinstance(requirement, str) for requirement in requirements):
        raise ArtifactError(f"{display_path(path)}: [project] must be a table, and its `dependencies` a list of texts.")
    if not path.with_name("requirements.txt").is_file():  # which says what is installed
        _check_other_tools(content, path)
    yield from (" ".join(requirement.split()) for requirement in requirements)


def normalize_name(name: str) -> str:
    """Returns the normalized name: PyYAML, pyyaml and Py_YAML are the same package.

    (`packaging` has this too, but loads slowly.)
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _check_other_tools(content: JsonMapping, path: Path) -> None:
    """Refuses dependencies that only another tool reads. A version `*` is accepted if [project] has dependencies."""
    listed = "dependencies" in content.get("project", {})
    poetry, dynamic = _table_at(content, "tool.poetry.dependencies"), _table_at(content, "project.dynamic")
    asks = isinstance(poetry, list) or {
        name for name, value in poetry.items() if name != "python" and not (listed and value == "*")
    }
    if asks or "dependencies" in dynamic:
        raise ArtifactError(
            f"{display_path(path)}: only Poetry, or a build, knows its dependencies. Put them into `dependencies` of [project], "
            f"or into a requirements.txt beside it."
        )
    if content.get("project", {}).get("dependencies") and (
        table := next((name for name in OTHER_TOOL_TABLES if _table_at(content, name)), None)
    ):
        raise ArtifactError(
            f"{display_path(path)}: [{table}] is not honoured here. Name indexes in [[tool.uv.index]] and versions in "
            f"`dependencies` of "
            f"[project], and remove it; or put a requirements.txt beside the file."
        )


def _table_at(content: JsonMapping, table: str) -> Json:
    """Returns the value of a table, or an empty table."""
    value: Json = content
    for name in table.split("."):
        value = value.get(name, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict | list) else {}
