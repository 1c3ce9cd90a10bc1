"""Job bookmarks: which objects a job has read, so that its next run reads only new and changed ones.

As in AWS, a source counts where it has a ``transformation_ctx``, and what it read counts once the job commits.
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html
"""

import json
import os
from pathlib import Path

VARIABLE = "EMBEDDED_GLUE_BOOKMARKS"
"""Names the file in which a job's bookmarks are kept; set where the job's bookmarks are enabled."""
_read: dict[str, dict[str, int]] = {}  # key of a source -> path -> time of the object


def enabled() -> bool:
    """Whether this run uses bookmarks."""
    return bool(os.environ.get(VARIABLE))


def unread(key: str, objects: list[tuple[str, int]]) -> list[str]:
    """The paths of objects that no committed run has read through the source ``key``, in order."""
    if not enabled() or not key:
        return sorted(path for path, _ in objects)
    earlier = _stored().get(key, {})
    fresh = {path: at for path, at in objects if earlier.get(path) != at}
    _read.setdefault(key, {}).update(fresh)
    return sorted(fresh)


def commit() -> None:
    """Remember what this run has read."""
    if not enabled() or not _read:
        return
    stored = _stored()
    for key, objects in _read.items():
        stored.setdefault(key, {}).update(objects)
    file = Path(os.environ[VARIABLE])
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(stored))
    fresh.replace(file)


def _stored() -> dict[str, dict[str, int]]:
    file = Path(os.environ[VARIABLE])
    return dict(json.loads(file.read_text())) if file.exists() else {}
