"""Reads the files of an environment: `config/<env>.json`, and `config/<project>/<env>.json` for what is one project's own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from common.base.errors import ConfigError, UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.environment import config_json, inheritance
from common.environment.config import Environment
from common.environment.config_errors import explain_errors
from common.environment.project import Project, WrittenSections
from common.environment.settings_model import Model

M = TypeVar("M", bound=Model)
LIKE = "like"
"""The setting that names the environment whose settings hold, too."""


def load(root: Path, name: str) -> Environment:
    """Loads an environment with the overlays of its projects.

    Raises:
        UsageError: there is no such environment.
        ConfigError: a file is malformed or wrong; one message has all errors of the file.
    """
    path = root / "config" / f"{name}.json"
    if name not in (names := config_json.environments(root)):
        there_are = ", ".join(names) or "none"
        raise UsageError(f"There is no environment {name!r}: config/ has {there_are}.{did_you_mean(name, names)}")
    for other in sorted((root / "config").glob("[!.]*/[!.]*.json")):
        if other.stem not in names:
            where = other.relative_to(root).as_posix()
            raise ConfigError(
                f"{where}: there is no environment {other.stem!r}: config/ has {', '.join(names)}."
                f"{did_you_mean(other.stem, names)}"
            )
    content = _read_content(root, name, names)
    merged = {folder: _with_whole_instances(section) for folder, section in content.data["projects"].items()}
    environment = _validate(Environment, {**content.data, "projects": merged}, path, root)
    if environment.name != name:
        raise ConfigError(f'config/{name}.json: $.name is "{environment.name}"; it must be "{name}", as the file is called.')
    return environment.expanded(content.written)


def inherits(root: Path, name: str) -> bool:
    """Whether an environment takes the settings of another one."""
    return LIKE in config_json.read_file(root / "config" / f"{name}.json", root)


class _Content(NamedTuple):
    """What the files of an environment say, those of the environment that it is like included.

    Args:
        data: all settings, with overlays merged into the sections of projects.
        written: the sections of projects as the files have them, the file that wins first.
    """

    data: JsonObject
    written: tuple[WrittenSections, ...]


def _read_content(root: Path, name: str, names: Sequence[str], likes: tuple[str, ...] = ()) -> _Content:
    path, written = root / "config" / f"{name}.json", tuple[WrittenSections, ...]()
    data = config_json.read_file(path, root)
    own = data.get("projects", {})
    if (like := data.get(LIKE)) is not None:
        where = f"config/{name}.json: $.{LIKE}"
        if not isinstance(like, str) or like not in names:
            raise ConfigError(f"{where} names no environment: config/ has {', '.join(names)}.{did_you_mean(like, names)}")
        if like in (circle := (*likes, name)):
            raise ConfigError(
                f"{where}: {' is like '.join((*circle, like))}, so none of them has settings. Take one {LIKE} away."
            )
        base = _read_content(root, like, names, circle)
        data, written = inheritance.completed(data, base.data, name), base.written
    data = inheritance.for_user(data, name)
    _validate(Environment, data, path, root)
    overlays: JsonObject = {}
    for file in sorted((root / "config").glob(f"[!.]*/{name}.json")):
        section = config_json.read_file(file, root)
        _validate(Project, section, file, root)
        section.pop("$schema", None)
        overlays[file.parent.name] = section
    first = (f"config/{{folder}}/{name}.json: $", overlays), (f"config/{name}.json: $.projects.{{folder}}", own)
    sections = inheritance.overlay(data.get("projects", {}), overlays)
    return _Content({**data, "projects": sections}, (*(WrittenSections(*part) for part in first), *written))


def _with_whole_instances(section: JsonMapping) -> JsonObject:
    """Returns a project's section in which each instance has all settings: those of the project, overlaid by its own."""
    if not section.get("instances"):
        return dict(section)
    common = {key: value for key, value in section.items() if key != "instances"}
    return {**section, "instances": {name: inheritance.overlay(common, own) for name, own in section["instances"].items()}}


def _validate(model: type[M], data: JsonObject, path: Path, root: Path) -> M:
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        where = path.relative_to(root).as_posix()
        lines = [f"  {line}" for line in explain_errors(error, model)]
        raise ConfigError("\n".join([f"{where} is not valid:", *lines])) from None
