"""The change of a state machine by states, and of its lists by items."""

from copy import deepcopy
from typing import Any

import pytest

from common.model.machine_changes import flattened, states_changed, summary, task_name

DEFINITION: dict[str, Any] = {
    "StartAt": "Validate",
    "TimeoutSeconds": 60,
    "States": {
        "Validate": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "TimeoutSeconds": 300,
            "Catch": [{"ErrorEquals": ["A"], "Next": "Notify"}, {"ErrorEquals": ["States.ALL"], "Next": "Notify"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Load", "States": {"Load": {"Type": "Pass", "End": True}}},
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
                {"StartAt": "B", "States": {"B": {"Type": "Wait", "Seconds": 1, "End": True}}},
            ],
            "Next": "Notify",
        },
        "Notify": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True},
    },
}


def changes(after: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [
        (change.sign, f"{change.label} {change.text}".strip(), change.live, change.declared)
        for change in states_changed("definition", DEFINITION, after)
    ]


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    after: Any = deepcopy(DEFINITION)
    inner = after
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    result: dict[str, Any] = after
    return result


def test_states_that_are_added_and_taken_away_are_told_by_type_and_integration() -> None:
    after = deepcopy(DEFINITION)
    clean = {"Type": "Task", "Resource": "arn:aws-us-gov:states:::glue:startJobRun.sync", "End": True}
    after["States"]["Clean"], after["States"]["Both"]["Next"] = clean, "Clean"
    del after["States"]["Notify"]
    assert changes(after) == [
        ("~", "Both.Next", "Notify", "Clean"),
        ("+", "Clean (Task glue:startJobRun.sync)", None, clean),
        ("-", "Notify (Task sns:publish)", DEFINITION["States"]["Notify"], None),
    ]
    assert summary(DEFINITION, after) == "~ Both, + Clean, - Notify"


@pytest.mark.parametrize(
    ("path", "to", "expected"),
    [
        (("States", "Validate", "TimeoutSeconds"), 60, ("~", "Validate.TimeoutSeconds", 300, 60)),
        (("TimeoutSeconds",), 90, ("~", "TimeoutSeconds", 60, 90)),
        (("States", "Notify", "ResultPath"), None, ("+", "Notify.ResultPath", None, None)),
        (("States", "Validate", "Catch", 1, "Next"), "Each", ("~", "Validate.Catch[1].Next", "Notify", "Each")),
        (("States", "Each", "MaxConcurrency"), 3, ("+", "Each.MaxConcurrency", None, 3)),
        (
            ("States", "Each", "ItemProcessor", "States", "Load", "Type"),
            "Succeed",
            ("~", "Each > Load.Type", "Pass", "Succeed"),
        ),
        (("States", "Each", "ItemProcessor", "StartAt"), "Other", ("~", "Each.ItemProcessor.StartAt", "Load", "Other")),
        (("States", "Both", "Branches", 1, "States", "B", "Seconds"), 2, ("~", "Both > B.Seconds", 1, 2)),
        (("States", "Both", "Branches", 1, "StartAt"), "C", ("~", "Both.Branches[1].StartAt", "B", "C")),
        (("States", "Validate", "TimeoutSeconds"), 300.5, ("~", "Validate.TimeoutSeconds", 300, 300.5)),
        (
            ("States", "Each", "ItemProcessor", "QueryLanguage"),
            "JSONata",
            ("+", "Each.ItemProcessor.QueryLanguage", None, "JSONata"),
        ),
    ],
)
def test_one_field_is_one_change(path: tuple[str | int, ...], to: Any, expected: tuple[str, str, Any, Any]) -> None:
    assert changes(changed(*path, to=to)) == [expected]


def test_an_item_more_at_the_beginning_leaves_the_others_alone() -> None:
    catch = {"ErrorEquals": ["B"], "Next": "Notify"}
    after = changed("States", "Validate", "Catch", to=[catch, *DEFINITION["States"]["Validate"]["Catch"]])
    assert changes(after) == [("+", "Validate.Catch[0]", None, catch)]


CHOICES = [{"Variable": "$.kind", "StringEquals": letter, "Next": f"To{letter}"} for letter in "abc"]
RETRY = [{"ErrorEquals": ["A"], "IntervalSeconds": 2, "MaxAttempts": 3}, {"ErrorEquals": ["States.Timeout"]}]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (CHOICES, [CHOICES[2], CHOICES[0], CHOICES[1]], [("~", "Validate.Choices[2] → [0]")]),
        (CHOICES, [CHOICES[1], CHOICES[0], CHOICES[2]], [("~", "Validate.Choices[1] → [0]")]),
        (
            RETRY,
            [{"ErrorEquals": ["A", "B"], "IntervalSeconds": 2, "MaxAttempts": 6}],
            [
                ("+", "Validate.Choices[0].ErrorEquals[1]"),
                ("~", "Validate.Choices[0].MaxAttempts"),
                ("-", "Validate.Choices[1]"),
            ],
        ),
        (["x", "y"], ["x", "z"], [("~", "Validate.Choices[1]")]),
        (["x"], [], [("-", "Validate.Choices[0]")]),
    ],
)
def test_items_are_compared_with_what_they_were(before: list[Any], after: list[Any], expected: list[tuple[str, str]]) -> None:
    old, new = (changed("States", "Validate", "Choices", to=items) for items in (before, after))
    assert [(change.sign, change.label) for change in states_changed("definition", old, new)] == expected


