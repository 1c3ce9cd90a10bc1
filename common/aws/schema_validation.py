"""Makes what checks properties against the schema of a resource type."""

from collections.abc import Callable
from typing import Any

from common.base.json_types import Json, JsonMapping, JsonObject

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The version of JSON schema in which CloudFormation's are written."""


def validator_of(document: JsonMapping) -> Any:
    """What checks properties. A pattern that its language of regular expressions does not have is left to AWS."""
    import jsonschema_rs  # only a declaration of such a resource waits for it

    schema = {**document, "$schema": DRAFT}
    try:
        return jsonschema_rs.validator_for(schema)
    except jsonschema_rs.ValidationError:
        return jsonschema_rs.validator_for(_without_patterns(schema, jsonschema_rs.validator_for))


def _without_patterns(node: Json, make: Callable[[JsonObject], object]) -> Json:
    """A part of a schema without the patterns for which no validator can be made."""
    if isinstance(node, list):
        return [_without_patterns(inner, make) for inner in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _without_patterns(inner, make) for name, inner in node.items()}
    if isinstance(pattern := node.get("pattern"), str) and not _is_usable(pattern, make):
        del kept["pattern"]
    if isinstance(by_pattern := kept.get("patternProperties"), dict):
        kept["patternProperties"] = {(name if _is_usable(name, make) else ""): inner for name, inner in by_pattern.items()}
    return kept


def _is_usable(pattern: str, make: Callable[[JsonObject], object]) -> bool:
    try:
        make({"$schema": DRAFT, "pattern": pattern})
    except ValueError:  # a regular expression of another language
        return False
    return True
