"""Hashing a changed tree of 1 GiB, against hashlib alone on the same files."""

import hashlib
import os
import statistics
import time
from pathlib import Path

from common.base.digest_cache import StatCache
from common.model.resource import Key
from common.packaging.lambda_package import Package

FILES, SIZE = 64, 1 << 24


def hashing(folder: Path) -> dict[str, float]:
    """Medians of three runs in turn: seconds of each, and the ratio."""
    tree = folder / "tree"
    tree.mkdir()
    for number in range(FILES):
        (tree / f"{number}.bin").write_bytes(os.urandom(SIZE))
    ours, alone = [], []
    for number in range(3):
        alone.append(_seconds_alone(tree))
        began = time.perf_counter()
        with StatCache(folder / f"{number}.json") as cache:
            Package(Key("p", "artifact", "f"), "", tree, "f.f", "python3.11", "x86_64").hash_files(cache.of_file)
        ours.append(time.perf_counter() - began)
    ratio = statistics.median(own / other for own, other in zip(ours, alone, strict=True))
    return {"seconds": statistics.median(ours), "hashlib_seconds": statistics.median(alone), "ratio": ratio}


def _seconds_alone(tree: Path) -> float:
    began = time.perf_counter()
    for path in tree.iterdir():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began
