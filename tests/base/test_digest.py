"""What makes two digests equal, and what does not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base import digest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12
)


def reordered(value: Any) -> Any:
    """The same value, every dictionary built in the opposite order, every list a tuple."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return tuple(reordered(inner) for inner in value) if isinstance(value, list) else value


def spelled(value: Any) -> str:
    """Tells apart what Python's equality does not: 1, 1.0 and True; 0.0 and -0.0."""
    return json.dumps(value, sort_keys=True)


@given(VALUES)
def test_order_of_keys_is_irrelevant(value: Any) -> None:
    assert digest.of_struct("x", 1, value) == digest.of_struct("x", 1, reordered(value))


@given(VALUES, VALUES)
def test_digests_are_equal_exactly_if_the_values_are(value: Any, other: Any) -> None:
    equal = digest.of_struct("x", 1, value) == digest.of_struct("x", 1, other)
    assert equal == (spelled(value) == spelled(other))


@given(st.text(max_size=5), st.text(max_size=5), st.integers(0, 9), st.integers(0, 9))
def test_kind_and_schema_are_part_of_a_digest(kind: str, other: str, first: int, second: int) -> None:
    equal = digest.of_struct(kind, first, {}) == digest.of_struct(other, second, {})
    assert equal == ((kind, first) == (other, second))


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=5), max_size=4))
def test_names_of_files_matter_as_much_as_contents(files: dict[str, bytes]) -> None:
    named = {name: digest.of_bytes(data) for name, data in files.items()}
    renamed = {f"{name}x": content for name, content in named.items()}
    assert digest.of_files(named) == digest.of_files(dict(reversed(named.items())))
    assert (digest.of_files(named) == digest.of_files(renamed)) == (not files)


def test_contents_do_not_run_into_each_other() -> None:
    files = {"a": digest.of_bytes(b"xy"), "b": digest.of_bytes(b"")}
    other = {"a": digest.of_bytes(b"x"), "b": digest.of_bytes(b"y")}
    assert digest.of_files(files) != digest.of_files(other)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": [{None: 1}]}, {"a": {1, 2}}, [b"bytes"], object()])
def test_without_a_canonical_form_there_is_no_digest(value: Any) -> None:
    with pytest.raises(TypeError):
        digest.of_struct("x", 1, value)


def test_differences_are_named_and_the_rest_counted() -> None:
    old, now = "1" * 64, dict.fromkeys("abcde", "2" * 64)
    before = {"a": old, "b": old, "gone": old}
    assert digest.differences(now, now) == ""
    assert digest.differences(before, {"a": old, "b": now["b"]}) == "b changed, gone removed"
    message = "a changed, b changed, c added, and {}"
    assert digest.differences(before, {name: now[name] for name in "abc"}) == message.format("1 more file")
    assert digest.differences(before, now) == message.format("3 more files")


def test_a_change_of_mode_is_told_where_both_modes_are_known() -> None:
    ours, other = "1" * 64, "2" * 64
    assert digest.differences({"a": f"{ours} 644", "b": f"{ours} 755"}, {"a": f"{ours} 755", "b": f"{ours} 644"}) == (
        "a is executable now, b is no longer executable"
    )
    assert digest.differences({"a": ours, "b": ours}, {"a": f"{ours} 755", "b": f"{other} 755"}) == "b changed"


def test_nan_has_no_digest() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        digest.of_struct("x", 1, float("nan"))


@given(st.binary(max_size=64))
def test_a_file_is_its_bytes(data: bytes) -> None:
    assert digest.of_bytes(data) == hashlib.sha256(data).hexdigest()
    assert digest.to_base64(digest.of_bytes(data)).endswith("=")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(data)
    assert digest.of_file(tmp_path / "file") == digest.of_bytes(data)


def test_base64_is_what_aws_calls_it() -> None:
    # The SHA-256 of nothing, as `openssl dgst -sha256 -binary /dev/null | base64` prints it.
    assert digest.to_base64(digest.of_bytes(b"")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert digest.short(digest.of_bytes(b"")) == "e3b0c44298fc"
