"""Converts tags between our maps and the spellings of AWS's services."""

from collections.abc import Iterable, Mapping

from common.base.json_types import JsonMapping


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the form in which most services accept them."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def tag_map(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """A map of tags from the form in which most services return them."""
    return {tag[key]: tag[value] for tag in tags}


def owned_tags(live: Mapping[str, str] | None, declared: Mapping[str, str]) -> dict[str, str]:
    """The live tags that belong to us, which are the declared ones. Others belong to whoever has set them."""
    return {name: text for name, text in sorted((live or {}).items()) if name in declared}


def other_tags(live: Mapping[str, str] | None, declared: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The live tags that are not declared, as part of `Live.undeclared`; without AWS's own tags, which cannot be changed."""
    others = {name: text for name, text in sorted((live or {}).items()) if name not in declared and not name.startswith("aws:")}
    return {"Tags": others} if others else {}


def stale_tags(stale: JsonMapping) -> list[str]:
    """The keys of tags that are no longer declared but were when the resource was applied last."""
    return sorted(stale.get("Tags", ()))
