"""Which ARN a resource of a type has: the attribute that tells it once the resource exists, or its form around the identifier.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re

from common.aws import iam_actions
from common.aws.resource_schemas import Schema

ARN_IN = {"AWS::SecretsManager::Secret": "Id"}
"""The attributes that hold an ARN though nothing in the schema says so."""
NAMED = {"AWS::SSM::Parameter": "arn:${Partition}:ssm:${Region}:${Account}:parameter/.*"}
"""The forms of ARNs around the name, for types whose attribute with the ARN AWS does not always tell."""
END = ".*"
"""Stands in the form of an ARN for what differs."""


def attribute_of(schema: Schema) -> str:
    """The attribute with the ARN of a resource; empty if there is none."""
    if schema.type_name in {*ARN_IN, *NAMED}:
        return ARN_IN.get(schema.type_name, "")
    short = schema.type_name.rpartition("::")[2].lower()
    from_aws = {".".join(path) for path in schema.read_only}.intersection(schema.attributes())
    stems = {name: name.lower().rpartition(".")[2].removesuffix("arn") for name in from_aws if name.lower().endswith("arn")}
    ranks = {name: _rank(name, stem, short, schema) for name, stem in stems.items()}
    return min((name for name in ranks if ranks[name]), key=lambda name: (ranks[name], len(name), name), default="")


def _rank(name: str, stem: str, short: str, schema: Schema) -> int:
    """How sure it is that an attribute is the ARN of the resource itself, and not of what it belongs to: 1 is best, 0 is not."""
    if "." not in name and not stem:
        return 1
    if stem == short:
        return 2
    if "." not in name and (schema.identifiers == (name,) or stem == "resource" or (stem and stem in short)):
        return 3
    return 0


def form_of(schema: Schema) -> str:
    """The form of the ARNs of a type that one property identifies, with ``.*`` in its place; empty if it is not known."""
    if schema.type_name in NAMED:
        return NAMED[schema.type_name]
    forms = iam_actions.forms_of_type(schema.service.lower(), schema.type_name.rpartition("::")[2])
    if len(forms) != 1 or len(schema.identifiers) != 1:
        return ""
    return forms[0] if forms[0].endswith(END) and forms[0].count(END) == 1 else ""


def filled_in(form: str, values: dict[str, str], identifier: str) -> str:
    """A form with the partition, region and account of an environment, and an identifier without its first slash."""
    text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], form.removesuffix(END))
    return f"{text}{identifier.removeprefix('/') if text.endswith('/') else identifier}"
