"""Which index pip would ask: uv reads none of its settings, so who names an index to pip alone gets packages of the public one.

Follows https://pip.pypa.io/en/stable/topics/configuration/ and https://docs.astral.sh/uv/pip/compatibility/
"""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

OPTIONS = ("index-url", "extra-index-url", "no-index", "find-links")
HEARD = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_CONFIG_FILE")


def unheard(environment: Mapping[str, str], home: Path, system: Path = Path("/etc")) -> str | None:
    """A sentence about the first setting of pip's that names an index, unless uv is told of one on this machine.

    Args:
        environment: its variables.
        home: of the user.
        system: where settings of the machine are.
    """
    configured = (home / ".config/uv/uv.toml", system / "uv/uv.toml", system / "xdg/uv/uv.toml")
    if any(environment.get(name) for name in HEARD) or any(path.is_file() for path in configured):
        return None
    if setting := next(_naming(environment, home, system), None):
        return f"{setting} is a setting of pip, which uv does not read: set UV_DEFAULT_INDEX if packages come from there"
    return None


def _naming(environment: Mapping[str, str], home: Path, system: Path) -> Iterator[str]:
    yield from (name for option in OPTIONS if environment.get(name := f"PIP_{option.upper().replace('-', '_')}"))
    folders = (system, system / "xdg/pip", home / ".pip", home / ".config/pip", Path(sys.prefix))
    named = environment.get("PIP_CONFIG_FILE")
    for path in (*(folder / "pip.conf" for folder in folders), *([Path(named)] if named else [])):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, configparser.Error):  # it is not there, or pip would not read it either
            continue
        for section in {"global", "install"} & {*parser.sections()}:
            yield from (f"{option} in {path}" for option in OPTIONS if parser.has_option(section, option))


def of_machine() -> str | None:
    """See `unheard`: what is to be said on this machine."""
    return unheard(os.environ, Path.home())
