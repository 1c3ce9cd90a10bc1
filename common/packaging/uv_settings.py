"""Reads the settings of uv beside a file of requirements: `[tool.uv]` of a `pyproject.toml`, or a `uv.toml`.

Every setting is either honoured, or has no effect on what is installed, or is refused by name. Ignoring a table of indexes would
let the public index supply another package under the name of a private one. uv gets the honoured settings when it resolves. When
it installs, hashes identify the right files, so it gets only the indexes. Of the settings in the folders above, up to the root of
the repository, only the indexes are used; the others concern other programs.

Follows https://docs.astral.sh/uv/reference/settings/ and https://docs.astral.sh/uv/concepts/projects/dependencies/
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from common.base.errors import ArtifactError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.packaging.pyproject import normalize_name
from common.packaging.source_files import display_path, read_text

PROJECT_FILE, UV_FILE = "pyproject.toml", "uv.toml"
INDEXES = ("index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy", "keyring-provider")
HONOURED = frozenset(
    {*INDEXES, "sources", "no-sources", "no-sources-package", "constraint-dependencies", "override-dependencies"}
    | {"exclude-dependencies", "exclude-newer", "exclude-newer-package", "prerelease", "resolution", "fork-strategy"}
    | {"dependency-metadata", "required-version", "allow-insecure-host"}
)
"""Settings that are passed to uv."""
IGNORED = frozenset(
    {"add-bounds", "audit", "build-backend", "build-constraint-dependencies", "cache-dir", "cache-keys", "check-url"}
    | {"compile-bytecode", "concurrent-builds", "concurrent-downloads", "concurrent-installs", "config-settings"}
    | {"config-settings-package", "conflicts", "default-groups", "dependency-groups", "dev-dependencies", "environments"}
    | {"extra-build-dependencies", "extra-build-variables", "http-proxy", "https-proxy", "link-mode", "managed", "native-tls"}
    | {"no-build", "no-build-isolation", "no-build-isolation-package", "no-build-package", "no-cache", "no-proxy", "offline"}
    | {"package", "preview", "preview-features", "publish-url", "pypy-install-mirror", "python-downloads"}
    | {"python-downloads-json-url", "python-install-mirror", "python-preference", "required-environments", "system-certs"}
    | {"trusted-publishing"}
)
"""Settings that do not change what is installed: for building, developing and publishing, for caches and networks."""
ADVICE = {
    "workspace": "Members of a workspace are folders: put their code into shared/, or name it by p.library(…), and import it.",
    "no-binary": "Nothing is compiled here: packages are installed as wheels. Remove it.",
    "no-binary-package": "Nothing is compiled here: packages are installed as wheels. Remove it.",
    "pip": "Put its indexes and versions into [tool.uv] itself.",
    "upgrade": "Delete requirements.lock and lock again to get newer versions.",
    "upgrade-package": "Delete requirements.lock and lock again to get newer versions.",
}
SHAPES: Mapping[str, tuple[Callable[[Json], bool], str]] = {
    "index": (lambda value: _is_list(value, _is_index), "a list of tables with a text `url` each: write it as [[tool.uv.index]]"),
    "index-url": (lambda value: isinstance(value, str), "a text"),
    "extra-index-url": (lambda value: isinstance(value, str) or _is_list(value, _is_text), "a list of texts"),
    "find-links": (lambda value: isinstance(value, str) or _is_list(value, _is_text), "a list of texts"),
    "sources": (lambda value: isinstance(value, dict), "a table: write it as [tool.uv.sources]"),
}
"""Whether the value of a setting about indexes has the shape that uv wants, and this shape in words."""
UNSUPPORTED_SOURCES = ("path", "workspace", "git", "url", "editable")
Settings = JsonMapping


def read_settings(path: Path, names: Collection[str]) -> Settings:
    """Returns the honoured settings for a file of requirements.

    Args:
        path: the file of requirements.
        names: the normalized names of the packages that it requires directly.

    Raises:
        ArtifactError: a setting that changes what is installed is unknown, or names something that cannot be installed.
    """
    own, where = _read_folder(path.parent)
    for name in own:
        if name not in HONOURED | IGNORED:
            advice = ADVICE.get(name, "Remove it. docs/packaging.md lists the settings that are honoured.")
            raise ArtifactError(f"{where}: `{name}` is not honoured here. {advice}")
    settings = {name: value for name, value in own.items() if name in HONOURED}
    sources = _select_sources(settings.pop("sources", {}), names, where)
    if sources and path.name != PROJECT_FILE:
        raise ArtifactError(
            f"{where}: `sources` names an index for {', '.join(sources)}, but does not apply to {path.name}, which requires it. "
            f"Require it in `dependencies` of [project] only, and delete {path.name}."
        )
    settings |= {"sources": sources} if sources else {}
    for name, value in _read_indexes_above(path.parent).items():
        settings[name] = [*settings.get(name, ()), *value] if isinstance(value, list) else settings.get(name, value)
    for address in _index_addresses(settings):
        if "://" not in address:
            raise ArtifactError(f"{where}: the index {address!r} is a folder, which other machines do not have. Name an address.")
    return settings


def project_text(settings: Settings, requirements: Collection[str]) -> str:
    """Returns the text of a `pyproject.toml` with these requirements and settings."""
    tables = {"project": {"name": "deployed", "version": "0", "dependencies": list(requirements)}, "tool": {"uv": settings}}
    return "".join(f"{name} = {to_toml(value)}\n" for name, value in tables.items())


def replaces_index(settings: Settings) -> bool:
    """Whether the settings name an index that replaces the public one."""
    return bool(
        "index-url" in settings or settings.get("no-index") or any(index.get("default") for index in settings.get("index", ()))
    )


def index_options(settings: Settings) -> list[str]:
    """Returns the options for the indexes, with which uv installs files of known hashes; so all indexes are equally trusted."""
    words: list[str] = []
    for index in settings.get("index", ()):
        named = f"{index['name']}={index['url']}" if "name" in index else index["url"]
        default = "--default-index" if index.get("default") else "--index"
        words += ["--find-links", index["url"]] if index.get("format") == "flat" else [default, named]
    for name in ("index-url", "extra-index-url", "find-links", "keyring-provider", "allow-insecure-host"):
        value = settings.get(name, ())
        words += [word for each in ([value] if isinstance(value, str) else value) for word in (f"--{name}", each)]
    words += ["--no-index"] if settings.get("no-index") else []
    return [*words, "--index-strategy", "unsafe-best-match"] if words else []


def _read_folder(folder: Path) -> tuple[Settings, str]:
    """Returns the settings of a folder, and the name of the file and table for messages.

    Raises:
        ArtifactError: a file cannot be read, or a setting about indexes does not have its shape.
    """
    settings, where = _find_settings(folder)
    for name, (has_shape, shape) in SHAPES.items():
        if name in settings and not has_shape(settings[name]):
            raise ArtifactError(f"{where}: `{name}` must be {shape}.")
    return settings, where


def _find_settings(folder: Path) -> tuple[Settings, str]:
    own, project_file = folder / UV_FILE, folder / PROJECT_FILE
    table = _read_table(project_file, "tool", "uv") if project_file.is_file() else {}
    if not own.is_file():
        return table, f"{display_path(project_file)}: [tool.uv]"
    if set(table) - IGNORED - {"sources"}:
        raise ArtifactError(
            f"{display_path(own)}: [tool.uv] of {PROJECT_FILE} beside it has settings, too, and uv reads one of them. Merge them."
        )
    return {**_read_table(own), **{name: value for name, value in table.items() if name == "sources"}}, display_path(own)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_index(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("url"), str)


def _is_list(value: Json, is_item: Callable[[Json], bool]) -> bool:
    return isinstance(value, list) and all(map(is_item, value))


def _read_indexes_above(folder: Path) -> Settings:
    """Returns the indexes of the nearest settings file in the folders above, within the repository."""
    above = list(folder.absolute().parents)
    root = next((number for number, parent in enumerate(above) if (parent / "tasks.py").is_file()), -1)
    for parent in above[: root + 1]:
        settings, _ = _read_folder(parent)
        if indexes := {name: value for name, value in settings.items() if name in INDEXES}:
            return indexes
    return {}


def read_toml(path: Path) -> JsonObject:
    """Returns what a file holds.

    Raises:
        ArtifactError: the file cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ArtifactError(f"{display_path(path)} cannot be read: {error}.") from None
    return _parse_toml(path, status.st_mtime_ns, status.st_size)


