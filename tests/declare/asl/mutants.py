"""Makes mutants of definitions, one mistake in each, and counts by kind of mistake how many the checker refuses.

``python -m tests.declare.asl.mutants FOLDER --seed 7 --each 5`` takes all ``*.asl.json``, ``*.asl.yaml`` and ``*.asl.yml``
files of a folder. It prints the problems of the originals, a table, and with ``--show`` the mutants that were let through.
"""

import argparse
import copy
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.declare.asl import definition
from common.declare.asl.definition_check import DefinitionCheck
from common.declare.asl.field_types import with_field_types
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, every_state
from common.model.reference import Names
from common.resources import kinds

NEEDED = frozenset({"Type", "Resource", "Choices", "Branches", "ItemProcessor", "Iterator", "Seconds"})
"""Fields without which their states are wrong."""
PATHS = ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "Variable", "SecondsPath", "TimestampPath")


def problems_of(source: Any) -> list[Problem]:
    """What is wrong with a definition, and is not a warning."""
    check = DefinitionCheck("here", "")
    check.look_at(source)
    if check.is_whole:
        check.add(with_field_types(source, Names({}, kinds()))[1])
    return [located.problem for located in check.located() if located.problem.about.severity == "error"]


def misspelled(chance: random.Random, word: str) -> str:
    """A word with one typing error: two letters swapped, one left out, doubled or replaced."""
    letters = [at for at, letter in enumerate(word) if letter.isalpha()]
    if len(letters) < 3:
        return f"{word}x"
    while True:
        at = chance.choice(letters)
        after = word[at + 1 : at + 2]
        wrong = chance.choice(
            [
                word[:at] + after + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[: at + 1] + word[at:],
                word[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :],
            ]
        )
        if wrong.casefold() != word.casefold():
            return wrong


def mutants(source: Any, chance: random.Random, each: int) -> Iterator[tuple[str, str, Any]]:
    """Yields mutants of a definition, with the kind and the place of the mistake; at most `each` of a kind."""
    by_kind: dict[str, list[tuple[tuple[str | int, ...], str, Any]]] = defaultdict(list)
    for kind, keys, action, value in _mistakes(source, chance):
        by_kind[kind].append((keys, action, value))
    for kind, mistakes in sorted(by_kind.items()):
        for keys, action, value in chance.sample(mistakes, min(each, len(mistakes))):
            mutant = copy.deepcopy(source)
            _apply(mutant, keys, action, value)
            yield kind, f"{Place(keys)} {action} {value!r}", mutant


def _apply(mutant: Any, keys: tuple[str | int, ...], action: str, value: Any) -> None:
    *before, last = keys
    for key in before:
        mutant = mutant[key]
    if action == "drop":
        del mutant[last]
    elif action == "rename":
        items = [(value if key == last else key, inner) for key, inner in mutant.items()]
        mutant.clear()
        mutant.update(items)
    else:
        mutant[last] = value


def _mistakes(source: Any, chance: random.Random) -> Iterator[tuple[str, tuple[str | int, ...], str, Any]]:
    yield "transition", ("StartAt",), "set", misspelled(chance, source["StartAt"])
    for state in every_state(source):
        yield from _of_state(state.place.keys, state.state, state.language, chance)


def _of_state(here: tuple[str | int, ...], state: Any, language: str, chance: random.Random) -> Iterator[Any]:
    for field, value in state.items():
        at = (*here, field)
        yield "field", at, "rename", misspelled(chance, field)
        if field in {"Next", "Default"}:
            yield "transition", at, "set", misspelled(chance, value)
        elif field in NEEDED:
            yield "required", at, "drop", None
        elif isinstance(value, int) and not isinstance(value, bool):
            yield "type", at, "set", str(value)
            yield "range", at, "set", -value - 1
        yield from _parts(at, state, value, chance)
        yield from _texts(at, value, language, chance)
    yield "language", here, "set", {**state, **({"Arguments": {}} if language == "JSONPath" else {"InputPath": "$"})}


def _parts(at: tuple[str | int, ...], state: Any, value: Any, chance: random.Random) -> Iterator[Any]:
    """Mistakes in what a field consists of."""
    field = at[-1]
    if field in {"Retry", "Catch"}:
        yield from _handlers(at, value, chance)
    elif field == "Choices":
        for number, rule in enumerate(value):
            yield from _rule((*at, number), rule, chance)
    elif field == "Resource":
        yield from _resource(at, value, chance)
    elif field in {"Parameters", "Arguments"} and state["Type"] == "Task" and "states:::" in str(state["Resource"]):
        called = "sdk" if "aws-sdk:" in state["Resource"] else "optimised"
        for name in value if isinstance(value, dict) else ():
            dynamic = ".$" if name.endswith(".$") else ""
            yield f"{called} parameter", (*at, name), "rename", misspelled(chance, name.removesuffix(dynamic)) + dynamic
    elif field in {"ItemReader", "ItemBatcher", "ResultWriter"}:
        for name in value:
            yield "field", (*at, name), "rename", misspelled(chance, name)


