"""The ARNs on which AWS's handlers of a type need an action, for the policy of the deployer.

A resource is meant by its name. What it belongs to or uses, such as the workgroup of a query, a key, a role or a bucket, is meant
by the property that names it. Roles, keys and buckets that no property names are not used, so they need no permission.
"""

import re
from collections.abc import Iterator

from common.aws import iam_actions
from common.base.json_types import Json, JsonMapping
from common.model.generated import STAND_IN, has_mark

SERVICE_LINKED = "iam:CreateServiceLinkedRole"
"""Makes roles that AWS itself assumes, and nothing else."""
NAMED = frozenset({"iam", "kms", "s3"})
"""The services of which a handler uses nothing but what properties name."""
LATEST = "$LATEST"
"""The version of a function that needs no qualifier in its ARN."""
S3_URI = re.compile(r"s3a?://([^/]+)/?(.*)")


def arns_for(action: str, arn: str, type_name: str, name: str, properties: JsonMapping) -> Iterator[str]:
    """Yields the ARNs, which may be patterns; ``*`` if IAM cannot allow the action on less.

    Args:
        action: an action of a handler.
        arn: what stands for the ARN of the resource.
        type_name: its type.
        name: its name in AWS; empty if AWS gives it one.
        properties: its properties.
    """
    service, _, operation = action.partition(":")
    service = service.lower()
    action = f"{service}:{operation}"
    forms = iam_actions.forms_of(action) if iam_actions.exists(action) else []
    if not forms:
        yield "*"
        return
    texts = list(_texts(properties))
    _, partition, _, region, account, _ = arn.split(":", 5)
    values = {"Partition": partition, "Region": region, "Account": account}
    named = [text for _, text in texts if text.startswith("arn:") and iam_actions.fits(action, text)]
    yield from named
    own = service in arn.partition(STAND_IN)[2].lower()
    for form in forms:
        pattern = re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], "*"), form)
        word = _word(form)
        if action == SERVICE_LINKED:
            yield pattern.replace(".*", "aws-service-role/*")
        elif own and word in {"", type_name.rpartition("::")[2].lower()}:
            yield pattern.replace(".*", f"*{name}*" if name else "*")
        elif pattern.startswith(f"arn:{partition}:s3:::"):
            objects = "object" in iam_actions.types_of(action)
            yield from (f"arn:{partition}:s3:::{path}" for path in _places(texts, objects=objects))
        elif referred := _referred(word, texts):
            yield (meant := pattern.replace(".*", "*" if has_mark(referred) else referred))
            if service == "lambda" and properties.get("Qualifier", LATEST) != LATEST:
                yield f"{meant}:{properties['Qualifier']}"
        elif own or not (named or service in NAMED):
            yield pattern.replace(".*", f"*{name}*" if own and name else "*")


def _texts(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Yields every text in properties with the name of the property, in small letters, those at the top first."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in sorted(value.items(), key=lambda item: isinstance(item[1], dict | list)):
            yield from _texts(inner, str(key).lower())
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, name)


def _word(form: str) -> str:
    """The word for the kind of a resource in the form of its ARN, as ``workgroup`` in ``…:workgroup/.*``; empty without one."""
    word = re.match("[a-z-]*", form.split(":", 5)[5].lower())
    return word[0].replace("-", "") if word else ""


def _referred(word: str, texts: list[tuple[str, str]]) -> str:
    """What the property says that has this word in its name; empty if none has it, or if it is an ARN."""
    return next((text for name, text in texts if word and word in name and not text.startswith("arn:")), "")


def _places(texts: list[tuple[str, str]], *, objects: bool) -> Iterator[str]:
    """The buckets in properties, or the places in them."""
    for name, text in texts:
        if uri := S3_URI.fullmatch(text):
            yield f"{uri[1]}/{uri[2]}*" if objects else uri[1]
        elif "bucket" in name and not text.startswith("arn:"):
            bucket = "*" if has_mark(text) else text
            yield f"{bucket}/*" if objects else bucket
