"""Map and Parallel states.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
"""

from typing import Any

import pytest

from common.testing import MockError, fails, ok, run_machine, run_state
from tests.testing.test_errors import DONE, TASK, machine

INNER = machine(Load=TASK)
CALL_THEN_C = {"Type": "Task", "Resource": TASK["Resource"], "Next": "C"}


def mapped(inner: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return machine(Each={"Type": "Map", "ItemProcessor": inner or INNER, "End": True, **fields})


def distributed(**fields: Any) -> dict[str, Any]:
    return mapped({**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, **fields)


def double(value: Any) -> Any:
    return value * 2


def test_each_item_is_an_input_and_the_results_are_in_order() -> None:
    run = run_machine(mapped(ItemsPath="$.items", ResultPath="$.results"), {"items": [1, 2]}, {"Load": double})
    assert run.output == {"items": [1, 2], "results": [2, 4]}
    assert run.states == ["Each", "Load", "Load"]
    assert [visit.input for visit in run.visits_of("Load")] == [1, 2]


def test_items_are_selected_from_the_input_and_the_context() -> None:
    selector = {"n.$": "$.n", "item.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"}
    run = run_machine(mapped(ItemsPath="$.items", ItemSelector=selector), {"items": ["a", "b"], "n": 1}, {"Load": ok()})
    assert [visit.input for visit in run.visits_of("Load")] == [{"n": 1, "item": "a", "at": 0}, {"n": 1, "item": "b", "at": 1}]


def test_an_iteration_that_fails_fails_the_map_which_may_retry_and_catch() -> None:
    catch: dict[str, Any] = {
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 7}],
        "Catch": [{"ErrorEquals": ["E"], "Next": "Done"}],
    }
    definition = mapped(**catch)
    definition["States"]["Done"] = DONE
    run = run_machine(definition, [1, 2], {"Load": [ok(), fails("E", "why"), fails("E", "again")]})
    assert (run.output, [wait.seconds for wait in run.waits]) == ({"Error": "E", "Cause": "again"}, [7])
    assert run_machine(mapped(), [1], {"Load": fails("E")}).error == "E"
    assert run_machine(mapped(ItemsPath="$.items"), {"items": 5}).error == "States.Runtime"


def test_variables_of_an_iteration_stay_in_it_and_those_around_it_are_seen() -> None:
    inner = machine(Load={"Type": "Pass", "Assign": {"own": 1}, "Parameters": {"outer.$": "$outer"}, "End": True})
    definition = mapped(inner)
    definition["StartAt"] = "Set"
    definition["States"]["Set"] = {"Type": "Pass", "Assign": {"outer": 5}, "Next": "Each"}
    run = run_machine(definition, [0])
    assert (run.output, run.variables) == ([{"outer": 5}], {"outer": 5})


def test_time_is_counted_as_iterations_run_together() -> None:
    assert run_machine(mapped(), [1, 2, 3], {"Load": ok(seconds=10)}).seconds == 10
    assert run_machine(mapped(MaxConcurrency=2), [1, 2, 3], {"Load": ok(seconds=10)}).seconds == 20
    assert run_machine(mapped(MaxConcurrency=1), [1, 2, 3], {"Load": ok(seconds=10)}).seconds == 30


def test_a_distributed_map_tolerates_failures() -> None:
    outcomes = [ok("a"), fails("E"), ok("c"), fails("E")]
    for tolerated in ({"ToleratedFailureCount": 2}, {"ToleratedFailurePercentage": 50}, {"ToleratedFailureCountPath": "$[1]"}):
        run = run_machine(distributed(**tolerated), [1, 2, 3, 4], {"Load": outcomes})
        assert (run.status, run.output) == ("SUCCEEDED", ["a", "c"]), tolerated
    for tolerated in ({}, {"ToleratedFailureCount": 1}, {"ToleratedFailurePercentage": 49}):
        run = run_machine(distributed(**tolerated), [1, 2, 3, 4], {"Load": outcomes})
        assert run.error == "States.ExceedToleratedFailureThreshold", tolerated


