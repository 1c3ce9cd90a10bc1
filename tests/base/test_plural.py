"""Numbers of things in messages."""

import pytest

from common.base.plural import counted


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "resource", "0 resources"),
        (1, "artifact", "1 artifact"),
        (1200, "AWS call", "1,200 AWS calls"),
        (2, "policy", "2 policies"),
        (2, "key", "2 keys"),
        (3, "alias", "3 aliases"),
        (2, "batch", "2 batches"),
    ],
)
def test_a_noun_is_in_the_plural_unless_it_is_one(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text
