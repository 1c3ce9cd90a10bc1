"""The subscriptions of people to topics, as configuration has them: ``email:team@example.com``.

Follows https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

import re
from typing import Annotated

from pydantic import AfterValidator

from common.base.suggestions import did_you_mean, known_names
from common.base.text_rules import ResourceName

ENDPOINTS = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "email:team@example.com"),
    "email-json": (re.compile(r"[^@\s]+@[^@\s]+"), "email-json:team@example.com"),
    "http": (re.compile(r"//[^\s]+"), "http://example.com/alerts"),
    "https": (re.compile(r"//[^\s]+"), "https://example.com/alerts"),
    "sms": (re.compile(r"\+[0-9]{6,15}"), "sms:+12065550100"),
}
"""What follows the colon, by protocol, with an example of the whole."""

PROGRAMS = frozenset({"sqs", "lambda", "firehose", "application"})
"""Further protocols. They are for programs, not for people."""


def check(text: str) -> str:
    """Returns a subscription if SNS accepts it. One with a reference is checked by AWS.

    Raises:
        ValueError: it is none.
    """
    protocol, _, endpoint = text.partition(":")
    if protocol not in ENDPOINTS:
        programs = " Subscribe programs where they are declared: p.resource(…, 'AWS::SNS::Subscription', …)"
        guess = programs if protocol in PROGRAMS else did_you_mean(protocol, ENDPOINTS, otherwise=known_names(ENDPOINTS))
        raise ValueError(f"{text!r} must begin with a protocol, as in {ENDPOINTS['email'][1]}.{guess}")
    pattern, example = ENDPOINTS[protocol]
    if "${" not in endpoint and not pattern.fullmatch(endpoint):
        raise ValueError(f"{text!r} is not a subscription; write it as {example}")
    return text


def split(text: str) -> tuple[str, str]:
    """Returns the protocol and the endpoint of a subscription. The endpoint of a web address is all of it."""
    protocol, _, endpoint = text.partition(":")
    return protocol, text if protocol.startswith("http") else endpoint


Subscription = Annotated[str, AfterValidator(check)]
Subscriptions = dict[ResourceName, tuple[Subscription, ...]]
"""Subscriptions by topic."""
