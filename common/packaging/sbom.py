"""Writes bills of materials (SBOMs): which third-party packages an artifact holds, as CycloneDX JSON.

A bill lists what is installed, not what was requested. It has no timestamp and no serial number, so equal artifacts have equal
bills. Amazon Inspector and other scanners read version 1.5 of the format.

Follows https://cyclonedx.org/docs/1.5/json/ and https://github.com/package-url/purl-spec
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from common.base.digest import Digest
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass

FILE_SUFFIX = ".cdx.json"
"""The suffix that the name of a bill adds to the name of its artifact."""
MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.5"
Document = JsonObject
Wheels = Mapping[str, Mapping[str, str]]
"""For each package (by normalized name), the SHA-256 digests of its wheels by their file names."""


@dataclass(frozen=True)
class Component:
    """A third-party package that an artifact holds.

    Args:
        ecosystem: the type of its package URL: ``pypi`` or ``npm``.
        name: the name as its author spells it; with the scope for npm.
        version: the version as its author spells it.
        licenses: the licenses as CycloneDX objects, see the module `licenses`.
        hashes: pairs of algorithm and hexadecimal digest of the archive that was installed.
    """

    ecosystem: str
    name: str
    version: str
    licenses: Sequence[Document] = ()
    hashes: Sequence[tuple[str, str]] = ()

    @property
    def purl(self) -> str:
        """The package URL, as in ``pkg:pypi/pyyaml@6.0.3``."""
        name = self.name.lower().replace("_", "-") if self.ecosystem == "pypi" else self.name
        return f"pkg:{self.ecosystem}/{quote(name)}@{quote(self.version, safe='')}"

    def as_object(self) -> Document:
        """Returns the CycloneDX object.

        The reference contains the hash, as a version has a different archive for each platform.
        """
        group, _, name = self.name.rpartition("/")
        reference = "#".join([self.purl, *(content[:12] for _, content in self.hashes[:1])])
        component: Document = {"type": "library", "bom-ref": reference}
        component |= {"group": group} if group else {}
        component |= {"name": name, "version": self.version, "purl": self.purl}
        component |= {"hashes": _hash_objects(self.hashes)} if self.hashes else {}
        return component | ({"licenses": list(self.licenses)} if self.licenses else {})


def describe_subject(kind: str, group: str, name: str, version: Digest, content: str) -> Document:
    """Describes the artifact that a bill belongs to.

    Args:
        kind: the CycloneDX type, as in ``application``.
        group: the project of the artifact.
        name: the name of the artifact.
        version: the input digest of the artifact.
        content: the SHA-256 of its bytes.
    """
    reference = {"type": kind, "bom-ref": f"{group}/{name}@{version}", "group": group}
    return {**reference, "name": name, "version": version, "hashes": _hash_objects([("SHA-256", content)])}


def document(of: Document, components: Iterable[Component]) -> Document:
    """Returns the bill of one artifact."""
    return _document(of, [component.as_object() for component in components], [])


def merge(name: str, documents: Iterable[Document]) -> Document:
    """Merges bills into one that lists the artifacts and what they hold as components. A single bill is returned unchanged.

    Args:
        name: the name of the merged subject.
        documents: the bill of materials of each artifact.
    """
    documents = list(documents)
    if len(documents) == 1:
        return documents[0]
    subjects = [document["metadata"]["component"] for document in documents]
    components = [component for document in documents for component in document["components"]]
    edges = [edge for document in documents for edge in document["dependencies"]]
    return _document({"type": "application", "bom-ref": name, "name": name}, components, subjects, edges)


def sbom_path(artifact: Path) -> Path:
    """Returns the path of the bill of a built artifact."""
    return artifact.with_name(f"{artifact.name}{FILE_SUFFIX}")


def described_digest(path: Path) -> str | None:
    """Reads from a stored bill the digest of the bytes it describes; None if there is no readable bill."""
    try:
        content_digest: str = json.loads(path.read_text(encoding="utf-8"))["metadata"]["component"]["hashes"][0]["content"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return content_digest


def text(of: Document) -> str:
    """Returns the document as it is stored and printed."""
    return json.dumps(of, indent=2, ensure_ascii=False) + "\n"


def _document(
    of: Document, contained: Iterable[Document], subjects: Iterable[Document], edges: Iterable[Document] = ()
) -> Document:
    """Builds a document in which `of` depends on all `subjects`, or on all contained components if there are no subjects."""
    parts, components = _deduplicate(subjects), _deduplicate(contained)
    edge = {"ref": of["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts or components]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": of},
        "components": [*parts, *components],
        "dependencies": [edge, *sorted(edges, key=lambda other: str(other["ref"]))],
    }


def _deduplicate(documents: Iterable[Document]) -> list[Document]:
    """Sorts components by reference and keeps one for each, because CycloneDX allows no duplicates."""
    return [document for _, document in sorted({str(document["bom-ref"]): document for document in documents}.items())]


def _hash_objects(hashes: Iterable[tuple[str, str]]) -> list[Document]:
    return [{"alg": algorithm, "content": content} for algorithm, content in hashes]
