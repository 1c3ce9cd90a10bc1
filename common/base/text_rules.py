"""What texts of configuration and declarations may hold, where a pattern alone cannot say it.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
and https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

BUCKET = re.compile(r"[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
ADDRESS = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}")
BUCKET_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
BUCKET_ENDINGS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
"""What S3 keeps for its own names."""
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))})
"""Windows can have no file and no folder of these names, whatever their ending."""
SSM = re.compile(r"ssm:/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(:[A-Za-z0-9_.-]+)?")


def plain(text: str) -> str:
    """The text, which terminals and AWS take as it is: tabs and ends of lines are the only control characters in it.

    Raises:
        ValueError: it holds others, or half of a character.
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\n\r":
            raise ValueError(f"a text must not hold the control character U+{ord(character):04X}")
    return text


def bucket_name(name: str) -> str:
    """The name, which S3 accepts for a bucket.

    Raises:
        ValueError: it does not.
    """
    if not BUCKET.fullmatch(name):
        raise ValueError(
            "a bucket's name has 3 to 63 lower-case letters, digits, hyphens and single dots; first and last is a letter or digit"
        )
    if ADDRESS.fullmatch(name):
        raise ValueError("a bucket's name must not look like an IP address")
    if name.startswith(BUCKET_BEGINNINGS) or name.endswith(BUCKET_ENDINGS):
        reserved = ", ".join((*(f"{one}…" for one in BUCKET_BEGINNINGS), *(f"…{one}" for one in BUCKET_ENDINGS)))
        raise ValueError(f"S3 keeps some names for itself: {reserved}")
    return name


def file_name(name: str) -> str:
    """The name, which a file or folder may have on every system.

    Raises:
        ValueError: Windows keeps it for a device.
    """
    if name.casefold() in DEVICES:
        raise ValueError(f"Windows can have no file called {name}")
    return name


def parameter(value: str) -> str:
    """A parameter's value, or where Parameter Store has it.

    Raises:
        ValueError: no parameter can be called that, or the value is not `plain`.
    """
    if value.startswith("ssm:") and not SSM.fullmatch(value):
        raise ValueError("the name of a parameter has letters, digits and _.-, between single slashes: ssm:/acres/dev/limit")
    return plain(value)


def prefix(text: str) -> str:
    """What the names of an environment's resources begin with.

    Raises:
        ValueError: log groups and roles that begin so are AWS's.
    """
    if text == "aws" or text.startswith("aws-"):
        raise ValueError("names that begin with aws are AWS's own")
    return text


def unreserved(key: str) -> str:
    """The key of a tag that is people's to set.

    Raises:
        ValueError: it is AWS's, or ours.
    """
    if key.casefold().startswith(("aws:", "deployer:")):
        raise ValueError("tags that begin with aws: or deployer: are not yours to set")
    return key


def different(tags: dict[str, str]) -> dict[str, str]:
    """The tags; IAM takes two for one whose keys differ in nothing but case.

    Raises:
        ValueError: there are such.
    """
    seen: dict[str, str] = {}
    for key in tags:
        other = seen.setdefault(key.casefold(), key)
        if other != key:
            raise ValueError(f"{other} and {key} differ in case alone")
    return tags


Text = Annotated[str, AfterValidator(plain)]
ROLE_NAME = r"([A-Za-z0-9+=,.@_/-]+/)?[A-Za-z0-9+=,.@_-]{1,64}"
RoleArn = Annotated[str, Field(pattern=rf"^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/{ROLE_NAME}$", max_length=2048)]
PolicyArn = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-]$", max_length=2048)
]
LayerArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:([0-9]{12}|aws):layer:[A-Za-z0-9_-]{1,140}:[0-9]+$", max_length=2048),
]
ResourceName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
TagKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +\-=._:/@]{1,128}$"), AfterValidator(unreserved)]
TagValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +\-=._:/@]{0,256}$")]
