"""What is larger or longer than AWS allows, and what is just as large.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from typing import Any

import pytest

from tests.declare.asl.mutants import problems_of
from tests.declare.asl.test_definition import DISTRIBUTED, END, machine


def a(**fields: Any) -> dict[str, Any]:
    return machine(A={**END, **fields})


def distributed(**fields: Any) -> dict[str, Any]:
    return machine(A={**DISTRIBUTED, **fields})


@pytest.mark.parametrize(
    "right",
    [
        a(Result="x" * 262_142, Comment="x" * 786_300),
        a(Result="ü" * 131_071),
        a(Assign={"x": "x" * 262_142, "y": "x" * 262_142}),
        machine("A" * 80, **{"A" * 80: END}),
        distributed(Label="x" * 40),
        distributed(Label="per-day_1"),
        distributed(ItemBatcher={"MaxInputBytesPerBatch": 262_144}),
    ],
)
def test_what_is_as_large_as_aws_allows_is_right(right: dict[str, Any]) -> None:
    assert problems_of(right) == []


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (a(Comment="x" * 1_048_577), "SIZE", "the top level: the definition has 1048647 bytes; AWS allows 1048576."),
        (a(Comment="ü" * 600_000), "SIZE", "the top level: the definition has 1200070 bytes; AWS allows 1048576."),
        (a(Result=["x" * 1000] * 300), "SIZE", "A.Result: it has 300901 bytes; AWS allows 262144 between states."),
        (a(Result="ü" * 131_072), "SIZE", "A.Result: it has 262146 bytes; AWS allows 262144 between states."),
        (a(Assign={"x": "x" * 262_143}), "SIZE", "A.Assign.x: it has 262145 bytes; AWS allows 262144 between states."),
        (machine("A" * 81, **{"A" * 81: END}), "WRONG_VALUE", f"{'A' * 81}: the name has 81 characters; AWS allows 80."),
        (distributed(Label="x" * 41), "WRONG_VALUE", "A.Label: it has 41 characters; AWS allows 40."),
        (distributed(Label="per day"), "WRONG_VALUE", "A.Label: 'per day' has spaces, wildcards, brackets or other"),
        (distributed(Label="a*"), "WRONG_VALUE", "A.Label: 'a*' has spaces"),
        (distributed(ItemBatcher={"MaxInputBytesPerBatch": 262_145}), "WRONG_VALUE", "A.ItemBatcher.MaxInputBytesPerBatch: it"),
    ],
)
def test_what_is_larger_is_refused(wrong: dict[str, Any], code: str, message: str) -> None:
    (problem,) = problems_of(wrong)
    assert (problem.code, str(problem)[: len(message)]) == (code, message)
