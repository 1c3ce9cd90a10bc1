"""Loads state machine definitions from Python, JSON or YAML, and checks them before they are sent to AWS.

AWS accepts many broken definitions that then fail at run time, and the embedded AWS accepts all. So the structure is checked
here: there is a StartAt, every Next and Default leads to a state of the same level, every state can be reached and can end.

Follows https://states-language.net/spec.html
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.nested_size import DEPTH_LIMIT, SIZE_LIMIT, NestedSizeError, check_nested_size
from common.base.suggestions import did_you_mean
from common.base.yaml_loader import YamlError, load_yaml
from common.declare.asl.apis import api_problems
from common.declare.asl.fields import misspelled_top
from common.declare.asl.remembered import RightDefinition
from common.declare.asl.states import refusals
from common.declare.asl.walk import every_state, inner_machines
from common.model.reference import spelled_out

TYPES = frozenset({"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"})
ENDING = frozenset({"Succeed", "Fail"})
FILE_LIMIT = 2 * SIZE_LIMIT
"""How many characters a definition's file may have; more than the definition itself, because of comments and indentation."""

Source = JsonMapping | Path | Callable[[], JsonMapping]
"""An ASL object, a function that makes one, or a file: .json, .asl.json, .yaml or .yml."""


def load(source: Source, where: str, right: RightDefinition | None = None, tokens: Mapping[str, str] | None = None) -> JsonObject:
    """Loads and checks the ASL object; references in it are not replaced yet.

    Args:
        source: the definition.
        where: the subject of errors; the file is named as well, if there is one.
        right: remembers which definition was found right; without it, everything is checked every time.
        tokens: a team's own tokens, which become references: see `spelled_out`.

    Raises:
        DeclarationError: the file is missing or malformed, or the structure is broken; all errors in one message.
    """
    content = _read(source, where) if isinstance(source, Path) else source() if callable(source) else source
    if not isinstance(content, Mapping):
        raise DeclarationError(f"{where}: the definition must be an object with StartAt and States.")
    try:
        check_nested_size(content)
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
        text.encode()
        definition: JsonObject = spelled_out(json.loads(text, object_pairs_hook=_unique), tokens or {})
    except NestedSizeError as error:
        raise DeclarationError(f"{where}: the definition {error}.") from None
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"{where}: the definition holds something that JSON cannot: {error}.") from None
    problems = list(_problems(definition, ""))
    if not problems and (right is None or not right.is_right(json.dumps(definition))):
        from common.declare.asl.expressions import expression_problems  # an unchanged deploy has no use for it

        language = definition.get("QueryLanguage", "JSONPath")
        states = [(str(state.place), state.name, state.state) for state in every_state(definition)]
        problems = [*refusals(states, language), *api_problems(states, language), *map(str, expression_problems(definition))]
        if right is not None and not problems:
            right.remember(json.dumps(definition))
    if problems:
        lines = [f"{where}: the definition is broken:", *(f"  {problem}" for problem in problems)]
        raise DeclarationError("\n".join([*lines, f"Edit {source.name}."] if isinstance(source, Path) else lines))
    return definition


