"""Reads what the settings of uv on this machine say of package indexes and of the network. Everything else in them is left out.

A machine may know an index, a proxy or a cache. It may not decide which packages a function gets: other settings of a user, as
`no-deps` or `override-dependencies`, would make a lock that other machines would not make. Nor may it hide the settings beside a
file of requirements, as a file that UV_CONFIG_FILE names would. So uv gets one file, with these and the function's own settings.

Follows https://docs.astral.sh/uv/concepts/configuration-files/
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.base.json_types import Json, JsonObject
from common.packaging.uv_settings import INDEXES, Settings, read_toml, to_toml

OF_NETWORK = (
    *("allow-insecure-host", "native-tls", "system-certs", "http-proxy", "https-proxy", "no-proxy", "offline"),
    *("cache-dir", "no-cache", "concurrent-downloads", "concurrent-installs"),
)
"""Settings that do not change what is installed, and that a machine may need."""
DEFAULT_INDEX = ("index-url", "no-index")
"""Settings that replace the public index, besides an index that is the default."""


def config_text(own: Settings, variables: Mapping[str, str], *, alone: bool) -> str:
    """Returns the text of the only settings file that uv is to read.

    Args:
        own: the settings of the function or job; those of the machine come after them.
        variables: the environment variables.
        alone: whether the own settings replace the public index, so that the one of the machine is ignored.

    Raises:
        ArtifactError: a settings file of this machine cannot be read.
    """
    settings: JsonObject = {name: value for name, value in own.items() if name != "sources"}  # a project's, and not a machine's
    for path in _files(variables):
        for name, value in _of_machine(path, alone=alone).items():
            both = isinstance(value, list) and isinstance(settings.get(name, []), list)
            settings[name] = [*settings.get(name, ()), *value] if both else settings.get(name, value)
    return "".join(f"{name} = {to_toml(value)}\n" for name, value in settings.items())


def _files(variables: Mapping[str, str]) -> Iterator[Path]:
    """Yields the settings files that uv would read, the one that wins first."""
    if named := variables.get("UV_CONFIG_FILE"):
        yield Path(named)
        return
    home = Path(variables.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    systems = [Path(folder) for folder in (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)]
    of_system = (folder / "uv/uv.toml" for folder in (*systems, Path("/etc")))
    yield from (path for path in (home / "uv/uv.toml", next(filter(Path.is_file, of_system), None)) if path and path.is_file())


def _of_machine(path: Path, *, alone: bool) -> JsonObject:
    content = read_toml(path)
    of_pip = content.get("pip")
    settings = {**content, **(of_pip if isinstance(of_pip, dict) else {})}  # as uv's pip does, which installs
    result = {name: _absolute(settings[name], name, path.parent) for name in (*INDEXES, *OF_NETWORK) if name in settings}
    if alone:
        result = {name: value for name, value in result.items() if name not in DEFAULT_INDEX}
        result["index"] = [index for index in result.get("index", ()) if not (isinstance(index, dict) and index.get("default"))]
    return result


def _absolute(value: Json, name: str, folder: Path) -> Json:
    """Returns a setting in which folders are named from the root: uv reads them from the folder of the file."""
    if isinstance(value, list):
        return [_absolute(item, name, folder) for item in value]
    if isinstance(value, dict):
        return {key: _absolute(inner, "find-links" if key == "url" else "", folder) for key, inner in value.items()}
    is_place = isinstance(value, str) and name in {"index-url", "extra-index-url", "find-links", "cache-dir"}
    return str(folder.absolute() / value) if is_place and "://" not in value else value
