"""Any sequence of edits, deploys, crashes, console edits, second deployers and lost objects, in the world in memory.

Two promises are kept whatever happens: after an undisturbed deploy that verifies, live state equals declared state; and every
"up to date" that was ever said was true when it was said, but for what somebody has changed in the console since and what a
deploy that does not verify cannot see: a change in the console, and a deletion of what the tagging index still lists.
"""

import atexit
import copy
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.base import digest
from common.base.errors import AwsError, OvertakenError
from common.engine.options import Options
from common.model.resource import Action, Resource
from tests.support.deploying import BUCKET, ENV, Result, deploy, killed, plan, things
from tests.support.fake_aws import Thing, World

NAMES = st.sampled_from("abcd")
SIZES = st.integers(0, 3)
KINDS = st.sampled_from(["x", "y"])
TEXTS = st.sampled_from(["print(1)", "print(2)", "print(3)"])
CALLS = st.integers(0, 70)
BUILT = tempfile.TemporaryDirectory()
atexit.register(BUILT.cleanup)
DAMAGES = st.sampled_from(["lost", "no tags", "no text", "foreign", "empty tags"])
WHEN = st.sampled_from(["before", "after"])
Declared = tuple[dict[str, dict[str, Any]], dict[str, str]]
"""Fields and codes by name."""


