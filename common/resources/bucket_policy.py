"""The statements that a bucket's policy has from us. Others may have statements in it, too, which stay.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from collections.abc import Sequence

from common.base.json_types import Json, JsonMapping
from common.model import comparison
from common.model.resource import State

ACCESS_LOGS = "AccessLogsOfDeployedBuckets"
"""The statement with this name lets S3 write access logs; it is ours, whether it is declared or not."""


def of(arn: str, account_id: str, logged: Sequence[str]) -> State:
    """The policy: nobody comes without TLS, and S3 writes the access logs of the buckets `logged`, by their ARNs."""
    denied = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    sources: Json = logged[0] if len(logged) == 1 else sorted(logged)
    logging = {
        "Sid": ACCESS_LOGS,
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{arn}/*",
        "Condition": {"ArnLike": {"aws:SourceArn": sources}, "StringEquals": {"aws:SourceAccount": account_id}},
    }
    return {"Version": "2012-10-17", "Statement": [denied, *([logging] if logged else [])]}


def split(live: JsonMapping | None, policy: JsonMapping) -> tuple[list[Json], list[Json]]:
    """Splits the statements of a live policy into ours and others'."""
    own: list[Json] = []
    others: list[Json] = []
    document = live
    declared = policy["Statement"]
    for statement in [*declared, *([{"Sid": ACCESS_LOGS}] if len(declared) == 1 else [])]:
        ours, others = comparison.statements(document, statement)
        own, document = [*own, *ours], {"Statement": others}
    return own, others


def joined(live: JsonMapping, policy: JsonMapping, stale: JsonMapping) -> State:
    """The policy with the statements of others as they are now, without those that are taken away."""
    _, others = split(live, policy)
    return {**policy, **live, "Statement": [*comparison.left(others, stale), *policy["Statement"]]}
