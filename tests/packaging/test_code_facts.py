"""What is told from Python code without running it: what can be told for sure, and nothing else."""

from pathlib import Path

import pytest

from common.packaging.code_facts import EventKeys, ReadArguments, event_keys, raised_errors, read_arguments

IMPORT = "import sys\nfrom awsglue.utils import getResolvedOptions\n"


@pytest.mark.parametrize(
    ("code", "required", "optional", "is_whole"),
    [
        ('getResolvedOptions(sys.argv, ["a", "b"])', "ab", "", True),
        ('NAMES = ["a"]\ndef main():\n    getResolvedOptions(sys.argv, NAMES + ["b"])', "ab", "", True),
        ('NAMES = ["a"]\ngetResolvedOptions(sys.argv, [*NAMES, "b"])', "ab", "", True),
        ('if __name__ == "__main__":\n    getResolvedOptions(sys.argv, ["a"])', "a", "", True),
        ('getResolvedOptions(sys.argv, ["a"])\nif "--b" in x:\n    getResolvedOptions(sys.argv, ["b"])', "a", "b", True),
        ('getResolvedOptions(sys.argv, ["a"])\nif "--b" in sys.argv:\n    getResolvedOptions(sys.argv, ["b"])', "a", "b", False),
        ('getResolvedOptions(sys.argv, ["a"])\ngetResolvedOptions(sys.argv, other())', "a", "", False),
        ('names = ["a"]\nnames += ["b"]\ngetResolvedOptions(sys.argv, names)', "", "", False),
        ('getResolvedOptions(sys.argv, ["a"])\nimport argparse', "a", "", False),
        ("print(1)", "", "", False),
        ("not python", "", "", False),
    ],
)
def test_the_arguments_that_a_script_reads(tmp_path: Path, code: str, required: str, optional: str, is_whole: bool) -> None:
    script = tmp_path / "job.py"
    script.write_text(f"{IMPORT}{code}\n")
    read = read_arguments(script)
    assert read == ReadArguments(frozenset(required), frozenset(optional), is_whole)


def test_the_errors_that_a_folder_defines_raises_or_imports(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "handler.py").write_text("from shared.errors import Late\nraise other.Odd('x')\nraise Odder\n")
    (tmp_path / "inner" / "errors.py").write_text("class Wrong(Exception): pass\n")
    (tmp_path / "broken.py").write_text("def")
    assert raised_errors(tmp_path) == {"Late", "Odd", "Odder", "Wrong"}


KEYS = EventKeys(frozenset({"bucket", "day", "limit"}), frozenset({"day"}), "Event")
TYPED = """
from typing import NotRequired, TypedDict
class Base(TypedDict, total=False):
    bucket: str
class Event(Base):
    day: str
    limit: NotRequired[int]
class Other: pass
class Far(elsewhere.Event): pass
"""


@pytest.mark.parametrize(
    ("handler", "keys"),
    [
        (
            "def handler(event: Event, context): ...",
            KEYS,
        ),
        ("def handler(event: Other, context): ...", None),
        ("def handler(event: Far, context): ...", None),
        ("def handler(event: dict, context): ...", None),
        ("def handler(event, context): ...", None),
        ("def other(event: Event): ...", None),
    ],
)
def test_the_keys_of_a_handlers_event(tmp_path: Path, handler: str, keys: EventKeys | None) -> None:
    (tmp_path / "handler.py").write_text(f"{TYPED}{handler}\n")
    assert event_keys(tmp_path / "handler.py", "handler") == keys
