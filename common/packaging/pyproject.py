"""What a `pyproject.toml` asks for, as far as that can be told without whoever builds the project.

Follows https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from common.errors import ArtifactError
from common.packaging.tree import read, shown


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
    if "dependencies" not in project and _is_elsewhere(said) and not path.with_name("requirements.txt").is_file():
        raise ArtifactError(
            f"{shown(path)}: what it asks for is known to Poetry, or to a build, alone. Put it into `dependencies` of [project], "
            f"or into a requirements.txt beside it."
        )
    yield from (" ".join(one.split()) for one in asked)


def _is_elsewhere(said: Mapping[str, Any]) -> bool:
    poetry: Any = said
    for name in ("tool", "poetry", "dependencies"):
        poetry = poetry.get(name, {}) if isinstance(poetry, dict) else {}
    dynamic = said.get("project", {}).get("dynamic")
    asks = isinstance(poetry, dict) and bool(poetry.keys() - {"python"})
    return asks or (isinstance(dynamic, list) and "dependencies" in dynamic)
