"""Digests the files of all declared resources."""

import os
from collections.abc import Iterable
from pathlib import Path

from common.base.digest_cache import StatCache, has_changed
from common.model.resource import Key, Resource


def cache_path(root: Path) -> Path:
    """Returns the path of a repository's `StatCache`."""
    return root / "build" / "stat-cache.json"


def seem_edited(root: Path, projects: Iterable[str]) -> bool:
    """Whether a file in the folders of these projects was edited since it was last digested.

    It needs no declarations, so what only a change takes can be loaded while these are.
    """
    return has_changed(cache_path(root), tuple(f"{root / 'projects' / name}{os.sep}" for name in projects))


def hash_edited_files(resources: Iterable[Resource], cache: Path, *, believing: bool = True) -> list[Resource]:
    """Digests all files, without reading those whose status has not changed.

    Args:
        resources: the declared resources.
        cache: the path of the `StatCache`.
        believing: see `StatCache`.

    Returns:
        The resources of which a file has changed since it was last digested.
    """
    looked: set[Key] = set()
    edited = []
    with StatCache(cache, believing=believing) as digests:
        for resource in resources:
            changed = digests.changed
            resource.look(digests)
            for artifact in (artifact for artifact in resource.artifacts if artifact.key not in looked):
                artifact.hash_files(digests.of_file)
                looked.add(artifact.key)
            if digests.changed > changed:
                edited.append(resource)
    return edited
