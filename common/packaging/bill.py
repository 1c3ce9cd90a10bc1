"""Bills of materials: which packages of other people an artifact holds, as CycloneDX JSON.

They are made from what is installed, so they tell what is there, not what was asked for. Nothing in them depends on who makes
them, where or when (no timestamp, no serial number): equal artifacts have equal bills. Version 1.5 is the one that Amazon
Inspector reads, and other scanners do, too.

Follows https://cyclonedx.org/docs/1.5/json/ and https://github.com/package-url/purl-spec
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from common.base.digest import Digest
from common.base.json_types import JsonObject

ENDING = ".cdx.json"
"""Follows the name of the artifact."""
MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.5"
Document = JsonObject
Wheels = Mapping[str, Mapping[str, str]]
"""The SHA-256 of wheels by their file names, of each package by its normalized name."""


@dataclass(frozen=True)
class Component:
    """A package of somebody else's.

    Args:
        ecosystem: where it comes from, as package URLs call it: ``pypi``, ``npm``.
        name: as its author spells it; npm's with its scope.
        version: as its author spells it.
        licenses: as CycloneDX wants them, see `licenses`.
        hashes: algorithms and hexadecimal digests of the archive that was installed.
    """

    ecosystem: str
    name: str
    version: str
    licenses: Sequence[Document] = ()
    hashes: Sequence[tuple[str, str]] = ()

    @property
    def purl(self) -> str:
        """Its package URL, as in ``pkg:pypi/pyyaml@6.0.3``."""
        name = self.name.lower().replace("_", "-") if self.ecosystem == "pypi" else self.name
        return f"pkg:{self.ecosystem}/{quote(name)}@{quote(self.version, safe='')}"

    def as_object(self) -> Document:
        """As CycloneDX spells it. A version has another archive on each platform, so its hash is part of the reference."""
        group, _, name = self.name.rpartition("/")
        reference = "#".join([self.purl, *(content[:12] for _, content in self.hashes[:1])])
        found: Document = {"type": "library", "bom-ref": reference}
        found |= {"group": group} if group else {}
        found |= {"name": name, "version": self.version, "purl": self.purl}
        found |= {"hashes": _hashes(self.hashes)} if self.hashes else {}
        return found | ({"licenses": list(self.licenses)} if self.licenses else {})


def subject(kind: str, group: str, name: str, version: Digest, content: str) -> Document:
    """What a bill is of.

    Args:
        kind: a type of CycloneDX, as in ``application``.
        group: its project.
        name: of the artifact.
        version: its input digest.
        content: the digest of its bytes.
    """
    reference = {"type": kind, "bom-ref": f"{group}/{name}@{version}", "group": group}
    return {**reference, "name": name, "version": version, "hashes": _hashes([("SHA-256", content)])}


def document(of: Document, components: Iterable[Component]) -> Document:
    """The bill of one artifact."""
    return _document(of, [one.as_object() for one in components], [])


def merged(name: str, bills: Iterable[Document]) -> Document:
    """One bill of several artifacts, which are components of it as what they hold is; one alone stays as it is.

    Args:
        name: of them all.
        bills: of each.
    """
    bills = list(bills)
    if len(bills) == 1:
        return bills[0]
    subjects = [one["metadata"]["component"] for one in bills]
    held = [component for one in bills for component in one["components"]]
    within = [edge for one in bills for edge in one["dependencies"]]
    return _document({"type": "application", "bom-ref": name, "name": name}, held, subjects, within)


def beside(artifact: Path) -> Path:
    """Where the bill of a built artifact is."""
    return artifact.with_name(f"{artifact.name}{ENDING}")


def content(known: Path) -> str | None:
    """The digest of the bytes that a stored bill is of; None if there is none that can be read."""
    try:
        found: str = json.loads(known.read_text(encoding="utf-8"))["metadata"]["component"]["hashes"][0]["content"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found


def text(of: Document) -> str:
    """The document as it is stored and printed."""
    return json.dumps(of, indent=2, ensure_ascii=False) + "\n"


def _document(of: Document, held: Iterable[Document], subjects: Iterable[Document], within: Iterable[Document] = ()) -> Document:
    """A document of which `of` stands on all `subjects`, or else on all that is held."""
    parts, components = _unique(subjects), _unique(held)
    edge = {"ref": of["bom-ref"], "dependsOn": [one["bom-ref"] for one in parts or components]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": of},
        "components": [*parts, *components],
        "dependencies": [edge, *sorted(within, key=lambda one: str(one["ref"]))],
    }


def _unique(found: Iterable[Document]) -> list[Document]:
    """One of each reference, in their order: nothing may be there twice."""
    return [one for _, one in sorted({str(one["bom-ref"]): one for one in found}.items())]


def _hashes(found: Iterable[tuple[str, str]]) -> list[Document]:
    return [{"alg": algorithm, "content": content} for algorithm, content in found]
