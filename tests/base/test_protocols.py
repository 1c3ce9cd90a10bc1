"""A protocol is asked about once for each type."""

from collections.abc import Sized
from typing import TypeGuard

from common.base.protocols import once_a_type


def test_each_type_is_asked_about_once() -> None:
    asked: list[object] = []

    @once_a_type
    def is_sized(value: object) -> TypeGuard[Sized]:
        asked.append(value)
        return isinstance(value, Sized)

    values: list[object] = ["a", 1, "b", 2, b"c"]
    assert [is_sized(value) for value in values] == [True, False, True, False, True]
    assert asked == ["a", 1, b"c"]
