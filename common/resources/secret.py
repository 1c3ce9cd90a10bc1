"""Secrets of Secrets Manager. They are only referred to: what a secret holds is in no file and no record of a deploy.

The ARN of a secret ends with six characters that AWS chooses. By its name alone a secret is granted with any six.

Follows https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
"""

import re

from common.model.kind import ArnForm, Kind, NameRule
from common.model.lookup import Lookup

KIND = Kind(
    name="secret",
    word="secret",
    service="secretsmanager",
    step="",
    arn=ArnForm("secretsmanager", "secret:"),
    names=NameRule(512),
    reads=("secretsmanager:GetSecretValue",),
    lookup=Lookup(
        "DescribeSecret",
        lambda secret: {"SecretId": secret.arn},
        ("ResourceNotFoundException",),
        names=re.compile(r"(?P<name>[A-Za-z0-9/_+=.@-]+)"),
        words="the name of a secret, or its whole ARN with the six characters at its end",
        chosen="-??????",
        key=lambda response: str(response.get("KmsKeyId", "")),
        is_there=lambda response, _: "DeletedDate" not in response,  # AWS refuses to tell what a deleted secret holds
    ),
)
