"""The list of slow tests."""

from tests.support.repository import ROOT
from tests.support.slow import FILES, TESTS


def test_every_slow_file_is_there() -> None:
    """A file that is renamed would be taken for a quick one unseen."""
    assert [name for name in sorted(FILES) if not (ROOT / "tests" / name).exists()] == []


def test_every_single_slow_test_is_there() -> None:
    gone = []
    for test in sorted(TESTS):
        file, _, name = test.partition("::")
        path = ROOT / "tests" / file
        if not path.exists() or f"def {name.partition('[')[0]}(" not in path.read_text():
            gone.append(test)
    assert gone == []
