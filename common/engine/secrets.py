"""Refuses secrets in what is declared: variables, arguments, definitions, inputs, tags, wherever their values come from.

Whoever may read a function's or a job's configuration reads them there. What changes is looked at, and it alone: what is as it
was deployed was looked at then. Formats are found by `secret_detector`; besides, a variable that is called a password is one,
unless its value only says where a secret is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from json import JSONDecodeError, loads

from common.base.errors import DeclarationError
from common.base.json_types import Json
from common.engine.plan_data import Outcome
from common.model import hidden_fields
from common.model.resource import CHANGING, REMOVING, Change, Key, Plan, Resource
from common.packaging import secret_detector
from common.resources import kinds

MAX_FINDINGS = 10
"""One message names at most this number of findings."""
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
"""Variables with such names do not hold secrets: their values describe a secret, or say where it is."""
REFERENCE = re.compile(
    r"\s*|true|false|null|none|[\d.]{1,3}|(arn|ssm|s3|secretsmanager|resolve):.*|\{\{.*\}\}|\{%.*%\}|.*\$\{.*|\$\$?([.\[].*|states\b.*|)|\$[A-Z_]+|States\..*"
    r"|(/[\w.@+=-]+)+/?|\*+|<.*>",
    re.IGNORECASE | re.DOTALL,
)
"""Such values refer to other values."""
NAMED = re.compile(r"[\w.@+,-]+([/:][\w.@+,-]+)*")
ASSIGNED = re.compile(r"(?i)(?:password|passwd|pwd)=(?!none|null|true|false|os\.|\w+\()[\"']?[^\s;&,\"'<>{}$*]{4,}")
"""Passwords in the parameters of a connection look like this."""
HIDDEN = "(a secret)"
"""Stands for a live value that looks like a secret."""
RANDOM = 8
"""A word may be random if it has at least this number of characters."""
ADVICE = (
    "Whoever may read the configuration reads it there. Keep it in Secrets Manager or Parameter Store, hand over its name, and "
    "let the code read it when it runs; docs/packaging.md tells how. If it is not a secret, or must be there, say so in the "
    'declaration: accept_secret="why". Nothing was changed.'
)


def vetted(outcome: Outcome, resources: Sequence[Resource]) -> Outcome:
    """Checks a plan for secrets. In the plan that it returns, the reasons of resources that accept secrets say so.

    Raises:
        DeclarationError: resources that are to be changed hold secrets; one message names them all.
    """
    by_key = {resource.key: resource for resource in resources}
    changing = [change for change in outcome.plan.changes if change.action in CHANGING - REMOVING]
    problems = [
        f"{change.key.project}: {change.key}: {problem}"
        for change, problem in _find_secrets(
            [change for change in changing if change.key in by_key and not by_key[change.key].accept_secret]
        )
    ]
    if problems:
        more = [f"… and {len(problems) - MAX_FINDINGS} more."] if len(problems) > MAX_FINDINGS else []
        raise DeclarationError("\n".join([*problems[:MAX_FINDINGS], *more, ADVICE]))
    accepting = {
        key: resource.accept_secret
        for resource in resources
        for key in (resource.key, *_artifact_keys(resource))
        if resource.accept_secret
    }
    shown = _without_live_secrets(outcome.plan.changes)
    changes = tuple(
        _with_accepted_secret(change, accepting) if change.action in CHANGING - REMOVING else change for change in shown
    )
    return replace(outcome, plan=Plan(changes))


def _without_live_secrets(changes: Sequence[Change]) -> list[Change]:
    """The changes, none of which shows a secret that somebody has left in a resource."""
    alone = [
        (field, replace(change, desired={field.name: field.live}))
        for change in changes
        for field in change.fields
        if not str(field.live).startswith(hidden_fields.BY_DIGEST)
    ]
    secret = {id(single) for single, _ in _find_secrets([single for _, single in alone])}
    hidden = {id(field) for field, single in alone if id(single) in secret}
    return [
        replace(change, fields=tuple(field._replace(live=HIDDEN) if id(field) in hidden else field for field in change.fields))
        for change in changes
    ]


def _artifact_keys(resource: Resource) -> tuple[Key, ...]:
    return (resource.artifact.key,) if resource.artifact is not None else ()


def _with_accepted_secret(change: Change, accepting: Mapping[Key, str]) -> Change:
    why = accepting.get(change.key)
    return replace(change, reason=f"{change.reason}; accepts a secret: {why}") if why else change


def _find_secrets(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """Finds the changes that hold a secret, with a sentence each. All values are scanned at once, each on a line of its own."""
    texts: list[bytes] = []
    starts: list[tuple[int, Change, str]] = []
    line = 1
    for change in changes:
        is_named = change.key.kind in kinds() and kinds()[change.key.kind].has_secrets
        for path, value in _leaves("", change.desired):
            name = path.rpartition(".")[2]
            if is_named and is_password(name, value):
                yield change, f"{_describe_path(path)} holds a password, or another secret, by its name"
            elif ASSIGNED.search(value):
                yield change, f"{_describe_path(path)} holds a password"
            else:
                text = f'{name} = "{value}"\n\n'.encode(errors="replace")
                starts.append((line, change, path))
                texts.append(text)
                line += text.count(b"\n")
    if not texts:
        return
    at = 0
    for finding in secret_detector.find_in_text(b"".join(texts), examples=True):
        while at + 1 < len(starts) and starts[at + 1][0] <= finding.line:
            at += 1
        yield starts[at][1], f"{_describe_path(starts[at][2])} holds {finding.kind}"


def is_password(name: str, value: str) -> bool:
    """Whether a value is a secret, judged by its name, and by what it is if it only names a secret."""
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    if POINTING.search(words) or REFERENCE.fullmatch(value):
        return False
    if PASSWORDS.search(words):
        return not ("/" in value and _is_name(value))
    return SECRETS.search(words) is not None and not _is_name(value)


def _is_name(value: str) -> bool:
    """Whether a value consists of words, like the name of a secret, and contains nothing random."""
    return NAMED.fullmatch(value) is not None and not any(_is_random(word) for word in re.split(r"[-_./:@+,]", value))


def _is_random(word: str) -> bool:
    turns = sum(_class(char) != _class(other) for char, other in pairwise(word))
    return len(word) >= RANDOM and turns >= 3


def _class(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2


def _leaves(path: str, value: Json) -> Iterator[tuple[str, str]]:
    """All texts in a value with their dotted paths. Texts that are JSON, such as definitions, are parsed."""
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


def _describe_path(path: str) -> str:
    """Describes the field at a path in the words of users."""
    field, _, rest = path.partition(".")
    if field == "Environment":
        return f"the variable {rest.removeprefix('Variables.')}"
    return f"the argument {rest}" if field == "DefaultArguments" else f"the tag {rest}" if field == "Tags" else path
