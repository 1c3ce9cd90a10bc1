"""Tags in the spellings of the services."""

from collections.abc import Iterable, Mapping
from typing import Any


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def tag_map(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as most services give them."""
    return {tag[key]: tag[value] for tag in tags}


def owned_tags(live: Mapping[str, str] | None, declared: Mapping[str, str]) -> dict[str, str]:
    """The live tags that we own: those we declare. Others belong to whoever put them there."""
    return {name: text for name, text in sorted((live or {}).items()) if name in declared}


def other_tags(live: Mapping[str, str] | None, declared: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The live tags that we do not declare, as a part of what is undeclared; those of AWS itself cannot be changed."""
    found = {name: text for name, text in sorted((live or {}).items()) if name not in declared and not name.startswith("aws:")}
    return {"Tags": found} if found else {}


def stale_tags(stale: Mapping[str, Any]) -> list[str]:
    """The keys that were declared when the tags were applied last, and are no longer."""
    return sorted(stale.get("Tags", ()))
