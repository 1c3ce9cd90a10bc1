"""What starts, when, and what does not any more."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event, Lock

import pytest

from common.base import turns
from common.engine.scheduling import Schedule
from common.model.resource import Action, Change, Key


def change_of(name: str) -> Change:
    return Change(Key("p", "thing", name), Action.CREATE, "")


def names(changes: list[Change]) -> list[str]:
    return [change.key.name for change in changes]


def keys(text: str) -> set[Key]:
    return {change_of(name).key for name in text}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def schedule(
    pool: ThreadPoolExecutor,
    needs: Mapping[str, str],
    act: Callable[[Change], None],
    broken: set[Key] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Schedule:
    """A schedule of the changes that `needs` names."""
    made = Schedule(lambda key: keys(needs[key.name]), set() if broken is None else broken, pool, act, stopped)
    made.add([change_of(name) for name in needs])
    return made


def test_after_an_error_that_escapes_nothing_more_starts() -> None:
    started: list[str] = []

    def act(change: Change) -> None:
        started.append(change.key.name)
        raise RuntimeError(change.key.name)

    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="a"):
        schedule(pool, {"a": "", "b": "", "c": ""}, act).run(keys("abc"))
    assert started == ["a"]


def test_what_is_not_awaited_begins_as_soon_as_what_it_needs_is_done(pool: ThreadPoolExecutor) -> None:
    """`b` is of a later step and needs `a`; `slow`, of the step that is awaited, ends only after `b`."""
    ended, b_ended = list[str](), Event()

    def act(change: Change) -> None:
        if change.key.name == "s":
            assert b_ended.wait(10)
        ended.append(change.key.name)
        if change.key.name == "b":
            b_ended.set()

    assert schedule(pool, {"a": "", "s": "", "b": "a"}, act).run(keys("as")) == []
    assert ended == ["a", "b", "s"]


def test_what_is_not_awaited_may_go_on_afterwards_and_is_awaited_later(pool: ThreadPoolExecutor) -> None:
    may_end, ended = Event(), list[str]()

    def act(change: Change) -> None:
        if change.key.name == "b":
            assert may_end.wait(10)
        ended.append(change.key.name)

    made = schedule(pool, {"a": "", "b": ""}, act)
    assert (made.run(keys("a")), ended) == ([], ["a"])
    may_end.set()
    assert (made.run(keys("b")), ended) == ([], ["a", "b"])


def test_all_that_needs_what_failed_is_left_out_when_it_is_awaited(pool: ThreadPoolExecutor) -> None:
    broken, ended = set[Key](), list[str]()

    def act(change: Change) -> None:
        if change.key.name == "a":
            broken.add(change.key)
        ended.append(change.key.name)

    made = schedule(pool, {"a": "", "b": "a", "c": "b", "d": ""}, act, broken)
    assert names(made.run(keys("ad"))) == []
    assert names(made.run(keys("bc"))) == ["b", "c"]
    assert sorted(ended) == ["a", "d"]


def test_what_needs_something_that_cannot_start_any_more_is_not_started_if_it_is_added_afterwards(
    pool: ThreadPoolExecutor,
) -> None:
    """`a` failed before; `b` needs it, and `c` needs `b`."""
    started: list[str] = []
    begun = schedule(pool, {"b": "a", "c": "b"}, lambda change: started.append(change.key.name), broken=keys("a"))
    assert (names(begun.run(keys("bc"))), started) == (["b", "c"], [])


def test_what_was_stopped_is_returned_and_nothing_of_it_starts_later(pool: ThreadPoolExecutor) -> None:
    stopping, ended = Event(), list[str]()

    def act(change: Change) -> None:
        ended.append(change.key.name)
        stopping.set()

    made = schedule(pool, {"a": "", "b": "a", "c": "b"}, act, stopped=stopping.is_set)
    assert names(made.run(keys("ab"))) == ["b"]
    assert names(made.run(keys("c"))) == ["c"]
    made.wait()
    assert ended == ["a"]


def test_what_waits_for_aws_takes_nobody_s_turn_and_its_kind_goes_on() -> None:
    """One change may be at work; `a` and `b` wait until `c` has ended. With kinds in turn, theirs would have counted as busy."""
    c_ended, begun = Event(), list[str]()

    def act(change: Change) -> None:
        begun.append(change.key.name)
        if change.key.name == "c":
            c_ended.set()
            return
        with turns.waiting():
            assert c_ended.wait(10)

    with ThreadPoolExecutor(3) as pool:
        made = Schedule(lambda _: (), set(), pool, act, lambda: False, at_once=1)
        made.add([change_of(name) for name in "abc"])
        assert made.run(keys("abc")) == []
    assert begun == ["a", "b", "c"]


def test_no_more_are_at_work_than_may_be() -> None:
    """What has waited goes on at once; nothing new begins before fewer than two are at work again."""
    lock, at_work, most = Lock(), 0, 0

    def count(number: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += number
            most = max(most, at_work)

    def act(change: Change) -> None:
        count(1)
        time.sleep(0.005)
        count(-1)

    with ThreadPoolExecutor(8) as pool:
        made = Schedule(lambda _: (), set(), pool, act, lambda: False, at_once=2)
        made.add([change_of(name) for name in "abcdefgh"])
        assert made.run(keys("abcdefgh")) == []
    assert most == 2


def test_an_error_while_it_waits_gives_the_turn_back() -> None:
    def act(change: Change) -> None:
        with suppress(ValueError), turns.waiting():
            raise ValueError

    with ThreadPoolExecutor(1) as pool:
        made = Schedule(lambda _: (), set(), pool, act, lambda: False, at_once=1)
        made.add([change_of(name) for name in "abc"])
        assert made.run(keys("abc")) == []
        assert made._working.total() == 0


def test_what_lambda_activates_and_what_it_needs_has_a_larger_share() -> None:
    """Of five changes at work, four are log groups of functions, which Lambda will still have to activate, and one is a job."""
    groups, jobs, functions = (
        [Key("p", kind, str(number)) for number in range(9)] for kind in ("log-group", "glue-job", "lambda")
    )
    begun, all_begun = list[str](), Barrier(5)

    def act(change: Change) -> None:
        begun.append(change.key.kind)
        if len(begun) <= 5:
            all_begun.wait(10)

    needs = dict(zip(functions, groups, strict=True))
    with ThreadPoolExecutor(5) as pool:
        made = Schedule(lambda key: [needs[key]] if key in needs else [], set(), pool, act, lambda: False, at_once=5)
        made.add([Change(key, Action.CREATE, "") for key in (*jobs, *groups, *functions)])
        assert made.run({*jobs, *groups, *functions}) == []
    assert Counter(begun[:5]) == {"log-group": 4, "glue-job": 1}
