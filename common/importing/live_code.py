"""Compares the code that a function or a job runs with the files of this repository, for `invoke pull`.

Another deployer may have built the same files again: then the zip is another one, and only the reference to it is out of date.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from common.aws.code_download import download
from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError, DeclarationError
from common.base.json_types import JsonMapping
from common.model.resource import Artifact
from common.packaging.artifact import Script
from common.packaging.imported_package import ImportedPackage
from common.packaging.lambda_package import Package
from common.packaging.package_reference import PackageReference
from common.packaging.pyproject import normalize_name
from common.packaging.unpacking import script_package, unpack


class LiveCode(NamedTuple):
    """The code that a function runs, compared with the files.

    Args:
        package: the reference to it, if it is made of exactly these files; otherwise None.
        changed: which files differ, for people; empty if that is not known.
    """

    package: str | None
    changed: str


def compare(aws: Aws, function: str, package: Package) -> LiveCode:
    """Downloads the code of a function, and compares it with the files of its package.

    Raises:
        DeployError: the code cannot be downloaded, so nothing is known of it.
    """
    if package.command is not None:  # the files are not those that are packaged
        return LiveCode(None, "")
    response = aws.call("lambda", "GetFunction", FunctionName=function)
    data = download(response["Code"]["Location"], function)
    try:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, package.folder.name)
            settings = {"runtime": package.runtime, "handler": package.handler, "architecture": package.architecture}
            reference = PackageReference.parse(unpack(data, folder, **settings, kept=_kept(package.folder)).package)
            own, live = _imported(package, package.folder), _imported(package, folder)
            if own.imported_digest() == reference.files:
                return LiveCode(str(reference), "")
            before, now = own.sources(), live.sources()
            return LiveCode(None, digest.differences(before, {name: now[name] for name in now if name in before}))
    except (ArtifactError, DeclarationError):  # such code can only be compared by people
        return LiveCode(None, "")


def script_in_place(aws: Aws, script: Script) -> str | None:
    """The reference to the script that a job runs where it was when it was imported, if it is the file; otherwise None."""
    if script.reference is None or script.in_aws:  # nothing is known to be edited
        return None
    location = script.reference.in_aws
    bucket, _, key = location.partition("://")[2].partition("/")
    response = aws.find("s3", "GetObject", "NoSuchKey", Bucket=bucket, Key=key)
    data = response["Body"].read() if response is not None else None
    return script_package(data, location) if data == script.path.read_bytes() else None


def is_same_code(artifact: Artifact, path: Path, package: str, configuration: JsonMapping) -> bool:
    """Whether the code of a function or a job that was fetched is made of the files of an artifact of this repository.

    Args:
        artifact: what is declared.
        path: the folder of the package, or the script, that was fetched.
        package: the reference to it.
        configuration: the configuration of the function, whose runtime and architecture its code is for.
    """
    if isinstance(artifact, Package) and artifact.command is None:
        runs_on = {"runtime": configuration["Runtime"], "architecture": configuration.get("Architectures", ["x86_64"])[0]}
        own = replace(_imported(artifact, artifact.folder), **runs_on)
        return own.imported_digest() == PackageReference.parse(package).files
    return isinstance(artifact, Script) and artifact.path.read_bytes() == path.read_bytes()


def _imported(package: Package, folder: Path) -> ImportedPackage:
    """The package as an imported one, of another folder."""
    return ImportedPackage(
        key=package.key,
        prefix=package.prefix,
        folder=folder,
        handler=package.handler,
        runtime=package.runtime,
        architecture=package.architecture,
        libraries=package.libraries,
        includes=package.includes,
        reference=PackageReference("", Digest("")),
    )


def _kept(folder: Path) -> dict[str, str]:
    """The libraries that stay as files in a folder. They must stay so in the other folder."""
    infos = [path.name.removesuffix(".dist-info").rpartition("-")[0] for path in folder.glob("*.dist-info")]
    return {
        normalize_name(name): "it stays as files" for name in (*infos, *(["npm"] if (folder / "node_modules").exists() else []))
    }
