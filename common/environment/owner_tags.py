"""The two tags by which resources are known as an environment's, whatever they are called: their keys, and what they say.

The keys begin as the configuration says (`tag_prefix`), the values are the environment's owner, as in ``acres-dev/dev``, and the
project. Tags with another beginning are understood, too: they are of an environment that is configured so, or was.

Follows https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
"""

import re
from collections.abc import Mapping

DEFAULT_PREFIX = "deployer:"
"""The beginning of the keys where configuration has no other."""
ENVIRONMENT, PROJECT, RESOURCE, TEMPORARY = "environment", "project", "resource", "temporary"
"""How the keys of our tags end."""
TEMPORARY_MACHINE = re.compile(r"(.+)-from-[0-9a-f]{8}")
"""The names of temporary state machines: that of the deployed machine, and a random part."""
OWNER = re.compile(r"[a-z][a-z0-9-]{0,23}/[a-z][a-z0-9-]{0,19}")
"""The owner of an environment looks like this: its name_prefix and its name."""


def check_prefix(prefix: str) -> str:
    """Returns the beginning of the keys if AWS accepts tags with it.

    Raises:
        ValueError: AWS reserves such keys, or IAM would take them for the usual ones.
    """
    if prefix.casefold().startswith("aws:"):
        raise ValueError("tags that begin with aws: are AWS's own")
    if prefix != DEFAULT_PREFIX and prefix.casefold() == DEFAULT_PREFIX:
        raise ValueError(f"it differs from {DEFAULT_PREFIX} in case alone, and IAM does not tell such keys apart")
    return prefix


def environment_key(prefix: str) -> str:
    """Returns the key of the tag that says the owner."""
    return f"{prefix}{ENVIRONMENT}"


def resource_key(prefix: str) -> str:
    """Returns the key of the tag that names a resource whose ARN is not known before it exists."""
    return f"{prefix}{RESOURCE}"


def project_key(prefix: str) -> str:
    """Returns the key of the tag that says the project."""
    return f"{prefix}{PROJECT}"


def temporary_key(prefix: str) -> str:
    """Returns the key of the tag that marks what a command has made for itself and deletes when it ends."""
    return f"{prefix}{TEMPORARY}"


def find_prefix(tags: Mapping[str, str], prefix: str = DEFAULT_PREFIX) -> str | None:
    """Returns the beginning of the keys among the tags of a resource: `prefix` if there are such, else any other.

    With another beginning both tags must be there, and the first must look like an owner: `project` and `environment` are common.
    """
    if tags.get(environment_key(prefix)):
        return prefix
    others = (key.removesuffix(ENVIRONMENT) for key, value in sorted(tags.items()) if key.endswith(ENVIRONMENT) and value)
    return next(
        (other for other in others if other and project_key(other) in tags and OWNER.fullmatch(tags[environment_key(other)])),
        None,
    )


def read_owner(tags: Mapping[str, str], prefix: str = DEFAULT_PREFIX) -> tuple[str | None, str | None]:
    """Returns the owner and the project that the tags of a resource say; None for what they do not say."""
    actual = find_prefix(tags, prefix)
    return (None, None) if actual is None else (tags[environment_key(actual)], tags.get(project_key(actual)))


def keys_of(tags: Mapping[str, str], owner: str) -> list[str]:
    """Returns the keys of all owner tags of this owner among the tags of a resource, whatever they begin with."""
    prefixes = [key.removesuffix(ENVIRONMENT) for key, value in tags.items() if key.endswith(ENVIRONMENT) and value == owner]
    keys = (key for prefix in prefixes if prefix for key in (environment_key(prefix), project_key(prefix), resource_key(prefix)))
    return [key for key in keys if key in tags]
