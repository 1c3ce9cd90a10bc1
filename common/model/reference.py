"""References between resources, and the substitution of references and parameters in text.

Names and ARNs are computed, so a reference can be replaced before the resource exists. Each use of a reference is remembered as a
need. So the order of a deploy follows from the declaration and is never written by hand.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from common.base.errors import DeclarationError, ParameterError
from common.base.json_texts import in_strings, replace_texts
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.base.suggestions import closest
from common.base.text_rules import check_text
from common.environment import partitions
from common.environment.parameter_values import Parameters, Value, as_text
from common.environment.partitions import EXAMPLE_ACCOUNT, Account
from common.model.kind import Kinds
from common.model.resource import Key

ESCAPE = "$${"
"""In a text, this stands for `${` itself."""
TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
REFERENCE = re.compile(r"\s*([\w/-]+(\.[\w/-]*)*|AWS::\w*)\s*", re.ASCII)
"""The part between the braces of a reference looks like this; anything else, as in JSONata and `States.Format`, is text."""
NESTED = re.compile(r"(?<!\$)\$\{\s*\$\{")
UPPER_TOKEN = re.compile(r"__[A-Z][A-Z0-9_]*?__")
"""Tokens that teams have invented themselves mostly look like this."""
PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
"""Names of parameters in configuration look like this."""
MARK = re.compile(r"«([A-Za-z_][A-Za-z0-9_-]*): ([a-z-]+)/([A-Za-z0-9_.-]+)#([A-Za-z0-9.]+)»")
"""Matches what stands for an attribute that AWS gives: the project, the kind, the name and the attribute. See `generated`."""
REPLACED = re.compile(r"\$\{|\barn:|«")
"""What every text has of which anything is replaced."""
ALONE = re.compile(rf"\$\{{({PARAMETER.pattern})\}}")


@dataclass(frozen=True)
class Ref:
    """A resource of this environment, deployed or only declared: its key, physical name and ARN."""

    key: Key
    name: str
    arn: str

    @property
    def in_policies(self) -> str:
        """How permissions name it."""
        return self.arn

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket, in which there are places."""
        return self.key.kind == "bucket"

    @property
    def generated(self) -> Mapping[str, str]:
        """What stands for the attributes that AWS gives it, by name: none unless the reference is to such a resource."""
        return {}

    def __truediv__(self, prefix: str) -> "Location":
        """A place in a bucket, as in ``landing / "fpac/"``; ``landing / ""`` is all of it.

        Raises:
            TypeError: the reference is not to a bucket, or the place is not a text.
            ValueError: the place holds control characters, or ``..``, which S3 takes for a name and other programs do not.
        """
        if not self.is_bucket:
            raise TypeError(f"{self.key} is not a bucket, so there is no place {prefix!r} in it")
        if not isinstance(prefix, str):
            raise TypeError(f"a place in a bucket is a text, as in bucket / 'orders', not {prefix!r}")
        within = check_text(prefix).strip("/")
        if not {".", ".."}.isdisjoint(within.split("/")):
            raise ValueError(f"{prefix!r} is not a place in a bucket: S3 has no folders above. Write the whole place")
        return Location(self, f"{within}/" if within else "")


@dataclass(frozen=True)
class Location:
    """A prefix in a bucket."""

    bucket: Ref
    prefix: str

    def __truediv__(self, prefix: str) -> "Location":
        """A place within this one, as in ``landing / "fpac" / "2024"``.

        Raises:
            TypeError: the place is not a text.
            ValueError: see `Ref`.
        """
        if not isinstance(prefix, str):
            raise TypeError(f"a place in a bucket is a text, as in bucket / 'orders', not {prefix!r}")
        return self.bucket / f"{self.prefix}{prefix.strip('/')}"

    @property
    def uri(self) -> str:
        """As jobs want it: ``s3://bucket/prefix``, without a slash at the end."""
        return f"s3://{self.bucket.name}/{self.prefix}".rstrip("/")


