"""References to resources of any type that the Cloud Control API manages: what is known of one before it exists."""

from common.aws.resource_schemas import Schema
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef, mark_of
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of

KIND = "resource"
"""The kind of all such resources, whatever their type."""


def stand_in(env: Environment, key: Key, schema: Schema, name: str) -> Ref:
    """The key with what stands for the ARN of a resource, which is not known before it exists: its type, its key and its name.

    Both end with the same word, so that a record in which they differ is not believed.
    """
    word = name.replace("/", "-") or key.name
    return Ref(key, word, env.arn("cloudcontrol", f"{key.project}/{tag_value(schema, key, word)}"))


def tag_value(schema: Schema, key: Key, word: str) -> str:
    """The value of the tag that names a resource."""
    return f"{schema.type_name.replace('::', '-')}/{key.name}/{word}"


def reference_to(env: Environment, key: Key, schema: Schema, name: str) -> GeneratedRef:
    """The reference to a resource with this name; empty if AWS gives it one."""
    attributes = frozenset(name for name in schema.attributes() if "." not in name)
    arn = next((mark_of(key, attribute) for attribute in ("Arn", f"{key.name}Arn") if attribute in attributes), "")
    arn = arn or next((mark_of(key, attribute) for attribute in sorted(attributes) if attribute.endswith("Arn")), "")
    identifier = mark_of(key, schema.identifiers[0]) if schema.identifiers else ""
    return GeneratedRef(
        key, name or identifier, arn or stand_in(env, key, schema, name).arn, attributes, schema.services, schema.type_name
    )


def token_of(ref: Ref, attribute: str = "arn") -> str:
    """What stands for an attribute of a resource in properties, so that the resource is deployed first."""
    if isinstance(ref, GeneratedRef | ExistingRef):
        return ref.arn if attribute == "arn" else ref.name
    return f"${{{kind_of(ref.key.kind).word}.{ref.key.name}.{attribute}}}"
