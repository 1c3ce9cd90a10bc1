"""YAML as the deployer reads it: plain values, and no key twice, which YAML would let pass and the last one win.

A module of its own, because the library takes long to load and most definitions are not YAML.
"""

from collections.abc import Callable
from typing import Any

import yaml


def load(text: str, unique: Callable[[list[tuple[Any, Any]]], object]) -> Any:
    """The value that a YAML text holds.

    Args:
        text: one document.
        unique: called with the pairs of every mapping; refuses those with a key twice by ValueError.

    Raises:
        ValueError: the text is not YAML, or a key is given twice.
    """

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            unique([(key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"])
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"this is not YAML: {' '.join(str(error).split())}") from None
