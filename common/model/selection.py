"""What --only names: a pattern of keys, as in ``glue-job/*``."""

import fnmatch
from collections.abc import Callable, Sequence

from common.base.errors import UsageError
from common.base.suggestions import did_you_mean
from common.model.resource import Key, Resource


def matches(pattern: str | None, key: Key) -> bool:
    """Whether the key is named; without a pattern all are."""
    return pattern is None or fnmatch.fnmatchcase(str(key), pattern)


def chosen(resources: Sequence[Resource], pattern: str | None, *, required: bool = True) -> Callable[[Key], bool]:
    """Whether a key is named, or something named needs it; without a pattern all are.

    Args:
        resources: what is declared.
        pattern: what --only says.
        required: something declared must be named.

    Raises:
        UsageError: nothing is named.
    """
    if pattern is None:
        return lambda _: True
    needs = {one.key: one.needs for one in resources}
    found = [key for key in needs if matches(pattern, key)]
    if not found and required:
        known, name = [str(key) for key in needs], pattern.rpartition("/")[2]
        patterns = {f"{key.kind}/{name}" for key in needs if fnmatch.fnmatchcase(key.name, name)}
        guess = did_you_mean(pattern, [*patterns, *known], otherwise=f" Keys look like {known[0]}.")
        raise UsageError(f"--only {pattern!r} matches nothing.{guess} `plan --json` lists all of them.")
    closed: set[Key] = set()
    while found:
        key = found.pop()
        if key not in closed:
            closed.add(key)
            found.extend(needs.get(key, ()))
    return lambda key: key in closed or (key not in needs and matches(pattern, key))
