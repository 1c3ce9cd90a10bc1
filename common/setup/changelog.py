"""What a changelog says of the versions after one."""

import re

from packaging.version import InvalidVersion, Version

HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\].*$", re.MULTILINE)
UNRELEASED = "Unreleased"


def is_older(version: str, than: str) -> bool:
    """Whether a version is older than another one."""
    return Version(version) < Version(than)


def since(text: str, version: str, earlier: str = "") -> str:
    """Returns the sections of the versions after one, and of what is not released yet, the newest first.

    Args:
        text: the changelog.
        version: the version.
        earlier: the changelog of that version; a section that it has is left out.
    """
    headings = [*HEADING.finditer(text)]
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    sections = [
        text[heading.start() : end].strip()
        for heading, end in zip(headings, ends, strict=True)
        if _is_after(heading["name"], version) and (body := text[heading.end() : end].strip()) and body not in earlier
    ]
    return "\n\n".join(sections)


def _is_after(name: str, version: str) -> bool:
    try:
        return name == UNRELEASED or is_older(version, name)
    except InvalidVersion:
        return False
