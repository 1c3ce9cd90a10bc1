"""How large a package may be, told before anything is uploaded.

Lambda unpacks a function's package and its layers into 250 MB. Its other limit, 50 MB zipped, is one of direct uploads; ours come
from S3, where it does not apply.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging.archive import Members
from common.packaging.tree import shown

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Bytes, all layers included."""
TOLD = 10


def check(
    members: Members, folder: Path, architecture: str, *, dependencies: bool, layers: Mapping[str, Members] | None = None
) -> None:
    """Compares a package with what Lambda accepts.

    Args:
        members: of the package.
        folder: named in the error.
        architecture: of the function.
        dependencies: whether it installs some.
        layers: the members of each of its layers, by its name.

    Raises:
        ArtifactError: it is too large.
    """
    own, brought = sizes(members), {name: sizes(inside) for name, inside in (layers or {}).items()}
    size = own.total() + sum(found.total() for found in brought.values())
    if size <= UNZIPPED_LIMIT:
        return
    named = own + sum(
        (Counter({f"{name} in {layer}": n for name, n in found.items()}) for layer, found in brought.items()), Counter()
    )
    largest = ", ".join(f"{name} {bytes_ / 2**20:.0f} MB" for name, bytes_ in named.most_common(TOLD))
    twice = sorted(name for name in own if any(name in found for found in brought.values()))
    hints = ["Leave files out by .deployignore"]
    hints += [f"leave out what its layers bring too: {', '.join(twice[:TOLD])}"] if twice else []
    hints += ["or try arm64, whose packages are often smaller"] if dependencies and architecture == "x86_64" else []
    what = f"unzipped with the layers {', '.join(brought)}" if brought else "unzipped"
    raise ArtifactError(
        f"{shown(folder)}: {size / 2**20:.0f} MB {what}; Lambda accepts {UNZIPPED_LIMIT // 2**20} MB, layers included. "
        f"The largest: {largest}. {', '.join(hints)}."
    )


def sizes(members: Members) -> Counter[str]:
    """Bytes by package: what a distribution's folders and libraries have in common is their name."""
    found: Counter[str] = Counter()
    for name, one in members.items():
        parts = name.split("/")
        top = (
            "/".join(parts[: 3 if len(parts) > 2 and parts[1].startswith("@") else 2]) if parts[0] == "node_modules" else parts[0]
        )
        found[top.removesuffix(".libs")] += one.size
    return found
