"""Looks at the files of everything that is declared."""

from collections.abc import Iterable
from pathlib import Path

from common.base.digest_cache import StatCache
from common.model.resource import Key, Resource


def cache_of(root: Path) -> Path:
    """Where a repository's `StatCache` is."""
    return root / "build" / "stat-cache.json"


def edited(resources: Iterable[Resource], cache: Path, *, believing: bool = True) -> list[Resource]:
    """Takes the digests of all files from what `stat` says of them, where that is known.

    Args:
        resources: what is declared.
        cache: where the `StatCache` is.
        believing: see `StatCache`.

    Returns:
        Those of which a file holds other bytes than when it was last looked at.
    """
    looked: set[Key] = set()
    edited_paths = []
    with StatCache(cache, believing=believing) as cache_:
        for resource in resources:
            changed = cache_.changed
            resource.look(cache_)
            for artifact in (artifact for artifact in resource.artifacts if artifact.key not in looked):
                artifact.hash_files(cache_.of_file)
                looked.add(artifact.key)
            if cache_.changed > changed:
                edited_paths.append(resource)
    return edited_paths
