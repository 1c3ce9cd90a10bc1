"""Under which license a package says that it is, as CycloneDX spells it.

An SPDX identifier or expression where the metadata give one, or a name that stands for just one license; other names, such as
``BSD License``, as they are: nobody is served by a guess.

Follows https://packaging.python.org/en/latest/specifications/core-metadata/ and https://spdx.org/licenses/
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageMetadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from common.base.json_types import JsonObject

NAMES = {
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
"""Names that classifiers and authors use, in lower case, and the one license that each stands for."""
LONGEST = 120
"""Characters of a name; what is longer is the license itself."""


def of_distribution(metadata: PackageMetadata) -> list[JsonObject]:
    """What the metadata of a Python distribution say."""
    if expressions := metadata.get_all("License-Expression", []):
        return as_objects(expressions)
    said = [line.strip() for text in metadata.get_all("License", []) for line in text.splitlines() if line.strip()]
    name = said[0] if said and said[0] != "UNKNOWN" and len(said[0]) <= LONGEST else ""
    classifiers = [one.split(" :: ") for one in metadata.get_all("Classifier", []) if one.startswith("License :: ")]
    named = [parts[-1] for parts in classifiers if parts[-1] != "OSI Approved"]
    return as_objects([name] if len(said) == 1 and _known(name) else named or [name])


def of_package(said: JsonObject) -> list[JsonObject]:
    """What a `package.json` says; npm's packages of before 2015 do it in other ways."""
    found = said.get("license") or said.get("licenses") or []
    several = found if isinstance(found, list) else [found]
    return as_objects([str(one.get("type", "") if isinstance(one, dict) else one) for one in several])


def as_objects(found: Iterable[str]) -> list[JsonObject]:
    """Licenses by identifier, expression or name."""
    names: Sequence[str] = [_known(one) or one for one in dict.fromkeys(found) if one]
    if len(names) == 1 and _known(names[0]) and not _is_identifier(names[0]):
        return [{"expression": names[0]}]
    return [{"license": {"id" if _known(one) and _is_identifier(one) else "name": one}} for one in names]


def _known(name: str) -> str:
    """The SPDX expression that a name stands for; none if it may stand for several."""
    try:
        return NAMES.get(name.lower()) or canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return ""


def _is_identifier(expression: str) -> bool:
    """Whether it names one license of the SPDX list and no more."""
    return not any(mark in expression for mark in (" ", "+", "LicenseRef-", "DocumentRef-"))
