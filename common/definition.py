"""State machine definitions: read from Python, JSON or YAML, and checked before AWS sees them.

AWS accepts many broken definitions at create time only to fail at run time, and the embedded AWS accepts all. So the structure
is proved here: a StartAt, every Next and Default leads to a state of the same level, every state can be reached and can end.

Follows https://states-language.net/spec.html
"""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from common.errors import DeclarationError

TYPES = frozenset({"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"})
ENDING = frozenset({"Succeed", "Fail"})

Source = Mapping[str, Any] | Path | Callable[[], Mapping[str, Any]]
"""An ASL object, a function that makes one, or a file: .json, .asl.json, .yaml or .yml."""


def load(source: Source, where: str) -> dict[str, Any]:
    """The ASL object, tokens not yet replaced.

    Raises:
        DeclarationError: the file is missing or malformed, or the structure is broken; all errors in one message.
    """
    found = _read(source, where) if isinstance(source, Path) else source() if callable(source) else source
    if not isinstance(found, Mapping):
        raise DeclarationError(f"{where}: the definition must be an object with StartAt and States.")
    definition: dict[str, Any] = json.loads(json.dumps(found))
    problems = list(_problems(definition, ""))
    if problems:
        raise DeclarationError("\n".join([f"{where}: the definition is broken:", *(f"  {problem}" for problem in problems)]))
    return definition


def _read(path: Path, where: str) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{where}: {path} cannot be read: {error}.") from None
    try:
        return yaml.safe_load(text) if path.suffix in {".yaml", ".yml"} else json.loads(text)
    except json.JSONDecodeError as error:
        raise DeclarationError(f"{where}: {path.name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from None
    except yaml.YAMLError as error:
        raise DeclarationError(f"{where}: {path.name}: this is not YAML: {' '.join(str(error).split())}.") from None


def _problems(machine: Mapping[str, Any], at: str) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, Mapping) or not states:
        yield f"{at or 'the top level'}: States is missing or empty."
        return
    start = machine.get("StartAt")
    if start is None:
        yield f"{at or 'the top level'}: StartAt is missing."
    elif start not in states:
        yield f"{at}StartAt: there is no state {start!r}.{_guess(start, states)}"
    reached = {start}
    for name, state in states.items():
        here = f"{at}{name}"
        if not isinstance(state, Mapping) or state.get("Type") not in TYPES:
            yield f"{here}: Type must be one of {', '.join(sorted(TYPES))}."
            continue
        for field, target in _targets(state):
            reached.add(target)
            if target not in states:
                yield f"{here}.{field}: there is no state {target!r}.{_guess(target, states)}"
        yield from _ending(here, state)
        yield from _inner(here, state)
    for name in states:
        if name not in reached and start in states:
            yield f"{at}{name}: no state leads here."


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for many in ("Choices", "Catch"):
        for number, one in enumerate(state.get(many, ())):
            if isinstance(one, Mapping) and "Next" in one:
                yield f"{many}[{number}].Next", one["Next"]


def _ending(here: str, state: Mapping[str, Any]) -> Iterator[str]:
    kind = state["Type"]
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield f"{here}: a Task needs a Resource."
    if kind == "Choice":
        if not state.get("Choices"):
            yield f"{here}: a Choice needs Choices."
    elif kind not in ENDING and ("Next" in state) == bool(state.get("End")):
        yield f"{here}: exactly one of Next and End is needed."


def _inner(here: str, state: Mapping[str, Any]) -> Iterator[str]:
    inner = list(state.get("Branches", ())) if state["Type"] == "Parallel" else []
    if state["Type"] == "Map":
        inner = [state[field] for field in ("ItemProcessor", "Iterator") if field in state]
    if state["Type"] in {"Parallel", "Map"} and not inner:
        yield f"{here}: a {state['Type']} needs {'Branches' if state['Type'] == 'Parallel' else 'an ItemProcessor'}."
    for machine in inner:
        yield from _problems(machine if isinstance(machine, Mapping) else {}, f"{here} > ")


def _guess(name: Any, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
