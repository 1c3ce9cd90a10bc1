"""Runs changes in dependency order, as many at once as the pool allows. It does not use AWS."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from common.model.resource import Change, Key

Needs = Callable[[Key], Collection[Key]]


def in_order(
    todo: Sequence[Change],
    needs: Needs,
    broken: Collection[Key],
    pool: Executor,
    act: Callable[[Change], None],
    stopped: Callable[[], bool],
) -> list[Change]:
    """Calls `act` for each change once everything it needs is done.

    Args:
        todo: the changes; a need that is not among them counts as done.
        needs: returns the keys that a key needs.
        broken: the keys that failed; a change that needs one of them is not started.
        pool: where `act` runs.
        act: carries out one change, and adds its key to `broken` when that fails. An error that escapes it ends the run, after
            what is under way.
        stopped: called before each start; once it returns True, no more changes start.

    Returns:
        The changes that were not started.
    """
    waiting = {change.key: change for change in todo}
    running: dict[Future[bool], Change] = {}
    left: list[Change] = []
    escaped: list[Key] = []

    def attempt(change: Change) -> bool:
        """Calls `act`, unless the run was stopped while the change was waiting for a free thread."""
        if stopped() or escaped:
            return False
        try:
            act(change)
        except BaseException:
            escaped.append(change.key)
            raise
        return True

    try:
        while True:
            if not stopped():
                for change in list(_ready(waiting, needs, broken, [change.key for change in running.values()])):
                    del waiting[change.key]
                    running[pool.submit(attempt, change)] = change
            if not running:
                return [*left, *waiting.values()]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                change = running.pop(future)
                if not future.result():
                    left.append(change)
    finally:
        wait(running)


def _ready(waiting: Mapping[Key, Change], needs: Needs, broken: Collection[Key], running: Collection[Key]) -> Iterator[Change]:
    for key, change in waiting.items():
        if not any(need in waiting or need in running or need in broken for need in needs(key)):
            yield change
