"""Loads YAML by the core schema of version 1.2, and refuses values that could be read in more than one way.

Version 1.1, which most libraries implement, turns codes and names into numbers, dates and booleans: `01001` is 513, `12:30` is
750, `NO` is false. In the core schema of 1.2 everything except `true`, `false`, `null` and numbers is text. Numbers that JSON
spells differently (`01001`, `0x1F`, `1e3`, `1.10`) may be codes, so they are refused until the author quotes or rewrites them.
Keys are text, as in JSON. `<<` merges, as in 1.1, because it is in common use and cannot be meant otherwise.

Follows https://yaml.org/spec/1.2.2/#103-core-schema
"""

import json
import re
from typing import Any, ClassVar

import yaml

from common.base.json_types import Json, JsonObject
from common.base.nested_size import check_nested_size

CORE = "tag:yaml.org,2002:"
NULL = re.compile(r"(null|Null|NULL|~|)$")
BOOLEAN = re.compile(r"(true|True|TRUE|false|False|FALSE)$")
OCTAL, HEXADECIMAL = re.compile(r"0o[0-7]+$"), re.compile(r"0x[0-9a-fA-F]+$")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
NUMBER = re.compile(rf"{OCTAL.pattern}|{HEXADECIMAL.pattern}|{DECIMAL.pattern}|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")


class YamlError(ValueError):
    """A text is not YAML, or could be read in more than one way; the message says where."""


def load_yaml(text: str, name: str) -> Json:
    """Returns the value of the text, with the types of JSON: objects with text keys, lists, texts, numbers, booleans and null.

    Args:
        text: the text of one document.
        name: the name of the file, for errors.

    Raises:
        YamlError: the text is not YAML, a key is repeated, or a number or tag could be read in more than one way.
        NestedSizeError: see `check_nested_size`.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - the loader constructs only values of JSON
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        message = " ".join(", ".join(filter(None, (error.context, error.problem))).split())
        raise YamlError(
            f"{name}{line}: {message if isinstance(error, _RefusedNode) else f'this is not YAML: {message}'}."
        ) from None
    except yaml.reader.ReaderError as error:
        at = f"{name}:{text.count(chr(10), 0, error.position) + 1}"
        code = ord(text[error.position])
        raise YamlError(f"{at}: this is not YAML: it has the control character U+{code:04X}. Remove it.") from None
    except yaml.YAMLError as error:
        raise YamlError(f"{name}: this is not YAML: {' '.join(str(error).split())}.") from None


class _RefusedNode(yaml.MarkedYAMLError):
    """The text is valid YAML, but is refused."""

    def __init__(self, node: yaml.Node, problem: str) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _Loader(yaml.SafeLoader):
    """A loader with the types of the core schema that refuses repeated keys, and aliases and merges that expand too far."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML declares it as an instance attribute
    yaml_constructors: ClassVar[dict[Any, Any]] = {}  # as its stubs declare it; so are nodes and anchors below

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        check_nested_size(node)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # before `<<` brings in what it may override
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _RefusedNode(key, "a key must be a text")
            if key.value in seen:
                raise _RefusedNode(key, f"the key {key.value!r} is repeated")
            if key.tag != f"{CORE}merge":
                seen.add(key.value)
        return node

    def construct_mapping(self, node: Any, deep: bool = True) -> JsonObject:  # type: ignore[override]  # returns text keys, which the stubs do not say
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_sequence(self, node: Any, deep: bool = True) -> list[Json]:
        return super().construct_sequence(node, deep=deep)

    def text(self, node: yaml.ScalarNode) -> Json:
        """Returns the text as it is written."""
        return self.construct_scalar(node)

    def null(self, node: yaml.ScalarNode) -> None:
        """Returns null."""
        if not NULL.match(node.value):
            raise _RefusedNode(node, f"{node.value} is not a null value; write null")

    def boolean(self, node: yaml.ScalarNode) -> bool:
        """Returns a boolean."""
        if not BOOLEAN.match(node.value):
            raise _RefusedNode(node, f"{node.value} is not a boolean; write true or false")
        return bool(node.value.lower() == "true")

    def number(self, node: yaml.ScalarNode) -> int | float:
        """Returns a number that JSON spells in the same way."""
        if not NUMBER.match(node.value):
            raise _RefusedNode(node, f"{node.value} is not a number")
        value, spelled = _number(node.value)
        if spelled != node.value:
            or_number = f", or write {spelled} if it is a number" if spelled else ""
            became = spelled or "a number that JSON does not have"
            raise _RefusedNode(
                node, f"{node.value} would become {became}. Quote it ('{node.value}') if it is a text or a code{or_number}"
            )
        return value

    def unknown(self, node: yaml.Node) -> None:
        """Refuses other tags, which make objects that JSON does not have."""
        hint = "write it as text, and ${Name.arn} for a resource" if node.tag.startswith("!") else "quote it if it is a text"
        raise _RefusedNode(node, f"the tag {node.tag.replace(CORE, '!!')} is not supported; {hint}")


def _number(text: str) -> tuple[int | float, str]:
    """Returns the number and its spelling in JSON; an empty text if it is too long, infinite or not a number."""
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
