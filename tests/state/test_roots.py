"""A release root is read as one only if it is whole: a field of another type makes it none, and never a wrong answer."""

from typing import Any

import pytest

from common.base.digest import Digest
from common.state.release_root import Root, root_of

DIGEST = "0" * 64
BODY: dict[str, Any] = {
    "schema": 1,
    "state": "clean",
    "digests": {"lambda/a": DIGEST},
    "pending": {"lambda/b": {"name": "t-b"}},
    "doubted": {"lambda/c": "2030-01-01T00:00:00+00:00"},
    "files": {"artifact/a": {"a.py": DIGEST}},
    "about": {"id": "1", "holder": "ann"},
    "changes": [{"key": "lambda/a", "action": "create"}],
}
WRONG: dict[str, list[Any]] = {
    "schema": [None, 0, "1", [1]],
    "digests": [None, 7, "x", ["lambda/a"], {"lambda/a": 7}, {"lambda/a": None}, {"no key": DIGEST}, {"a/../b": DIGEST}],
    "pending": [None, 7, "x", {"lambda/b": 7}, {"lambda/b": []}, {"no key": {}}, [7], ["no key"]],
    "doubted": [7, "x", ["lambda/c"], {"lambda/c": 7}, {"no key": "2030-01-01T00:00:00+00:00"}],
    "files": [None, 7, "x", ["artifact/a"]],
    "about": [None, 7, "x", ["ann"], {"holder": 7}, {"holder": {}}],
    "changes": [None, 7, "x", {"key": "lambda/a"}, [7], ["lambda/a"]],
}
"""Of each field what no deploy has written."""


def test_a_whole_root_is_read_as_it_was_written() -> None:
    root = root_of(BODY)
    assert root == Root(
        {"lambda/a": Digest(DIGEST)},
        {"lambda/b": {"name": "t-b"}},
        {"lambda/c": "2030-01-01T00:00:00+00:00"},
        {"artifact/a": {"a.py": DIGEST}},
        {"id": "1", "holder": "ann"},
        ({"key": "lambda/a", "action": "create"},),
    )


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_field_of_another_type_makes_it_no_root(field: str, value: Any) -> None:
    assert root_of({**BODY, field: value}) is None


@pytest.mark.parametrize("field", ["schema", "digests", "pending", "files", "about"])
def test_a_field_that_every_root_has_is_missed(field: str) -> None:
    assert root_of({name: value for name, value in BODY.items() if name != field}) is None


@pytest.mark.parametrize("field", ["doubted", "changes"])
def test_a_field_that_came_later_may_be_missing(field: str) -> None:
    assert root_of({name: value for name, value in BODY.items() if name != field}) is not None


@pytest.mark.parametrize("files", [{"artifact/a": 7}, {"artifact/a": {"a.py": 7}}])
def test_files_that_cannot_be_read_are_left_out_as_they_only_explain(files: Any) -> None:
    root = root_of({**BODY, "files": files})
    assert root is not None
    assert root.files == {}
