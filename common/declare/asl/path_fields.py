"""Finds the paths and intrinsic functions in the fields of a state in JSONPath, and checks each in its place.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
and https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile

from common.base.json_types import Json, JsonMapping
from common.declare.asl.choice_rules import OPERATORS
from common.declare.asl.context_object import context_problem
from common.declare.asl.expression_uses import Findings, Use, is_token, with_token_names
from common.declare.asl.intrinsic_functions import intrinsic_problems, parse_intrinsic, paths_in
from common.declare.asl.json_paths import parse_path
from common.declare.asl.path_steps import JsonPath
from common.declare.asl.scanner import ScanError
from common.declare.asl.walk import Place, listed

PATHS = ("InputPath", "OutputPath")
"""Fields that hold any path."""
REFERENCES = (
    *("ItemsPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "SecondsPath", "TimestampPath", "MaxConcurrencyPath"),
    *("ToleratedFailureCountPath", "ToleratedFailurePercentagePath"),
)
"""Fields that hold a path to one value."""
REASONS = ("ErrorPath", "CausePath")
"""Fields that hold a path to one value, or an intrinsic function."""
TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
"""Fields with templates, in which the names of paths end with ``.$``."""
ENDING = ".$"
DOT = re.compile(r"(?<=[\w\]])\.$")


def read_path_state(state: JsonMapping, here: Place, findings: Findings) -> None:
    """Reads the paths and the intrinsic functions of a state."""
    reader = _Reader(findings)
    for field in PATHS:
        reader.path(state.get(field), here / field)
    for field in REFERENCES:
        reader.path(state.get(field), here / field, reference=True)
    for field in REASONS:
        reader.path(state.get(field), here / field, reference=True, functions=True)
    for place, value in _templates(state, here):
        reader.template(value, place)
    for place, value in _in_parts(state, here):
        reader.path(value, place, reference=True)
    for place, rule in _items(state.get("Choices"), here / "Choices"):
        reader.rule(rule, place)
    for place, part in [(here, state), *_items(state.get("Catch"), here / "Catch")]:
        reader.target(part.get("ResultPath"), place / "ResultPath")


def _templates(state: JsonMapping, here: Place) -> Iterator[tuple[Place, Json]]:
    yield from ((here / field, state[field]) for field in TEMPLATES if field in state)
    for field, inner in (("ItemReader", "Parameters"), ("ResultWriter", "Parameters"), ("ItemBatcher", "BatchInput")):
        part = state.get(field)
        if isinstance(part, Mapping) and inner in part:
            yield here / field / inner, part[inner]
    for field in ("Catch", "Choices"):
        yield from (
            (place / "Assign", part["Assign"]) for place, part in _items(state.get(field), here / field) if "Assign" in part
        )


def _in_parts(state: JsonMapping, here: Place) -> Iterator[tuple[Place, Json]]:
    batcher, reader = state.get("ItemBatcher"), state.get("ItemReader")
    config = reader.get("ReaderConfig") if isinstance(reader, Mapping) else None
    if isinstance(batcher, Mapping):
        for field in ("MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"):
            yield here / "ItemBatcher" / field, batcher.get(field)
    if isinstance(config, Mapping):
        yield here / "ItemReader" / "ReaderConfig" / "MaxItemsPath", config.get("MaxItemsPath")


def _items(values: Json, here: Place) -> Iterator[tuple[Place, JsonMapping]]:
    for number, value in enumerate(listed(values)):
        if isinstance(value, Mapping):
            yield here / number, value


class _Reader:
    """Reads values and adds to the findings.

    Args:
        findings: what was found in the state.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def path(self, value: Json, here: Place, *, reference: bool = False, functions: bool = False) -> None:
        """Reads a path; other values than texts are reported elsewhere."""
        text = with_token_names(value) if isinstance(value, str) else None
        if text is None or text.startswith("__"):
            return
        if functions and not text.startswith("$"):
            self._function(text, here)
        elif path := self._parsed(text, here):
            self._uses(path, here)
            if reference and not path.is_definite:
                self._findings.add("REFERENCE_PATH", here, f"{value!r} can lead to several values; a path to one is needed.")

    def target(self, value: Json, here: Place) -> None:
        """Reads the path at which a result is put."""
        text = with_token_names(value) if isinstance(value, str) else None
        if text is None or text.startswith("__"):
            return
        path = self._parsed(text, here)
        if path and (path.root != "$" or not path.is_definite):
            why = "the context object cannot be written" if path.root == "$$" else "variables are written by Assign"
            why = why if path.root != "$" else "it can lead to several places"
            self._findings.add("REFERENCE_PATH", here, f"a result cannot be put at {value!r}: {why}.")

    def rule(self, rule: JsonMapping, here: Place) -> None:
        """Reads a rule of a Choice, and the rules that it joins."""
        for field, value in rule.items():
            if field == "Variable" or (field in OPERATORS and field.endswith("Path")):
                # AWS lets a dot at the end of a Variable pass, as samples of its own have it.
                self.path(DOT.sub("", value) if isinstance(value, str) else value, here / field, reference=True)
        for field in ("And", "Or"):
            for place, inner in _items(rule.get(field), here / field):
                self.rule(inner, place)
        if isinstance(rule.get("Not"), Mapping):
            self.rule(rule["Not"], here / "Not")

    def template(self, value: Json, here: Place) -> None:
        """Reads a template, however deep it is."""
        if isinstance(value, list):
            for number, inner in enumerate(value):
                self.template(inner, here / number)
        for name, inner in value.items() if isinstance(value, Mapping) else ():
            if not name.endswith(ENDING):
                self.template(inner, here / name)
            elif not isinstance(inner, str):
                message = f"a name that ends with {ENDING} needs a path or an intrinsic function, not {inner!r}."
                self._findings.add("JSONPATH", here / name, message)
            else:
                self._inserted(inner, here / name)
            if name.endswith(ENDING) and name.removesuffix(ENDING) in value:
                message = f"{name.removesuffix(ENDING)!r} is there, too, and both give one name."
                self._findings.add("JSONPATH", here / name, message)

    def _inserted(self, value: str, here: Place) -> None:
        text = with_token_names(value)
        if text.startswith("$"):
            if path := self._parsed(text, here):
                self._uses(path, here)
        elif not text.startswith("__"):
            self._function(text, here)

    def _function(self, text: str, here: Place) -> None:
        try:
            call = parse_intrinsic(text)
        except ScanError as error:
            self._findings.add(
                "INTRINSIC", here, f"neither a path nor an intrinsic function can be read: {error}.", error.suggestion
            )
            return
        for message, suggestion in intrinsic_problems(call):
            self._findings.add("INTRINSIC", here, message, suggestion)
        for path in paths_in(call):
            self._uses(path, here)

    def _parsed(self, text: str, here: Place) -> JsonPath | None:
        try:
            return parse_path(text)
        except ScanError as error:
            self._findings.add("JSONPATH", here, f"{text!r} is not a valid path: {error}.", error.suggestion)
        return None

    def _uses(self, path: JsonPath, here: Place) -> None:
        if path.variable == "states":
            self._findings.add("STATES_VARIABLE", here, "JSONPath does not know $states.", " The context object is $$ here.")
        elif path.variable:
            self._findings.uses.append(Use(here, path.variable))
        elif path.root == "$$":
            steps = takewhile(lambda step: step.kind == "names" and step.is_single and not is_token(step.value[0]), path.steps)
            if problem := context_problem("$$", [step.value[0] for step in steps], in_map=self._findings.in_map):
                self._findings.add("CONTEXT", here, *problem)