class Sequences(RuleBasedStateMachine):
    """One world, one repository with a past, and everybody who may touch them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.fields: dict[str, dict[str, Any]] = {"a": {"Size": 1}, "b": {"Size": 1, "Kind": "x"}, "c": {"Size": 1}}
        self.codes = {"b": "print(1)"}
        self.past: list[Declared] = []
        self.touched: set[str] = set()
        """Names of what was changed in the console and not put right since."""
        self.forgotten: set[str] = set()
        """Names whose records were damaged: nobody may know where they are."""
        self.kept: dict[str, Any] = {}
        self.build_dir = Path(tempfile.mkdtemp(dir=BUILT.name))

    # The repository ---------------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self._deployed(Options())

    @rule(name=NAMES, size=SIZES)
    def edit_a_field(self, name: str, size: int) -> None:
        if name in self.fields:
            self._remember()
            self.fields[name]["Size"] = size

    @rule(name=NAMES, kind=KINDS)
    def edit_what_cannot_be_changed_in_place(self, name: str, kind: str) -> None:
        if name in self.fields:
            self._remember()
            self.fields[name]["Kind"] = kind

    @rule(name=NAMES, text=TEXTS)
    def edit_a_file(self, name: str, text: str) -> None:
        if name in self.fields:
            self._remember()
            self.codes[name] = text

    @rule(name=NAMES, size=SIZES)
    def declare(self, name: str, size: int) -> None:
        if name not in self.fields:
            self._remember()
            self.fields[name] = {"Size": size}

    @rule(name=NAMES)
    def declare_no_more(self, name: str) -> None:
        if len(self.fields) > 1 and name in self.fields:
            self._remember()
            del self.fields[name]
            self.codes.pop(name, None)

    @precondition(lambda self: self.past)
    @rule(ago=st.integers(1, 4))
    def take_back(self, ago: int) -> None:
        before = self.past[-min(ago, len(self.past))]
        self._remember()
        self.fields, self.codes = copy.deepcopy(before)

    # Deploys ----------------------------------------------------------------------------------------------------------------

    @rule(verify=st.booleans(), force=st.booleans(), prune=st.booleans())
    def deploy(self, verify: bool, force: bool, prune: bool) -> None:
        self._deployed(Options(verify=verify, force=force, prune=prune))

    @rule(names=st.sets(NAMES))
    def deploy_a_part(self, names: set[str]) -> None:
        closed = set(
            list(self.fields)[: max((list(self.fields).index(name) + 1 for name in names & self.fields.keys()), default=0)]
        )
        self._deployed(Options(selected=lambda key: key == BUCKET or key.name in closed), part=closed)

    @rule(number=CALLS, when=WHEN, verify=st.booleans(), force=st.booleans(), prune=st.booleans())
    def deploy_and_be_killed(self, number: int, when: str, verify: bool, force: bool, prune: bool) -> None:
        self._promises(Options(verify=verify))
        killed(
            self.world, self._resources(), self.build_dir, number, when, options=Options(verify=verify, force=force, prune=prune)
        )

    @rule(number=CALLS)
    def deploy_and_be_refused(self, number: int) -> None:
        def fault(call: int, when: str, operation: str) -> None:
            if when == "before" and call >= number and operation == "Put":
                raise AwsError("fake", "Put", "AccessDenied", "No")

        self._promises(Options())
        deploy(self.world, self._resources(), self.build_dir, fault=fault)

    @rule(name=NAMES, size=SIZES, verify=st.booleans())
    def somebody_else_deploys_between_plan_and_apply(self, name: str, size: int, verify: bool) -> None:
        theirs = copy.deepcopy((self.fields, self.codes))
        theirs[0].setdefault(name, {})["Size"] = size

        def other() -> None:
            self._promises(Options(), theirs)
            deploy(self.world, things(*theirs), self.build_dir)

        self._promises(Options(verify=verify))
        with suppress(OvertakenError):
            deploy(self.world, self._resources(), self.build_dir, options=Options(verify=verify), before_apply=other)

    @rule(name=NAMES, size=SIZES)
    def somebody_else_deploys(self, name: str, size: int) -> None:
        theirs = copy.deepcopy((self.fields, self.codes))
        theirs[0].setdefault(name, {})["Size"] = size
        self._deployed(Options(), declared=theirs)

    # Everybody else ---------------------------------------------------------------------------------------------------------

    @rule(name=NAMES, size=SIZES)
    def edit_in_the_console(self, name: str, size: int) -> None:
        if _arn(name) in self.world.live:
            self.world.live[_arn(name)]["Size"] = size
            self.touched.add(name)

    @rule(name=NAMES)
    def delete_in_the_console(self, name: str) -> None:
        self.world.live.pop(_arn(name), None)

    @rule(name=NAMES)
    def keep_a_copy(self, name: str) -> None:
        if _arn(name) in self.world.live:
            self.kept[name] = copy.deepcopy(self.world.live[_arn(name)])

    @rule(name=NAMES)
    def restore_the_copy(self, name: str) -> None:
        if name in self.kept:
            self.world.live[_arn(name)] = copy.deepcopy(self.kept[name])
            self.touched.add(name)

    @rule(names=st.sets(NAMES))
    def let_the_index_lag(self, names: set[str]) -> None:
        """It does not list these yet."""
        self.world.index_lags = {_arn(name) for name in names}

    @rule(name=NAMES)
    def delete_in_the_console_and_leave_it_in_the_index(self, name: str) -> None:
        gone = self.world.live.pop(_arn(name), None)
        if gone is not None:
            self.world.index_stale[_arn(name)] = dict(gone.get("Tags", {}))

    @precondition(lambda self: self.world.index_stale)
    @rule(then=st.sampled_from(["deploy", "nothing"]))
    def let_the_index_catch_up(self, then: str) -> None:
        """Then nothing is said to be up to date that is not there, and a deploy brings all of it back."""
        self.world.index_stale = {}
        if then == "deploy":
            self._deployed(Options())

    @rule(
        damage=st.sampled_from(["lost", "no tags", "no text", "foreign", "empty tags"]), project=st.sampled_from(["p", "shared"])
    )
    def damage_a_root(self, damage: str, project: str) -> None:
        self._damage(f"dev/{project}/release.json", damage)

    @rule(name=NAMES, damage=st.sampled_from(["lost", "no tags", "no text"]))
    def damage_a_record(self, name: str, damage: str) -> None:
        self._damage(f"dev/p/records/thing/{name}.json", damage)
        self.forgotten.add(name)

    @invariant()
    def nobody_else_holds_a_lease(self) -> None:
        self.world.seconds += 120

    # How --------------------------------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        self.past.append(copy.deepcopy((self.fields, self.codes)))

    def _resources(self, declared: Declared | None = None) -> list[Resource]:
        fields, codes = declared or (self.fields, self.codes)
        return things(fields, {name: text for name, text in codes.items() if name in fields})

    def _promises(self, options: Options, declared: Declared | None = None) -> None:
        """Every "up to date" of the plan that would be made now is true."""
        resources = self._resources(declared)
        outcome, _ = plan(self.world, resources, self.build_dir, options)
        self._check_promises(outcome.plan.changes, resources, verify=options.verify)

    def _check_promises(self, changes: Any, resources: list[Resource], *, verify: bool) -> None:
        by_key = {resource.key: resource for resource in resources}
        for change in changes:
            if change.action in {Action.NOOP, Action.RECORD} and isinstance(thing := by_key.get(change.key), Thing):
                unseen = thing.name in self.touched and not verify and change.action is Action.NOOP
                live = self.world.live.get(thing.arn)
                if live is None and thing.arn in self.world.index_stale and not verify and change.action is Action.NOOP:
                    continue
                assert live is not None, f"{thing.key} is called {change.reason!r} and does not exist"
                assert unseen or not _wrong(thing, live), f"{thing.key} is called {change.reason!r}: {_wrong(thing, live)}"

    def _deployed(self, options: Options, part: set[str] | None = None, declared: Declared | None = None) -> Result:
        resources = self._resources(declared)
        self._promises(options, declared)
        result = deploy(self.world, resources, self.build_dir, options=options)
        assert not result.failed | result.untried
        changed = {change.key.name for change in result.plan.changes if change.action is not Action.NOOP}
        self.touched -= {resource.name for resource in resources} if options.verify or options.force else changed
        for resource in resources:
            if isinstance(resource, Thing) and (part is None or resource.name in part):
                live = self.world.live.get(resource.arn)
                if live is None and resource.arn in self.world.index_stale and not (options.verify or options.force):
                    continue
                assert live is not None, f"{resource.key} does not exist after a deploy"
                assert resource.name in self.touched or not _wrong(resource, live), (
                    f"{resource.key} after a deploy: {_wrong(resource, live)}"
                )
        for arn in self.world.live:
            self.world.index_stale.pop(arn, None)  # what was made again is listed for what it is
        if part is None:
            again, _ = plan(self.world, resources, self.build_dir)
            left = [change for change in again.plan.changes if change.action not in {Action.NOOP, Action.ORPHAN}]
            assert not left, f"still to do after a deploy: {left}"
        if options.prune and part is None:
            declared_arns = {resource.arn for resource in resources}
            left_over = {arn for arn in self.world.live if arn not in declared_arns}
            assert left_over <= {_arn(name) for name in self.forgotten | self.kept.keys()}, f"not pruned: {left_over}"
        return result

    def _damage(self, path: str, damage: str) -> None:
        objects = self.world.buckets.get(ENV.artifact_bucket, {})
        if path not in objects:
            return
        match damage:
            case "lost":
                del objects[path]
            case "no tags" | "empty tags":
                objects[path].tags = {} if damage == "no tags" else dict.fromkeys(objects[path].tags, "")
            case "no text":
                objects[path].body = b"\x00{"
            case "foreign":
                objects[path].body = b'{"schema": 1, "digests": {}, "pending": {}, "files": {}, "about": {}}'


def _arn(name: str) -> str:
    return f"arn:aws:fake:eu-central-1:123456789012:p/{name}"


def _wrong(thing: Thing, live: Mapping[str, Any]) -> dict[str, Any]:
    """What is live and not as declared."""
    expected = dict(thing.fields)
    if thing.code is not None:
        expected["Code"] = digest.to_base64(digest.of_bytes(thing.code.text.encode()))
    return {name: live.get(name) for name, value in expected.items() if live.get(name) != value}
