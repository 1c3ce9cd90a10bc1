"""A value is set in the text of a configuration file, and nothing else of the text changes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.environment.config_edit import set_values

TEXT = """\ufeff{
    "name": "dev",   "tags": {"team": "ü"},
    "projects": {
        "orders": {
            "functions": {"Validate": {"memory_mb": 256, "timeout_seconds": 60}},
            "jobs": {
                "load": {
                    "workers": 2
                }
            },
            "empty": {}
        }
    }
}
"""


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("functions", "Validate", "memory_mb"), 512, '"memory_mb": 256', '"memory_mb": 512'),
        (("functions", "Validate", "role"), "r", '"timeout_seconds": 60}', '"timeout_seconds": 60, "role": "r"}'),
        (("jobs", "load", "max_retries"), 3, '"workers": 2\n', '"workers": 2,\n                    "max_retries": 3\n'),
        (("jobs", "load", "workers"), ["a", "b"], '"workers": 2', '"workers": ["a", "b"]'),
        (
            ("jobs", "other", "workers"),
            5,
            '"workers": 2\n                }\n',
            '"workers": 2\n                },\n                "other": {\n                    "workers": 5\n                }\n',
        ),
        (("empty", "a"), 1, '"empty": {}', '"empty": {\n                "a": 1\n            }'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_value_changes(path: tuple[str, ...], value: Any, before: str, after: str, newline: str) -> None:
    text, old, new = (part.replace("\n", newline) for part in (TEXT, before, after))
    assert text.count(old) == 1
    assert set_values(text, {("projects", "orders", *path): value}) == text.replace(old, new)


VALUES = st.recursive(st.integers() | st.booleans() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5)
OBJECTS: Any = st.recursive(VALUES, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=12)


@given(
    st.dictionaries(st.text(max_size=3), OBJECTS, max_size=4),
    st.lists(st.text(max_size=3), min_size=1, max_size=3),
    VALUES,
    st.sampled_from([None, 1, 2, "\t"]),
)
def test_whatever_the_file_holds_it_holds_the_value_and_the_rest_afterwards(
    data: dict[str, Any], path: list[str], value: Any, indent: int | str | None
) -> None:
    expected = json.loads(json.dumps(data))
    place: Any = expected
    for key in path[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            with pytest.raises(ValueError, match="no object"):
                set_values(json.dumps(data, indent=indent), {tuple(path): value})
            return
    place[path[-1]] = value
    assert json.loads(set_values(json.dumps(data, indent=indent), {tuple(path): value})) == expected


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="no object"):
        set_values("[1]", {("a",): 1})
