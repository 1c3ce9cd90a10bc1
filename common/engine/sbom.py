"""Merges the bills of materials (SBOMs) of all packages into one document, which scanners read from a pipe.

A package that was built on this machine is described as it is here. A package that is only in the bucket of an environment is not
built: it is described as it is in the bucket. So the description of a deployed package is that of the deployed bytes.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from common.base.errors import ArtifactError, DeployError
from common.model.resource import Resource
from common.packaging import sbom
from common.packaging.artifact import Sources
from common.packaging.lambda_package import Package
from common.packaging.sbom import Document
from common.state.records import Records


def artifacts_of(resources: Iterable[Resource], build_dir: Path) -> dict[Path, Sources]:
    """Functions' packages, and whatever else holds packages of other people, by where each is built."""
    artifacts = (artifact for resource in resources for artifact in resource.artifacts)
    return {
        artifact.built_at(build_dir): artifact
        for artifact in artifacts
        if isinstance(artifact, Sources)
        and (isinstance(artifact, Package) or getattr(artifact, "dependencies", None) is not None)
    }


def merged(name: str, artifacts: Mapping[Path, Sources], build_dir: Path, records: Callable[[], Records] | None) -> Document:
    """One document about all of these artifacts.

    Args:
        name: what it is about.
        artifacts: by where each is built.
        build_dir: where artifacts are built.
        records: connects with the environment, if one is named; asked only if something is not built here.

    Raises:
        ArtifactError: something cannot be built.
    """
    missing = any(not path.exists() for path in artifacts)
    deployed = records() if records is not None and missing else None
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="build") as pool:
        results = list(pool.map(partial(_document, build_dir, deployed), artifacts.values()))
    if errors := [str(result) for result in results if isinstance(result, DeployError)]:
        raise ArtifactError("\n".join(dict.fromkeys(errors)))
    return sbom.merge(name, [result for result in results if not isinstance(result, DeployError)])


def _document(build_dir: Path, records: Records | None, artifact: Sources) -> Document | DeployError:
    try:
        if records is not None and not artifact.in_aws and not artifact.built_at(build_dir).exists():
            if deployed := records.uploaded_sbom(artifact):
                return deployed
            if content := records.uploaded_content(artifact):
                return artifact.document(build_dir, content)
        path = artifact.sbom_file(build_dir)
        return json.loads(path.read_text(encoding="utf-8")) if path is not None else artifact.document(build_dir)
    except DeployError as error:
        return error
