"""Tells the Python libraries in a package from its own code, and names them with their exact versions.

An installer lists the files of each library with their digests (RECORD). A library counts as installed from an index only if all
of its files that are there are as they were installed; one that was edited, or whose origin is unknown, stays as files.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import csv
import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from common.base import digest
from common.base.lean_dataclass import dataclass, field
from common.packaging.pyproject import normalize_name
from common.packaging.requirements import RUNTIME_PACKAGES
from common.packaging.zip_contents import Contents

METADATA = re.compile(r"(?P<info>[^/]+\.dist-info)/METADATA")
SCRIPTS = "../../bin/"
"""Begins the name of a script in RECORD; with ``--target`` it is installed into the folder bin/ beside the libraries."""


@dataclass
class PythonLibraries:
    """The libraries in a package.

    Args:
        pins: the requirements that install them, by normalized name.
        files: all their files.
        notes: a sentence for each library that stays as files, or that an installation completes.
        is_complete: whether an installation brings exactly what is there.
    """

    pins: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    is_complete: bool = True


def find_python_libraries(contents: Contents, python: str, kept: Mapping[str, str] | None = None) -> PythonLibraries:
    """Finds the libraries in a package.

    Args:
        contents: the files of the package.
        python: the version of Python, as in ``3.12``.
        kept: why libraries stay as files although they could be told apart, by normalized name.
    """
    libraries, required = PythonLibraries(), dict[str, str]()
    infos = [match["info"] for name in contents if (match := METADATA.fullmatch(name))]
    for info in infos:
        metadata = HeaderParser().parsestr(contents[f"{info}/METADATA"].content.decode(errors="replace"))
        name, version = metadata.get("Name", ""), metadata.get("Version", "")
        files, missing = _recorded(contents, info)
        if reason := _reason_to_keep(contents, info, version, files) or (kept or {}).get(normalize_name(name), ""):
            libraries.notes.append(f"{name or info} stays as files: {reason}.")
            continue
        libraries.pins[normalize_name(name)] = f"{name}=={version}"
        libraries.files |= files.keys() | {member for member in contents if member.startswith(f"{info}/")}
        required |= dict.fromkeys(_requirements(metadata.get_all("Requires-Dist", []), python), name)
        if missing:
            libraries.is_complete = False
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            libraries.notes.append(f"{name}: an installation also brings {missing[0]}{more}.")
    for needed, user in sorted(required.items()):
        if needed not in libraries.pins and needed not in RUNTIME_PACKAGES:
            libraries.is_complete = False
            libraries.notes.append(f"{user} requires {needed}, which the package does not have; an installation brings it.")
    return libraries


def _recorded(contents: Contents, info: str) -> tuple[dict[str, str], list[str]]:
    """Returns the files of a library that are there, with their digests in RECORD, and the names of those that are not."""
    record = contents.get(f"{info}/RECORD")
    rows = csv.reader(io.StringIO(record.content.decode(errors="replace"))) if record else ()
    files, missing = dict[str, str](), list[str]()
    for path, expected, *_ in (row for row in rows if len(row) > 1):
        name = posixpath.normpath(path.removeprefix("../../") if path.startswith(SCRIPTS) else path)
        if name in contents:
            files[name] = expected
        elif not name.startswith(("..", "/", f"{info}/", "bin/")) and not name.endswith(".pyc"):
            missing.append(name)
    return files, missing


def _reason_to_keep(contents: Contents, info: str, version: str, files: dict[str, str]) -> str:
    """Says why a library cannot be installed again; empty if it can."""
    if f"{info}/RECORD" not in contents:
        return "it has no list of its files (RECORD)"
    if f"{info}/direct_url.json" in contents:
        return "it was not installed from an index"
    try:
        if Version(version).local:
            return f"{version} is a version of its own, which public indexes do not have"
    except InvalidVersion:
        return f"{version!r} is not a version"
    if not any(not name.startswith(f"{info}/") for name in files):
        return "only its metadata are there"
    own = {name: expected for name, expected in files.items() if expected or not name.startswith(f"{info}/")}
    edited = next(
        (name for name, expected in own.items() if expected != digest.to_record(digest.of_bytes(contents[name].content))), None
    )
    return f"{edited} is not as it was installed" if edited else ""


def _requirements(lines: list[str], python: str) -> Iterator[str]:
    """Yields the normalized names of what a library requires there."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    environment |= {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield normalize_name(requirement.name)
