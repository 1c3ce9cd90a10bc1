"""A release root is read as one only if it is whole: a field of another type makes it none, and never a wrong answer."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from common.base.digest import Digest
from common.model.resource import Key
from common.state.release_root import Baseline, Root, location_of, orphan_of, root_of
from common.state.stored_objects import store_time
from tests.resources.builders import Place

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


ROOTS = [
    Root({"lambda/a": Digest("1")}),
    Root({"lambda/a": Digest("2")}),
    Root({"lambda/a": Digest("1")}, {"lambda/b": {}}),
    Root({"lambda/a": Digest("1")}, {}, {"lambda/b": ""}),
    Root({"lambda/a": Digest("1")}, {"lambda/b": {}}, {"lambda/b": ""}),
]


@pytest.mark.parametrize(("root", "other"), [*product(ROOTS, ROOTS)])
def test_two_roots_say_the_same_exactly_if_they_have_one_digest(root: Root, other: Root) -> None:
    assert root.equals(other) == (root.digest() == other.digest()) == (root is other)


@pytest.mark.parametrize(("clean", "etag", "new"), [(False, None, True), (True, None, False), (False, "e", False)])
def test_a_project_is_new_of_which_there_is_neither_a_clean_root_nor_a_body(clean: bool, etag: str | None, new: bool) -> None:
    assert Baseline(clean=clean, etag=etag).is_new == new


def test_where_something_is_comes_back_as_it_was_recorded() -> None:
    """With what it needs, which goes after it when both are deleted."""
    job = Place().job(needs=(Key("p", "role", "runner"), Key("shared", "bucket", "landing")))
    left = orphan_of(job.key, location_of(job), "123456789012")
    assert left is not None
    assert (left.name, left.arn, left.owner, left.needs) == (job.name, job.arn, "t/test", job.needs)


@pytest.mark.parametrize(
    ("place", "owner", "needs"),
    [
        ({"owner": "t/test"}, "t/test", ()),
        ({"desired": {"Tags": {"deployer:environment": "t/old"}}}, "t/old", ()),
        ({"owner": 7}, "", ()),
        ({"desired": 7}, "", ()),
        ({"desired": {"Tags": 7}}, "", ()),
        ({"desired": {"Tags": {"deployer:environment": 7}}}, "", ()),
        ({"needs": [7, None, "no key", "p:../x", "p:role/a"]}, "", (Key("p", "role", "a"),)),
    ],
)
def test_what_a_record_does_not_say_of_a_place_is_not_guessed(place: dict[str, Any], owner: str, needs: tuple[Key, ...]) -> None:
    arn = "arn:aws:glue:eu-central-1:123456789012:job/t-load"
    left = orphan_of(Key("p", "glue-job", "load"), {"name": "t-load", "arn": arn, **place}, "123456789012")
    assert left is not None
    assert (left.owner, left.needs) == (owner, needs)


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"name": 7},
        {"arn": 7},
        {"needs": "p:role/a"},
        {"arn": "arn:aws:glue:eu-central-1:999999999999:job/t-load"},
        {"arn": "arn:aws:glue:eu-central-1:123456789012:job/t-other"},
        {"arn": "urn:aws:glue:eu-central-1:123456789012:job/t-load"},
        {"arn": "arn:aws:glue:t-load"},
        {"name": ""},
    ],
)
def test_a_place_that_contradicts_itself_is_none(place: dict[str, Any]) -> None:
    """Nothing may be deleted by a record that names one resource and points at another."""
    whole = {"name": "t-load", "arn": "arn:aws:glue:eu-central-1:123456789012:job/t-load"} if place else {}
    assert orphan_of(Key("p", "glue-job", "load"), {**whole, **place}, "123456789012") is None


def test_the_time_is_that_of_the_store_or_else_of_this_machine() -> None:
    answered = {"ResponseMetadata": {"HTTPHeaders": {"date": "Tue, 01 Jan 2030 00:00:00 GMT"}}}
    assert store_time(answered) == datetime(2030, 1, 1, tzinfo=UTC)
    for date in ("Tue, 01 Jan 2030 00:00:00 -0000", "Tue, 01 Jan 2030 00:00:00 GMT, Tue, 01 Jan 2030 00:00:00 GMT"):
        assert store_time({"ResponseMetadata": {"HTTPHeaders": {"date": date}}}) == datetime(2030, 1, 1, tzinfo=UTC)
    assert abs(store_time({}) - datetime.now(UTC)) < timedelta(minutes=1)
