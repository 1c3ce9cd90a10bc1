"""Reads the license of a package from its metadata, as CycloneDX spells it.

It is an SPDX identifier or expression if the metadata have one, or a name that stands for exactly one license. Other names, such
as ``BSD License``, are kept unchanged, because a guess would help nobody.

Follows https://packaging.python.org/en/latest/specifications/core-metadata/ and https://spdx.org/licenses/
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageMetadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from common.base.json_types import JsonObject

LICENSE_NAMES = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0",
    "eclipse public license 2.0 (epl-2.0)": "EPL-2.0",
    "universal permissive license (upl)": "UPL-1.0",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
}
"""License names (in lower case) that classifiers and authors use, and the single SPDX license that each stands for."""
MAX_NAME_LENGTH = 120
"""How many characters the name of a license may have; a longer text is the license itself."""


def distribution_licenses(metadata: PackageMetadata) -> list[JsonObject]:
    """Returns the licenses in the metadata of a Python distribution."""
    if expressions := metadata.get_all("License-Expression", []):
        return to_cyclonedx(expressions)
    lines = [line.strip() for text in metadata.get_all("License", []) for line in text.splitlines() if line.strip()]
    name = lines[0] if lines and lines[0] != "UNKNOWN" and len(lines[0]) <= MAX_NAME_LENGTH else ""
    classifiers = [
        classifier.split(" :: ") for classifier in metadata.get_all("Classifier", []) if classifier.startswith("License :: ")
    ]
    named = [parts[-1] for parts in classifiers if parts[-1] != "OSI Approved"]
    return to_cyclonedx([name] if len(lines) == 1 and _spdx_expression(name) else named or [name])


def npm_licenses(metadata: JsonObject) -> list[JsonObject]:
    """Returns the licenses in a `package.json`, including the forms that were used before 2015."""
    license_field = metadata.get("license") or metadata.get("licenses") or []
    several = license_field if isinstance(license_field, list) else [license_field]
    return to_cyclonedx([str(entry.get("type", "") if isinstance(entry, dict) else entry) for entry in several])


def to_cyclonedx(texts: Iterable[str]) -> list[JsonObject]:
    """Returns licenses as CycloneDX objects, by identifier, expression or name."""
    names: Sequence[str] = [_spdx_expression(name) or name for name in dict.fromkeys(texts) if name]
    if len(names) == 1 and _spdx_expression(names[0]) and not _is_identifier(names[0]):
        return [{"expression": names[0]}]
    return [{"license": {"id" if _spdx_expression(name) and _is_identifier(name) else "name": name}} for name in names]


def _spdx_expression(name: str) -> str:
    """Returns the SPDX expression that a name stands for, or an empty text if it may stand for several."""
    try:
        return LICENSE_NAMES.get(name.lower()) or canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return ""


def _is_identifier(expression: str) -> bool:
    """Whether an expression is a single identifier of the SPDX list."""
    return not any(mark in expression for mark in (" ", "+", "LicenseRef-", "DocumentRef-"))
