"""The picture of a state machine: its states and transitions, and of an execution how each state went.

States within a Map or Parallel state are arranged by themselves, and then stand in a frame, which is a box of the picture around
it: no transition crosses the border of a frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.declare.asl.states import WAITING
from common.declare.asl.walk import Place, is_distributed, placed_machines
from common.model.machine_changes import task_name
from common.report.elements import element
from common.report.mermaid import condition
from common.report.picture import drawing, layout, text
from common.report.picture.drawing import LONGEST_NAME, Label

HEADER = 26.0
"""The height of the title of a frame."""
DOT = 16.0
"""The size of the marks of start and end."""
CALLED = ("FunctionName", "JobName", "StateMachineArn", "Name", "TableName", "TopicArn", "QueueUrl", "Bucket")
"""The parameters of tasks that say what they call; the first one that there is is shown."""
START, END = "\0start", "\0end"
"""The names of the marks of start and end, which no state can have."""


@dataclass(frozen=True)
class Mark:
    """How a state went in an execution: ``succeeded``, ``failed``, ``caught``, ``aborted`` or ``running``, and a short text."""

    status: str
    text: str


@dataclass
class _Part:
    """What is drawn of a box: its size, its element at the upper left corner of the picture, and its title."""

    width: float
    height: float
    content: list[Element] = field(default_factory=list)
    class_: str = ""


def machine(
    name: str,
    definition: JsonMapping,
    names: Mapping[str, str],
    marks: Mapping[str, Mark] | None = None,
    identifier: str = "machine",
) -> Element:
    """The picture of a checked definition.

    Args:
        name: the state machine.
        definition: its definition.
        names: what resources are called here, by their names and ARNs in AWS.
        marks: how states went in an execution, by name.
        identifier: how the ids of the picture begin.
    """
    marks = marks or {}
    arranged, drawn = _Drawer(names, marks).level(definition, ends=True)
    marked = ", marked as in the last execution" if marks else ""
    description = f"{len(definition['States'])} states and their transitions{marked}."
    return drawing.picture(arranged, drawn, identifier, f"The state machine {name}", description)


class _Drawer:
    def __init__(self, names: Mapping[str, str], marks: Mapping[str, Mark]) -> None:
        self._names, self._marks = names, marks

    def level(self, definition: JsonMapping, *, ends: bool) -> tuple[layout.Layout, list[Element]]:
        """The states of one level, arranged and drawn; with `ends`, an arrow leads to a mark of the end."""
        states: Mapping[str, JsonMapping] = definition["States"]
        parts = {START: _dot("dot"), **{name: self._state(name, state) for name, state in states.items()}}
        arrows = [(START, str(definition["StartAt"]), Label(""), "")]
        for name, state in states.items():
            arrows += [(name, target, label, kind) for target, label, kind in _transitions(state)]
            if state.get("End") and ends:
                parts.setdefault(END, _dot("ring"))
                arrows.append((name, END, Label(""), ""))
        boxes = [layout.Box(name, part.width, part.height) for name, part in parts.items()]
        lines = [
            layout.Arrow(source, target, *label.size, weight=0.04 if kind else 1.0) for source, target, label, kind in arrows
        ]
        arranged = layout.arranged(boxes, lines)
        drawn = [
            drawing.arrow(route, False, label, kind) for route, (_, _, label, kind) in zip(arranged.routes, arrows, strict=True)
        ]
        for name, part in parts.items():
            x, y = arranged.boxes[name]
            drawn.append(
                element("g", *part.content, transform=f"translate({x:.1f},{y:.1f})", class_=f"node {part.class_}".strip())
            )
        return arranged, drawn

    def _state(self, name: str, state: JsonMapping) -> _Part:
        inner = [machine for _, machine in placed_machines(state, Place())]
        mark = self._marks.get(name)
        class_ = {"caught": "handled", "aborted": "failed"}.get(mark.status, mark.status) if mark else ""
        if inner:
            return self._frame(name, state, inner, mark, class_)
        lines = [(text.shortened(name, LONGEST_NAME), "name"), *((line, "kind") for line in self._described(state))]
        lines += [(mark.text, "mark")] if mark else []
        width, height = drawing.box_width(lines, 90.0), 17.0 * len(lines) + 14.0
        radius = {"Choice": 3.0, "Wait": height / 2, "Succeed": height / 2, "Fail": height / 2}.get(state["Type"], 8.0)
        shape = element("rect", class_="box", width=round(width, 1), height=height, rx=radius)
        title = element("title", f"{name} ({state['Type']})")
        return _Part(width, height, [title, shape, *drawing.lines_in_box((0, 0), width, height, lines)], class_)

    def _frame(self, name: str, state: JsonMapping, inner: Sequence[Json], mark: Mark | None, class_: str) -> _Part:
        """A frame with the states within a state; branches stand side by side."""
        kind = "parallel" if state["Type"] == "Parallel" else "distributed map" if is_distributed(state) else "map"
        title = f"{text.shortened(name, LONGEST_NAME)} · {kind}" + (f" · {mark.text}" if mark else "")
        levels = [self.level(part, ends=False) for part in inner]
        x, tallest = 8.0, max(arranged.height for arranged, _ in levels)
        groups: list[Element] = []
        for number, (arranged, drawn) in enumerate(levels):
            if number:
                groups.append(element("path", class_="frame", d=f"M{x:.1f},{HEADER:.1f}V{HEADER + tallest:.1f}"))
            groups.append(element("g", *drawn, transform=f"translate({x:.1f},{HEADER:.1f})"))
            x += arranged.width
        width = max(x + 8.0, text.width_of(title, 12.0) * text.BOLD + 24.0)
        height = HEADER + tallest + 8.0
        shape = element("rect", class_="box frame", width=round(width, 1), height=round(height, 1), rx=8)
        head = element("text", title, class_="title", x=12, y=18)
        return _Part(width, height, [element("title", f"{name} ({state['Type']})"), shape, head, *groups], class_)

    def _described(self, state: JsonMapping) -> Iterator[str]:
        """What a state does, in a line or two."""
        kind = str(state["Type"])
        if kind == "Wait":
            waited = next(
                (f"{state[field]} s" if field == "Seconds" else str(state[field]) for field in WAITING if field in state), ""
            )
            yield text.shortened(f"wait {waited}".strip(), LONGEST_NAME)
        elif kind == "Task":
            yield from (text.shortened(line, LONGEST_NAME) for line in self._call(state))
        elif kind == "Fail":
            yield text.shortened(f"fail {state.get('Error', '')}".strip(), LONGEST_NAME)
        else:
            yield kind.lower()

    def _call(self, state: JsonMapping) -> list[str]:
        """What a task calls: ``startJobRun glue-job/load`` for what is declared here."""
        resource = str(state["Resource"])
        parameters = state.get("Parameters") or state.get("Arguments")
        called = parameters if isinstance(parameters, Mapping) else {}
        target = next((str(called[field]) for field in CALLED if isinstance(called.get(field), str)), "")
        if resource in self._names:
            return [self._names[resource]]
        if target in self._names:
            action = task_name(resource).removeprefix("aws-sdk:").split(":")[1].partition(".")[0]
            return [f"{action} {self._names[target]}"]
        return [task_name(resource), *([target.rpartition(":")[2]] if target else [])]


def _transitions(state: JsonMapping) -> Iterator[tuple[str, Label, str]]:
    """Where a state leads: the state, what the arrow says, and whether it is an error that is caught."""
    for rule in state.get("Choices", ()):
        yield str(rule["Next"]), Label(condition(rule)), ""
    if "Default" in state:
        yield str(state["Default"]), Label("otherwise"), ""
    if "Next" in state:
        yield str(state["Next"]), Label(""), ""
    for catcher in state.get("Catch", ()):
        yield str(catcher["Next"]), Label(", ".join(map(str, catcher["ErrorEquals"]))), "caught"


def _dot(class_: str) -> _Part:
    middle = DOT / 2
    title = element("title", "Start" if class_ == "dot" else "End")
    shapes = [element("circle", class_=class_, cx=middle, cy=middle, r=middle - 1.5)]
    if class_ == "ring":
        shapes.append(element("circle", class_="dot", cx=middle, cy=middle, r=middle - 4.5))
    return _Part(DOT, DOT, [title, *shapes])
