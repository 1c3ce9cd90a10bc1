"""What cells of tables say."""

import pytest

from common.report import cell_formats


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({"commit": "0e75cd7f" + "0" * 32, "clean": "yes"}, "0e75cd7f"),
        ({"commit": "0e75cd7f" + "0" * 32, "clean": "no"}, "0e75cd7f + changes"),
        ({"clean": "no"}, ""),
        ({"commit": "", "clean": "no"}, ""),
    ],
)
def test_without_a_commit_nothing_differs_from_it(about: dict[str, str], text: str) -> None:
    assert cell_formats.commit(about) == text
