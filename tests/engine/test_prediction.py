"""What a plan foretells; that a deploy then does it is shown where calls are counted, in test_budgets."""

import pytest

from common.engine.prediction import predict
from common.model.events import NO_COST
from common.model.resource import Action, Change, Key, Plan


def plan(kind: str, action: Action, number: int, *changed: str) -> Plan:
    return Plan(tuple(Change(Key("p", kind, f"n{index}"), action, "", changed=frozenset(changed)) for index in range(number)))


def test_nothing_to_do_costs_nothing() -> None:
    assert predict(plan("lambda", Action.NOOP, 500)) == predict(plan("lambda", Action.ORPHAN, 5)) == NO_COST


def test_functions_are_bound_by_the_rate_of_lambda() -> None:
    result = predict(plan("lambda", Action.CREATE, 500))
    assert result.calls == 500 + 500 + 4
    assert result.seconds == pytest.approx(499 / 15)


def test_machines_have_a_burst_and_then_one_a_second() -> None:
    assert predict(plan("state-machine", Action.UPDATE, 100, "definition")).seconds < 1
    assert predict(plan("state-machine", Action.UPDATE, 160, "definition")).seconds == pytest.approx(60)


def test_what_has_no_published_rate_is_bound_by_how_many_calls_are_under_way() -> None:
    result = predict(plan("glue-job", Action.CREATE, 100), jobs=8)
    assert result.calls == 204
    assert result.seconds == pytest.approx(204 * 0.05 / 8)


def test_layers_share_the_rate_of_functions() -> None:
    layers = plan("layer", Action.UPDATE, 40, "CodeSha256")
    both = Plan((*layers.changes, *plan("lambda", Action.UPDATE, 60, "Layers").changes))
    assert predict(layers).calls == 40 + 40 + 4
    assert predict(both).seconds == pytest.approx(99 / 15)


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        (["CodeSha256"], 1),
        (["MemorySize", "Timeout"], 1),
        (["CodeSha256", "MemorySize"], 2),
        (["Tags"], 1),
        (["Tags", "Role"], 2),
    ],
)
def test_only_what_changed_costs_a_call(changed: list[str], calls: int) -> None:
    assert predict(plan("lambda", Action.UPDATE, 1, *changed)).calls == calls + 1 + 4
