"""Replaces the paths of packaged files, as tracebacks have them, by the paths of the files in this repository.

A function's code is unpacked to ``/var/task``, its layers to ``/opt/python``; a job's script is downloaded under the name of its
object, which is a digest; the embedded AWS has folders of its own. So a path is matched by its end, the longest one first.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from common.model.resource import Resource
from common.packaging.artifact import Sources

_PATH = re.compile(r"/[\w.@+/=-]+\.(?:py|js|mjs|cjs|ts)\b")
_INSTALLED = (
    *("/lib/python", "/lib64/python", "/site-packages/", "/dist-packages/", "/node_modules/"),
    *("/var/runtime/", "/var/lang/"),
)
"""Paths with such a part are of Python, of the runtime or of installed packages."""


def in_repository(root: Path, resource: Resource) -> Callable[[str], str]:
    """Returns a function that replaces the paths of a resource's packaged files in a text.

    Args:
        root: the repository, to which the new paths are relative.
        resource: a function or job.
    """
    names: dict[str, str] = {}
    for artifact in getattr(resource, "artifacts", ()):
        if isinstance(artifact, Sources):
            places = artifact.paths_by_name
            names |= {name: _relative(root, path) for name, path in places.items()}
            if len(places) == 1:
                names[artifact.location.rpartition("/")[2]] = _relative(root, *places.values())
    return lambda text: _PATH.sub(lambda match: _replaced(match[0], names), text) if names else text


def _replaced(path: str, names: Mapping[str, str]) -> str:
    if any(part in path for part in _INSTALLED):
        return path
    parts = path.lstrip("/").split("/")
    return next((names[end] for start in range(len(parts)) if (end := "/".join(parts[start:])) in names), path)


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
