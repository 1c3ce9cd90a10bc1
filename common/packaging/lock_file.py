"""The lock beside a file of requirements: the packages that are installed, with versions and hashes, for every target."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.packaging.target import Target

HEADER = "# Written by `invoke package-lambdas --lock`. To get newer versions, delete this file and lock again."


@dataclass(frozen=True)
class Lock:
    """What a lock file says.

    Args:
        made_from: the digest of what was asked for.
        targets: what it was made for.
        pins: packages with versions and hashes, sorted.
        pinned: the digest of the pins, as it was when they were written.
    """

    made_from: str
    targets: tuple[str, ...]
    pins: tuple[str, ...]
    pinned: str

    @classmethod
    def of(cls, made_from: str, targets: Iterable[str], pins: Iterable[str]) -> "Lock":
        """A new one."""
        pins = tuple(sorted(pins))
        return cls(made_from, tuple(targets), pins, _digest(pins))

    @property
    def is_whole(self) -> bool:
        """Whether the pins are those that were written: a merge, or a hand, may have lost some."""
        return self.pinned == _digest(self.pins)

    @classmethod
    def parse(cls, text: str) -> "Lock":
        """From the text of a file; one that is none of ours was made from nothing."""
        said = dict(re.findall(r"^# (input-sha256|pins-sha256|targets): (.*)$", text, re.MULTILINE))
        targets = tuple(said.get("targets", "").split(", "))
        return cls(said.get("input-sha256", ""), targets, tuple(sorted(joined(text))), said.get("pins-sha256", ""))

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


def merged(made_from: Digest, found: Mapping[Target, Iterable[str]]) -> Lock:
    """One lock for several targets: what all have in common as it is, the rest with a marker.

    Raises:
        ArtifactError: two targets that markers cannot tell apart have different packages.
    """
    wanted: dict[str, list[Target]] = {}
    hashes: dict[str, set[str]] = {}
    for target in sorted(found):
        for what, _, known in (pin.partition(" --hash=") for pin in found[target]):
            wanted.setdefault(what, []).append(target)
            hashes.setdefault(what, set()).update(known.split(" --hash="))
    pins = []
    for what, targets in wanted.items():
        _check_markers(what, targets, found)
        name, _, own = what.partition(" ; ")
        marker = " or ".join(f"({target.marker})" for target in targets)
        if len(targets) < len(found):
            name += f" ; {f'({own}) and ({marker})' if own else marker}"
        elif own:
            name = what
        pins.append(" --hash=".join([name, *sorted(hashes[what])]))
    return Lock.of(made_from, (str(target) for target in sorted(found)), pins)


def _digest(pins: Iterable[str]) -> Digest:
    return digest.of_struct("pins", 1, list(pins))


def _check_markers(what: str, targets: Iterable[Target], found: Iterable[Target]) -> None:
    others = {other.marker for other in found if other not in set(targets)}
    for target in targets:
        if target.marker in others:
            raise ArtifactError(f"{what} differs between {target} and a like platform. Give each a file of its own.")


def unmarked(pin: str) -> str:
    """A pin without its environment marker, which changes when a lock is made for one more target."""
    asked, hashes, known = pin.partition(" --hash=")
    return asked.partition(";")[0].strip() + hashes + known


def joined(text: str) -> Iterator[str]:
    """The lines of a requirements file without comments, continued ones in one, single spaces."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        plain = " ".join(re.sub(r"(^|\s)#.*$", "", line).split())
        if plain:
            yield plain
