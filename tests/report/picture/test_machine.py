"""Pictures of state machines: frames, labels, marks of an execution, and names that look like markup."""

from xml.etree.ElementTree import Element

from hypothesis import given, settings
from hypothesis import strategies as st

from common.report.elements import written
from common.report.picture.machine import Mark, machine

END = {"Type": "Pass", "End": True}


def texts(picture: Element, class_: str) -> list[str]:
    return [text.text or "" for text in picture.iter("text") if text.get("class") == class_]


def branch(name: str) -> dict[str, object]:
    return {"StartAt": name, "States": {name: END}}


def test_states_within_states_stand_in_frames() -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [branch("One"), branch("Other")],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Again"}],
        "Next": "Again",
    }
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "All"}, {"Variable": "$.b", "IsNull": True, "Next": "Again"}],
        "Default": "Done",
    }
    states = {"All": parallel, "Again": choice, "Done": {"Type": "Succeed"}}
    picture = machine("main", {"StartAt": "All", "States": states}, {})
    assert texts(picture, "title") == ["All · parallel"]
    assert {*texts(picture, "name")} == {"One", "Other", "Again", "Done"}
    assert {*texts(picture, "verb")} == {"$.a is present", "$.b is null", "otherwise", "States.ALL"}


def test_states_are_marked_as_they_went() -> None:
    """A frame says it, too; a state that was not reached is not marked."""
    states = {"Each": {"Type": "Map", "ItemProcessor": branch("Load"), "Next": "Last"}, "Last": END}
    marks = {"Each": Mark("failed", "2.0 s"), "Load": Mark("caught", "1.5 s")}
    picture = machine("main", {"StartAt": "Each", "States": states}, {}, marks)
    assert texts(picture, "title") == ["Each · map · 2.0 s"]
    assert texts(picture, "mark") == ["1.5 s"]
    assert {group.get("class") for group in picture.iter("g")} >= {"node failed", "node handled", "node"}


def test_a_task_says_what_it_calls_by_its_name_here() -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "acres-dev-load"},
        "End": True,
    }
    picture = machine("main", {"StartAt": "Load", "States": {"Load": state}}, {"acres-dev-load": "glue-job/load"})
    assert texts(picture, "kind") == ["startJobRun glue-job/load"]


@given(st.text(min_size=1, max_size=90))
@settings(max_examples=60, deadline=None)
def test_any_name_is_text_and_never_markup(name: str) -> None:
    """Nothing of it becomes an element or an attribute, in HTML and in XML."""
    hostile = f"<script>alert(1)</script>{name}"
    picture = machine(hostile, branch(hostile), {}, {hostile: Mark("failed", hostile)})
    tags = {each.tag for each in picture.iter()}
    for text in (written(picture, "html"), written(picture, "xml")):
        assert "<script" not in text
    assert tags == {"svg", "title", "desc", "g", "path", "circle", "rect", "text"}
