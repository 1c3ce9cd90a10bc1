"""What a `pyproject.toml` asks for, as far as that can be told without whoever builds the project.

Follows https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from common.base.errors import ArtifactError
from common.base.json_types import Json, JsonMapping
from common.packaging.tree import read, shown

OTHERS = ("tool.poetry.source", "tool.pdm.source", "tool.pdm.resolution", "tool.pdm.overrides")
"""Tables of other tools that change what is installed."""


def dependencies(path: Path) -> Iterator[str]:
    """The dependencies of the project, one requirement each, single spaces.

    Raises:
        ArtifactError: it cannot be read, is not as the specification says, or only another tool knows what it asks for.
    """
    try:
        said = tomllib.loads(read(path))
    except tomllib.TOMLDecodeError as error:
        raise ArtifactError(f"{shown(path)} cannot be read: {error}.") from None
    project = said.get("project", {})
    asked = project.get("dependencies", []) if isinstance(project, dict) else None
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        raise ArtifactError(f"{shown(path)}: [project] is a table, and its `dependencies` a list of texts.")
    if not path.with_name("requirements.txt").is_file():  # which says what is installed
        _check_others(said, path)
    yield from (" ".join(one.split()) for one in asked)


def normal(name: str) -> str:
    """A package's name as it is compared: PyYAML, pyyaml and Py_YAML are one. So does `packaging`, which takes long to load."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _check_others(said: JsonMapping, path: Path) -> None:
    """Looks for what is asked for where only another tool reads it; to what [project] asks for, `*` adds nothing."""
    listed = "dependencies" in said.get("project", {})
    poetry, dynamic = _at(said, "tool.poetry.dependencies"), _at(said, "project.dynamic")
    asks = {name for name, value in poetry.items() if name != "python" and not (listed and value == "*")}
    if asks or "dependencies" in dynamic:
        raise ArtifactError(
            f"{shown(path)}: what it asks for is known to Poetry, or to a build, alone. Put it into `dependencies` of [project], "
            f"or into a requirements.txt beside it."
        )
    if said.get("project", {}).get("dependencies") and (table := next((name for name in OTHERS if _at(said, name)), None)):
        raise ArtifactError(
            f"{shown(path)}: [{table}] is not honoured here. Name indexes in [[tool.uv.index]] and versions in `dependencies` of "
            f"[project], and remove it; or put a requirements.txt beside the file."
        )


def _at(said: JsonMapping, table: str) -> Json:
    """What a table holds, or nothing."""
    found: Json = said
    for name in table.split("."):
        found = found.get(name, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict | list) else {}
