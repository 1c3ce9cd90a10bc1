"""Warns about a package index that only pip's settings name: uv does not read them, so it would use the public index.

Follows https://pip.pypa.io/en/stable/topics/configuration/ and https://docs.astral.sh/uv/pip/compatibility/
"""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

OPTIONS = ("index-url", "extra-index-url", "no-index", "find-links")
UV_INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_CONFIG_FILE",
)


def ignored_index(environment: Mapping[str, str], home: Path, system: Path = Path("/etc")) -> str | None:
    """Returns a sentence about the first setting of pip that names an index; None if uv has an index of its own.

    Args:
        environment: the environment variables.
        home: the home folder of the user.
        system: the folder with the settings of the machine.
    """
    configured = (home / ".config/uv/uv.toml", system / "uv/uv.toml", system / "xdg/uv/uv.toml")
    if any(environment.get(name) for name in UV_INDEX_VARIABLES) or any(path.is_file() for path in configured):
        return None
    if setting := next(_index_settings(environment, home, system), None):
        return f"{setting} is a setting of pip, which uv does not read: set UV_DEFAULT_INDEX if packages come from that index"
    return None


def _index_settings(environment: Mapping[str, str], home: Path, system: Path) -> Iterator[str]:
    yield from (name for option in OPTIONS if environment.get(name := f"PIP_{option.upper().replace('-', '_')}"))
    folders = (system, system / "xdg/pip", home / ".pip", home / ".config/pip", Path(sys.prefix))
    named = environment.get("PIP_CONFIG_FILE")
    for path in (*(folder / "pip.conf" for folder in folders), *([Path(named)] if named else [])):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, configparser.Error):  # it does not exist, or pip could not read it either
            continue
        for section in {"global", "install"} & {*parser.sections()}:
            yield from (f"{option} in {path}" for option in OPTIONS if parser.has_option(section, option))


def ignored_index_here() -> str | None:
    """See `ignored_index`: what is to be said on this machine."""
    return ignored_index(os.environ, Path.home())
