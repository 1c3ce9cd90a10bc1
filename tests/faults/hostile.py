"""What a stranger may have left where we store things: any bytes, any JSON, and our own text with something changed in it."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**400, max_value=10**401),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["../../other/release", "/etc/passwd", "\x1b[2J", "__class__", "${jndi:x}", "a" * 5000, "", "\ud800", "-"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
    max_leaves=8,
)
NOT_JSON = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"null", b"[]", b"0", b'"text"', b"{", b"\xff\xfe{\x00}", b"\xef\xbb\xbf{}", b'{"schema": NaN}']),
    st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b'{"schema":1,"digests":' * 3000, b'{"a": "' + b"x" * 2_000_000 + b'"}']),
)


@st.composite
def changed(draw: st.DrawFn, original: bytes) -> bytes:
    """A text of ours that was truncated, scribbled on, or has something else at one of its places."""
    how = draw(st.sampled_from(["truncated", "scribbled", "replaced", "removed", "added", "nested"]))
    if how == "truncated":
        return original[: draw(st.integers(0, max(len(original) - 1, 0)))]
    if how == "scribbled":
        at = draw(st.integers(0, max(len(original) - 1, 0)))
        return original[:at] + draw(st.binary(min_size=1, max_size=3)) + original[at + 1 :]
    try:
        data = json.loads(original)
    except ValueError:
        return original
    return _dumped(_at_some_place(draw, copy.deepcopy(data), how))


def _at_some_place(draw: st.DrawFn, data: Any, how: str) -> Any:
    places = list(_places(data))
    if not places:
        return draw(VALUES)
    holder, key = draw(st.sampled_from(places))
    match how:
        case "removed":
            del holder[key]
        case "added" if isinstance(holder, dict):
            holder[draw(st.text(max_size=20))] = draw(VALUES)
        case "nested":
            for _ in range(draw(st.sampled_from([1, 50, 900, 5000]))):
                holder[key] = [holder[key]]
        case _:
            holder[key] = draw(VALUES)
    return data


def _places(data: Any) -> Any:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(items):
        yield data, key
        yield from _places(value)


def _dumped(data: Any) -> bytes:
    try:
        return json.dumps(data).encode()
    except RecursionError:
        return b"[" * 5000 + b"]" * 5000


def stored(original: bytes) -> st.SearchStrategy[bytes]:
    """Any content of an object that once held `original`."""
    return st.one_of(NOT_JSON, VALUES.map(_dumped), changed(original))


TAGS = st.dictionaries(
    st.one_of(
        st.sampled_from(["state", "root-sha256", "desired-sha256", "input-sha256", "content-sha256"]), st.text(max_size=10)
    ),
    st.one_of(st.sampled_from(["clean", "deploying", "0" * 64, ""]), st.text(max_size=70)),
    max_size=6,
)
