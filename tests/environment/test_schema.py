"""What is generated from the models of configuration is up to date, and explains every setting."""

import json

import pytest

from common.environment import schema
from tests.support.repository import ROOT

REGENERATE = "uv run python -m common.environment.schema"
MODELS = {"Environment": schema.schema(), **schema.schema()["$defs"]}


def test_the_schema_is_that_of_the_models() -> None:
    stored = json.loads((ROOT / "config/schema.json").read_text())
    assert stored == schema.schema(), f"config/schema.json is stale. Write it anew: {REGENERATE}"


def test_the_reference_is_that_of_the_models() -> None:
    stored = (ROOT / schema.PAGE).read_text()
    assert stored == schema.page(stored), f"{schema.PAGE} is stale. Write it anew: {REGENERATE}"


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_explained(model: str) -> None:
    fields = {name: field for name, field in MODELS[model]["properties"].items() if name != "$schema"}
    assert fields
    assert [name for name, field in fields.items() if not field.get("description", "").endswith(".")] == []


def test_the_reference_has_a_table_for_every_model() -> None:
    assert schema.SECTIONS.keys() == MODELS.keys()


def test_what_is_above_the_reference_is_kept() -> None:
    text = f"# By hand\n\n{schema.GENERATED_MARK}\n\nstale"
    assert schema.page(text).startswith(f"# By hand\n\n{schema.GENERATED_MARK}\n\n### ")
    assert "stale" not in schema.page(text)