def _handlers(at: tuple[str | int, ...], handlers: Any, chance: random.Random) -> Iterator[Any]:
    for number, handler in enumerate(handlers):
        for field, value in handler.items():
            place = (*at, number, field)
            yield "field", place, "rename", misspelled(chance, field)
            if field == "Next":
                yield "transition", place, "set", misspelled(chance, value)
            elif field == "ErrorEquals":
                for position, error in enumerate(value):
                    if "." in error:
                        kind = "error of Step Functions" if error.startswith("States.") else "error of a service"
                        prefix, _, name = error.partition(".")
                        yield kind, (*place, position), "set", f"{prefix}.{misspelled(chance, name)}"
                yield "type", place, "set", value[0]
            elif field == "BackoffRate":
                yield "range", place, "set", 0.5
            elif field == "JitterStrategy":
                yield "enum", place, "set", misspelled(chance, value)
    if len(handlers) > 1 and handlers[-1]["ErrorEquals"] == ["States.ALL"]:
        yield "order", (*at, 0, "ErrorEquals"), "set", ["States.ALL"]


def _rule(at: tuple[str | int, ...], rule: Any, chance: random.Random) -> Iterator[Any]:
    for field, value in rule.items():
        if field == "Next":
            yield "transition", (*at, field), "set", misspelled(chance, value)
        elif field in {"And", "Or"}:
            for number, inner in enumerate(value):
                yield from _rule((*at, field, number), inner, chance)
        elif field == "Not":
            yield from _rule((*at, field), value, chance)
        elif field in {"Variable", "Condition"}:
            yield "field", (*at, field), "rename", misspelled(chance, field)
        elif field not in {"Comment", "Assign", "Output"}:
            yield "operator", (*at, field), "rename", misspelled(chance, field)
            if not field.endswith("Path"):
                wrong: Any = 5 if field.startswith(("String", "Timestamp")) else "no"
                yield "operand", (*at, field), "set", wrong


def _resource(at: tuple[str | int, ...], resource: str, chance: random.Random) -> Iterator[Any]:
    prefix, separator, name = resource.partition(":states:::")
    if not separator or "${" in name:
        return
    parts, ending = name.partition(".")[0].split(":"), name.partition(".")[1:]
    kinds_of_parts = ("", "sdk service", "sdk action") if parts[0] == "aws-sdk" else ("service", "action")
    for number, kind in enumerate(kinds_of_parts):
        if kind:
            wrong = [misspelled(chance, part) if place == number else part for place, part in enumerate(parts)]
            yield kind, at, "set", f"{prefix}{separator}{':'.join(wrong)}{''.join(ending)}"
    if ending[1]:
        yield "ending", at, "set", f"{prefix}{separator}{':'.join(parts)}.{misspelled(chance, ending[1])}"


def _texts(at: tuple[str | int, ...], value: Any, language: str, chance: random.Random) -> Iterator[Any]:
    """Mistakes in the expressions within a field."""
    if isinstance(value, dict) and at[-1] not in {"States", "ItemProcessor", "Iterator"}:
        for key, inner in value.items():
            yield from _texts((*at, key), inner, language, chance)
    elif isinstance(value, list) and at[-1] != "Branches":
        for number, inner in enumerate(value):
            yield from _texts((*at, number), inner, language, chance)
    elif isinstance(value, str) and language == "JSONata" and value.startswith("{%") and at[-1] != "Comment":
        yield from _expressions(at, value, chance)
    elif isinstance(value, str) and language == "JSONPath" and (str(at[-1]).endswith(".$") or at[-1] in PATHS):
        if match := re.match(r"States\.(\w+)", value):
            yield "intrinsic", at, "set", value.replace(match[1], misspelled(chance, match[1]), 1)
            yield "intrinsic", at, "set", value[:-1]
        elif value.startswith("$$."):
            first = value[3:].partition(".")[0]
            yield "context", at, "set", value.replace(first, misspelled(chance, first), 1)
        elif value.startswith("$"):
            yield (
                "path",
                at,
                "set",
                chance.choice([f"{value}[", f"{value}[?(", value[1:] or "x", f"{value}..", value.replace("$", "$[", 1)]),
            )


def _expressions(at: tuple[str | int, ...], value: str, chance: random.Random) -> Iterator[Any]:
    content = value[2:-2]
    yield "jsonata syntax", at, "set", f"{{%{content} {chance.choice(['+', '(', '[', '}', '? 1 :', '=='])} %}}"
    yield "jsonata syntax", at, "set", value[:-2]
    if match := re.search(r"\$(\w{3,})\(", content):
        yield "jsonata function", at, "set", f"{{%{content.replace(match[1], misspelled(chance, match[1]), 1)}%}}"
    if match := re.search(r"\$states\.(\w+)", content):
        yield "jsonata $states", at, "set", f"{{%{content.replace(match[1], misspelled(chance, match[1]), 1)}%}}"


def main() -> None:
    """Prints how many mutants of each kind are refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    made, refused = Counter[str](), Counter[str]()
    files = sorted(path for path in options.folder.rglob("*.asl.*") if path.suffix in {".json", ".yaml", ".yml"})
    right = 0
    for path in files:
        source = definition.read(path, path.name)
        if wrong := problems_of(source):
            print(path.name, "is refused:", *wrong, sep="\n  ")
            continue
        right += 1
        for kind, mistake, mutant in mutants(source, random.Random(f"{options.seed} {path.name}"), options.each):
            made[kind] += 1
            refused[kind] += bool(problems := problems_of(mutant))
            if options.show and not problems:
                print(f"let through: {path.name}: {kind}: {mistake}")
    print(f"{right} of {len(files)} originals are accepted")
    for kind in sorted(made):
        print(f"{kind:24} {refused[kind]:5} of {made[kind]:5}  {100 * refused[kind] / made[kind]:5.1f} %")
    print(json.dumps({"refused": sum(refused.values()), "made": sum(made.values())}))


if __name__ == "__main__":
    main()
