"""Draws state machines and projects as Mermaid text, which GitHub, GitLab and many editors show as a picture.

Nodes get numbers for identifiers, and every character of a label that Mermaid could take for syntax is written as its code, so
that any name can be drawn.

Follows https://mermaid.js.org/syntax/flowchart.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from common.base.json_types import Json, JsonMapping
from common.declare.asl.choice_rules import OPERATORS
from common.declare.asl.states import WAITING
from common.declare.asl.walk import Place, is_distributed, placed_machines
from common.declare.flows import Flow, Node
from common.model.machine_changes import task_name
from common.resources import cloud_control

PLAIN = re.compile(r"[^\w \-.,:/=@$()]|(?<=direction) (?= *[A-Z]{2})", re.ASCII)
"""Matches what is written as a code. Mermaid takes ``direction TB`` for a command wherever it stands in a line."""
FORMULA = re.compile(r"\$(?=\$)")
"""Matches what begins a formula in Mermaid, even as codes: the two signs are separated by a space without width."""
LIST = re.compile(r"(\d+)\.|([-+*])(?= )")
"""Matches the beginning of a label that Mermaid takes for a list."""
LONGEST = 100
"""How many characters of a condition are shown."""
SHAPES = {
    "Task": ("[", "]"),
    "Pass": ("(", ")"),
    "Wait": ("([", "])"),
    "Choice": ("{", "}"),
    "Succeed": ("((", "))"),
    "Fail": ("(((", ")))"),
}
"""How the types of states are drawn; Map and Parallel are frames."""
KINDS = {
    "bucket": ("[(", ")]"),
    "table": ("[(", ")]"),
    "database": ("[(", ")]"),
    "topic": (">", "]"),
    "queue": ("[[", "]]"),
    "state-machine": ("{{", "}}"),
    "rule": ("([", "])"),
}
"""How the kinds of resources are drawn; others are boxes."""
COMPARISONS = {
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
    "Matches": "matches",
}
"""The signs of Choice operators; the type in front of them is left out."""


def machine(definition: JsonMapping) -> str:
    """A checked definition as a flowchart."""
    return "\n".join(["flowchart TD", *_Machine().drawn(definition)]) + "\n"


def project(flows: Sequence[Flow], kinds: Mapping[Node, str]) -> str:
    """Who starts, reads and writes what in a project: thick arrows start, thin ones carry data.

    Args:
        flows: the arrows.
        kinds: what people call the kinds of nodes.
    """
    nodes = list(dict.fromkeys(node for flow in flows for node in (flow.source, flow.target)))
    names = {node: f"n{number}" for number, node in enumerate(nodes)}
    lines = [f"  {names[node]}{_shaped(KINDS.get(node.kind, ('[', ']')), _described(node, kinds))}" for node in nodes]
    arrows = [f"  {names[flow.source]} {'==>' if flow.is_start else '-->'} {names[flow.target]}" for flow in flows]
    return "\n".join(["flowchart LR", *lines, *arrows]) + "\n"


def condition(rule: JsonMapping) -> str:
    """The condition of a Choice rule in a few words."""
    if isinstance(rule.get("Condition"), str):
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    for word, joined in (("And", " and "), ("Or", " or ")):
        if word in rule:
            return joined.join(_inner(inner) for inner in rule[word])
    if "Not" in rule:
        return f"not ({condition(rule['Not'])})"
    variable, operator = rule.get("Variable", ""), next((name for name in rule if name in OPERATORS), "")
    return _compared(str(variable), operator, rule.get(operator))


def _inner(rule: JsonMapping) -> str:
    return f"({condition(rule)})" if {"And", "Or"} & rule.keys() else condition(rule)


def _compared(variable: str, operator: str, value: Json) -> str:
    if operator.startswith("Is"):
        return f"{variable} {'is' if value else 'is not'} {operator.removeprefix('Is').lower()}"
    name = operator.removesuffix("Path")
    sign = next((sign for end, sign in COMPARISONS.items() if name.endswith(end)), name)
    shown = value if operator.endswith("Path") else json.dumps(value, ensure_ascii=False)
    return f"{variable} {sign} {shown}"


def label(text: str) -> str:
    """A text as a label in quotation marks."""
    shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    escaped = "<br/>".join(
        PLAIN.sub(lambda match: f"#{ord(match[0])};", FORMULA.sub("$\u200b", line)) for line in shown.split("\n")
    )
    if start := LIST.match(escaped):
        escaped = (f"{start[1]}#46;" if start[1] else f"#{ord(start[2])};") + escaped[start.end() :]
    return f'"{escaped or " "}"'


def _shaped(shape: tuple[str, str], text: str) -> str:
    return f"{shape[0]}{label(text)}{shape[1]}"


def _described(node: Node, kinds: Mapping[Node, str]) -> str:
    kind = kinds.get(node, node.kind) if node.kind == cloud_control.KIND.name else node.kind
    return node.name if node.kind in {"bucket", "table", "database"} else f"{node.name}\n{kind}"


class _Machine:
    """Draws one definition; every state and frame gets the next number."""

    def __init__(self) -> None:
        self._number = 0

    def drawn(self, definition: JsonMapping) -> Iterator[str]:
        yield '  start(["Start"])'
        names, lines = self._states(definition, "  ")
        yield from lines
        yield f"  start --> {names[definition['StartAt']]}"
        if any(state.get("End") for state in definition["States"].values()):
            yield '  done(["End"])'
            yield from (f"  {names[name]} --> done" for name, state in definition["States"].items() if state.get("End"))

    def _states(self, definition: JsonMapping, indent: str) -> tuple[dict[str, str], list[str]]:
        """The identifiers of the states of one level, and their lines with those of the states within them."""
        names = {name: self._next("s") for name in definition["States"]}
        lines: list[str] = []
        for name, state in definition["States"].items():
            lines += self._state(names[name], name, state, indent)
        for name, state in definition["States"].items():
            lines += [f"{indent}{names[name]} {arrow}" for arrow in _arrows(state, names)]
        return names, lines

    def _state(self, identifier: str, name: str, state: JsonMapping, indent: str) -> Iterator[str]:
        inner = [part for _, part in placed_machines(state, Place())]
        if not inner:
            yield f"{indent}{identifier}{_shaped(SHAPES[state['Type']], _text(name, state))}"
            return
        yield f"{indent}subgraph {identifier} [{label(_text(name, state))}]"
        for number, part in enumerate(inner, 1):
            if len(inner) > 1:
                yield f"{indent}  subgraph {self._next('b')} [{label(f'branch {number}')}]"
            deeper = indent + ("    " if len(inner) > 1 else "  ")
            names, lines = self._states(part, deeper)
            first = self._next("first")
            yield f'{deeper}{first}((" "))'
            yield from lines
            yield f"{deeper}{first} --> {names[part['StartAt']]}"
            if len(inner) > 1:
                yield f"{indent}  end"
        yield f"{indent}end"

    def _next(self, letters: str) -> str:
        self._number += 1
        return f"{letters}{self._number}"


def _text(name: str, state: JsonMapping) -> str:
    """What stands in a state: its name, and what it does."""
    kind = state["Type"]
    if kind == "Task":
        return f"{name}\n{task_name(str(state['Resource']))}"
    if kind == "Wait":
        waited = [f"{field} {state[field]}" for field in WAITING if field in state]
        return f"{name}\nwait: {', '.join(waited)}"
    if kind == "Map":
        return f"{name}: {'distributed map' if is_distributed(state) else 'map'}"
    return f"{name}: parallel" if kind == "Parallel" else name


def _arrows(state: JsonMapping, names: Mapping[str, str]) -> Iterator[str]:
    """The transitions of a state: arrows with conditions, and dashed ones for errors that are caught."""
    for rule in state.get("Choices", ()):
        yield f"-->|{label(condition(rule))}| {names[rule['Next']]}"
    if "Default" in state:
        yield f'-->|"otherwise"| {names[state["Default"]]}'
    if "Next" in state:
        yield f"--> {names[state['Next']]}"
    for catcher in state.get("Catch", ()):
        yield f"-.->|{label(', '.join(catcher['ErrorEquals']))}| {names[catcher['Next']]}"
