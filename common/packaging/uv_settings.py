"""What uv is told about packages by files: `[tool.uv]` of a `pyproject.toml`, or a `uv.toml`, beside what asks for them.

Every setting is honoured, changes nothing that is installed here, or is refused by its name: a table that nobody reads would let
the public index give somebody else's package under the name of ours. uv itself is given what is honoured, when it resolves. When
it installs, hashes say what is the right file, so it is only told where to look. Of the folders above, up to that of the
repository, only the indexes count: what else is said there is about other programs.

Follows https://docs.astral.sh/uv/reference/settings/ and https://docs.astral.sh/uv/concepts/projects/dependencies/
"""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from common.base.errors import ArtifactError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.packaging.pyproject import normal
from common.packaging.tree import read, shown

PROJECT, OWN = "pyproject.toml", "uv.toml"
INDEXES = ("index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy", "keyring-provider")
HONOURED = frozenset(
    {*INDEXES, "sources", "no-sources", "no-sources-package", "constraint-dependencies", "override-dependencies"}
    | {"exclude-dependencies", "exclude-newer", "exclude-newer-package", "prerelease", "resolution", "fork-strategy"}
    | {"dependency-metadata", "required-version", "allow-insecure-host"}
)
"""Settings that uv is given."""
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
"""Settings of building, developing and publishing, of caches and networks: what is installed is the same without them."""
ADVICE = {
    "workspace": "Members of a workspace are folders: put their code into shared/, or name it by p.library(…), and import it.",
    "no-binary": "Nothing is compiled here: packages are installed as wheels. Remove it.",
    "no-binary-package": "Nothing is compiled here: packages are installed as wheels. Remove it.",
    "pip": "Put what it says of indexes and versions into [tool.uv] itself.",
    "upgrade": "Delete requirements.lock and lock again to get newer versions.",
    "upgrade-package": "Delete requirements.lock and lock again to get newer versions.",
}
PLACES = ("path", "workspace", "git", "url", "editable")
Settings = JsonMapping


def beside(path: Path, names: Collection[str]) -> Settings:
    """What is honoured of the settings for a file of requirements.

    Args:
        path: the file.
        names: the packages that it asks for by themselves, in their normal form.

    Raises:
        ArtifactError: something that changes what is installed is not known here, or is nothing that can be installed.
    """
    own, where = _of_folder(path.parent)
    for name in own:
        if name not in HONOURED | IGNORED:
            advice = ADVICE.get(name, "Remove it. docs/packaging.md lists the settings that are.")
            raise ArtifactError(f"{where}: `{name}` is not honoured here. {advice}")
    settings = {name: value for name, value in own.items() if name in HONOURED}
    sources = _sources(settings.pop("sources", {}), names, where)
    if sources and path.name != PROJECT:
        raise ArtifactError(
            f"{where}: `sources` says where {', '.join(sources)} comes from, but {path.name} asks for it, to which that does not "
            f"apply. Ask for it in `dependencies` of [project] alone, and delete {path.name}."
        )
    settings |= {"sources": sources} if sources else {}
    for name, value in _above(path.parent).items():
        settings[name] = [*settings.get(name, ()), *value] if isinstance(value, list) else settings.get(name, value)
    for address in _addresses(settings):
        if "://" not in address:
            raise ArtifactError(f"{where}: the index {address!r} is a folder, which others do not have. Name an address.")
    return settings


def project(settings: Settings, asked: Collection[str]) -> str:
    """A `pyproject.toml` that asks for packages under these settings."""
    said = {"project": {"name": "deployed", "version": "0", "dependencies": list(asked)}, "tool": {"uv": settings}}
    return "".join(f"{name} = {text(value)}\n" for name, value in said.items())


def names_index(settings: Settings) -> bool:
    """Whether they say which index is asked instead of the public one."""
    return bool(
        "index-url" in settings or settings.get("no-index") or any(index.get("default") for index in settings.get("index", ()))
    )


def places(settings: Settings) -> list[str]:
    """Options that tell uv where to look for files whose hashes are known: each place is as good as any other."""
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


def _of_folder(folder: Path) -> tuple[Settings, str]:
    """The settings of a folder, and the file that they are in."""
    own, project_file = folder / OWN, folder / PROJECT
    table = _table(project_file, "tool", "uv") if project_file.is_file() else {}
    if not own.is_file():
        return table, f"{shown(project_file)}: [tool.uv]"
    if set(table) - IGNORED - {"sources"}:
        raise ArtifactError(
            f"{shown(own)}: [tool.uv] of {PROJECT} beside it has settings, too, and uv reads one of them. Merge them."
        )
    return {**_table(own), **{name: value for name, value in table.items() if name == "sources"}}, shown(own)


def _above(folder: Path) -> Settings:
    """The indexes that the nearest file of the folders above names, within the repository."""
    above = list(folder.absolute().parents)
    root = next((number for number, parent in enumerate(above) if (parent / "tasks.py").is_file()), -1)
    for parent in above[: root + 1]:
        settings, _ = _of_folder(parent)
        if indexes := {name: value for name, value in settings.items() if name in INDEXES}:
            return indexes
    return {}


def _table(path: Path, *within: str) -> JsonObject:
    status = path.stat()
    table = _parsed(path, status.st_mtime_ns, status.st_size)
    for name in within:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise ArtifactError(f"{shown(path)}: [{'.'.join(within)}] is no table.")
    return table


@lru_cache(maxsize=256)
def _parsed(path: Path, _modified_ns: int, _size: int) -> JsonObject:
    try:
        return tomllib.loads(read(path))
    except tomllib.TOMLDecodeError as error:
        raise ArtifactError(f"{shown(path)} cannot be read: {error}.") from None


def _sources(table: Json, names: Collection[str], where: str) -> JsonObject:
    """The sources of packages that are asked for."""
    found: JsonObject = {}
    for name, said in table.items() if isinstance(table, dict) else ():
        for source in said if isinstance(said, list) else [said]:
            if normal(name) not in names:
                continue
            if not isinstance(source, dict) or any(place in source for place in PLACES) or "index" not in source:
                place = next((place for place in PLACES if isinstance(source, dict) and place in source), "something else")
                raise ArtifactError(
                    f"{where}: `sources` says that {name} comes from a {place}, but only packages of an index are installed. Put "
                    f"its code into shared/, or name it by p.library(…), and import it; or publish it, and name the index."
                )
            found[name] = said
    return found


def _addresses(settings: Settings) -> Iterator[str]:
    for name in ("index-url", "extra-index-url", "find-links"):
        value = settings.get(name, ())
        yield from [value] if isinstance(value, str) else value
    yield from (str(index.get("url", "")) for index in settings.get("index", ()))


def text(value: Json) -> str:
    """A value as TOML spells it in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name, ensure_ascii=False)} = {text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else json.dumps(value, ensure_ascii=False)
