"""The lock file of a file of requirements: the packages to install for every target, with versions and hashes."""

import re
from collections.abc import Iterable, Iterator, Mapping

from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass
from common.packaging.target import Target

HEADER = "# Written by `invoke package-lambdas --lock`. To get newer versions, delete this file and lock again."


@dataclass(frozen=True)
class Lock:
    """The content of a lock file.

    Args:
        made_from: the digest of the requirements that it was made from.
        targets: the targets that it was made for.
        pins: packages with versions and hashes, sorted.
        pinned: the digest of the pins when they were written.
    """

    made_from: str
    targets: tuple[str, ...]
    pins: tuple[str, ...]
    pinned: str

    @classmethod
    def of(cls, made_from: str, targets: Iterable[str], pins: Iterable[str]) -> "Lock":
        """Makes a new lock."""
        pins = tuple(sorted(pins))
        return cls(made_from, tuple(targets), pins, _digest_pins(pins))

    @property
    def is_complete(self) -> bool:
        """Whether the pins are those that were written. A merge or an edit may have lost some."""
        return self.pinned == _digest_pins(self.pins)

    @classmethod
    def parse(cls, text: str) -> "Lock":
        """Parses the text of a lock file. A file that the deployer did not write gets an empty `made_from`."""
        fields = dict(re.findall(r"^# (input-sha256|pins-sha256|targets): (.*)$", text, re.MULTILINE))
        targets = tuple(fields.get("targets", "").split(", "))
        return cls(fields.get("input-sha256", ""), targets, tuple(sorted(logical_lines(text))), fields.get("pins-sha256", ""))

    def __str__(self) -> str:
        head = [HEADER, f"# input-sha256: {self.made_from}", f"# pins-sha256: {self.pinned}"]
        return "\n".join(
            [
                *head,
                f"# targets: {', '.join(self.targets)}",
                *(pin.replace(" --hash", " \\\n    --hash") for pin in self.pins),
                "",
            ]
        )


def merge_targets(made_from: Digest, pins_by_target: Mapping[Target, Iterable[str]]) -> Lock:
    """Merges the pins of several targets into one lock. Pins that not all targets have in common get an environment marker.

    Raises:
        ArtifactError: two targets that markers cannot tell apart have different packages.
    """
    targets_by_package: dict[str, list[Target]] = {}
    hashes: dict[str, set[str]] = {}
    for target in sorted(pins_by_target):
        for package, _, pin_hashes in (pin.partition(" --hash=") for pin in pins_by_target[target]):
            targets_by_package.setdefault(package, []).append(target)
            hashes.setdefault(package, set()).update(pin_hashes.split(" --hash="))
    pins = []
    for package, targets in targets_by_package.items():
        _check_markers(package, targets, pins_by_target)
        name, _, own = package.partition(" ; ")
        marker = " or ".join(f"({target.marker})" for target in targets)
        if len(targets) < len(pins_by_target):
            name += f" ; {f'({own}) and ({marker})' if own else marker}"
        elif own:
            name = package
        pins.append(" --hash=".join([name, *sorted(hashes[package])]))
    return Lock.of(made_from, (str(target) for target in sorted(pins_by_target)), pins)


def _digest_pins(pins: Iterable[str]) -> Digest:
    return digest.of_struct("pins", 1, list(pins))


def _check_markers(package: str, targets: Iterable[Target], all_targets: Iterable[Target]) -> None:
    others = {other.marker for other in all_targets if other not in set(targets)}
    for target in targets:
        if target.marker in others:
            raise ArtifactError(
                f"{package} differs between {target} and another target with the same markers. Give each its own file of "
                f"requirements."
            )


def without_marker(pin: str) -> str:
    """Returns a pin without its environment marker, which changes when a lock is made for another target, too."""
    requirement, hashes, digests = pin.partition(" --hash=")
    return requirement.partition(";")[0].strip() + hashes + digests


def logical_lines(text: str) -> Iterator[str]:
    """Yields the lines of a requirements file: without comments, continuation lines joined, single spaces.

    As for uv, a comment ends with its line, also after a backslash, and nothing but a line feed ends a line.
    """
    without_comments = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\(\n|\Z)", " ", without_comments).split("\n"):
        if plain := " ".join(line.split()):
            yield plain
