"""References between resources, and the substitution of references and parameters in text.

A reference is known before anything exists: names and ARNs are computed. What is taken from one is remembered as a need, so the
order of a deploy follows from the declaration and is never written by hand.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import DeclarationError, ParameterError
from common.resource import Key
from common.suggestions import closest
from common.texts import plain

TOKEN = re.compile(r"\$\{([^}]*)\}")
PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
"""How parameters are called in configuration."""
UPPER_TOKEN = re.compile(r"__[A-Z][A-Z0-9_]*?__")


@dataclass(frozen=True)
class Ref:
    """A resource of this environment, existing or to be: its key, physical name and ARN."""

    key: Key
    name: str
    arn: str

    def __truediv__(self, prefix: str) -> "Location":
        """A place in a bucket, as in ``landing / "fpac/"``; ``landing / ""`` is all of it.

        Raises:
            TypeError: this is no bucket.
            ValueError: the place holds control characters.
        """
        if self.key.kind != "bucket":
            raise TypeError(f"{self.key} is no bucket, so there is no place {prefix!r} in it")
        within = plain(prefix).strip("/")
        return Location(self, f"{within}/" if within else "")


@dataclass(frozen=True)
class Location:
    """A prefix in a bucket."""

    bucket: Ref
    prefix: str

    def __truediv__(self, prefix: str) -> "Location":
        """A place within this one, as in ``landing / "fpac" / "2024"``.

        Raises:
            ValueError: the place holds control characters.
        """
        return self.bucket / f"{self.prefix}{prefix.strip('/')}"

    @property
    def uri(self) -> str:
        """As jobs want it: ``s3://bucket/prefix``, without a slash at the end."""
        return f"s3://{self.bucket.name}/{self.prefix}".rstrip("/")


Grantable = Ref | Location
"""What a function, job or machine may be allowed to read or write."""


class Names:
    """All that a text of one pipeline may refer to.

    ``${name}`` is a parameter; ``${Name.arn}`` and ``${Name.name}`` are a resource's. What was used is remembered.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._refs: dict[str, Ref] = {}
        self.used: set[str] = set()
        """The parameters that some text has used."""

    def add(self, ref: Ref) -> Ref:
        """Makes a resource known under its declared name.

        Raises:
            DeclarationError: another resource has that name, so that a text could not tell them apart.
        """
        other = self._refs.setdefault(ref.key.name, ref)
        if other.key != ref.key:
            raise DeclarationError(f"{ref.key.project}: {other.key} and {ref.key} have one name. Rename one of them.")
        return ref

    def of(self, name: str) -> Ref | None:
        """The resource that was declared under this name."""
        return self._refs.get(name)

    def substitute(self, value: Any, where: str) -> tuple[Any, tuple[Ref, ...]]:
        """The value (JSON-like) with every token in every string replaced, and the resources that were referred to.

        Args:
            value: JSON-like.
            where: named in errors.

        Raises:
            DeclarationError: a token refers to nothing.
            ParameterError: parameters have no values in this environment; all of them.
        """
        found: dict[str, Ref] = {}
        missing: dict[str, str] = {}

        def resolved(match: re.Match[str]) -> str:
            name, dot, attribute = match[1].partition(".")
            if not dot:
                return self._parameter(name, where, missing)
            ref = self._refs.get(name)
            if ref is None or attribute not in {"arn", "name"}:
                raise DeclarationError(f"{where}: {match[0]} refers to nothing.{self._guess(match[1])}")
            found[name] = ref
            return ref.arn if attribute == "arn" else ref.name

        substituted = in_strings(value, lambda text: TOKEN.sub(resolved, text))
        if missing:
            raise ParameterError(f"{where}: there are no values for {', '.join(missing)}.", missing)
        return substituted, tuple(found.values())

    def _parameter(self, name: str, where: str, missing: dict[str, str]) -> str:
        self.used.add(name)
        if name in self._parameters:
            return self._parameters[name]
        if not PARAMETER.fullmatch(name):
            raise DeclarationError(f"{where}: ${{{name}}} is no parameter of this project.{self._guess(name)}")
        close = self._close(name)
        missing[name] = f"{where}; did you mean {close}?" if close else where
        return ""

    def _guess(self, name: str) -> str:
        close = self._close(name)
        return f" Did you mean {close}?" if close else f" Known: {', '.join(sorted(self._known())) or 'nothing'}."

    def _close(self, name: str) -> str:
        close = closest(name, self._known())
        return f"${{{close}}}" if close else ""

    def _known(self) -> list[str]:
        return [*self._parameters, *(f"{ref}.{attribute}" for ref in self._refs for attribute in ("arn", "name"))]


def in_strings(value: Any, replaced: Callable[[str], str]) -> Any:
    """The JSON-like value with `replaced` applied to every string and key in it."""
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, Mapping):
        return {in_strings(key, replaced): in_strings(inner, replaced) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [in_strings(inner, replaced) for inner in value]
    return value


def spelled_out(value: Any, tokens: Mapping[str, str], where: str) -> Any:
    """The value with other spellings of tokens, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``, in ours: ``${Validate.arn}``.

    Raises:
        DeclarationError: a token has no meaning, or a meaning has no token.
    """
    unused = set(tokens)

    def spelling(match: re.Match[str]) -> str:
        if match[0] not in tokens:
            raise DeclarationError(f"{where}: {match[0]} refers to nothing. Say in `tokens` of the declaration what it is.")
        unused.discard(match[0])
        return f"${{{tokens[match[0]]}}}"

    result = in_strings(value, lambda text: UPPER_TOKEN.sub(spelling, text))
    if unused:
        raise DeclarationError(f"{where}: the definition does not use {', '.join(sorted(unused))} of `tokens`.")
    return result
