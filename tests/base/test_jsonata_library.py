"""The recursion that expressions in JSONata need: allowed for a while, whoever else needs it at the same time."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from common.base.jsonata_library import DEPTH, deep_recursion


def test_a_thread_that_ends_takes_nothing_from_another() -> None:
    before = sys.getrecursionlimit()
    begun, first_has_ended = threading.Event(), threading.Event()

    def second() -> int:
        with deep_recursion():
            begun.set()
            first_has_ended.wait(10)
            return sys.getrecursionlimit()

    with ThreadPoolExecutor() as pool:
        with deep_recursion():
            limit = pool.submit(second)
            begun.wait(0.2)
        first_has_ended.set()
        assert limit.result() >= DEPTH
    assert sys.getrecursionlimit() == before