def test_a_distributed_map_gets_the_items_of_its_reader_in_batches() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "MaxItems": 3}}
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"run.$": "$.run"}}
    definition = distributed(ItemReader=reader, ItemBatcher=batcher)
    run = run_machine(definition, {"run": 7}, {"Load": ok()}, items={"Each": ["a", "b", "c", "d"]})
    assert [visit.input for visit in run.visits_of("Load")] == [
        {"BatchInput": {"run": 7}, "Items": ["a", "b"]},
        {"BatchInput": {"run": 7}, "Items": ["c"]},
    ]
    with pytest.raises(MockError, match="Each reads its items from elsewhere"):
        run_machine(definition, {"run": 7}, {"Load": ok()})


def test_a_distributed_map_that_writes_its_results_returns_where_they_are() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html."""
    run = "00000000-0000-0000-0000-000000000000"
    bucket = {"Bucket": "b", "Prefix.$": "$.prefix"}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": bucket}
    definition = distributed(ItemsPath="$.items", ResultWriter=writer, Label="All")
    assert run_machine(definition, {"items": [1, 2], "prefix": "out/"}, {"Load": double}).output == {
        "MapRunArn": f"arn:aws:states:us-east-1:123456789012:mapRun:test/All:{run}",
        "ResultWriterDetails": {"Bucket": "b", "Key": f"out/{run}/manifest.json"},
    }
    shown = distributed(ItemsPath="$.items", ResultWriter={"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}})
    assert run_machine(shown, {"items": [1, 2]}, {"Load": double}).output == [2, 4]


def test_items_in_jsonata() -> None:
    definition = {
        **mapped(Items="{% $states.input.items[n > 1] %}", ItemSelector={"n": "{% $states.context.Map.Item.Value.n %}"}),
        "QueryLanguage": "JSONata",
    }
    run = run_machine(definition, {"items": [{"n": 1}, {"n": 2}, {"n": 3}]}, {"Load": ok("x")})
    assert [visit.input for visit in run.visits_of("Load")] == [{"n": 2}, {"n": 3}]
    assert run_machine({**mapped(Items="{% 5 %}"), "QueryLanguage": "JSONata"}).error == "States.QueryEvaluationError"


def parallel(**fields: Any) -> dict[str, Any]:
    branches = [machine(A={**TASK}), machine(B=CALL_THEN_C, C={"Type": "Pass", "End": True})]
    return machine(Both={"Type": "Parallel", "Branches": branches, "End": True, **fields})


def test_branches_get_the_same_input_and_their_results_are_a_list() -> None:
    run = run_machine(parallel(Parameters={"n.$": "$.x"}), {"x": 1}, {"A": ok("a", seconds=5), "B": ok("b", seconds=9)})
    assert (run.output, run.states, run.seconds) == (["a", "b"], ["Both", "A", "B", "C"], 9)
    assert [visit.input for visit in run.visits[1:3]] == [{"n": 1}, {"n": 1}]


def test_the_branch_that_fails_first_fails_the_state() -> None:
    mocks = {"A": fails("Late", seconds=9), "B": fails("Early", seconds=2)}
    run = run_machine(parallel(), mocks=mocks)
    assert (run.error, run.seconds) == ("Early", 2)
    catching = parallel(Catch=[{"ErrorEquals": ["Early"], "ResultPath": "$.e", "Next": "Done"}])
    catching["States"]["Done"] = DONE
    assert run_machine(catching, {"x": 1}, mocks).output == {"x": 1, "e": {"Error": "Early", "Cause": ""}}


def test_a_state_within_another_is_run_alone_and_a_map_may_be_mocked_whole() -> None:
    assert run_state(parallel(), "B", {}, {"B": ok(1)}).next_state == "C"
    run = run_machine(mapped(ResultSelector={"n.$": "$.length()"}), [1], {"Each": ok([1, 2, 3])})
    assert (run.output, run.states) == ({"n": 3}, ["Each"])
