"""What starts, and what does not any more."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from common.engine.scheduling import in_order
from common.model.resource import Action, Change, Key


def test_after_an_error_that_escapes_nothing_more_starts() -> None:
    todo = [Change(Key("p", "thing", name), Action.CREATE, "") for name in "abc"]
    started: list[str] = []

    def act(change: Change) -> None:
        started.append(change.key.name)
        raise RuntimeError(change.key.name)

    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="a"):
        in_order(todo, lambda _: (), (), pool, act, lambda: False)
    assert started == ["a"]
