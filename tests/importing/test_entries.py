"""Exact names, and what belongs to one environment alone."""

from typing import Any

import pytest

from common.environment.config import Environment
from common.importing.entries import Context, Entry
from common.importing.references import References
from common.importing.selection import Keys, LiveResource
from tests.support.repository import ACCOUNT, CONFIG


def context(**fields: Any) -> Context:
    env = Environment.model_validate({**CONFIG, **fields})
    return Context(env, "orders", References(env, Keys(), lambda name: name, {}, ()))


@pytest.mark.parametrize(
    ("names", "physical", "declared"),
    [
        ({}, "fsa-dev-orders-Validate", "fsa-${stage}-orders-Validate"),
        ({}, "FSA-orders-Validate", "FSA-orders-Validate"),
        ({}, "t-dev-orders-Validate", None),
        ({"lambda": "FSA-{ENV}-{name}"}, "FSA-DEV-Validate", None),
        ({"lambda": "FSA-{ENV}-{name}"}, "FSA-DEV-validate", "FSA-${stage_in_capitals}-validate"),
    ],
)
def test_a_name_is_given_unless_it_follows_from_the_template(names: dict[str, str], physical: str, declared: str | None) -> None:
    entry = Entry(resource=LiveResource("lambda", physical, "arn", {}), key="Validate", method="function")
    context(names=names).name(entry)
    assert entry.named.get("name") == declared


@pytest.mark.parametrize(
    ("text", "particular"),
    [
        ("INFO", False),
        ("development", False),
        ("dev", True),
        ("orders_DEV", True),
        (ACCOUNT, True),
        ("x.eu-central-1.y", True),
        ("https://example.com", True),
        ("s3://${landing.name}/in/", False),
        ("${dev-landing.name}", False),
        ("$${dev}", True),
        ("s3://raw-${stage}/dev/", True),
    ],
)
def test_a_value_is_of_one_environment_if_it_names_it(text: str, particular: bool) -> None:
    assert context().is_particular(text) == particular
