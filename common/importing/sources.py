"""Fetches the code of functions and jobs, each into a folder or file of its own, before anything is named.

A function or job of which the code cannot be had is not imported; the others are.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from common.aws.code_download import download
from common.base.errors import EXPIRED, ArtifactError, AwsError
from common.base.lean_dataclass import dataclass
from common.importing.account import LiveAccount
from common.importing.functions import runs_image
from common.importing.selection import LiveResource
from common.packaging.locked_unpacking import unpack_locked
from common.packaging.unpacking import script_package
from common.resources import kind_of

SHOWN = 3
"""How many places of secrets a note names; of more only their number is told."""


@dataclass(frozen=True)
class Source:
    """The code of a function or a job.

    Args:
        path: where it is: a folder, or a file.
        package: the reference to the code that AWS has.
        notes: what people have to know, one sentence each.
    """

    path: Path
    package: str
    notes: tuple[str, ...] = ()


def fetch(account: LiveAccount, resources: Iterable[LiveResource], folder: Path) -> dict[str, Source | str]:
    """The code of functions and jobs by ARN, or why it cannot be had.

    Args:
        account: where to read.
        resources: the functions and jobs.
        folder: where to write.
    """
    numbered = [*enumerate(resources)]
    sources = account.pool.map(lambda pair: _fetched(account, pair[1], folder / str(pair[0])), numbered)
    return {item.arn: source for (_, item), source in zip(numbered, sources, strict=True)}


def has_code(resource: LiveResource) -> bool:
    """Whether its code is written as files: that of functions and jobs, without what is in a container image."""
    return kind_of(resource.kind).is_packaged and not runs_image(resource.live.get("Configuration", {}))


def _fetched(account: LiveAccount, resource: LiveResource, path: Path) -> Source | str:
    if resource.kind == "glue-job":
        return _script(account, resource, path)
    live = resource.live["Configuration"]
    architecture = live.get("Architectures", ["x86_64"])[0]
    try:
        data = download(resource.live["Code"]["Location"], resource.name)
    except AwsError as error:
        return _reason(error)
    try:
        unpacked = unpack_locked(data, path, runtime=live["Runtime"], handler=live["Handler"], architecture=architecture)
    except ArtifactError as error:
        return f"its package cannot be unpacked: {error}".removesuffix(".")
    return Source(path, unpacked.package, (*unpacked.notes, *_secrets(path)))


def _script(account: LiveAccount, resource: LiveResource, path: Path) -> Source | str:
    location = resource.live["Command"]["ScriptLocation"]
    try:
        script = account.object(location)
    except AwsError as error:
        if error.passes or error.code.startswith(EXPIRED):
            raise
        return f"its script {location} cannot be read: {_reason(error)}"
    if script is None:
        return f"its script {location} does not exist"
    path.write_bytes(script)
    return Source(path, script_package(script, location), tuple(_secrets(path)))


def _secrets(path: Path) -> Iterator[str]:
    """Yields a sentence if a script, or a file of a package, holds what looks like a secret: it will be in the repository."""
    from common.packaging import secret_detector  # slow to load

    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    findings: list[str] = []
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else "line "
        if path.is_dir() and secret_detector.is_secret_name(name):
            findings.append(f"{name} (by its name)")
        else:
            findings += [f"{name}{finding}".replace("line :", "line ") for finding in secret_detector.find_in_file(file)]
    if findings:
        more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        yield (
            f"Its code holds what looks like a secret, and is written as it is: {', '.join(findings[:SHOWN])}{more}. "
            f"Take it out before you commit; the next deploy then replaces the code in AWS."
        )


def _reason(error: AwsError) -> str:
    return f"{error.code}: {error.reason}".rstrip(".")
