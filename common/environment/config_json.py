"""Reads configuration files as they are: which there are, and the objects in them. Only that they are JSON is checked."""

import json
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import ConfigError
from common.base.json_reader import JsonError, load_json
from common.base.json_types import JsonObject


def environments(root: Path) -> list[str]:
    """Returns the names of the environments in `config/`, sorted."""
    return sorted(path.stem for path in (root / "config").glob("[!.]*.json") if path.stem != "schema")


def read_file(path: Path, root: Path) -> JsonObject:
    """Reads a configuration file without validating it.

    Raises:
        ConfigError: the file is not a JSON object.
    """
    where = path.relative_to(root).as_posix()
    try:
        if path.is_fifo():
            raise ConfigError(f"{where}: it cannot be read: it is not a file.")
        data = load_json(decode_text(path.read_bytes()), where, as_written=True)
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{where}: this is not JSON: {error.object[error.start]!r} is an unpaired surrogate.") from None
    except OSError as error:
        raise ConfigError(f"{where}: it cannot be read: {error.strerror}.") from None
    except JsonError as error:
        raise ConfigError(str(error)) from None
    except RecursionError:
        raise ConfigError(f"{where}: this is not JSON: it is nested too deeply.") from None
    except ValueError as error:
        raise ConfigError(f"{where}: this is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: the file must hold an object {{…}}, not a {type(data).__name__}.")
    return data
