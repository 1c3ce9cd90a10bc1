"""Reads a configuration file of others, and writes what is converted into `config/<project>/<env>.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from common.base.errors import UsageError
from common.base.json_types import Json, JsonObject
from common.environment import config_json
from common.environment.config import Environment
from common.importing.config_places import ConfigPlaces, Place
from common.importing.converting import Converted, Converter
from common.importing.project_names import ProjectNames
from common.model import comparison


class ConfigImport(NamedTuple):
    """A conversion, and the new contents of files."""

    file: str
    converted: Converted
    contents: Mapping[str, bytes]


def convert_file(root: Path, env: Environment, project: str, file: Path) -> ConfigImport:
    """Converts a file. Nothing is written.

    Raises:
        UsageError: the file is our own, or there is none.
        ConfigError: the file is not a JSON object, or the environment would not be valid.
    """
    path = file if file.is_absolute() else root / file
    if not path.is_file():
        raise UsageError(f"--config {file}: there is no such file.")
    target = f"config/{project}/{env.name}.json"
    present = _section(root, env.name, project, target)
    converted = Converter(env, ProjectNames(root / "projects" / project), present).convert(
        config_json.read_file(path.resolve(), path.resolve().parent)
    )
    values: dict[Place, Json] = {Place(target, keys): value for keys, value in converted.values.items()}
    if values and not (root / target).is_file():
        values = {Place(target, ("$schema",)): "../schema.json#/$defs/Project", **values}
    places = ConfigPlaces(root, env)
    return ConfigImport(target, converted, places.edited(values))


def check_apart(root: Path, file: Path) -> None:
    """Checks that a file of others does not stand where our configuration is read, before that is loaded.

    Raises:
        UsageError: it stands there.
    """
    path = (file if file.is_absolute() else root / file).resolve()
    if path.is_relative_to((root / "config").resolve()):
        raise UsageError(
            f"--config {file}: config/ holds the configuration of this deployer. Move the file, as to old/{path.name}."
        )


def _section(root: Path, env: str, project: str, target: str) -> JsonObject:
    """The project's section as it is written now."""
    own = config_json.read_file(root / target, root) if (root / target).is_file() else {}
    common = config_json.read_file(root / "config" / f"{env}.json", root).get("projects", {}).get(project, {})
    return comparison.merged(own, common)