Grantable = Ref | Location
"""A function, job or state machine may be allowed to read or write these."""


class Names:
    """The names to which the texts of one pipeline may refer.

    ``${name}`` is a parameter; ``${Name.arn}`` and ``${Name.name}`` are a resource's, and ``${job.Name.name}`` is where several
    have one name. ``${AWS::Partition}``, ``${AWS::Region}`` and ``${AWS::AccountId}`` are the environment's. ``$${`` stands for
    ``${`` itself. What was used is remembered.

    Args:
        parameters: the parameters by name.
        kinds: the kinds of resources; each has a word for references.
        account: the account and region of the environment.
    """

    def __init__(self, parameters: Mapping[str, Value], kinds: Kinds, account: Account = EXAMPLE_ACCOUNT) -> None:
        self._parameters = Parameters.of(parameters)
        self.attributes_used: dict[tuple[Key, str], str] = {}
        """The attributes that texts refer to, each with a text that does."""
        self._kinds, self._account = kinds, account
        self._refs: dict[str, list[Ref]] = {}
        self._shared: dict[str, Key] = {}

    @property
    def used(self) -> set[str]:
        """The parameters that texts or declarations have used."""
        return self._parameters.used

    def add(self, ref: Ref) -> Ref:
        """Makes a resource known under its declared name.

        Raises:
            DeclarationError: another resource of the same kind, or with the same artifact, has this name.
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

    def offer(self, key: Key) -> None:
        """Registers a shared resource, which texts may name once the declaration refers to it."""
        self._shared[key.name] = key

    def of(self, kind: str, name: str) -> Ref | None:
        """The resource of that kind that was declared under this name."""
        return next((ref for ref in self._refs.get(name, ()) if ref.key.kind == kind), None)

    def parameter(self, text: str) -> Value | None:
        """The value of the parameter if the text consists of a single parameter; otherwise None."""
        alone = ALONE.fullmatch(text)
        return self._parameters[alone[1]] if alone and alone[1] in self._parameters else None

    def substitute(self, value: Json, where: str, *, texts: bool = False) -> tuple[Json, tuple[Ref, ...]]:
        """Replaces every token in every string of a JSON value. Returns the new value and the resources that it refers to.

        Args:
            value: a JSON value.
            where: the place that messages name.
            texts: every parameter becomes text, also where it is a whole string, as in variables and arguments.

        Raises:
            DeclarationError: a token refers to nothing.
            ParameterError: parameters have no values in this environment; the message names them all.
        """
        referred: dict[Key, Ref] = {}
        missing: dict[str, str] = {}

        def resolved(match: re.Match[str]) -> str:
            if match[0] == ESCAPE:
                return "${"
            reference = REFERENCE.fullmatch(match[1])
            if reference is None:
                return match[0]
            if match[1] in self._account.constants:
                return self._account.constants[match[1]]
            if "." not in match[1]:
                return self._text_of(match[1], where, missing)
            ref, attribute = self._ref(match[1], where)
            referred[ref.key] = ref
            self.attributes_used.setdefault((ref.key, attribute), where)
            return self._attributes(ref)[attribute]

        def text(string: str) -> str:
            referred.update((ref.key, ref) for ref in self._marked(string))
            if NESTED.search(string):
                raise DeclarationError(f"{where}: a reference is within a reference: {string}. {LITERALLY}")
            return TOKEN.sub(resolved, partitions.localize_arns(string, self._account, where))

        def replaced(string: str) -> Json:
            parameter = None if texts else self.parameter(string)
            return text(string) if parameter is None else parameter

        substituted = replace_texts(value, _if_needed(replaced), _if_needed(text))
        if missing:
            raise ParameterError(f"{where}: there are no values for {', '.join(missing)}.", missing)
        return substituted, tuple(referred.values())

    def _text_of(self, name: str, where: str, missing: dict[str, str]) -> str:
        """A parameter as text; if it has no value, it is added to `missing`."""
        if name not in self._parameters:
            if not PARAMETER.fullmatch(name):
                raise DeclarationError(f"{where}: ${{{name}}} is not a parameter of this project.{self._guess(name)} {LITERALLY}")
            self.used.add(name)
            close = self._close(name)
            missing[name] = f"{where}; did you mean {close}?" if close else where
            return ""
        try:
            return as_text(self._parameters[name], name)
        except ValueError as error:
            raise DeclarationError(f"{where}: {error}.") from None

    def _ref(self, whole: str, where: str) -> tuple[Ref, str]:
        """The resource and the attribute that a reference names; both may have dots, as in ``${db.Endpoint.Address}``."""
        dots = [position for position, character in enumerate(whole) if character == "."]
        for name, attribute in ((whole[:dot], whole[dot + 1 :]) for dot in reversed(dots)):
            same = list(self._refs.get(name, ()))
            if not same:
                kind, _, rest = name.partition(".")
                same = [ref for ref in self._refs.get(rest, ()) if self._word(ref) == kind]
            if not same or attribute not in self._attributes(same[0]):
                continue
            if len(same) > 1:
                kinds = " or ".join(f"${{{self._word(ref)}.{whole}}}" for ref in same)
                keys = " or ".join(str(ref.key) for ref in same)
                raise DeclarationError(f"{where}: ${{{whole}}} may be {keys}. Write {kinds}.")
            return same[0], attribute
        first = whole.partition(".")[0]
        if first not in self._refs and (shared := self._shared.get(first)):
            verb = f'p.shared.{self._kinds[shared.kind].word}("{shared.name}")'
            raise DeclarationError(
                f"{where}: ${{{whole}}} is of a shared resource. Refer to that in deploy.py first, as in {verb}."
            )
        raise DeclarationError(f"{where}: ${{{whole}}} refers to nothing.{self._guess(whole)} {LITERALLY}")

    def _marked(self, text: str) -> Iterator[Ref]:
        """The resources whose attributes a text has. Of one that texts cannot name, nothing but its key is known here."""
        for match in MARK.finditer(text):
            key = Key(match[1], match[2], match[3])
            yield next((ref for ref in self._refs.get(key.name, ()) if ref.key == key), Ref(key, key.name, ""))

    def _word(self, ref: Ref) -> str:
        """The word for the kind of a resource in references."""
        return self._kinds[ref.key.kind].word

    def _attributes(self, ref: Ref) -> dict[str, str]:
        """The attributes of a resource that references may name, with their values."""
        others = {name: made(ref.arn) for name, made in self._kinds[ref.key.kind].attributes.items()}
        return {"arn": ref.arn, "name": ref.name, **others, **ref.generated}

    def _guess(self, name: str) -> str:
        close = self._close(name)
        return f" Did you mean {close}?" if close else f" Known: {', '.join(sorted(self._known())) or 'nothing'}."

    def _close(self, name: str) -> str:
        close = closest(name, self._known())
        return f"${{{close}}}" if close else ""

    def _known(self) -> list[str]:
        names = [*self._parameters]
        for name, same in self._refs.items():
            for ref in same:
                whole = f"{self._word(ref)}.{name}" if len(same) > 1 else name
                names += [f"{whole}.{attribute}" for attribute in self._attributes(ref)]
        return names


LITERALLY = "Write $${…} if it is not a reference."


def _if_needed(replaced: Callable[[str], Json]) -> Callable[[str], Json]:
    """Returns what leaves out the texts in which nothing is to be replaced, as in most."""
    return lambda text: replaced(text) if REPLACED.search(text) else text


def spelled_out(value: Json, tokens: Mapping[str, str]) -> Json:
    """Replaces a team's own tokens, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``, by references: ``${Validate.arn}``.

    Several definitions may share one map. A token that it does not contain stays text.
    """
    longest_first = sorted(filter(None, tokens), key=len, reverse=True)
    if not longest_first:
        return value
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return in_strings(value, lambda text: pattern.sub(lambda match: f"${{{tokens[match[0]]}}}", text))
