"""What a session remembers, asked for by several threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from common.aws.session_memory import of_session
from tests.support.fake_aws import FakeAws, World


def test_two_values_are_made_at_the_same_time() -> None:
    """Each may be the listing of a whole type."""
    aws, both = FakeAws(World()), Barrier(2, timeout=10)
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(of_session, aws, key, both.wait) for key in ("queues", "topics")]
    assert sorted(number.result() for number in made) == [0, 1]


def test_a_value_is_made_once_and_again_after_an_error() -> None:
    aws, made = FakeAws(World()), list[str]()

    def make() -> int:
        made.append("once more")
        if len(made) == 1:
            raise LookupError("no answer")
        return 7

    with pytest.raises(LookupError, match="no answer"):
        of_session(aws, "key", make)
    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(lambda _: of_session(aws, "key", make), range(8))} == {7}
    assert len(made) == 2
    assert of_session(FakeAws(World()), "key", lambda: 8) == 8
