"""A definition that is larger, or deeper, than it looks is refused at once."""

import time
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.asl import definition


def refusal(source: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        definition.load(source, "here")
    return str(caught.value)


LEVELS = 30
BOMBS = {
    "aliases.yaml": "\n".join(
        ["l0: &l0 [x, x]", *(f"l{number}: &l{number} [*l{number - 1}, *l{number - 1}]" for number in range(1, LEVELS))]
    ),
    "merges.yaml": "\n".join(
        ["m0: &m0 {a: x}", *(f"m{n}: &m{n} {{b{n}: x, <<: [*m{n - 1}, *m{n - 1}, *m{n - 1}]}}" for n in range(1, LEVELS))]
    ),
    "keys.yaml": "\n".join(["k0: &k0 [x, x]", *(f"k{n}: &k{n} {{y: *k{n - 1}, z: *k{n - 1}}}" for n in range(1, LEVELS))]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_few_lines_that_stand_for_too_much_are_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BOMBS[name])
    started = time.monotonic()
    message = refusal(tmp_path / name)
    assert time.monotonic() - started < 60, "whoever expands it never ends"
    assert f"{name}: the definition expands to more than the 1048576 characters that AWS allows." in message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("within.yaml", "a: &a [*a]", "the definition contains itself"),
        ("within.yaml", "a: &a {b: {c: *a}}", "the definition contains itself"),
        ("deep.yaml", "[" * 120 + "]" * 120, "is nested more than 100 levels deep"),
        ("deep.yaml", "[" * 5000 + "]" * 5000, "is nested more than 100 levels deep"),
        ("deep.json", "[" * 100_000 + "]" * 100_000, "is nested more than 100 levels deep"),
        ("large.json", '{"StartAt": "' + "x" * 2_200_000 + '"}', "large.json has 2200015 characters"),
        ("large.yaml", "# " + "x" * 2_200_000, "large.yaml has 2200002 characters"),
    ],
)
def test_files_without_end_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    assert message in refusal(tmp_path / name)


def test_objects_that_are_nested_too_deeply_are_refused(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text('{"a":' * 120 + "1" + "}" * 120)
    assert "is nested more than 100 levels deep" in refusal(tmp_path / "deep.json")
    shared: Any = ["x", "x"]
    for _ in range(LEVELS):
        shared = [shared, shared]
    circle: dict[str, Any] = {}
    circle["States"] = circle
    assert "the definition expands to more than the 1048576 characters" in refusal({"StartAt": shared})
    assert "the definition contains itself" in refusal(circle)
    assert "the definition expands to more" in refusal({"StartAt": "x" * 1_048_577})


def test_aliases_that_stand_for_little_are_as_good_as_what_they_stand_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "StartAt: A\nStates:\n  A: &a {Type: Pass, Next: B, Parameters: &p {x: 1}}\n  B: {<<: *a, Next: C}\n"
        "  C: {Type: Pass, Parameters: *p, End: true}\n"
    )
    assert definition.load(tmp_path / "a.yaml", "here")["States"]["B"]["Parameters"] == {"x": 1}
