"""Licenses as metadata say them, and as CycloneDX takes them."""

from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest

from common.packaging import licenses
from tests.packaging.test_sbom import check_licenses


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["License-Expression: MIT OR Apache-2.0", "License: whatever"], [{"expression": "MIT OR Apache-2.0"}]),
        (["License-Expression: mit"], [{"license": {"id": "MIT"}}]),
        (["License: Apache License 2.0"], [{"license": {"id": "Apache-2.0"}}]),
        (["License: BSD-3-Clause", "Classifier: License :: OSI Approved :: BSD License"], [{"license": {"id": "BSD-3-Clause"}}]),
        (["License: BSD", "Classifier: License :: OSI Approved :: BSD License"], [{"license": {"name": "BSD License"}}]),
        (["Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"], [{"license": {"id": "MPL-2.0"}}]),
        (
            ["License: Dual License"]
            + [f"Classifier: License :: OSI Approved :: {name}" for name in ("BSD License", "Apache Software License")],
            [{"license": {"name": "BSD License"}}, {"license": {"name": "Apache Software License"}}],
        ),
        (["License: Copyright (c) 2005", "        All rights reserved."], [{"license": {"name": "Copyright (c) 2005"}}]),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved"], []),
        (["License: GPL-2.0+"], [{"expression": "GPL-2.0+"}]),
        (["License-Expression: LicenseRef-Ours"], [{"expression": "LicenseRef-Ours"}]),
        (["Summary: none said"], []),
    ],
)
def test_licenses_of_distributions(tmp_path: Path, lines: list[str], expected: list[dict[str, Any]]) -> None:
    info = tmp_path / "x-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", "Name: x", "Version: 1", *lines, ""]))
    result = licenses.distribution_licenses(PathDistribution(info).metadata)
    assert result == expected
    if result:
        check_licenses(result)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({"license": "(MIT OR CC0-1.0)"}, [{"expression": "(MIT OR CC0-1.0)"}]),
        ({"license": "SEE LICENSE IN LICENSE.md"}, [{"license": {"name": "SEE LICENSE IN LICENSE.md"}}]),
        ({"license": "UNLICENSED"}, [{"license": {"name": "UNLICENSED"}}]),
        ({"license": {"type": "ISC", "url": "https://example.com"}}, [{"license": {"id": "ISC"}}]),
        ({"licenses": [{"type": "MIT"}, {"type": "Apache2"}]}, [{"license": {"id": "MIT"}}, {"license": {"name": "Apache2"}}]),
        ({"licenses": 7}, [{"license": {"name": "7"}}]),
        ({}, []),
    ],
)
def test_licenses_of_packages(manifest: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    assert licenses.npm_licenses(manifest) == expected
