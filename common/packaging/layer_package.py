"""What a Lambda layer holds, packed where Lambda looks for it.

A layer is unpacked to /opt, and Lambda looks for modules in some folders there, not in all: `python/` and `nodejs/node_modules/`.

Follows https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from common.packaging.archive import Members
from common.packaging.lambda_package import Package


@dataclass(frozen=True)
class LayerPackage(Package):
    """What a layer holds.

    Args:
        users: the packages that it is unpacked beside; what it may weigh depends on them.
    """

    users: list[Package] = field(default_factory=list, repr=False, compare=False)
    _made: dict[Path, Members] = field(default_factory=dict, repr=False, compare=False)
    kind: ClassVar[str] = "layer-package"

    def check_handler(self, *, glance: bool = True) -> None:
        """It has none."""

    def members(self, build_dir: Path) -> Members:
        """What it holds; asked for by each function that uses it."""
        return self._made.get(build_dir) or self._made.setdefault(build_dir, super().members(build_dir))

    def check_size(self, members: Members, build_dir: Path) -> None:
        """Compares it, and every function that uses it, with what Lambda accepts.

        Raises:
            ArtifactError: something is too large.
        """
        super().check_size(members, build_dir)
        for user in self.users:
            user.check_size(user.members(build_dir), build_dir)

    def placed(self, members: Members) -> Members:
        """Whoever builds a layer says where things go; what is none of that goes where Lambda looks for modules."""
        folder = "python" if self.runtime.startswith("python") else "nodejs"
        made = set() if self.command is None else {name for name, found in members.items() if self._shared.get(name) != found}
        return {name if name in made else f"{folder}/{name}": found for name, found in members.items()}
