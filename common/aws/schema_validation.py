"""Checks properties against the schema of a resource type, and says what is wrong with them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import closest, did_you_mean, known_names

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The version of JSON schema in which CloudFormation's are written."""


def validator_of(document: JsonMapping) -> "Validator":
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


def problems_in(
    document: JsonMapping, type_name: str, properties: JsonMapping, is_unknown: Callable[[Json], bool]
) -> Iterator[str]:
    """Yields what is wrong with properties, each with its path; nothing of values that are not known yet."""
    for error in validator_of(document).iter_errors(properties):
        for problem in _as_meant(error):
            if not is_unknown(problem.instance):
                yield _worded(document, type_name, problem)


def resolved(document: JsonMapping, node: JsonMapping) -> JsonMapping:
    """A part of a schema, or the definition to which it refers."""
    reference = str(node.get("$ref", ""))
    target: Json = document
    for part in reference.removeprefix("#/").split("/") if reference else ():
        target = target.get(part, {})
    return target if reference else node


def _as_meant(error: "ValidationError") -> Iterator["ValidationError"]:
    """Yields the errors of the one alternative of a schema whose type the value has; the error itself if there is no such one."""
    alternatives = getattr(error.kind, "context", None) or ()
    meant = [errors for errors in alternatives if not any(_is_of_type(inner, error) for inner in errors)]
    if len(meant) != 1:
        yield error
        return
    for inner in meant[0]:
        yield from _as_meant(inner)


def _is_of_type(inner: "ValidationError", error: "ValidationError") -> bool:
    """Whether an error is about the type of the value that another error is about."""
    return inner.kind.name == "type" and list(inner.instance_path) == list(error.instance_path)


def _worded(document: JsonMapping, type_name: str, error: "ValidationError") -> str:
    path, kind = list(error.instance_path), error.kind
    if unexpected := getattr(kind, "unexpected", None):
        names = _names_at(document, path)
        return " ".join(
            f"{_shown([*path, name])}: {type_name} has no such property.{did_you_mean(name, names, otherwise=known_names(names))}"
            for name in unexpected
        )
    message, options, guess = str(error.message), getattr(kind, "options", None), ""
    if alternatives := getattr(kind, "context", None):
        message = ", or ".join(dict.fromkeys(str(errors[0].message) for errors in alternatives if errors)) or message
    if isinstance(options, Sequence) and not isinstance(options, str):
        close = closest(error.instance, [str(option) for option in options])
        guess = f" Did you mean {close!r}?" if close else ""
    return f"{_shown(path) or type_name}: {message}.{guess}"


def _names_at(document: JsonMapping, path: Sequence[Json]) -> list[str]:
    """The properties that an object at a path may have."""
    node: JsonMapping = document
    for part in path:
        node = _with(document, node, "items" if isinstance(part, int) else "properties")
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            patterns: JsonMapping = next(iter(node.get("patternProperties", {}).values()), {})
            node = node.get("properties", {}).get(part, patterns)
    return list(_with(document, node, "properties").get("properties", {}))


def _with(document: JsonMapping, node: JsonMapping, keyword: str) -> JsonMapping:
    """A part of a schema without its reference; of alternatives the first one that has a keyword."""
    node = resolved(document, node)
    alternatives = [resolved(document, inner) for inner in (*node.get("oneOf", ()), *node.get("anyOf", ()))]
    return node if keyword in node else next((inner for inner in alternatives if keyword in inner), node)


def _shown(path: Iterable[Json]) -> str:
    """A path as people write it: ``Targets[0].Arn``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text
