"""Tags in the spellings of the services."""

from collections.abc import Iterable, Mapping


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def tag_map(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as most services give them."""
    return {tag[key]: tag[value] for tag in tags}


def owned_tags(live: Mapping[str, str] | None, declared: Mapping[str, str]) -> dict[str, str]:
    """The live tags that we own: those we declare. Others belong to whoever put them there."""
    return {name: text for name, text in sorted((live or {}).items()) if name in declared}
