"""KMS keys. They are only referred to. A permission on a key names the key itself: an alias may lead to another key tomorrow.

Follows https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
"""

import re

from common.model.kind import ArnForm, Kind, NameRule
from common.model.lookup import Lookup

_DELETED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""A key in one of these states encrypts and decrypts nothing.

See https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""
KIND = Kind(
    name="key",
    word="key",
    service="kms",
    step="",
    arn=ArnForm("kms", "key/"),
    names=NameRule(128),
    reads=("kms:Decrypt",),
    writes=("kms:Decrypt", "kms:GenerateDataKey"),
    lookup=Lookup(
        "DescribeKey",
        lambda key: {"KeyId": key.arn},
        ("NotFoundException",),
        names=re.compile(r"(?P<name>(mrk-)?[0-9a-f-]{32,36})"),
        words="the id of a key or its ARN, and no alias",
        is_there=lambda response, _: response["KeyMetadata"].get("KeyState") not in _DELETED,
    ),
)
