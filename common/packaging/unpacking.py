"""Unpacks the package of a function that others have deployed: into its own code, and the requirements that install the rest.

What cannot be told from its own code stays as files. The folder comes with a reference to the code in AWS, so that nothing is
deployed until a file is edited. Whether a package that is built from the folder would hold the same files is said, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from common.base.digest import Digest, of_bytes, to_base64
from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging import lambda_handler, node
from common.packaging.archive import new_folder
from common.packaging.imported_package import ImportedPackage
from common.packaging.package_reference import PackageReference
from common.packaging.requirements import FILE_NAMES
from common.packaging.source_files import IGNORE_FILE, IgnoreRules, display_path, is_ignored, is_tool_leftover
from common.packaging.vendored_node import MODULES, find_node_packages, is_asking
from common.packaging.vendored_python import find_python_libraries
from common.packaging.zip_contents import Contents, PackedFile, read_zip

REQUIREMENTS = FILE_NAMES[0]
MAX_NAMED = 3
"""How many files a sentence names."""


class Unpacked(NamedTuple):
    """What was unpacked.

    Args:
        requirements: the lines of requirements.txt, or none.
        package: the text of the reference to the code in AWS, for the declaration or the configuration.
        notes: sentences about what stays as files, was left out, or would differ in a package that is built from the folder.
        handler_file: the path of the handler's file in the folder; None if it is in a library or a layer.
        same: whether a package that is built from the folder is known to have the same files.
    """

    requirements: tuple[str, ...]
    package: str
    notes: tuple[str, ...]
    handler_file: str | None
    same: bool


class _Sources(NamedTuple):
    files: Contents
    requirements: tuple[str, ...]
    notes: list[str]
    is_complete: bool


def unpack(
    data: bytes,
    folder: Path,
    *,
    runtime: str,
    handler: str,
    architecture: str = "x86_64",
    kept: Mapping[str, str] | None = None,
) -> Unpacked:
    """Unpacks a function's zip into a folder that does not exist yet. The folder is complete, or it does not exist.

    Args:
        data: the zip.
        folder: the folder to write.
        runtime: the runtime of the function.
        handler: its handler.
        architecture: its architecture.
        kept: why libraries stay as files, by normalized name; of Node.js all of them stay if there is an entry.

    Raises:
        ArtifactError: the folder exists, the zip cannot be unpacked safely, or a file cannot be written.
    """
    if folder.exists():
        raise ArtifactError(f"{display_path(folder)} exists already, and nothing is written over.")
    contents, notes = read_zip(data)
    own, leftovers = _without_leftovers(contents)
    sources = _python_sources(own, runtime, kept) if runtime.startswith("python") else _node_sources(own, kept)
    try:
        with new_folder(folder) as temporary:
            for name, file in sources.files.items():
                path = temporary / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content)
                path.chmod(0o755 if file.is_executable else 0o644)
            temporary.chmod(0o755)
    except OSError as error:  # such as a name that is too long, or not text on this machine
        raise ArtifactError(f"{display_path(folder)} cannot be written: {error.strerror or error}.") from None
    unpackaged = _unpackaged(folder, sources.files, own)
    return Unpacked(
        sources.requirements,
        _reference(data, folder, runtime=runtime, handler=handler, architecture=architecture),
        (*notes, *leftovers, *sources.notes, *unpackaged),
        lambda_handler.find_handler(sources.files, handler, runtime),
        not notes and not leftovers and not unpackaged and sources.is_complete,
    )


def script_package(data: bytes, location: str) -> str:
    """Returns the text of the reference to a job's script: its bytes, and the S3 URI at which it stays until it is edited."""
    return str(PackageReference.of_script(data, location))


def _without_leftovers(contents: Contents) -> tuple[Contents, list[str]]:
    """Leaves out what tools leave behind, such as compiled modules; notes those whose source is not there."""
    own = {name: file for name, file in contents.items() if not any(is_tool_leftover(part) for part in name.split("/"))}
    left = [name for name in contents if name not in own and not _is_cache(name, own)]
    return own, [f"{_named(left)} cannot be in a package that is built here; left out."] if left else []


def _is_cache(name: str, own: Mapping[str, object]) -> bool:
    return "__pycache__/" in name or (name.endswith(".pyc") and name.removesuffix("c") in own)


def _python_sources(own: Contents, runtime: str, kept: Mapping[str, str] | None) -> _Sources:
    libraries = find_python_libraries(own, runtime.removeprefix("python"), kept)
    files = {name: file for name, file in own.items() if name not in libraries.files}
    notes = libraries.notes
    for name in FILE_NAMES:
        if name in files:
            path = Path(name)
            renamed = f"{path.stem}.packaged{path.suffix}"
            files[renamed] = files.pop(name)
            notes.append(f"{name} of the package is {renamed} here: it does not say what is in the package.")
    lines = tuple(line for _, line in sorted(libraries.pins.items()))
    if lines:
        files[REQUIREMENTS] = PackedFile(("\n".join(lines) + "\n").encode(), is_executable=False)
    return _Sources(files, lines, notes, libraries.is_complete)


def _node_sources(own: Contents, kept: Mapping[str, str] | None) -> _Sources:
    packages = find_node_packages(own)
    if packages.lock is None or kept:
        marker = {IGNORE_FILE: PackedFile(f"{node.TAKEN_AS_FILES}\n".encode(), is_executable=False)} if is_asking(own) else {}
        notes = [f"{MODULES} stays as files: {reason}." for reason in (kept or {}).values()]
        return _Sources({**marker, **own}, (), notes or list(packages.notes), is_complete=True)
    files = {name: file for name, file in own.items() if not name.startswith(MODULES)}
    files[node.LOCK] = PackedFile(packages.lock.encode(), is_executable=False)
    notes = [*packages.notes, f"Whether files in {MODULES} were edited cannot be told; npm installs them as they are published."]
    return _Sources(files, (), notes, is_complete=False)


def _unpackaged(folder: Path, files: Contents, own: Contents) -> list[str]:
    """Notes the files that a package that is built from the folder would leave out, or have in addition."""
    ignoring = IgnoreRules(folder)
    left = [name for name in files if name in own and is_ignored(name, ignoring)]
    added = [name for name in files if name not in own and name not in {REQUIREMENTS, node.LOCK, IGNORE_FILE}]
    notes = (
        [f"{_named(left)} would be left out of a package that is built here; .deployignore includes it again."] if left else []
    )
    return [*notes, *([f"{_named(added)} would be added to a package that is built here."] if added else [])]


def _reference(data: bytes, folder: Path, *, runtime: str, handler: str, architecture: str) -> str:
    code = to_base64(of_bytes(data))
    package = ImportedPackage(
        key=Key("", "artifact", folder.name),
        prefix="",
        folder=folder,
        handler=handler,
        runtime=runtime,
        architecture=architecture,
        reference=PackageReference(code, Digest("")),
    )
    return str(PackageReference(code, package.imported_digest()))


def _named(names: list[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names if more <= 0 else [*names[:MAX_NAMED], f"and {more} more files"])
