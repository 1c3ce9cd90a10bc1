"""What of an account is imported, and what it is called in the project: the part of a name that tells it from its neighbours."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from common.base.errors import UsageError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.base.text_rules import WINDOWS_DEVICES
from common.environment.config import Environment
from common.resources import kind_of

SEPARATOR = re.compile(r"[-_./ ]")
WILDCARD = re.compile(r"[*?\[]")
KINDS = ("resource", "lambda", "glue-job", "crawler", "state-machine", "rule")
"""The kinds that can be imported, in the order of their declarations: what a machine calls comes first, what starts it last."""
MATCHING = ("--match", "--tag", "--from-machine", "--type")
"""The options that select something."""


@dataclass(frozen=True)
class LiveResource:
    """A resource as it is in the account.

    Args:
        kind: the name of its kind.
        name: what AWS calls it.
        arn: its ARN.
        live: what AWS returns for it: the item of its listing, or all that is read when it is selected.
    """

    kind: str
    name: str
    arn: str
    live: JsonObject

    def __str__(self) -> str:
        return f"{self.live.get('TypeName') or kind_of(self.kind).word} {self.name}"


@dataclass(frozen=True)
class Selection:
    """What the command line selects; all of it together is imported.

    Args:
        patterns: patterns of names, case-sensitive, with ``*``, ``?`` and ``[…]``.
        tags: tags of which a resource has one.
        machines: state machines that are imported with everything that they reach.
        types: types of the Cloud Control API; then the patterns are about resources of these, and about nothing else.
    """

    patterns: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    machines: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, match: Sequence[str], tag: Sequence[str], from_machine: Sequence[str], types: Sequence[str] = ()) -> "Selection":
        """What these options say; several values are given one by one, or separated by commas.

        Raises:
            UsageError: nothing is selected, or a tag is no ``key=value``.
        """
        tags = dict(_pair(text) for text in _split(tag))
        selection = cls(tuple(_split(match)), tags, tuple(_split(from_machine)), tuple(_split(types)))
        if selection.types and (tags or selection.machines):
            raise UsageError("--type goes with --match alone: import --tag and --from-machine by themselves. Nothing was read.")
        if not (selection.patterns or tags or selection.machines or selection.types):
            raise UsageError(
                f"What is to be imported? Say it with {', '.join(MATCHING)}, as in --match 'fsa-dev-orders-*'. Nothing was read."
            )
        return selection

    def matches(self, name: str) -> bool:
        """Whether a pattern selects a name."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def stem(self, name: str, common: str) -> str:
        """A name without what the pattern that selects it says literally, else without the beginning that all have in common."""
        for pattern in self.patterns:
            if WILDCARD.search(pattern) and fnmatchcase(name, pattern):
                head, tail = WILDCARD.split(pattern, maxsplit=1)[0], WILDCARD.split(pattern[::-1], maxsplit=1)[0][::-1]
                head = head[: _after_last_separator(head)]
                tail = tail if SEPARATOR.match(tail) else ""
                return name.removeprefix(head).removesuffix(tail) or name
        return name.removeprefix(common) or name

    def stem_of_used(self, name: str, env: Environment, common: str) -> str:
        """What to call something that is used: its name without words that only say whose it is, and in which environment."""
        heads = [*(WILDCARD.split(pattern, maxsplit=1)[0] for pattern in self.patterns), common, env.name, env.name_prefix]
        ours = {word.casefold() for head in heads for word in SEPARATOR.split(head)} | {env.account_id}
        words = re.findall(r"[^-_./ ]+[-_./ ]*", name)
        while len(words) > 1 and words[0].rstrip("-_./ ").casefold() in ours:
            del words[0]
        stem = "".join(words)
        for ending in (env.region, env.account_id, env.region):
            stem = stem.removesuffix(ending).rstrip("-_./ ") or stem
        return stem


def _split(texts: Sequence[str]) -> list[str]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return [part for part in dict.fromkeys(parts) if part]


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"--tag is {text!r}, and a tag is key=value, as in --tag team=orders. Nothing was read.")
    return key, value


def _after_last_separator(text: str) -> int:
    return max((match.end() for match in SEPARATOR.finditer(text)), default=0)


def common_beginning(names: Collection[str]) -> str:
    """What all names begin with, up to a separator; empty for a single name."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    length = next(
        (number for number, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), min(len(first), len(last))
    )
    return first[: _after_last_separator(first[:length])]


class Keys:
    """The keys of a project: each is given once. Two that differ by case alone would be one folder on some systems.

    Args:
        taken: the keys that the project has already, by kind.
    """

    def __init__(self, taken: Iterable[tuple[str, str]] = ()) -> None:
        self._taken = {(self._family(kind), key.casefold()) for kind, key in taken}

    def give(self, kind: str, stem: str) -> str:
        """The key of a resource: its stem in the characters that a key may have."""
        word = kind_of(kind).word
        key = re.sub(r"[^A-Za-z0-9_-]", "_", stem).strip("-_") or word
        if not key[0].isalpha() or key.casefold() in WINDOWS_DEVICES:
            key = f"{word}_{key}"
        candidates = (key, f"{key}_{word}", *(f"{key}_{word}_{number}" for number in range(2, 10_000)))
        chosen = next(candidate for candidate in candidates if (self._family(kind), candidate.casefold()) not in self._taken)
        self._taken.add((self._family(kind), chosen.casefold()))
        return chosen

    def give_apart(self, kind: str, stem: str) -> str:
        """A key that nothing else has, of any kind, so that a reference needs no word for the kind."""
        while True:
            key = self.give(kind, stem)
            if sum(other == key.casefold() for _, other in self._taken) == 1:
                return key

    @staticmethod
    def _family(kind: str) -> str:
        """Kinds that share the names of their artifacts share their keys, too."""
        return "packaged" if kind_of(kind).is_packaged else kind
