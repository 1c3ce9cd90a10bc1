"""An index of a few wheels for all tests of dependencies."""

from pathlib import Path

import pytest

from tests.packaging.index import wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, and no other place to find any."""
    folder = tmp_path / "index"
    wheel(
        folder, "grain", "1.0", needs=("husk>=1",), scripts="grain", files={"grain/tests/test_it.py": "", "grain/data.json": "{}"}
    )
    wheel(folder, "husk", "1.2", files={"husk/tests/__init__.py": "", "husk/check.py": "from husk.tests import x\n"})
    wheel(folder, "straw", "2.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    wheel(folder, "straw", "2.0", tag="cp311-cp311-manylinux_2_17_aarch64", files={"straw/arm.txt": ""})
    wheel(folder, "chaff", "3.0", tag="cp311-cp311-macosx_11_0_arm64")
    wheel(folder, "cloud", "1.0", needs=("boto3", "husk"))
    wheel(folder, "boto3", "1.40.0", needs=("botocore",))
    wheel(folder, "botocore", "1.40.0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", folder.as_uri())
    return folder
