"""Rules for texts of configuration and declarations that a pattern alone cannot express.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
and https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

BUCKET_NAME = re.compile(r"[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
IP_ADDRESS = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}")
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
"""Beginnings and ends of bucket names that S3 reserves."""
WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))})
"""Names that Windows reserves for devices, so no file or folder can have them, with any suffix."""
SSM_REFERENCE = re.compile(r"ssm:/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(:[A-Za-z0-9_.-]+)?")


def check_text(text: str) -> str:
    """Returns the text if it has no control characters besides tabs and line ends.

    Raises:
        ValueError: it has others, or an unpaired surrogate.
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\n\r":
            raise ValueError(f"a text must not hold the control character U+{ord(character):04X}")
    return text


def check_bucket_name(name: str) -> str:
    """Returns the name if S3 accepts it for a bucket.

    Raises:
        ValueError: S3 would refuse it.
    """
    if not BUCKET_NAME.fullmatch(name):
        raise ValueError(
            "a bucket's name has 3 to 63 lower-case letters, digits, hyphens and single dots; first and last is a letter or digit"
        )
    if IP_ADDRESS.fullmatch(name):
        raise ValueError("a bucket's name must not look like an IP address")
    if name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES):
        reserved = ", ".join((*(f"{text}…" for text in RESERVED_PREFIXES), *(f"…{text}" for text in RESERVED_SUFFIXES)))
        raise ValueError(f"S3 reserves names such as these: {reserved}")
    return name


def check_file_name(name: str) -> str:
    """Returns the name if a file or folder may have it on every system.

    Raises:
        ValueError: Windows reserves the name for a device.
    """
    if name.casefold() in WINDOWS_DEVICES:
        raise ValueError(f"Windows cannot have a file called {name}")
    return name


def check_parameter(value: str) -> str:
    """Returns the value of a parameter, or its reference to Parameter Store.

    Raises:
        ValueError: the reference is not valid, or `check_text` refuses the value.
    """
    if value.startswith("ssm:") and not SSM_REFERENCE.fullmatch(value):
        raise ValueError("the name of a parameter has letters, digits and _.-, between single slashes: ssm:/acres/dev/limit")
    return check_text(value)


def check_prefix(text: str) -> str:
    """Returns the prefix of the names of an environment's resources.

    Raises:
        ValueError: AWS reserves names of log groups and roles that begin with it.
    """
    if text == "aws" or text.startswith("aws-"):
        raise ValueError("names that begin with aws are AWS's own")
    return text


def check_tag_key(key: str) -> str:
    """Returns the key of a tag if users may set it.

    Raises:
        ValueError: AWS or the deployer reserves the key.
    """
    if key.casefold().startswith(("aws:", "deployer:")):
        raise ValueError("tags that begin with aws: or deployer: are not yours to set")
    return key


def check_tag_keys(tags: dict[str, str]) -> dict[str, str]:
    """Returns the tags if no two keys are equal when case is ignored, as IAM ignores it.

    Raises:
        ValueError: two keys differ only in case.
    """
    seen: dict[str, str] = {}
    for key in tags:
        other = seen.setdefault(key.casefold(), key)
        if other != key:
            raise ValueError(f"{other} and {key} differ in case alone")
    return tags


Text = Annotated[str, AfterValidator(check_text)]
ROLE_NAME = r"([A-Za-z0-9+=,.@_/-]+/)?[A-Za-z0-9+=,.@_-]{1,64}"
RoleArn = Annotated[str, Field(pattern=rf"^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/{ROLE_NAME}$", max_length=2048)]
PolicyArn = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-]$", max_length=2048)
]
LayerArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:([0-9]{12}|aws):layer:[A-Za-z0-9_-]{1,140}:[0-9]+$", max_length=2048),
]
LogGroupArn = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9_./#-]{1,512}(:\*)?$", max_length=2048)
]
ResourceName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
InstanceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
TagKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +\-=._:/@]{1,128}$"), AfterValidator(check_tag_key)]
TagValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +\-=._:/@]{0,256}$")]
