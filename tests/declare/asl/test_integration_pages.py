"""The statements of every optimised integration are those of AWS's page, on the same resources or on narrower ones.

The table is integration_pages.txt, beside this file; it says how it is read.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from common.aws import arn_forms, iam_actions
from common.declare.asl import integrations
from common.declare.asl.called import WAIT
from common.declare.asl.integration_permissions import INTEGRATIONS
from common.declare.asl.integration_tables import OPTIMISED
from tests.support.machines import ENV, OWN, REGION, named, task

TABLE = Path(__file__).with_name("integration_pages.txt")
ROLE = "arn:aws:iam::123456789012:role/r"
Allowed = set[tuple[str, str, str]]
"""Actions, the ARNs that they are allowed on, and the conditions of their statements."""


class Block(NamedTuple):
    """One integration of the table."""

    line: int
    integration: str
    parameters: str
    rows: list[str]


def blocks() -> Iterator[Block]:
    block: Block | None = None
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if line.startswith("  ") and block is not None:
            block.rows.append(line.strip())
        elif line and not line.startswith("#"):
            integration, _, parameters = line.partition(" ")
            block = Block(number, integration, parameters, [])
            yield block


BLOCKS = list(blocks())


def arns(text: str) -> set[str]:
    """The ARNs of a column."""
    return {arn_of(short) for short in text.split()}


def arn_of(short: str) -> str:
    if short == "{r}":
        return ROLE
    service, colon, resource = short.partition(":")
    return f"arn:aws:{service}:{REGION}:{resource}" if colon and service != "arn" else short


def granted(block: Block) -> Allowed:
    machine = task(f"arn:aws:states:::{block.integration}", **json.loads(block.parameters.replace("{r}", ROLE)))
    result: Allowed = set()
    for statement in integrations.state_machine(ENV, OWN, machine, named(), "here"):
        result |= {
            (action, arn, worded(statement.get("Condition", {})))
            for action in statement["Action"]
            for arn in statement["Resource"]
        }
    return result


def worded(condition: dict[str, dict[str, list[str]]]) -> str:
    return " and ".join(
        f"{operator} {key} {' '.join(values)}" for operator, keys in sorted(condition.items()) for key, values in keys.items()
    )


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{block.line}-{block.integration}" for block in BLOCKS])
def test_the_statements_of_an_integration_are_those_of_its_page_or_narrower(block: Block) -> None:
    expected: Allowed = set()
    for row in block.rows:
        if row.startswith("- "):
            assert ": " in row, "say why an action of the page is not granted"
            continue
        actions, ours, page = (column.strip() for column in row.split(" | "))
        on, _, condition = ours.partition(" if ")
        expected |= {(action, arn, condition.replace("{r}", ROLE)) for action in actions.split() for arn in arns(on)}
        if page != "=" and not page.startswith("+ "):
            wider = arns(page)
            assert all(any(fnmatchcase(arn, pattern) for pattern in wider) for arn in arns(on)), f"wider than the page: {row}"
    assert granted(block) == expected


def test_every_optimised_integration_is_in_the_table_and_so_is_each_form_that_waits() -> None:
    integrations = {f"{service}:{action}" for service, actions in OPTIMISED.items() for action in actions}
    shown = {block.integration for block in BLOCKS}
    assert (
        set(INTEGRATIONS) == integrations == {name.removesuffix(":2").removesuffix(".sync").removesuffix(WAIT) for name in shown}
    )
    waiting = {
        f"{service}:{action}{form}"
        for service, actions in OPTIMISED.items()
        for action, forms in actions.items()
        for form in forms
        if ".sync" in form
    }
    assert waiting <= shown


def test_every_action_of_the_table_exists() -> None:
    actions = {action for rows in INTEGRATIONS.values() for row in rows for action in row.actions}
    actions |= {action for block in BLOCKS for action, _, _ in granted(block)}
    for action in sorted(actions):
        assert iam_actions.exists(action), action
        assert (described := arn_forms.action_named(action)) is not None
        assert described.name == action, "as IAM spells it"
