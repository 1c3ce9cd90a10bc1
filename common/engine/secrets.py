"""Refuses secrets in what is declared: variables, arguments, definitions, inputs, tags, wherever their values come from.

Whoever may read a function's or a job's configuration reads them there. What changes is looked at, and it alone: what is as it
was deployed was looked at then. Formats are found by `detector`; besides, a variable that is called a password is one, unless its
value only says where a secret is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from json import JSONDecodeError, loads
from typing import Any

from common.base.errors import DeclarationError
from common.engine.planner import Outcome
from common.model.resource import CHANGING, REMOVING, Change, Key, Plan, Resource
from common.packaging import detector
from common.resources import kinds

TOLD = 10
"""Findings that one message names."""
PASSWORDS = re.compile(
    r"pass_?wor[dt]|passwd|passphrase|pwd|(^|_)pass($|_)|(api|access|private|auth|secret|encryption|signing|account)_?key(?!_?id)"
)
SECRETS = re.compile(r"secret|token|credential|(^|_)auth($|_)")
POINTING = re.compile(
    r"(^|_)(arns?|names?|ids?|paths?|prefix|ur[il]s?|endpoint|file(name)?|param(eter)?s?|bucket|table|type|version(_?stage)?|alias"
    r"|region|ttl|seconds|minutes|hours|days|length|size|count|limit|max|min|enabled|required|policy|rotation|fields?|columns?"
    r"|header|location|manager|store|provider|ref|expir(y|es|ation)|encoding|algorithm|format|label|audience|issuer|scopes?|stage"
    r"|request_token|client_token|task_token|next_token)$|^(next|client|task|continuation|pagination|client_request)_?token$"
)
"""How names end whose values say something of a secret, or where it is, and how those are called that are no secrets."""
REFERENCE = re.compile(
    r"\s*|true|false|null|none|[\d.]{1,3}|(arn|ssm|s3|secretsmanager|resolve):.*|\{\{.*\}\}|\{%.*%\}|.*\$\{.*|\$\$?([.\[].*|states\b.*|)|\$[A-Z_]+|States\..*"
    r"|(/[\w.@+=-]+)+/?|\*+|<.*>",
    re.IGNORECASE | re.DOTALL,
)
"""Values that stand for others."""
NAMED = re.compile(r"[\w.@+,-]+([/:][\w.@+,-]+)*")
ASSIGNED = re.compile(r"(?i)(?:password|passwd|pwd)=(?!none|null|true|false|os\.|\w+\()[\"']?[^\s;&,\"'<>{}$*]{4,}")
"""As in the parameters of a connection."""
RANDOM = 8
"""Characters of a word that may be random."""
ADVICE = (
    "Whoever may read the configuration reads it there. Keep it in Secrets Manager or Parameter Store, hand over its name, and "
    "let the code read it when it runs; docs/packaging.md tells how. If it is no secret, or must be there, say so in the "
    'declaration: accept_secret="why". Nothing was changed.'
)


def ready() -> None:
    """Loads the scanner, which takes a moment."""
    detector.in_text(b"")


def vetted(outcome: Outcome, resources: Sequence[Resource]) -> Outcome:
    """The plan, in which what accepts secrets says so.

    Raises:
        DeclarationError: something that is to be changed holds a secret; all such in one message.
    """
    known = {resource.key: resource for resource in resources}
    changing = [change for change in outcome.plan.changes if change.action in CHANGING - REMOVING]
    told = [
        f"{change.key.project}: {change.key}: {found}"
        for change, found in _found(
            [change for change in changing if change.key in known and not known[change.key].accept_secret]
        )
    ]
    if told:
        more = [f"… and {len(told) - TOLD} more."] if len(told) > TOLD else []
        raise DeclarationError("\n".join([*told[:TOLD], *more, ADVICE]))
    accepting = {key: one.accept_secret for one in resources for key in (one.key, *_own(one)) if one.accept_secret}
    changes = tuple(_saying(change, accepting) if change in changing else change for change in outcome.plan.changes)
    return replace(outcome, plan=Plan(changes)) if accepting else outcome


def _own(resource: Resource) -> tuple[Key, ...]:
    return (resource.artifact.key,) if resource.artifact is not None else ()


def _saying(change: Change, accepting: Mapping[Key, str]) -> Change:
    why = accepting.get(change.key)
    return replace(change, reason=f"{change.reason}; accepts a secret: {why}") if why else change


def _found(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """What holds a secret. All values are scanned at once, each beginning a line of its own."""
    texts: list[bytes] = []
    starts: list[tuple[int, Change, str]] = []
    line = 1
    for change in changes:
        is_named = change.key.kind in kinds() and kinds()[change.key.kind].has_secrets
        for path, value in _leaves("", change.desired):
            name = path.rpartition(".")[2]
            if is_named and is_password(name, value):
                yield change, f"{_place(path)} holds a password, or another secret, by its name"
            elif ASSIGNED.search(value):
                yield change, f"{_place(path)} holds a password"
            else:
                text = f'{name} = "{value}"\n\n'.encode(errors="replace")
                starts.append((line, change, path))
                texts.append(text)
                line += text.count(b"\n")
    if not texts:
        return
    at = 0
    for finding in detector.in_text(b"".join(texts), examples=True):
        while at + 1 < len(starts) and starts[at + 1][0] <= finding.line:
            at += 1
        yield starts[at][1], f"{_place(starts[at][2])} holds {finding.kind}"


def is_password(name: str, value: str) -> bool:
    """Whether a value is a secret, judged by its name, and by what it is if it only names a secret."""
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    if POINTING.search(words) or REFERENCE.fullmatch(value):
        return False
    if PASSWORDS.search(words):
        return not ("/" in value and _is_name(value))
    return SECRETS.search(words) is not None and not _is_name(value)


def _is_name(value: str) -> bool:
    """Whether it is made of words, as names of secrets are, and of nothing random."""
    return NAMED.fullmatch(value) is not None and not any(_is_random(word) for word in re.split(r"[-_./:@+,]", value))


def _is_random(word: str) -> bool:
    turns = sum(_class(one) != _class(other) for one, other in pairwise(word))
    return len(word) >= RANDOM and turns >= 3


def _class(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text, under its dotted path; texts that are JSON objects, as definitions are, are looked into."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            value = loads(value)
        except (JSONDecodeError, RecursionError):
            yield path, value
            return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(path, inner)
    elif isinstance(value, str):
        yield path, value


def _place(path: str) -> str:
    """As people call it."""
    field, _, rest = path.partition(".")
    if field == "Environment":
        return f"the variable {rest.removeprefix('Variables.')}"
    return f"the argument {rest}" if field == "DefaultArguments" else f"the tag {rest}" if field == "Tags" else path
