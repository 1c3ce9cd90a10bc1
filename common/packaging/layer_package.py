"""The package of a Lambda layer, with its files in the folders where Lambda looks for them.

A layer is unpacked to /opt, where Lambda looks for modules only in certain folders: `python/` and `nodejs/node_modules/`.

Follows https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

from pathlib import Path
from typing import ClassVar

from common.base.lean_dataclass import dataclass, field
from common.packaging.archive import Members
from common.packaging.lambda_package import Package


@dataclass(frozen=True)
class LayerPackage(Package):
    """The package of a layer."""

    _made: dict[Path, Members] = field(default_factory=dict, repr=False, compare=False)
    kind: ClassVar[str] = "layer-package"

    def check_handler(self, *, glance: bool = True) -> None:
        """Does nothing, as a layer has no handler."""

    def members(self, build_dir: Path) -> Members:
        """Returns the members, computed once for all functions that use the layer."""
        return self._made.get(build_dir) or self._made.setdefault(build_dir, super().members(build_dir))

    def place_members(self, members: Members) -> Members:
        """Returns the members by their paths.

        A command's output keeps its paths; all else goes where Lambda looks for modules.
        """
        folder = "python" if self.runtime.startswith("python") else "nodejs"
        made = (
            set()
            if self.command is None
            else {name for name, member in members.items() if self._shared_files.get(name) != member}
        )
        return {name if name in made else f"{folder}/{name}": member for name, member in members.items()}
