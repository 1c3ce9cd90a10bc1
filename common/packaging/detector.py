"""Finds secrets in text and files, by the formats that those who issue them have given them.

The rules are Kingfisher's, which MongoDB maintains and which has those of Betterleaks, the successor of Gitleaks: of the scanners
that Python has, these find the most formats, and the fewest of what is none, because each rule also looks at the randomness, the
checksum and the neighbourhood of what it found. What tells a secret by randomness alone is not among them: hashes, identifiers
and data would be refused. A few rules of `secret_rules.yml` are added. The scanner is native code, scans hundreds of megabytes
in a second, and asks nobody; it takes a moment to load, so that is done when something is to be scanned for the first time.

Follows https://github.com/mongodb/kingfisher/blob/main/docs/PYPI.md
"""

import os
import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from common.base import digest
from common.packaging import opened

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner

NAMES = re.compile(
    r"\.env(\.(?!example$|sample$|template$).*)?|.*\.(key|p12|pfx|jks|keystore|ppk)|id_(rsa|dsa|ecdsa|ed25519)"
    r"|[._]netrc|\.pypirc|\.git-credentials|\.htpasswd|\.pgpass|pgpass\.conf|\.my\.cnf|\.mylogin\.cnf|\.dockercfg"
    r"|\.dockerconfigjson|\.s3cfg|\.boto|\.terraformrc|\.vault-token|application_default_credentials\.json",
    re.IGNORECASE,
)
"""Files that hold secrets by their name."""
PLACES = re.compile(r"(^|/)(\.aws/.*|\.docker/config\.json|\.kube/config|\.azure/.*|\.config/gcloud/.*)", re.IGNORECASE)
"""And by the folder that they lie in."""
RULES = Path(__file__).with_name("secret_rules.yml")
OURS = "deployer."
"""How the identifiers of the rules in `RULES` begin."""
CHUNK, OVERLAP = 64 * 2**20, 64 * 2**10
"""Bytes that are scanned at once, and those of them that are scanned again with the next ones."""
EXAMPLES = re.compile(r"pass(wd|word)?|pwd|secret|user(name)?|token|credentials?|x+|\*+|\.+|change_?me", re.IGNORECASE)
"""What documentation writes in place of a password."""
ADDRESSES = frozenset({"deployer.address-password", "deployer.jdbc-password", "betterleaks.generic-credential-uri"})
_loading = threading.Lock()


class Finding(NamedTuple):
    """A secret: the line where it begins, counted from 1, and what it is. Never the secret itself."""

    line: int
    kind: str


def in_text(data: bytes, *, examples: bool = False) -> list[Finding]:
    """The secrets in a text of any Unicode encoding.

    Args:
        data: the text.
        examples: whether a word such as ``password`` counts as a password in an address, which it does not in documentation.
    """
    found = _scanned(data, examples=examples)
    if b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):  # text among other bytes, or no UTF-16 after all
        found |= _scanned(data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b""), examples=examples)
    return sorted(found)


def in_file(path: Path) -> list[str]:
    """What a file holds: each as ``path:line holds …``, in the words of a message; ends with the place within an archive."""
    found = path.stat()
    return list(_in_file(path, tuple(digest.of_stat(found))))


def is_secret_name(name: str) -> bool:
    """Whether a file holds secrets by its name, a relative path."""
    return NAMES.fullmatch(name.rpartition("/")[2]) is not None or PLACES.search(name) is not None


@lru_cache(maxsize=100_000)
def _in_file(path: Path, _stat: tuple[int, ...]) -> tuple[str, ...]:
    """A package and its users ask for the same files."""
    with path.open("rb") as file:
        found = [f":{line} holds {kind}" for line, kind in _in_chunks(file)]
        file.seek(0)
        try:
            for name, data in opened.members(file):
                if is_secret_name(name):
                    found.append(f" holds {name}, which holds secrets by its name")
                found += [f" holds {kind} in {name}:{line}" for line, kind in in_text(data)]
        except opened.TooMuch:
            found.append(" is an archive that is too large to be searched for secrets")
    return tuple(dict.fromkeys(found))


def _in_chunks(file: IO[bytes]) -> Iterator[Finding]:
    line, chunk = 1, file.read(CHUNK)
    while chunk:
        yield from (Finding(line + one.line - 1, one.kind) for one in in_text(chunk))
        more = file.read(CHUNK)
        line += chunk[: -OVERLAP if more else None].count(b"\n")
        chunk = chunk[-OVERLAP:] + more if more else b""


def _scanned(data: bytes, *, examples: bool) -> set[Finding]:
    kinds: dict[int, str] = {}
    for finding in _scanner().scan(data):
        rule, line = finding.rule_id, finding.location["line"]
        if finding.visible and not _is_example(rule, finding.secret, examples=examples):
            kinds[line] = _kind(rule, finding.rule_name) if rule.startswith(OURS) or line not in kinds else kinds[line]
    return {Finding(line, kind) for line, kind in kinds.items()}


def _is_example(rule: str, secret: str, *, examples: bool) -> bool:
    if rule in ADDRESSES:
        return not examples and EXAMPLES.fullmatch(secret) is not None
    return "EXAMPLE" in secret


def _kind(rule: str, name: str) -> str:
    """As in "holds …": the rules of others have sentences for names, and identifiers that say it shortly."""
    if rule.startswith(OURS):
        return name
    words = re.split(r"[./]", rule, maxsplit=1)[1].removeprefix("secrets/").partition(".")[0].replace("-", " ")
    return f"a secret ({words})"


def _scanner() -> "Scanner":
    with _loading:
        return _loaded(os.getpid())


@lru_cache(maxsize=1)
def _loaded(_process: int) -> "Scanner":
    from kingfisher_sdk import Rules, Scanner  # noqa: PLC0415 - only what was not searched before needs it

    return Scanner(Rules([RULES]))
