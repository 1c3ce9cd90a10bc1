"""A deploy that is killed at any AWS call, then deployed again: what the world looks like afterwards.

The killed deploy is a process of its own that ends by SIGKILL; its AWS calls pass through here one by one, so that each has a
number, and the next deploy meets what it has left behind. Run as a program it tries one share of all boundaries::

    python -m tests.faults.crashes --python PYTHON --runtime RUNTIME --case update --share 0/2
"""

import argparse
import json
import os
import random
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.model.resource import Resource
from tests.faults.boundary import Boundary, Place, is_read
from tests.faults.deployers import Site, Variant
from tests.faults.emulator import Emulator, in_child, started

AFTER_THE_LEASE = 3600.0
OF_ONE_RUN = frozenset({"written", "roles-sha256"})
"""Tags of roots that are other ones in every run: the time, and the ids that IAM gives to roles."""


@dataclass(frozen=True)
class World:
    """What can be seen of an AWS: every resource, every record, every artifact and root by its tags."""

    resources: Mapping[str, Any]
    records: Mapping[str, Any]
    artifacts: Mapping[str, Any]

    @classmethod
    def seen(cls, site: Site, resources: Sequence[Resource], where: Emulator) -> "World":
        read = {f"{resource.key.project}:{resource.key} {resource.arn}": resource.read(site.aws) for resource in resources}
        states = {name: live and (live.state, live.undeclared) for name, live in read.items()}  # a revision is another each time
        objects = where.objects()  # a lease that is left behind runs out; it is not a part of the result
        recorded = {name: stored for name, stored in objects.items() if "/records/" in name}
        records = {name: (json.loads(text)["desired"], tags) for name, (text, tags) in recorded.items()}
        kept = {name: tags for name, (_, tags) in objects.items() if "/artifacts/" in name or name.endswith("/release.json")}
        others = {name: {key: value for key, value in tags.items() if key not in OF_ONE_RUN} for name, tags in kept.items()}
        return cls(states, records, others)


class Crashes:
    """Kills a deploy from `base` to `target` at one boundary after the other."""

    def __init__(self, site: Site, empty: Emulator, before: Variant | None, target: Variant) -> None:
        self.site, self.target = site, target
        self.ever = [*target.resources, *(before.resources if before and target.prune else ())]
        self.base = empty.copy()
        if before is not None:
            self._undisturbed(self.base, before)
        with self.base.copied() as reference:
            self.calls = self._undisturbed(reference, target)
            with reference.copied(site.port) as ended:
                self.expected = World.seen(site, self.ever, ended)

    def _undisturbed(self, where: Emulator, variant: Variant) -> list[str]:
        boundary = Boundary(self.site.port, where, roots_last=variant.jobs > 1)
        status = boundary.serve(in_child(lambda: _deploys(self.site, variant), self.site.quiet))
        boundary.server_close()
        assert status == 0, self.site.quiet.read_text()
        return boundary.calls

    def leave(self, places: Collection[Place]) -> Mapping[Place, Emulator]:
        """What a deploy would leave behind if it was killed at these places: AWS, copied when it was there."""
        boundary = Boundary(self.site.port, self.base.copy(), places=places, roots_last=self.target.jobs > 1)
        status = boundary.serve(in_child(lambda: _deploys(self.site, self.target), self.site.quiet))
        boundary.server_close()
        assert status == 0, self.site.quiet.read_text()
        return boundary.copies

    def kill(self, place: Place) -> None:
        """Kills a deploy and deploys again.

        Raises:
            AssertionError: the next deploy did not put things right, or there was something left to do after it.
        """
        world = self.base.copy()
        boundary = Boundary(self.site.port, world, place, roots_last=self.target.jobs > 1)
        status = boundary.serve(in_child(lambda: _deploys(self.site, self.target), self.site.quiet))
        boundary.server_close()
        assert os.WIFSIGNALED(status), f"it was over before: {self.site.quiet.read_text()}"
        assert os.WTERMSIG(status) == signal.SIGKILL
        self.heal(world)
        world.end()

    def heal(self, left: Emulator) -> None:
        """Deploys onto what a killed deploy has left behind.

        Raises:
            AssertionError: see `kill`.
        """
        with left.copied(self.site.port) as where:
            where.put_clock_forward(AFTER_THE_LEASE)
            self._heals(where)

    def _heals(self, where: Emulator) -> None:
        self.site.deployer(self.target).deploy()
        seen = World.seen(self.site, self.ever, where)
        for part in ("resources", "records", "artifacts"):
            seen_part, expected = getattr(seen, part), getattr(self.expected, part)
            wrong = sorted(key for key in seen_part.keys() | expected.keys() if seen_part.get(key) != expected.get(key))
            assert not wrong, "\n".join(f"{part}: {key}: {seen_part.get(key)} is not {expected.get(key)}" for key in wrong)
        left = [change for change in self.site.deployer(self.target).plan().changes if change.action not in {"noop", "orphan"}]
        assert not left, f"still to do: {left}"