def _read_table(path: Path, *within: str) -> JsonObject:
    table = read_toml(path)
    for name in within:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise ArtifactError(f"{display_path(path)}: [{'.'.join(within)}] is not a table. Write it as one.")
    return table


@lru_cache(maxsize=256)
def _parse_toml(path: Path, _modified_ns: int, _size: int) -> JsonObject:
    import tomllib  # slow to load, and an unchanged deploy does not need it

    try:
        return tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # such as a number of thousands of digits
        raise ArtifactError(f"{display_path(path)} cannot be read: {error}.") from None


def _select_sources(table: Json, names: Collection[str], where: str) -> JsonObject:
    """Returns the sources of required packages."""
    selected: JsonObject = {}
    for name, declared in table.items() if isinstance(table, dict) else ():
        for source in declared if isinstance(declared, list) else [declared]:
            if normalize_name(name) not in names:
                continue
            if not isinstance(source, dict) or any(place in source for place in UNSUPPORTED_SOURCES) or "index" not in source:
                place = next(
                    (place for place in UNSUPPORTED_SOURCES if isinstance(source, dict) and place in source), "something else"
                )
                raise ArtifactError(
                    f"{where}: `sources` says that {name} comes from a {place}, but only packages of an index are installed. Put "
                    f"its code into shared/, or name it by p.library(…), and import it; or publish it, and name the index."
                )
            selected[name] = declared
    return selected


def _index_addresses(settings: Settings) -> Iterator[str]:
    for name in ("index-url", "extra-index-url", "find-links"):
        value = settings.get(name, ())
        yield from [value] if isinstance(value, str) else value
    yield from (str(index.get("url", "")) for index in settings.get("index", ()))


def to_toml(value: Json) -> str:
    """Returns a value as TOML on one line."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{json.dumps(name, ensure_ascii=False)} = {to_toml(inner)}" for name, inner in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else json.dumps(value, ensure_ascii=False)
