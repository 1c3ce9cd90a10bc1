"""Reads the files of an environment: `config/<env>.json`, and `config/<project>/<env>.json` for what is one project's own."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from common.base.encoding import decode_text
from common.base.errors import ConfigError, UsageError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.environment.config import Environment
from common.environment.config_errors import explain_errors
from common.environment.project import Project, WrittenSections
from common.environment.settings_model import Model

M = TypeVar("M", bound=Model)


def environments(root: Path) -> list[str]:
    """Returns the names of the environments in `config/`, sorted."""
    return sorted(path.stem for path in (root / "config").glob("*.json") if path.stem != "schema")


def load(root: Path, name: str) -> Environment:
    """Loads an environment with the overlays of its projects.

    Raises:
        UsageError: there is no such environment.
        ConfigError: a file is malformed or wrong; one message has all errors of the file.
    """
    path = root / "config" / f"{name}.json"
    if name not in (names := environments(root)):
        there_are = ", ".join(names) or "none"
        raise UsageError(f"There is no environment {name!r}: config/ has {there_are}.{did_you_mean(name, names)}")
    data = read_file(path, root)
    _validate(Environment, data, path, root)
    for other in sorted((root / "config").glob("[!.]*/*.json")):
        if other.stem not in names:
            where = other.relative_to(root).as_posix()
            raise ConfigError(
                f"{where}: there is no environment {other.stem!r}: config/ has {', '.join(names)}."
                f"{did_you_mean(other.stem, names)}"
            )
    overlays: JsonObject = {}
    for overlay in sorted((root / "config").glob(f"[!.]*/{name}.json")):
        section = read_file(overlay, root)
        _validate(Project, section, overlay, root)
        section.pop("$schema", None)
        overlays[overlay.parent.name] = section
    own = data.get("projects", {})
    sections = _overlay(own, overlays)
    merged = {folder: _with_whole_instances(section) for folder, section in sections.items()}
    environment = _validate(Environment, {**data, "projects": merged}, path, root)
    if environment.name != name:
        raise ConfigError(f'config/{name}.json: $.name is "{environment.name}"; it must be "{name}", as the file is called.')
    written = (f"config/{{folder}}/{name}.json: $", overlays), (f"config/{name}.json: $.projects.{{folder}}", own)
    return environment.expanded(WrittenSections(*part) for part in written)


def _with_whole_instances(section: JsonMapping) -> JsonObject:
    """Returns a project's section in which each instance has all settings: those of the project, overlaid by its own."""
    if not section.get("instances"):
        return dict(section)
    common = {key: value for key, value in section.items() if key != "instances"}
    return {**section, "instances": {name: _overlay(common, own) for name, own in section["instances"].items()}}


def read_file(path: Path, root: Path) -> JsonObject:
    """Reads a configuration file without validating it.

    Raises:
        ConfigError: the file is not a JSON object.
    """
    where = path.relative_to(root).as_posix()
    try:
        if path.is_fifo():
            raise ConfigError(f"{where}: it cannot be read: it is not a file.")
        data = json.loads(decode_text(path.read_bytes()), object_pairs_hook=_without_duplicates)
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{where}: this is not JSON: {error.object[error.start]!r} is an unpaired surrogate.") from None
    except OSError as error:
        raise ConfigError(f"{where}: it cannot be read: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{where}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: this is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: the file must hold an object {{…}}, not a {type(data).__name__}.")
    return data


def _without_duplicates(pairs: list[tuple[str, Json]]) -> JsonObject:
    result: JsonObject = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} is repeated")
        result[key] = value
    return result


def _validate(model: type[M], data: JsonObject, path: Path, root: Path) -> M:
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        where = path.relative_to(root).as_posix()
        lines = [f"  {line}" for line in explain_errors(error, model)]
        raise ConfigError("\n".join([f"{where} is not valid:", *lines])) from None


def _overlay(base: JsonMapping, over: JsonMapping) -> JsonObject:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _overlay(base[key], value) if both else value
    return merged