def _read(path: Path, where: str) -> Json:
    try:
        text = decode_text(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{where}: {path} cannot be read: {error}.") from None
    if len(text) > FILE_LIMIT:
        raise DeclarationError(f"{where}: {path.name} has {len(text)} characters; AWS allows a definition {SIZE_LIMIT}, as JSON.")
    try:
        if path.suffix in {".yaml", ".yml"}:
            return load_yaml(text, path.name)
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise DeclarationError(f"{where}: {path.name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from None
    except YamlError as error:
        raise DeclarationError(f"{where}: {error}") from None
    except RecursionError:
        raise DeclarationError(f"{where}: {path.name}: it is nested more than {DEPTH_LIMIT} levels deep.") from None
    except NestedSizeError as error:
        raise DeclarationError(f"{where}: {path.name}: the definition {error}.") from None
    except ValueError as error:
        raise DeclarationError(f"{where}: {path.name}: {error}.") from None


def _unique(pairs: list[tuple[Json, Json]]) -> dict[Json, Json]:
    """Returns the object of these pairs and refuses repeated keys, of which JSON would keep only the last."""
    result: dict[Json, Json] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} is repeated")
        result[key] = value
    return result


def _problems(machine: JsonMapping, at: str) -> Iterator[str]:
    here = at.removesuffix(" > ") or "the top level"
    states = machine.get("States")
    yield from misspelled_top(here, machine)
    if not isinstance(states, Mapping) or not states:
        yield f"{here}: States is missing or empty."
        return
    start = machine.get("StartAt")
    if start is None:
        yield f"{here}: StartAt is missing."
    elif not _among(start, states):
        yield f"{at}StartAt: there is no state {start!r}.{did_you_mean(start, states)}"
    problems = [problem for name, state in states.items() for problem in _state(f"{at}{name}", state, states)]
    yield from problems
    if not problems and isinstance(start, str) and start in states:
        yield from _paths(start, states, at)


def _state(here: str, state: Json, states: JsonMapping) -> Iterator[str]:
    kind = state.get("Type") if isinstance(state, Mapping) else None
    if not _among(kind, TYPES):
        guess = did_you_mean(kind, TYPES) if isinstance(kind, str) else ""
        yield f"{here}: Type must be one of {', '.join(sorted(TYPES))}.{guess}"
        return
    for field, target in _targets(state):
        if not _among(target, states):
            yield f"{here}.{field}: there is no state {target!r}.{did_you_mean(target, states)}"
    yield from _ending(here, state)
    yield from _inner(here, state)


def _paths(start: str, states: Mapping[str, JsonMapping], at: str) -> Iterator[str]:
    """Yields the problems of paths between states, once every transition leads to a state."""
    after = {name: {target for _, target in _targets(state)} for name, state in states.items()}
    before = {name: {other for other, targets in after.items() if name in targets} for name in states}
    ending = {name for name, state in states.items() if state["Type"] in ENDING or state.get("End")}
    reached, can_end = _closure({start}, after), _closure(ending, before)
    for name in states:
        if name not in reached:
            yield f"{at}{name}: no path leads here from StartAt."
        elif name not in can_end:
            yield f"{at}{name}: no path leads from here to an end."


def _closure(names: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    todo = set(names)
    while todo:
        todo = set().union(*(edges[name] for name in todo)) - names
        names = names | todo
    return names


def _targets(state: JsonMapping) -> Iterator[tuple[str, Json]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for many in ("Choices", "Catch"):
        for number, target in enumerate(_list(state.get(many))):
            if isinstance(target, Mapping) and "Next" in target:
                yield f"{many}[{number}].Next", target["Next"]


def _ending(here: str, state: JsonMapping) -> Iterator[str]:
    kind = state["Type"]
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield f"{here}: a Task needs a Resource."
    if kind == "Choice":
        if not _list(state.get("Choices")):
            yield f"{here}: a Choice needs Choices."
        for number, choice in enumerate(_list(state.get("Choices"))):
            if not isinstance(choice, Mapping) or "Next" not in choice:
                yield f"{here}.Choices[{number}]: Next is missing."
    elif kind not in ENDING and ("Next" in state) == bool(state.get("End")):
        yield f"{here}: exactly one of Next and End is needed."


def _inner(here: str, state: JsonMapping) -> Iterator[str]:
    inner = inner_machines(state)
    if state["Type"] in {"Parallel", "Map"} and not inner:
        yield f"{here}: a {state['Type']} needs {'Branches' if state['Type'] == 'Parallel' else 'an ItemProcessor'}."
    for field in ("ItemReader", "ResultWriter") if state["Type"] == "Map" else ():
        if not isinstance(state.get(field, {}), Mapping):
            yield f"{here}.{field}: an object is expected."
    for machine in inner:
        yield from _problems(machine if isinstance(machine, Mapping) else {}, f"{here} > ")


def _list(value: Json) -> list[Json]:
    """Returns a list unchanged, and an empty list for everything else."""
    return value if isinstance(value, list) else []


def _among(name: Json, names: Collection[str]) -> bool:
    return isinstance(name, str) and name in names
