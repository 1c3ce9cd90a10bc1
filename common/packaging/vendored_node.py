"""Tells the npm packages in a package from its own code, and writes the lock that installs exactly these.

The lock that was packaged is kept if it names what is there. Otherwise one is written from the installed packages: npm accepts a
lock without addresses and digests.

Follows https://docs.npmjs.com/cli/configuring-npm/package-lock-json
"""

import json
import re
from typing import NamedTuple

from common.base.json_types import Json, JsonObject
from common.packaging.node import LOCK, PACKAGE, asks_for_packages
from common.packaging.zip_contents import Contents

MODULES = "node_modules/"
INSTALLED = re.compile(rf"(?P<place>(?:.*/)?{MODULES}(?:@[^/]+/)?[^/@.][^/]*)/{re.escape(PACKAGE)}")
DEPENDENCY_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta")
COPIED_FIELDS = (*DEPENDENCY_FIELDS, "bin", "engines", "os", "cpu")
"""The fields of an installed package that npm copies into a lock."""


class NodePackages(NamedTuple):
    """The npm packages in a package.

    Args:
        lock: the text of the lock that installs them; None if they stay as files.
        notes: sentences about what stays as files.
    """

    lock: str | None
    notes: tuple[str, ...] = ()


def find_node_packages(contents: Contents) -> NodePackages:
    """Finds the npm packages in a package."""
    installed = _installed(contents)
    if not installed:
        return NodePackages(None)
    own = _read(contents, PACKAGE)
    if own is None:
        return NodePackages(None, (f"{MODULES} stays as files: there is no {PACKAGE} that says what to install.",))
    required = {name for package in (own, *installed.values()) for field in DEPENDENCY_FIELDS for name in _map(package, field)}
    if extra := sorted(place for place in installed if place.rpartition(MODULES)[2] not in required):
        return NodePackages(None, (f"{MODULES} stays as files: no package asks for {extra[0].rpartition(MODULES)[2]}.",))
    for name in (LOCK, f"{MODULES}.{LOCK}"):
        lock = _read(contents, name)
        if lock is not None and _locked(lock) == {place: str(package["version"]) for place, package in installed.items()}:
            return NodePackages(contents[name].content.decode() if name == LOCK else _text(own, _map(lock, "packages")))
    described: JsonObject = {}
    for place, package in sorted(installed.items()):
        described[place] = {"version": package["version"], **_picked(package)}
    note = f"{LOCK} was written from what is in {MODULES}, without digests; `npm install --package-lock-only` adds them."
    return NodePackages(_text(own, described), (note,))


def is_asking(contents: Contents) -> bool:
    """Whether a package asks npm to install something."""
    return asks_for_packages(_read(contents, PACKAGE) or {})


def _installed(contents: Contents) -> dict[str, JsonObject]:
    """Returns the metadata of the installed packages by their folders."""
    places = {name: match["place"] for name in contents if name.startswith(MODULES) and (match := INSTALLED.fullmatch(name))}
    read = {place: _read(contents, name) for name, place in places.items()}
    return {place: package for place, package in read.items() if package and isinstance(package.get("version"), str)}


def _locked(lock: JsonObject) -> dict[str, str]:
    """Returns the versions in a lock by folder, without what is only for development."""
    packages = _map(lock, "packages")
    inner = {place: package for place, package in packages.items() if place and isinstance(package, dict)}
    return {place: str(package.get("version")) for place, package in inner.items() if not package.get("dev")}


def _text(own: JsonObject, packages: JsonObject) -> str:
    names: JsonObject = {name: own[name] for name in ("name", "version") if name in own}
    root: JsonObject = {**names, **_picked(own)}
    inner: JsonObject = {"": root, **packages}
    lock: JsonObject = {**names, "lockfileVersion": 3, "requires": True, "packages": inner}
    return json.dumps(lock, indent=2, ensure_ascii=False) + "\n"


def _picked(package: JsonObject) -> JsonObject:
    return {name: package[name] for name in COPIED_FIELDS if package.get(name)}


def _read(contents: Contents, name: str) -> JsonObject | None:
    try:
        value: Json = json.loads(contents[name].content)
    except (KeyError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _map(package: JsonObject, field: str) -> JsonObject:
    value = package.get(field)
    return value if isinstance(value, dict) else {}
