"""Finds secrets in text and files by the formats that their issuers gave them.

The rules are those of Kingfisher, which MongoDB maintains and which includes those of Betterleaks, the successor of Gitleaks. Of
the scanners for Python it finds the most formats with the fewest false positives, because each rule also checks the randomness,
the checksum and the context of a match. No rule goes by randomness alone, as that would refuse hashes, identifiers and data.
`secret_rules.yml` adds a few rules. The scanner is native code, scans hundreds of megabytes a second and makes no network calls.
It takes a moment to load, so it is loaded when the first file is scanned.

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
from common.packaging import archive_reader

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner

SECRET_NAMES = re.compile(
    r"\.env(\.(?!example$|sample$|template$).*)?|.*\.(key|p12|pfx|jks|keystore|ppk)|id_(rsa|dsa|ecdsa|ed25519)"
    r"|[._]netrc|\.pypirc|\.git-credentials|\.htpasswd|\.pgpass|pgpass\.conf|\.my\.cnf|\.mylogin\.cnf|\.dockercfg"
    r"|\.dockerconfigjson|\.s3cfg|\.boto|\.terraformrc|\.vault-token|application_default_credentials\.json",
    re.IGNORECASE,
)
"""Matches names of files that hold secrets, whatever their content."""
SECRET_FOLDERS = re.compile(r"(^|/)(\.aws/.*|\.docker/config\.json|\.kube/config|\.azure/.*|\.config/gcloud/.*)", re.IGNORECASE)
"""Matches paths of files that hold secrets because of the folder that they are in."""
RULES_FILE = Path(__file__).with_name("secret_rules.yml")
OWN_RULE_PREFIX = "deployer."
"""The prefix of the identifiers of the rules in `RULES_FILE`."""
CHUNK, OVERLAP = 64 * 2**20, 64 * 2**10
"""How many bytes are scanned at once, and how many of them are scanned again with the next chunk."""
PLACEHOLDERS = re.compile(r"pass(wd|word)?|pwd|secret|user(name)?|token|credentials?|x+|\*+|\.+|change_?me", re.IGNORECASE)
"""Matches what documentation writes in place of a password."""
ADDRESS_RULES = frozenset({"deployer.address-password", "deployer.jdbc-password", "betterleaks.generic-credential-uri"})
_loading = threading.Lock()


class Finding(NamedTuple):
    """A secret that was found: the line where it begins (counted from 1) and its kind, but never the secret itself."""

    line: int
    kind: str


def ready() -> None:
    """Loads the scanner in advance, because loading takes a moment."""
    find_in_text(b"")


def find_in_text(data: bytes, *, examples: bool = False) -> list[Finding]:
    """Finds the secrets in a text of any Unicode encoding.

    Args:
        data: the text.
        examples: whether a word such as ``password`` counts as a password in an address, which it does not in documentation.
    """
    findings = _scan(data, examples=examples)
    if b"\0" in data or data.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):  # text among other bytes, or a byte-order mark without UTF-16
        findings |= _scan(data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b""), examples=examples)
    return sorted(findings)


def find_in_file(path: Path) -> list[str]:
    """Finds the secrets in a file: one text each, such as ``:3 holds a token``, that follows the path in a message."""
    status = path.stat()
    return list(_scan_file(path, tuple(digest.of_stat(status))))


def is_secret_name(name: str) -> bool:
    """Whether the name of a file (a relative path) says that it holds secrets."""
    return SECRET_NAMES.fullmatch(name.rpartition("/")[2]) is not None or SECRET_FOLDERS.search(name) is not None


@lru_cache(maxsize=100_000)
def _scan_file(path: Path, _stat: tuple[int, ...]) -> tuple[str, ...]:
    """Scans a file once for each status, because a layer and the functions that use it scan the same files."""
    with path.open("rb") as file:
        messages = [f":{line} holds {kind}" for line, kind in _scan_chunks(file)]
        file.seek(0)
        try:
            for name, data in archive_reader.read_members(file):
                if is_secret_name(name):
                    messages.append(f" holds {name}, which holds secrets by its name")
                messages += [f" holds {kind} in {name}:{line}" for line, kind in find_in_text(data)]
        except archive_reader.ArchiveTooLarge:
            messages.append(" is an archive that is too large to be searched for secrets")
    return tuple(dict.fromkeys(messages))


def _scan_chunks(file: IO[bytes]) -> Iterator[Finding]:
    line, chunk = 1, file.read(CHUNK)
    while chunk:
        yield from (Finding(line + finding.line - 1, finding.kind) for finding in find_in_text(chunk))
        more = file.read(CHUNK)
        line += chunk[: -OVERLAP if more else None].count(b"\n")
        chunk = chunk[-OVERLAP:] + more if more else b""


def _scan(data: bytes, *, examples: bool) -> set[Finding]:
    kinds: dict[int, str] = {}
    for finding in _get_scanner().scan(data):
        rule, line = finding.rule_id, finding.location["line"]
        if finding.visible and not _is_example(rule, finding.secret, examples=examples):
            kinds[line] = (
                _describe_rule(rule, finding.rule_name) if rule.startswith(OWN_RULE_PREFIX) or line not in kinds else kinds[line]
            )
    return {Finding(line, kind) for line, kind in kinds.items()}


def _is_example(rule: str, secret: str, *, examples: bool) -> bool:
    if rule in ADDRESS_RULES:
        return not examples and PLACEHOLDERS.fullmatch(secret) is not None
    return "EXAMPLE" in secret


def _describe_rule(rule: str, name: str) -> str:
    """Describes a finding for "holds …". The names of Kingfisher's rules are sentences, so their short identifiers are used."""
    if rule.startswith(OWN_RULE_PREFIX):
        return name
    words = re.split(r"[./]", rule, maxsplit=1)[1].removeprefix("secrets/").partition(".")[0].replace("-", " ")
    return f"a secret ({words})"


def _get_scanner() -> "Scanner":
    with _loading:
        return _load_scanner(os.getpid())


@lru_cache(maxsize=1)
def _load_scanner(_process: int) -> "Scanner":
    from kingfisher_sdk import Rules, Scanner  # slow to load, and needed only for files that were not scanned before

    return Scanner(Rules([RULES_FILE]))
