"""Syntax trees that several threads make at the same time."""

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from common.base.syntax_trees import parsed
from tests.support.repository import ROOT

DEEP = f"x = [{','.join(f'f(a.b[1] + {number})' for number in range(100))}]"


@pytest.fixture
def often() -> Iterator[None]:
    """Python looks for garbage all the time, and whoever looks lets another thread have its turn."""

    def rest(_phase: str, _info: object) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(rest)
    gc.set_threshold(20)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(rest)


@pytest.mark.usefixtures("often")
def test_threads_that_parse_at_the_same_time_do_not_disturb_each_other() -> None:
    """Python 3.11 and 3.12 count the depth of trees for all threads: https://github.com/python/cpython/issues/106905."""
    errors: list[BaseException] = []

    def parse() -> None:
        try:
            for _ in range(2):
                parsed(DEEP)
        except SystemError as error:
            errors.append(error)

    threads = [threading.Thread(target=parse) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_nothing_else_that_has_threads_parses_python() -> None:
    """The program behind the Tab key needs nothing but Python, and the embedded AWS is another process."""
    without = [ROOT / "common/local/runtime", ROOT / "common/setup/complete.py"]
    paths = [path for path in (ROOT / "common").rglob("*.py") if not any(path.is_relative_to(other) for other in without)]
    assert [path.name for path in paths if "ast.parse(" in path.read_text(encoding="utf-8")] == ["syntax_trees.py"]
