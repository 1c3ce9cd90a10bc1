"""The IAM actions that exist, and the ARNs of the resources on which each may be allowed.

IAM does not tell capital letters from small ones in actions, and neither does this.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator
from fnmatch import translate
from functools import cache

from common.aws import api_models, published
from common.base.json_types import JsonMapping
from common.base.suggestions import closest, did_you_mean

SOURCE = "AdditionalSpecs/Policies.json"
"""The data file of cfn-lint: services with their actions, in small letters, and their types of resources."""
ACTION = re.compile(r"([a-z0-9-]+):([A-Za-z0-9*?]+)")
WILDCARD = re.compile(r"[*?]")
VARIABLE = re.compile(r"\$\{[A-Za-z]+\}|\.\*|\*")
"""Matches the parts of the form of an ARN that stand for anything."""


@cache
def _services() -> JsonMapping:
    return published.read_data(SOURCE)


def check_action(action: str) -> None:
    """Checks that an action exists; a pattern, as in ``athena:Get*``, must match one that does.

    Raises:
        ValueError: it does not exist.
    """
    parts = ACTION.fullmatch(action)
    if parts is None:
        raise ValueError(f"{action!r} is not an action, as in s3:GetObject: a service, a colon and a name")
    service, name = parts[1], parts[2]
    if service not in _services():
        raise ValueError(f"IAM has no service {service!r} ({action}).{did_you_mean(service, [*_services()])}")
    if not any(_matching(service, name)):
        close = closest(name, _services()[service]["Actions"])
        guess = f" Did you mean {service}:{_spelled(service, close)}?" if close else ""
        raise ValueError(f"IAM has no action {action}.{guess}")


def exists(action: str) -> bool:
    """Whether an action, or one that a pattern matches, exists."""
    service, _, name = action.partition(":")
    return service in _services() and any(_matching(service, name))


def types_of(action: str) -> frozenset[str]:
    """The types of resources on which an existing action may be allowed; empty if only on all (``*``)."""
    service, _, name = action.partition(":")
    actions = _services()[service]["Actions"]
    return frozenset(of.lower() for match in _matching(service, name) for of in actions[match].get("Resources", ()))


def has_only_all(action: str) -> bool:
    """Whether IAM can allow the action, or one that a pattern matches, on no narrower resource than all (``*``)."""
    service, _, name = action.partition(":")
    actions = _services()[service]["Actions"]
    return any(not actions[match].get("Resources") for match in _matching(service, name))


def fits(action: str, arn: str) -> bool:
    """Whether an existing action may be allowed on the resources with this ARN, which may be a pattern."""
    return arn == "*" or any(_could_match(form, arn) for form in forms_of(action))


def forms_of(action: str) -> list[str]:
    """The forms of the ARNs on which an action may be allowed, as in ``arn:${Partition}:sns:${Region}:${Account}:.*``."""
    service = action.partition(":")[0]
    resources = _services()[service]["Resources"]
    return sorted({form for of in types_of(action) for form in resources.get(of, {}).get("ARNFormats", ())})


def forms_of_type(service: str, name: str) -> list[str]:
    """The forms of the ARNs of a service's type of resources, as in ``forms_of_type("athena", "WorkGroup")``."""
    types = _services().get(service, {}).get("Resources", {})
    return [form for of, type_ in types.items() if of.replace("-", "") == name.lower() for form in type_.get("ARNFormats", ())]


def _matching(service: str, name: str) -> Iterator[str]:
    """The names of the actions that a name or pattern matches."""
    actions, lower = _services()[service]["Actions"], name.lower()
    if WILDCARD.search(lower):
        pattern = re.compile(translate(lower))
        yield from (action for action in actions if pattern.fullmatch(action))
    elif lower in actions:
        yield lower


def _could_match(form: str, arn: str) -> bool:
    """Whether an ARN, or one that a pattern matches, has the form. Each part is compared as far as it says something."""
    form_parts, arn_parts = form.split(":", 5), arn.split(":", 5)
    if len(form_parts) < 6 or len(arn_parts) < 6:
        return False
    if not all(_parts_agree(*pair) for pair in zip(form_parts[:5], arn_parts[:5], strict=True)):
        return False
    expected, actual = VARIABLE.split(form_parts[5])[0], WILDCARD.split(arn_parts[5])[0]
    if actual.startswith(expected) or actual == expected.rstrip("/:"):
        return True
    return actual != arn_parts[5] and expected.startswith(actual)


def _parts_agree(form: str, part: str) -> bool:
    """Whether a part of an ARN, such as its service or its account, may be what the form has there."""
    if VARIABLE.search(form) or WILDCARD.search(part):
        return True
    return form == part


def _spelled(service: str, name: str) -> str:
    """The name of an action with its capital letters, if the service has an API operation of that name."""
    return next((operation for operation in api_models.operations(service) if operation.lower() == name), name)
