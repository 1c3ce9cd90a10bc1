"""What is told from Python code without running it: what can be told for sure, and nothing else."""

from pathlib import Path

import pytest

from common.packaging.code_facts import EventKeys, ReadArguments, event_keys, raised_errors, read_arguments

IMPORT = "import sys\nfrom awsglue.utils import getResolvedOptions\n"


@pytest.mark.parametrize(
    ("code", "required", "optional", "is_whole"),
    [
        ('getResolvedOptions(sys.argv, ["a", "b"])', "ab", "", True),
        ('NAMES = ["a"]\ndef main():\n    getResolvedOptions(sys.argv, NAMES + ["b"])\nmain()', "ab", "", True),
        ('NAMES = ["a"]\ngetResolvedOptions(sys.argv, [*NAMES, "b"])', "ab", "", True),
        ('if __name__ == "__main__":\n    getResolvedOptions(sys.argv, ["a"])', "a", "", True),
        ('getResolvedOptions(sys.argv, ["a"])\nif "--b" in x:\n    getResolvedOptions(sys.argv, ["b"])', "a", "b", True),
        ('getResolvedOptions(sys.argv, ["a"])\nif "--b" in sys.argv:\n    getResolvedOptions(sys.argv, ["b"])', "a", "b", False),
        ('getResolvedOptions(sys.argv, ["a"])\ngetResolvedOptions(sys.argv, other())', "a", "", False),
        ('names = ["a"]\nnames += ["b"]\ngetResolvedOptions(sys.argv, names)', "", "", False),
        ('getResolvedOptions(sys.argv, ["a"])\nimport argparse', "a", "", False),
        ('getResolvedOptions(sys.argv, ["a"])\nfrom argparse import ArgumentParser', "a", "", False),
        ('from sys import argv\ngetResolvedOptions(argv, ["a"])\nprint(argv)', "a", "", False),
        ('DAY = "a"\nNAMES = (DAY, "b")\ngetResolvedOptions(sys.argv, NAMES)', "ab", "", True),
        ('getResolvedOptions(sys.argv, options=["a"])', "a", "", True),
        ('getResolvedOptions(args=sys.argv, options=["a"])', "a", "", True),
        ('NAMES = ["a"]\nNAMES.append("b")\ngetResolvedOptions(sys.argv, NAMES)', "", "", False),
        ('NAMES = ["a"]\nNAMES[0] = "b"\ngetResolvedOptions(sys.argv, NAMES)', "", "", False),
        ('NAMES = ["a"]\nfor NAMES in x: pass\ngetResolvedOptions(sys.argv, NAMES)', "", "", False),
        ('NAMES = ["a"]\ndef read(NAMES):\n    return getResolvedOptions(sys.argv, NAMES)\nread(["b"])', "", "", False),
        ('getResolvedOptions(sys.argv, ["a"])\nread_others(getResolvedOptions)', "a", "", False),
        ('getResolvedOptions(sys.argv, [f"a{x}"])', "", "", False),
        ("print(1)", "", "", False),
        ("not python", "", "", False),
    ],
)
def test_the_arguments_that_a_script_reads(tmp_path: Path, code: str, required: str, optional: str, is_whole: bool) -> None:
    script = tmp_path / "job.py"
    script.write_text(f"{IMPORT}{code}\n")
    read = read_arguments(script)
    assert read == ReadArguments(frozenset(required), frozenset(optional), is_whole)


READ = 'getResolvedOptions(sys.argv, ["a"])'


@pytest.mark.parametrize(
    ("code", "always"),
    [
        (f"def main():\n    {READ}\nif __name__ == '__main__':\n    main()", True),
        (f"def read():\n    return {READ}\ndef main():\n    with x:\n        print(read())\nmain()", True),
        (f"class Job:\n    arguments = {READ}", True),
        (f"def main():\n    if x:\n        raise ValueError\n    def inner():\n        return 1\n    {READ}\nmain()", True),
        (f"def main():\n    {READ}", False),
        (f"def main():\n    {READ}\nif x:\n    main()", False),
        (f"def read():\n    {READ}\ndef main():\n    x and read()\nmain()", False),
        (f"def main():\n    if x:\n        return\n    {READ}\nmain()", False),
        (f"def main():\n    with x:\n        if x:\n            return\n        {READ}\nmain()", False),
        (f"if x:\n    sys.exit()\n{READ}", False),
        (f"if x:\n    raise SystemExit(0)\n{READ}", False),
        (f"def main():\n    {READ}\n    yield 1\nmain()", False),
        (f"@maybe\ndef main():\n    {READ}\nmain()", False),
        (f"async def main():\n    {READ}\nmain()", False),
        (f"class Job:\n    def run(self):\n        {READ}", False),
        (f"match x:\n    case 1:\n        {READ}", False),
        (f"[{READ} for _ in x]", False),
        (f"read = lambda: {READ}", False),
        (f"print({' + '.join(['x'] * 1500)})\n{READ}", False),
        (f"if __name__ != '__main__':\n    {READ}", False),
        (f"if __name__ == '__main__':\n    pass\nelse:\n    {READ}", False),
    ],
)
def test_an_argument_is_required_if_every_run_reads_it(tmp_path: Path, code: str, *, always: bool) -> None:
    script = tmp_path / "job.py"
    script.write_text(f"{IMPORT}{code}\n")
    names = frozenset({"a"})
    expected = ReadArguments(required=names, is_whole=True) if always else ReadArguments(optional=names, is_whole=True)
    assert read_arguments(script) == expected


@pytest.mark.parametrize(
    ("imported", "is_whole"), [("print(1)", True), (READ, False), ("print(sys.argv)", False), ("import argparse", False)]
)
def test_what_a_script_imports_may_read_others(tmp_path: Path, imported: str, *, is_whole: bool) -> None:
    script, other = tmp_path / "job.py", tmp_path / "other.py"
    script.write_text(f"{IMPORT}{READ}\n")
    other.write_text(f"{IMPORT.splitlines()[0]}\n{imported}\n")
    assert read_arguments(script, [other]) == ReadArguments(frozenset({"a"}), is_whole=is_whole)


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
