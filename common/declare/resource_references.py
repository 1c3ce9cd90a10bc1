"""References to resources of any type that the Cloud Control API manages: what is known of one before it exists."""

from common.aws import resource_arns
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
    """The reference to a resource with this name; empty if AWS gives it one.

    An ARN has a mark even where it follows from the name: what says it is deployed after the resource.
    """
    identifier = mark_of(key, schema.identifiers[0]) if schema.identifiers else ""
    arn = stand_in(env, key, schema, name).arn
    if attribute := resource_arns.attribute_of(schema):
        arn = mark_of(key, attribute)
    elif form := resource_arns.form_of(schema):
        values = {"Partition": env.partition, "Region": env.region, "Account": env.account_id}
        arn = resource_arns.filled_in(form, values, name if schema.type_name in resource_arns.NAMED else identifier)
    return GeneratedRef(key, name or identifier, arn, frozenset(schema.attributes()), schema.services, schema.type_name)


def token_of(ref: Ref, attribute: str = "arn") -> str:
    """What stands for an attribute of a resource in properties, so that the resource is deployed first."""
    if isinstance(ref, GeneratedRef | ExistingRef):
        return ref.arn if attribute == "arn" else ref.name
    return f"${{{kind_of(ref.key.kind).word}.{ref.key.name}.{attribute}}}"
