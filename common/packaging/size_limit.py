"""Checks the unzipped size of a package against Lambda's limit, before anything is uploaded.

Lambda accepts 250 MB for a function's package and its layers together, unzipped. The limit of 50 MB for zipped packages applies
only to direct uploads, not to packages that come from S3 as here.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging.archive import Members
from common.packaging.source_files import display_path

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""How many bytes a function's package and all its layers may have, unzipped."""
MAX_NAMED = 10


def check_size(
    members: Members, folder: Path, architecture: str, *, dependencies: bool, layers: Mapping[str, Members] | None = None
) -> None:
    """Checks the size of a package and its layers.

    Args:
        members: the members of the package.
        folder: the folder that the error names.
        architecture: the architecture of the function.
        dependencies: whether the package installs dependencies.
        layers: the members of each layer by the name of the layer.

    Raises:
        ArtifactError: the package is too large.
    """
    own, layer_sizes = sizes_by_package(members), {name: sizes_by_package(inside) for name, inside in (layers or {}).items()}
    size = own.total() + sum(sizes.total() for sizes in layer_sizes.values())
    if size <= UNZIPPED_LIMIT:
        return
    named = own + sum(
        (Counter({f"{name} in {layer}": n for name, n in sizes.items()}) for layer, sizes in layer_sizes.items()), Counter()
    )
    largest = ", ".join(f"{name} {bytes_ / 2**20:.0f} MB" for name, bytes_ in named.most_common(MAX_NAMED))
    duplicates = sorted(name for name in own if any(name in sizes for sizes in layer_sizes.values()))
    hints = ["Leave files out by .deployignore"]
    hints += [f"leave out what its layers bring too: {', '.join(duplicates[:MAX_NAMED])}"] if duplicates else []
    hints += ["or try arm64, whose packages are often smaller"] if dependencies and architecture == "x86_64" else []
    what = f"unzipped with the layers {', '.join(layer_sizes)}" if layer_sizes else "unzipped"
    raise ArtifactError(
        f"{display_path(folder)}: {size / 2**20:.0f} MB {what}; Lambda accepts {UNZIPPED_LIMIT // 2**20} MB, layers included. "
        f"The largest: {largest}. {', '.join(hints)}."
    )


def sizes_by_package(members: Members) -> Counter[str]:
    """Adds up the bytes by package: by top-level name, with the libraries of a wheel (``numpy.libs``) counted with it."""
    sizes: Counter[str] = Counter()
    for name, member in members.items():
        parts = name.split("/")
        top = (
            "/".join(parts[: 3 if len(parts) > 2 and parts[1].startswith("@") else 2]) if parts[0] == "node_modules" else parts[0]
        )
        sizes[top.removesuffix(".libs")] += member.size
    return sizes
