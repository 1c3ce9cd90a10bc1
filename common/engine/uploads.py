"""The changes of artifacts in a plan: those that are not in the bucket are uploaded."""

from collections.abc import Collection, Mapping
from pathlib import Path

from common.base.digest import Digest
from common.engine import reasons
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
    changes: dict[Key, Change] = {}
    for key in (key for key in artifacts if key in keys):
        missing, project = key in contents and not contents[key][1], baselines[key.project]
        if not missing:
            changes[key] = Change(key, Action.NOOP, "uploaded")
            continue
        reason = reasons.of_upload(artifacts[key], project.files, project.digests.get(key))
        changes[key] = Change(key, Action.UPLOAD, reason, {"Bill": True} if artifacts[key].sbom_file(build_dir) else {})
    return changes
