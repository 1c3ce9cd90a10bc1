"""Finds the lines of a definition's file on which its fields stand, in JSON and in YAML.

It is asked only where there are problems to show.
"""

import json
import re
from collections.abc import Iterator, Mapping

import yaml

from common.declare.asl.walk import Place

Keys = tuple[str | int, ...]
Lines = Mapping[Keys, int]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
MERGE = "tag:yaml.org,2002:merge"


def line_of(lines: Lines, place: Place) -> int:
    """Returns the line of a place, or of the nearest one around it that has a line."""
    keys = place.keys
    while keys not in lines and keys:
        keys = keys[:-1]
    return lines.get(keys, 1)


def lines_of(text: str, *, is_yaml: bool) -> Lines:
    """Returns the line of each key and of each item of a file that can be loaded."""
    return dict(_yaml_lines(text) if is_yaml else _json_lines(text))


def _json_lines(text: str) -> Iterator[tuple[Keys, int]]:
    keys: list[str | int] = []
    at, line = 0, 1
    expects_key: list[bool] = []
    for match in _TOKEN.finditer(text):
        sign = match[0]
        line, at = line + text.count("\n", at, match.start()), match.start()
        if keys and isinstance(keys[-1], int) and sign not in "]," and expects_key and not expects_key[-1]:
            yield tuple(keys), line
        if sign in "{[":
            expects_key.append(sign == "{")
            keys.append("" if sign == "{" else 0)
        elif sign in "}]":
            expects_key.pop()
            keys.pop()
        elif sign == ",":
            last = keys[-1]
            if isinstance(last, int):
                keys[-1] = last + 1
            else:
                expects_key[-1] = True
        elif sign == ":":
            expects_key[-1] = False
        elif expects_key and expects_key[-1]:
            keys[-1] = json.loads(sign)
            yield tuple(keys), line


def _yaml_lines(text: str) -> Iterator[tuple[Keys, int]]:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None:
        yield from _node_lines(node, ())


def _node_lines(node: yaml.Node, keys: Keys) -> Iterator[tuple[Keys, int]]:
    if isinstance(node, yaml.MappingNode):
        own = [(key, value) for key, value in node.value if key.tag != MERGE]
        for key, value in node.value:
            if key.tag == MERGE:  # what is merged comes first, so that own keys win
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    yield from _node_lines(merged, keys)
        for key, value in own:
            yield (*keys, key.value), key.start_mark.line + 1
            yield from _node_lines(value, (*keys, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield (*keys, number), item.start_mark.line + 1
            yield from _node_lines(item, (*keys, number))
