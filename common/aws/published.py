"""Finds what AWS publishes of its resource types and IAM actions, as cfn-lint packages it.

Only the data files of cfn-lint are read; none of its modules is imported, because that takes longer than an unchanged deploy.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from common.base.errors import ConfigError
from common.base.json_types import JsonObject

PACKAGE = "cfnlint"
"""The importable name of the package that has the data."""


@cache
def find_folder() -> Path | None:
    """The folder of the data files; None if the package is not installed."""
    spec = find_spec(PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else None


def data_folder() -> Path:
    """The folder of the data files.

    Raises:
        ConfigError: the package is not installed.
    """
    folder = find_folder()
    if folder is None:
        raise ConfigError(
            "cfn-lint is not installed; it has AWS's lists of actions and resource types. Install it: `uv sync --group aws-data`."
        )
    return folder


def read_data(path: str) -> JsonObject:
    """The contents of a data file, by its path below `data_folder`.

    Raises:
        ConfigError: the package is not installed, or is of a version that has no such file.
    """
    try:
        data: JsonObject = json.loads((data_folder() / path).read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"The installed cfn-lint has no {path}. Install the version that requirements.txt names.") from None
    return data
