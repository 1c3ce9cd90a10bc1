"""References between resources, and the substitution of references and parameters in text.

A reference is known before anything exists: names and ARNs are computed. What is taken from one is remembered as a need, so the
order of a deploy follows from the declaration and is never written by hand.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.base.errors import DeclarationError, ParameterError
from common.base.suggestions import closest
from common.base.text_rules import plain
from common.environment import partitions
from common.environment.parameter_values import Parameters, Value, as_text
from common.environment.partitions import SOMEWHERE, Account
from common.model.kind import Kinds
from common.model.resource import Key

ESCAPE = "$${"
"""Stands for `${` itself."""
TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
REFERENCE = re.compile(r"\s*([\w/-]+(\.[\w/-]*)*|AWS::\w*)\s*", re.ASCII)
"""What is between the braces of a token; what is not like this, as in JSONata and `States.Format`, is text."""
NESTED = re.compile(r"(?<!\$)\$\{\s*\$\{")
UPPER_TOKEN = re.compile(r"__[A-Z][A-Z0-9_]*?__")
"""What most teams' own tokens look like."""
PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
"""How parameters are called in configuration."""
ALONE = re.compile(rf"\$\{{({PARAMETER.pattern})\}}")


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

    ``${name}`` is a parameter; ``${Name.arn}`` and ``${Name.name}`` are a resource's, and ``${job.Name.name}`` is where several
    have one name. ``${AWS::Partition}``, ``${AWS::Region}`` and ``${AWS::AccountId}`` are the environment's. ``$${`` stands for
    ``${`` itself. What was used is remembered.

    Args:
        parameters: by name.
        kinds: of the resources; each says what references call it.
        account: where the environment is.
    """

    def __init__(self, parameters: Mapping[str, Value], kinds: Kinds, account: Account = SOMEWHERE) -> None:
        self._parameters = parameters if isinstance(parameters, Parameters) else Parameters(parameters)
        self._kinds, self._account = kinds, account
        self._refs: dict[str, list[Ref]] = {}

    @property
    def used(self) -> set[str]:
        """The parameters that some text, or a declaration, has used."""
        return self._parameters.used

    def add(self, ref: Ref) -> Ref:
        """Makes a resource known under its declared name.

        Raises:
            DeclarationError: another one has that name and is of the same kind, or would have the same artifact.
        """
        same = self._refs.setdefault(ref.key.name, [])
        if ref in same:
            return ref
        for other in same:
            packaged = all(self._kinds[key.kind].is_packaged for key in (other.key, ref.key))
            packages = packaged and other.key.project == ref.key.project
            if packages or other.key.kind == ref.key.kind:
                raise DeclarationError(f"{ref.key.project}: {other.key} and {ref.key} have one name. Rename one of them.")
        same.append(ref)
        return ref

    def of(self, kind: str, name: str) -> Ref | None:
        """The resource of that kind that was declared under this name."""
        return next((ref for ref in self._refs.get(name, ()) if ref.key.kind == kind), None)

    def parameter(self, text: str) -> Value | None:
        """The value of a parameter that is all of a text; None if the text is anything else."""
        alone = ALONE.fullmatch(text)
        return self._parameters[alone[1]] if alone and alone[1] in self._parameters else None

    def substitute(self, value: Any, where: str, *, texts: bool = False) -> tuple[Any, tuple[Ref, ...]]:
        """The value (JSON-like) with every token in every string replaced, and the resources that were referred to.

        Args:
            value: JSON-like.
            where: named in errors.
            texts: parameters become text even where one is all of a string, as in variables and arguments.

        Raises:
            DeclarationError: a token refers to nothing.
            ParameterError: parameters have no values in this environment; all of them.
        """
        found: dict[Key, Ref] = {}
        missing: dict[str, str] = {}

        def resolved(match: re.Match[str]) -> str:
            if match[0] == ESCAPE:
                return "${"
            reference = REFERENCE.fullmatch(match[1])
            if reference is None:
                return match[0]
            if match[1] in self._account.constants:
                return self._account.constants[match[1]]
            name, dot, attribute = match[1].rpartition(".")
            if not dot:
                return self._text_of(match[1], where, missing)
            ref = self._ref(name, attribute, where)
            found[ref.key] = ref
            return self._attributes(ref)[attribute]

        def text(string: str) -> str:
            if NESTED.search(string):
                raise DeclarationError(f"{where}: a reference is within a reference: {string}. {LITERALLY}")
            return TOKEN.sub(resolved, partitions.rendered(string, self._account, where))

        def replaced(string: str) -> Any:
            parameter = None if texts else self.parameter(string)
            return text(string) if parameter is None else parameter

        substituted = _walked(value, replaced, text)
        if missing:
            raise ParameterError(f"{where}: there are no values for {', '.join(missing)}.", missing)
        return substituted, tuple(found.values())

    def _text_of(self, name: str, where: str, missing: dict[str, str]) -> str:
        """A parameter as text; one that has no value is noted."""
        if name not in self._parameters:
            if not PARAMETER.fullmatch(name):
                raise DeclarationError(f"{where}: ${{{name}}} is no parameter of this project.{self._guess(name)} {LITERALLY}")
            self.used.add(name)
            close = self._close(name)
            missing[name] = f"{where}; did you mean {close}?" if close else where
            return ""
        try:
            return as_text(self._parameters[name], name)
        except ValueError as error:
            raise DeclarationError(f"{where}: {error}.") from None

    def _ref(self, name: str, attribute: str, where: str) -> Ref:
        same = list(self._refs.get(name, ()))
        if not same:
            kind, _, rest = name.partition(".")
            same = [ref for ref in self._refs.get(rest, ()) if self._word(ref) == kind]
        whole = f"{name}.{attribute}"
        if not same or attribute not in self._attributes(same[0]):
            raise DeclarationError(f"{where}: ${{{whole}}} refers to nothing.{self._guess(whole)} {LITERALLY}")
        if len(same) > 1:
            kinds = " or ".join(f"${{{self._word(ref)}.{whole}}}" for ref in same)
            raise DeclarationError(f"{where}: ${{{whole}}} may be {' or '.join(str(ref.key) for ref in same)}. Write {kinds}.")
        return same[0]

    def _word(self, ref: Ref) -> str:
        """What references call the kind of a resource."""
        return self._kinds[ref.key.kind].word

    def _attributes(self, ref: Ref) -> dict[str, str]:
        """What references may ask for of a resource."""
        others = {name: made(ref.arn) for name, made in self._kinds[ref.key.kind].attributes.items()}
        return {"arn": ref.arn, "name": ref.name, **others}

    def _guess(self, name: str) -> str:
        close = self._close(name)
        return f" Did you mean {close}?" if close else f" Known: {', '.join(sorted(self._known())) or 'nothing'}."

    def _close(self, name: str) -> str:
        close = closest(name, self._known())
        return f"${{{close}}}" if close else ""

    def _known(self) -> list[str]:
        known = [*self._parameters]
        for name, same in self._refs.items():
            for ref in same:
                whole = f"{self._word(ref)}.{name}" if len(same) > 1 else name
                known += [f"{whole}.{attribute}" for attribute in self._attributes(ref)]
        return known


LITERALLY = "Write $${…} if it is no reference."


def _walked(value: Any, replaced: Callable[[str], Any], text: Callable[[str], str]) -> Any:
    """The JSON-like value with every string in it replaced, and with `text` every key, and what must be text by its key."""
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, Mapping):
        return {
            text(key) if isinstance(key, str) else key: _walked(inner, text if str(key).endswith(".$") else replaced, text)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_walked(inner, replaced, text) for inner in value]
    return value


def in_strings(value: Any, replaced: Callable[[str], str]) -> Any:
    """The JSON-like value with `replaced` applied to every string and key in it."""
    return _walked(value, replaced, replaced)


def spelled_out(value: Any, tokens: Mapping[str, str]) -> Any:
    """The value with other spellings of tokens, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``, in ours: ``${Validate.arn}``.

    Several definitions may share one map. What it does not name is text, whatever it looks like.
    """
    longest_first = sorted(filter(None, tokens), key=len, reverse=True)
    if not longest_first:
        return value
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return in_strings(value, lambda text: pattern.sub(lambda match: f"${{{tokens[match[0]]}}}", text))
