"""Decides in which configuration file a setting is written, and writes files after all of them together were validated."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from common.base.atomic_file import new_file
from common.base.encoding import check_encoding
from common.base.errors import ConfigError
from common.base.json_types import Json, JsonObject
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.environment.config_edit import set_values

KeyPath = tuple[str, ...]


class Place(NamedTuple):
    """A value in a configuration file: the path of the file below the repository, and the keys that lead to the value."""

    file: str
    keys: KeyPath

    def __str__(self) -> str:
        return f"{self.file}: {'.'.join(('$', *self.keys))}"


class ConfigPlaces:
    """The configuration files of an environment that may hold settings of projects.

    Args:
        root: the repository.
        env: the environment.
    """

    def __init__(self, root: Path, env: Environment) -> None:
        self._root, self._env = root, env
        self._data: dict[str, JsonObject] = {}

    def of(self, project: str, keys: KeyPath) -> Place:
        """Returns the place of a setting: where it stands now, or else beside what stands there of its resource.

        What is particular to an instance is never written into the section that all instances share.

        Args:
            project: the project, as it is deployed.
            keys: the keys below the project's section.
        """
        folder, *inner = self._env.section_path(project)
        own, common = f"config/{folder}/{self._env.name}.json", f"config/{self._env.name}.json"
        overlay = Place(own, (*inner, *keys))
        section = Place(common, ("projects", folder, *inner, *keys))
        overlay_depth = self._depth(overlay)
        section_depth = max(self._depth(section) - 2, 0)  # without `projects` and the folder, which an overlay does not have
        prefers_overlay = overlay_depth > section_depth or (overlay_depth == section_depth and (self._root / own).is_file())
        return overlay if prefers_overlay else section

    def _depth(self, place: Place) -> int:
        """How many of the keys that lead to a place exist."""
        node: Json = self._read(place.file)
        for depth, key in enumerate(place.keys):
            if not isinstance(node, Mapping) or key not in node:
                return depth
            node = node[key]
        return len(place.keys)

    def _read(self, file: str) -> JsonObject:
        path = self._root / file
        if file not in self._data:
            self._data[file] = config_json.read_file(path, self._root) if path.is_file() else {}
        return self._data[file]

    def edited(self, values: Mapping[Place, Json]) -> dict[str, bytes]:
        """Returns the new contents of the files with these values.

        Raises:
            ConfigError: the environment would not be valid with them, or a file cannot be edited.
        """
        by_file: dict[str, dict[KeyPath, Json]] = {}
        for place, value in values.items():
            by_file.setdefault(place.file, {})[place.keys] = value
        contents: dict[str, bytes] = {}
        for file, changes in by_file.items():
            path = self._root / file
            try:
                before = path.read_bytes() if path.is_file() else b"{}\n"
                check_encoding(before)
                contents[file] = set_values(before.decode(), changes).encode()
            except (OSError, ValueError) as error:
                raise ConfigError(f"{file}: it cannot be edited: {error}. Nothing was written.") from None
        self._validate(contents)
        return contents

    def _validate(self, contents: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder)
            shutil.copytree(self._root / "config", copy / "config")
            for file, content in contents.items():
                (copy / file).parent.mkdir(exist_ok=True)
                (copy / file).write_bytes(content)
            config_files.load(copy, self._env.name)

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Writes files, each of which is complete or as before.

        Raises:
            ConfigError: a file cannot be written.
        """
        for file, content in contents.items():
            path = self._root / file
            try:
                mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
                with new_file(path) as temporary:
                    temporary.write_bytes(content)
                    temporary.chmod(mode)
            except OSError as error:
                raise ConfigError(f"{file}: it cannot be written: {error.strerror}.") from None
