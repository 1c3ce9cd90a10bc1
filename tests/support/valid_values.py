"""Values that AWS's models accept, made from the models that botocore brings."""

from typing import Any

ARN = "arn:aws:kms:eu-central-1:123456789012:key/1"
TEXTS = {
    "TargetArn": "arn:aws:sqs:eu-central-1:123456789012:dead",
    "MaintenanceWindow": "Sun:10",
    "LocalMountPath": "/mnt/x",
    "Arn": "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-01234567890123456",
    "RuntimeArn": "arn:aws:lambda:eu-central-1:123456789012:runtime/x",
    "CapacityProviderArn": "arn:aws:lambda:eu-central-1:123456789012:capacity-provider:x",
    "Configuration": '{"Grouping": {"TableLevelConfiguration": 2}}',
    "CatalogId": "123456789013",
    "PythonVersion": "3",
    "JobMode": "VISUAL",
    "SSEAlgorithm": "aws:kms",
    "TableClass": "STANDARD_INFREQUENT_ACCESS",
    "logGroupClass": "INFREQUENT_ACCESS",
    "Operation": "UPPER_CASE",
    "Condition": "IS",
    "SecretManagerArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x",
}
"""Texts of fields that AWS's models hold to a pattern, by the name of the field, and choices that are not the usual ones."""


def valid(of: Any, name: str = "", depth: int = 6) -> Any:
    """A value of a shape that AWS accepts, with every member set; some shapes hold themselves, so not without end."""
    if of.type_name == "structure":
        members = of.members.items() if depth > 0 else [(member, of.members[member]) for member in of.required_members]
        return {member: valid(inner, member, depth - 1) for member, inner in members}
    if of.type_name == "list":
        return [valid(of.member, name, depth)] * max(1, of.metadata.get("min", 1))
    if of.type_name == "map":
        return {[*getattr(of.key, "enum", ()), "key"][0]: valid(of.value, name, depth - 1)}
    if of.type_name != "string":
        plain = {"boolean": True, "timestamp": "2027-01-01T00:00:00Z"}
        return plain.get(of.type_name, max(1, of.metadata.get("min", 1)))
    text = TEXTS.get(name) or (ARN if "Arn" in name or "kms" in name else "text")
    return text if text in of.enum or not of.enum else of.enum[0]
