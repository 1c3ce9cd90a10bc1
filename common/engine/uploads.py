"""The changes of artifacts in a plan: those that are not in the bucket are uploaded."""

from collections.abc import Collection, Mapping
from pathlib import Path

from common.base.digest import Digest
from common.model.resource import Action, Artifact, Change, Key
from common.state.release_root import Baseline


def planned(
    artifacts: Mapping[Key, Artifact],
    keys: Collection[Key],
    contents: Mapping[Key, tuple[Digest, bool]],
    baselines: Mapping[str, Baseline],
    build_dir: Path,
) -> dict[Key, Change]:
    """The changes of the artifacts with these keys.

    Args:
        artifacts: all artifacts.
        keys: those that the plan is about.
        contents: the content digests of artifacts, and whether they are uploaded, as far as that was asked.
        baselines: the baseline of each project.
        build_dir: where artifacts are built.
    """
    missing = {key for key in keys if key in contents and not contents[key][1]}
    return {
        key: _upload(artifact, baselines[key.project], build_dir) if key in missing else Change(key, Action.NOOP, "uploaded")
        for key, artifact in artifacts.items()
        if key in keys
    }


def _upload(artifact: Artifact, baseline: Baseline, build_dir: Path) -> Change:
    from common.engine import reasons  # an unchanged deploy uploads nothing

    reason = reasons.of_upload(artifact, baseline.files, baseline.digests.get(artifact.key))
    return Change(artifact.key, Action.UPLOAD, reason, {"Bill": True} if artifact.sbom_file(build_dir) else {})
