"""Replaces the values of hidden fields by digests, so that variables and arguments never get into records or messages.

A weak value can still be guessed from its digest, as from the tag of any record: hiding keeps values from being read, not from
being guessed. The digest covers the position of a value, so equal values of two variables have different digests.
"""

import json
from collections.abc import Collection, Mapping

from common.base import digest
from common.base.json_types import Json, JsonObject
from common.model.comparison import merged
from common.model.resource import Change, Resource, State

DIGESTS = "$sha256"
"""In records, a hidden field has this single key, with the digests of its values by dotted names."""
READABLE = frozenset({"Environment", "DefaultArguments"})
"""The hidden fields whose declared values plans show: a plan with a secret in them is refused."""
BY_DIGEST = "(sha256 "
"""What is shown in place of a hidden value begins so."""
LONG = 6
"""Values with at least this number of characters are removed from messages; shorter ones are part of many words."""


def stored(resource: Resource | None, state: State) -> State:
    """The state as it is recorded. The state of an orphan comes from a record, so it is returned as it is."""
    if resource is None:
        return state
    hidden = resource.hidden
    return {name: {DIGESTS: digests(resource, name, value)} if name in hidden else value for name, value in state.items()}


def is_stored(value: Json) -> bool:
    """Whether a recorded value is that of a hidden field."""
    return isinstance(value, Mapping) and DIGESTS in value


def digests(resource: Resource, name: str, value: Json) -> dict[str, str]:
    """The digest of each leaf of a hidden field, by dotted name; digests that come from a record stay as they are."""
    if isinstance(value, Mapping) and is_stored(value):
        kept = value[DIGESTS]
        return {str(part): str(text) for part, text in kept.items()} if isinstance(kept, Mapping) else {}
    values = {part: leaf for part, leaf in leaves(name, value).items() if leaf not in (None, {})}
    return {part: digest.of_struct("hidden", 1, [resource.arn, part, leaf]) for part, leaf in values.items()}


def shown(resource: Resource, name: str, value: Json, showable: Collection[str] = ()) -> JsonObject:
    """The values of a field that are compared and shown, by dotted name.

    Of a hidden field, these are digests. But what the repository declares, or did, may be shown: it was looked at for secrets.
    So a `READABLE` value whose digest is `showable` is shown, unless the declaration accepts a secret.
    """
    if name not in resource.hidden:
        return leaves(name, value)
    values = leaves(name, value) if showable and name in READABLE and not resource.accept_secret else {}
    return {
        part: values[part] if content in showable and part in values else f"{BY_DIGEST}{digest.short(content)})"
        for part, content in digests(resource, name, value).items()
    }


def applied_parts(undeclared: State, applied: State) -> State:
    """The applied state for comparison with `undeclared` live fields; of a hidden field, the live parts that it had."""
    return {
        name: _present(name, undeclared.get(name), value[DIGESTS]) if is_stored(value) else value
        for name, value in applied.items()
    }


def _present(name: str, live: Json, digests: Mapping[str, str]) -> Json:
    if isinstance(live, Mapping):
        parts = {key: _present(f"{name}.{key}", value, digests) for key, value in live.items()}
        return {key: part for key, part in parts.items() if part}
    return any(recorded == name or recorded.startswith(f"{name}.") for recorded in digests)


def with_kept(change: Change) -> State:
    """The declared fields of a change, with the live ones that are kept."""
    return merged(change.desired, change.live.undeclared if change.live is not None else {})


def scrubbed(message: str, resource: Resource | None, state: State) -> str:
    """A message of AWS without the hidden values that it may quote."""
    hidden = resource.hidden if resource is not None else ()
    values = [value for name in hidden for value in leaves(name, state.get(name)).values()]
    texts = [text for value in values if isinstance(value, str) for text in (value, json.dumps(value)[1:-1])]
    for text in sorted(set(texts), key=len, reverse=True):
        if len(text) >= LONG:
            message = message.replace(text, "(hidden)")
    return message


def leaves(name: str, value: Json) -> JsonObject:
    """The leaves of nested maps by dotted names; a text that is a JSON object, such as a definition, counts as a map."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {name: value}
    if isinstance(value, dict) and value:
        return {part: leaf for key, inner in value.items() for part, leaf in leaves(f"{name}.{key}", inner).items()}
    return {name: value}
