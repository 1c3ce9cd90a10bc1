"""What end-to-end tests of commands begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common import local
from tests.support.repository import HANDLER
from tests.test_end_to_end import bare_clone


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone with the folder of one project alone, `orders`, whose only code is the function Validate."""
    made = bare_clone(tmp_path / "clone")
    (made / "projects/orders/lambda/Validate").mkdir(parents=True)
    (made / "projects/orders/lambda/Validate/handler.py").write_text(HANDLER)
    try:
        yield made
    finally:
        local.stop(made)
