"""The list of slow tests."""

from tests.support.repository import ROOT
from tests.support.slow import FILES


def test_every_slow_test_is_there() -> None:
    """A file that is renamed would be taken for a quick one unseen."""
    assert [name for name in sorted(FILES) if not (ROOT / "tests" / name).exists()] == []
