"""Types that settings of several resources have."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from common.environment import endpoints, owner_tags
from common.environment.settings_model import Model

Retention = Literal[
    "never", 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""How many days log lines are kept; CloudWatch Logs accepts only these numbers. With ``never`` lines are not deleted."""


Verify = Literal["always", "on_request"]
"""When a plan reads the live state of a resource that is recorded as unchanged: always, or with --verify."""
TagPrefix = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9+\-=._:/@][A-Za-z0-9 +\-=._:/@]*$", max_length=100), AfterValidator(owner_tags.check_prefix)
]
"""Begins the keys of the deployer's own tags."""
Service = Annotated[str, AfterValidator(endpoints.check_service)]
"""A service of AWS, by botocore's name."""
Url = Annotated[str, AfterValidator(endpoints.check_url)]
"""The address of a service."""
PATTERN_CHARACTERS = 2048
"""How many characters the pattern of a rule may have, unless AWS has raised this quota of an account.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""
Reference = r"\$\{[^{}]+\}"
"""The pattern of a reference to something that is declared."""
KmsKey = Annotated[str, Field(pattern=rf"^(arn:aws[a-z-]*:kms:\S+:key/\S+|{Reference})$")]
"""The ARN of a key, or a reference to one. An alias would not do, because policies do not know what it stands for."""
QueueArn = Annotated[str, Field(pattern=rf"^(arn:aws[a-z-]*:sqs:\S+|{Reference})$")]
"""The ARN of a queue, or a reference to one."""
DeadLetter = Annotated[str, Field(pattern=rf"^(arn:aws[a-z-]*:(sqs|sns):\S+|{Reference})$")]
"""The ARN of a queue or a topic, or a reference to one."""


class FileSystem(Model):
    """A file system that a function mounts."""

    arn: Annotated[str, Field(pattern=rf"^(arn:aws[a-z-]*:(elasticfilesystem|s3files):\S+access-point/\S+|{Reference})$")]
    """The ARN of an access point of it, in EFS or S3 Files, or a reference to one."""
    path: Annotated[str, Field(pattern=r"^/mnt/[a-zA-Z0-9-_.]+$", max_length=160)]
    """Where the function finds it, as in /mnt/data."""