def test_a_state_with_another_name_or_in_another_place_is_the_same_state() -> None:
    after = deepcopy(DEFINITION)
    after["States"]["Tell"] = after["States"].pop("Notify")
    after["States"]["Both"]["Next"] = "Tell"
    assert ("~", "Notify → Tell (renamed, Task sns:publish)") in [change[:2] for change in changes(after)]
    assert summary(DEFINITION, after) == "~ Both, ~ Notify → Tell"
    (change,) = (change for change in states_changed("definition", DEFINITION, after) if change.former)
    assert change.as_object() == {
        "name": "definition.States.Tell",
        "live": DEFINITION["States"]["Notify"],
        "declared": DEFINITION["States"]["Notify"],
        "lost": "",
        "former": "Notify",
    }
    moved = deepcopy(DEFINITION)
    moved["States"]["Each"]["ItemProcessor"] = {"StartAt": "Notify", "States": {"Notify": moved["States"].pop("Notify")}}
    assert ("~", "Notify → Each > Notify (moved, Task sns:publish)") in [change[:2] for change in changes(moved)]
    twice = deepcopy(DEFINITION)
    tell = twice["States"].pop("Notify")
    twice["States"] |= {"One": tell, "Two": tell}
    assert summary(DEFINITION, twice) == "- Notify, + One, + Two", "it could be either"


def test_nothing_changed_is_no_change() -> None:
    assert changes(deepcopy(DEFINITION)) == []
    assert [*flattened(DEFINITION)] == ["Validate", "Each", "Each > Load", "Both", "Both > A", "Both > B", "Notify"]


def test_a_summary_names_some_states_and_counts_the_others() -> None:
    after = deepcopy(DEFINITION)
    for state in after["States"].values():
        state["Comment"] = "new"
    assert summary(DEFINITION, after) == "~ Both, ~ Each, ~ Notify, ~ Validate"
    after["States"]["Each"]["ItemProcessor"]["States"]["Load"]["Comment"] = "new"
    assert summary(DEFINITION, after) == "~ Both, ~ Each, ~ Each > Load, ~ Notify and 1 more"
    assert summary(DEFINITION, changed("TimeoutSeconds", to=1)) == "~ TimeoutSeconds"


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:states:::aws-sdk:glue:getCrawler", "aws-sdk:glue:getCrawler"),
        ("arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken", "sqs:sendMessage.waitForTaskToken"),
        ("arn:aws:lambda:us-east-1:123456789012:function:Validate", "lambda Validate"),
        ("arn:aws:states:us-east-1:123456789012:activity:Approve", "activity Approve"),
        ("${Validate.arn}", "${Validate.arn}"),
    ],
)
def test_a_task_is_named_by_what_it_calls(resource: str, name: str) -> None:
    assert task_name(resource) == name
