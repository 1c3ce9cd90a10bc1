"""What the tests of the resource types say of their own types, for tests that are about all of them."""

import importlib
from typing import Any

from tests.support.repository import ROOT


def said_by_types(name: str) -> dict[str, Any]:
    """The dictionaries of this name in the tests of the types, together."""
    values: dict[str, Any] = {}
    for path in sorted((ROOT / "tests/resources").glob("test_*.py")):
        values |= getattr(importlib.import_module(f"tests.resources.{path.stem}"), name, {})
    return values
