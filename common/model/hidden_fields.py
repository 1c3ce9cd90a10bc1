"""What people put into variables and arguments, by its digest alone: values never reach records, plans, reasons or reports.

A value that can be guessed can be guessed from its digest, too, as from the tag of any record: this keeps values from being
read, and none that is weak from being found. The digest covers where a value stands, so equal values of two variables differ.
"""

import json
from collections.abc import Mapping
from typing import Any

from common.base import digest
from common.model.resource import Resource, State

DIGESTS = "$sha256"
"""The one key of a field of a record whose values are hidden; below it are digests by dotted names."""
LONG = 6
"""Characters of a value that is taken out of messages; shorter ones are part of many words."""


def stored(resource: Resource | None, state: State) -> State:
    """The state as a record keeps it; that of what is no longer declared comes from a record, and is like that already."""
    if resource is None:
        return state
    hidden = resource.hidden
    return {name: {DIGESTS: digests(resource, name, value)} if name in hidden else value for name, value in state.items()}


def digests(resource: Resource, name: str, value: Any) -> dict[str, str]:
    """The digest of each leaf of a hidden field, under its dotted name; what a record keeps as digests stays as it is."""
    if isinstance(value, Mapping) and DIGESTS in value:
        kept = value[DIGESTS]
        return {str(part): str(known) for part, known in kept.items()} if isinstance(kept, Mapping) else {}
    found = {part: leaf for part, leaf in leaves(name, value).items() if leaf not in (None, {})}
    return {part: digest.of_struct("hidden", 1, [resource.arn, part, leaf]) for part, leaf in found.items()}


def scrubbed(message: str, resource: Resource | None, state: State) -> str:
    """A message of AWS without the hidden values of the state, which it may quote."""
    hidden = resource.hidden if resource is not None else ()
    values = [value for name in hidden for value in leaves(name, state.get(name)).values()]
    texts = [text for value in values if isinstance(value, str) for text in (value, json.dumps(value)[1:-1])]
    for text in sorted(set(texts), key=len, reverse=True):
        if len(text) >= LONG:
            message = message.replace(text, "(hidden)")
    return message


def leaves(name: str, value: Any) -> dict[str, Any]:
    """The leaves of maps under dotted names; a text that is a JSON object, as definitions are, counts as one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {name: value}
    if isinstance(value, dict) and value:
        return {part: leaf for key, inner in value.items() for part, leaf in leaves(f"{name}.{key}", inner).items()}
    return {name: value}
