"""YAML as its version 1.2 reads it, and nothing in it that becomes something else than is written.

Version 1.1, which most libraries read, makes numbers, dates and booleans of codes and names: `01001` is 513, `12:30` is 750, `NO`
is false. By the core schema of 1.2 only `true` and `false`, `null` and numbers are no text. Numbers that JSON spells otherwise
(`01001`, `0x1F`, `1e3`, `1.10`) may be meant as codes, so they are refused, and their author says what they are. Keys are text,
as in JSON. `<<` merges, as in 1.1: it is in common use, and nothing else could be meant.

Follows https://yaml.org/spec/1.2.2/#103-core-schema
"""

import json
import re
from typing import Any, ClassVar

import yaml

from common.base.json_types import JsonObject
from common.base.nested_size import check_extent

CORE = "tag:yaml.org,2002:"
NULL = re.compile(r"(null|Null|NULL|~|)$")
BOOLEAN = re.compile(r"(true|True|TRUE|false|False|FALSE)$")
OCTAL, HEXADECIMAL = re.compile(r"0o[0-7]+$"), re.compile(r"0x[0-9a-fA-F]+$")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
NUMBER = re.compile(rf"{OCTAL.pattern}|{HEXADECIMAL.pattern}|{DECIMAL.pattern}|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")


class YamlError(ValueError):
    """A text is no YAML, or could be read in more than one way; says where."""


def load_yaml(text: str, name: str) -> Any:
    """What the text stands for, as JSON has it: objects with text for keys, lists, texts, numbers, booleans and null.

    Args:
        text: of one document.
        name: of the file, for errors.

    Raises:
        YamlError: it is no YAML, a key is given twice, or a number or tag may be read in more than one way.
        ExtentError: see `check_extent`.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - constructs nothing but values of JSON
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        what = " ".join(", ".join(filter(None, (error.context, error.problem))).split())
        raise YamlError(f"{name}{line}: {what if isinstance(error, _Refused) else f'this is not YAML: {what}'}.") from None
    except yaml.YAMLError as error:
        raise YamlError(f"{name}: this is not YAML: {' '.join(str(error).split())}.") from None


class _Refused(yaml.MarkedYAMLError):
    """It is YAML, and refused all the same."""

    def __init__(self, node: yaml.Node, problem: str) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _Loader(yaml.SafeLoader):
    """A loader with the types of the core schema, strict about keys, and about how much aliases and merges make of a text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML has it as an attribute of instances
    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        check_extent(node)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # before `<<` brings in what it may override
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Refused(key, "a key must be a text")
            if key.value in seen:
                raise _Refused(key, f"the key {key.value!r} is given twice")
            if key.tag != f"{CORE}merge":
                seen.add(key.value)
        return node

    def construct_mapping(self, node: Any, deep: bool = True) -> JsonObject:  # type: ignore[override]  # keys are text here
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_sequence(self, node: Any, deep: bool = True) -> list[Any]:
        return super().construct_sequence(node, deep=deep)

    def text(self, node: yaml.ScalarNode) -> Any:
        """As it is written."""
        return self.construct_scalar(node)

    def null(self, node: yaml.ScalarNode) -> None:
        """Null."""
        if not NULL.match(node.value):
            raise _Refused(node, f"{node.value} is no null; write null")

    def boolean(self, node: yaml.ScalarNode) -> bool:
        """A boolean."""
        if not BOOLEAN.match(node.value):
            raise _Refused(node, f"{node.value} is no boolean; write true or false")
        return bool(node.value.lower() == "true")

    def number(self, node: yaml.ScalarNode) -> int | float:
        """A number that JSON spells in the same way."""
        if not NUMBER.match(node.value):
            raise _Refused(node, f"{node.value} is no number")
        value, spelled = _number(node.value)
        if spelled != node.value:
            or_number = f", or write {spelled} if it is a number" if spelled else ""
            became = spelled or "a number that JSON does not have"
            raise _Refused(
                node, f"{node.value} would become {became}. Quote it ('{node.value}') if it is a text or a code{or_number}"
            )
        return value

    def unknown(self, node: yaml.Node) -> None:
        """Nothing: other tags make objects that JSON does not have."""
        hint = "write it as text, and ${Name.arn} for a resource" if node.tag.startswith("!") else "quote it if it is a text"
        raise _Refused(node, f"the tag {node.tag.replace(CORE, '!!')} is not known here; {hint}")


def _number(text: str) -> tuple[int | float, str]:
    """The number, and how JSON spells it; nothing if it is too long, infinite or none."""
    try:
        if OCTAL.match(text) or HEXADECIMAL.match(text):
            value: int | float = int(text, 0)
        else:
            value = int(text) if text.lstrip("+-").isdecimal() else float(text.replace(".inf", "inf").replace(".nan", "nan"))
        return value, json.dumps(value, allow_nan=False)
    except ValueError:
        return 0, ""


for _tag, _pattern, _first in (
    ("null", NULL, ["n", "N", "~", ""]),
    ("bool", BOOLEAN, list("tTfF")),
    ("number", NUMBER, list("-+.0123456789")),
    ("merge", re.compile("<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(f"{CORE}{_tag}", _pattern, _first)
for _tag, _method in (
    *(("str", _Loader.text), ("merge", _Loader.text), ("null", _Loader.null), ("bool", _Loader.boolean)),
    *((name, _Loader.number) for name in ("number", "int", "float")),
    *(("map", _Loader.construct_mapping), ("seq", _Loader.construct_sequence)),
):
    _Loader.add_constructor(f"{CORE}{_tag}", _method)
_Loader.add_constructor(None, _Loader.unknown)
