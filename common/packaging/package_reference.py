"""What AWS runs already in place of an artifact, as long as the files that it stands for are not edited.

A zip that another tool has built cannot be built again byte for byte. So an imported function keeps its code: its package says
which CodeSha256 stands for which files, and a job's says where the script is. Once a file is edited, the text stands for nothing.
"""

from typing import NamedTuple, Self

from common.base import digest
from common.base.digest import Digest


class PackageReference(NamedTuple):
    """A text such as ``<CodeSha256>@<digest of the files>`` or ``s3://bucket/key@<digest of the script>``.

    Args:
        in_aws: a function's CodeSha256, as Lambda spells it, or the URI of a job's script.
        files: the digest of the files that it stands for.
    """

    in_aws: str
    files: Digest

    def __str__(self) -> str:
        return f"{self.in_aws}@{self.files}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads the text, whose form the settings have checked."""
        in_aws, _, files = text.rpartition("@")
        return cls(in_aws, Digest(files))

    @classmethod
    def of_script(cls, data: bytes, location: str) -> Self:
        """The reference to a script with these bytes at this URI."""
        return cls(location, digest.of_bytes(data))