def _deploys(site: Site, variant: Variant) -> None:
    site.deployer(variant).deploy()


CASES: Mapping[str, Callable[[Site], tuple[Variant | None, Variant]]] = {
    "first": lambda site: (None, site.variant(changed=False)),
    "update": lambda site: (site.variant(changed=False), site.variant(changed=True)),
    "beside": lambda site: (site.variant(changed=False), site.edited()),
    "prune": lambda site: (whole := site.variant(changed=False), whole.reduced()),
    "rename": lambda site: (site.variant(changed=False), site.renamed()),
    "destroy": lambda site: (whole := site.variant(changed=False), whole.gone()),
}


def boundaries(calls: Sequence[str], *, everything: bool) -> list[Place]:
    """Where to kill: before and after every call; or only where AWS holds something else than at the boundary before.

    One call is passed on at a time, so after a call is before the next one, and a read leaves what was there.
    """
    if everything:
        return [(number, when) for number in range(len(calls)) for when in ("before", "after")]
    return [(0, "before"), *((number, "after") for number, call in enumerate(calls) if not is_read(call))]


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills deploys.")
    parser.add_argument("--python", type=Path, required=True, help="ministack's own Python")
    parser.add_argument("--runtime", type=Path, required=True, help="the folder of the seams")
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--share", default="0/1", help="which of how many")
    parser.add_argument("--part", default="0/1", help="which of how many parts of the boundaries to try at all")
    parser.add_argument("--everything", action="store_true", help="before and after every call, reads too")
    parser.add_argument("--kill", type=int, default=1, help="kill for real at every so many; at the others, copy what is left")
    parser.add_argument("--shuffled", type=int, help="in another order; the seed of it")
    parser.add_argument("--until", type=float, default=float("inf"), help="seconds since the epoch")
    options = parser.parse_args()
    share, of = map(int, options.share.split("/"))
    root = Path.cwd()
    site = Site(root)
    with started(root / "build" / "aws", options.python, options.runtime) as empty:
        crashes = Crashes(site, empty, *CASES[options.case](site))
        part, parts = map(int, options.part.split("/"))
        places = boundaries(crashes.calls, everything=options.everything)[part::parts]
        print(json.dumps({"calls": len(crashes.calls), "boundaries": len(places)}), flush=True)
        if options.shuffled is not None:
            random.Random(options.shuffled).shuffle(places)
        mine = places[share::of]
        left = {} if options.kill == 1 else crashes.leave([place for turn, place in enumerate(mine) if turn % options.kill])
        for place in mine:
            if time.time() > options.until:
                break
            print(json.dumps(_tried(crashes, place, left.get(place))), flush=True)


def _tried(crashes: Crashes, place: Place, left: Emulator | None) -> dict[str, Any]:
    try:
        if left is None:
            crashes.kill(place)
        else:
            crashes.heal(left)
            left.end()
        wrong = None
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this boundary
        wrong = f"{type(error).__name__}: {error}"
    number, when = place
    return {"number": number, "when": when, "call": crashes.calls[number], "killed": left is None, "wrong": wrong}


if __name__ == "__main__":
    main()
