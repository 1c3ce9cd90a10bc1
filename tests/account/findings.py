"""What a check is, what it finds, and what of AWS's answers may be kept."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.account.place import Place

LEFT_OUT = frozenset(
    {
        *("Credentials", "AccessKeyId", "SecretAccessKey", "SessionToken", "RequestId", "HostId", "HTTPHeaders", "RetryAttempts"),
        *("who", "holder", "host", "caller", "Owner", "ExternalId"),
    }
)
"""Keys whose values are not kept: they are secrets, or tell who asked."""
SIGNED = re.compile(r"\?[^\s\"']*X-Amz-[^\s\"']*", re.IGNORECASE)
"""The part of a signed address that opens it."""
PERSON = re.compile(r"(arn:[a-z-]+:(?:iam|sts)::\d*:(?:user|assumed-role|federated-user))/[^\s\"',]+")
ACCOUNT = "000000000000"
"""Stands for the account in what is kept."""


class Verdict(StrEnum):
    """How a check ended."""

    EXPECTED = "as expected"
    DIFFERENT = "different"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Finding:
    """What a check found: a sentence, and figures or values that it rests on."""

    verdict: Verdict
    what: str
    measured: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One question to a real account.

    Args:
        name: in the summary and the file.
        question: one sentence.
        ask: finds the answer; what it asks AWS and which commands it runs is kept beside the finding.
        after: not asked unless the check of this name ended as expected.
    """

    name: str
    question: str
    ask: "Callable[[Place], Finding]"
    after: str | None = None


def judged(holds: bool, what: str, **measured: Any) -> Finding:
    """As expected if it holds, different otherwise."""
    return Finding(Verdict.EXPECTED if holds else Verdict.DIFFERENT, what, measured)


def not_asked(why: str) -> Finding:
    return Finding(Verdict.NOT_ASKED, why)


def publishable(value: Any, account: str) -> Any:
    """The value as JSON has it, without secrets, without names of people, and with another account's number."""
    if isinstance(value, Mapping):
        return {publishable(str(key), account): publishable(item, account) for key, item in value.items() if key not in LEFT_OUT}
    if isinstance(value, list | tuple | set | frozenset):
        return [publishable(item, account) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return PERSON.sub(r"\1/…", SIGNED.sub("?…", str(value))).replace(account, ACCOUNT)
