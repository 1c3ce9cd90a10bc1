"""Replaces the paths of packaged files, as tracebacks have them, by the paths of the files in this repository.

A function's code is unpacked to ``/var/task``, its layers to ``/opt/python``; a job's script is downloaded under the name of its
object, which is a digest; the embedded AWS has folders of its own. So a path is matched by its end, the longest one first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from common.model.resource import Resource
from common.packaging.artifact import Sources
from common.resources.function import Function
from common.resources.job import Job

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
    names = {name: relative(root, path) for name, path in packaged_files(resource).items()}
    return lambda text: _PATH.sub(lambda match: _replaced(match[0], names), text) if names else text


def packaged_files(resource: Resource) -> dict[str, Path]:
    """Returns the files that are packaged for a resource, by their paths in the package; a script by its name in the bucket."""
    names: dict[str, Path] = {}
    for artifact in getattr(resource, "artifacts", ()):
        if isinstance(artifact, Sources):
            places = artifact.paths_by_name
            names |= places
            if len(places) == 1:
                names[artifact.location.rpartition("/")[2]] = next(iter(places.values()))
    return names


def by_log_group(root: Path, resources: Sequence[Resource]) -> Callable[[str, str], str]:
    """Returns a function that replaces such paths in a text of a log group, as in ``replaced(group, text)``.

    A function is known by its group, because all functions have the same paths. A job's script is known by its digest.

    Args:
        root: the repository.
        resources: the functions and jobs that may have written the text.
    """
    of_group: dict[str, Callable[[str], str]] = {}
    jobs: list[Callable[[str], str]] = []
    for resource in resources:
        if isinstance(resource, Function):
            paths = in_repository(root, resource)
            of_group |= dict.fromkeys((f"/aws/lambda/{resource.name}", resource.log_group), paths)
        elif isinstance(resource, Job):
            jobs.append(in_repository(root, resource))

    def replaced(group: str, text: str) -> str:
        for paths in (of_group[group],) if group in of_group else jobs:
            if (shown := paths(text)) != text:
                return shown
        return text

    return replaced


def _replaced(path: str, names: Mapping[str, str]) -> str:
    if any(part in path for part in _INSTALLED):
        return path
    parts = path.lstrip("/").split("/")
    return next((names[end] for start in range(len(parts)) if (end := "/".join(parts[start:])) in names), path)


def relative(root: Path, path: Path) -> str:
    """Returns the path of a file in the repository; the whole path of any other file."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
