"""Packages that Lambda would refuse are refused here, and what makes them large is named."""

from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging import size_limit
from common.packaging.source_files import list_files

MB = 1 << 20


def large(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def test_a_package_of_exactly_the_limit_is_accepted(tmp_path: Path) -> None:
    large(tmp_path / "model.bin", size_limit.UNZIPPED_LIMIT)
    size_limit.check_size(list_files(tmp_path), tmp_path, "x86_64", dependencies=False)


def test_the_ten_largest_packages_are_named_with_what_to_do(tmp_path: Path) -> None:
    for number in range(12):
        large(tmp_path / f"package{number}/data.bin", (number + 1) * 2 * MB)
    large(tmp_path / "numpy/core.so", 60 * MB)
    large(tmp_path / "numpy.libs/blas.so", 50 * MB)
    with pytest.raises(ArtifactError) as caught:
        size_limit.check_size(list_files(tmp_path), tmp_path, "x86_64", dependencies=True)
    message = str(caught.value)
    assert "266 MB unzipped; Lambda accepts 250 MB, layers included. The largest: numpy 110 MB, package11 24 MB," in message
    assert "package3 8 MB" in message
    assert "package2 " not in message
    assert message.endswith("Leave files out by .deployignore, or try arm64, whose packages are often smaller.")
    with pytest.raises(ArtifactError, match=r"Leave files out by \.deployignore\.$"):
        size_limit.check_size(list_files(tmp_path), tmp_path, "arm64", dependencies=False)


def test_layers_count_and_what_is_in_both_is_named(tmp_path: Path) -> None:
    large(tmp_path / "own/numpy/core.so", 60 * MB)
    large(tmp_path / "own/handler.py", 1)
    large(tmp_path / "layer/numpy/core.so", 60 * MB)
    large(tmp_path / "layer/pandas/data.so", 140 * MB)
    own, layers = list_files(tmp_path / "own"), {"analytics": list_files(tmp_path / "layer")}
    with pytest.raises(ArtifactError) as caught:
        size_limit.check_size(own, tmp_path / "own", "x86_64", dependencies=True, layers=layers)
    message = str(caught.value)
    assert "260 MB unzipped with the layers analytics; Lambda accepts 250 MB" in message
    assert "The largest: pandas in analytics 140 MB, numpy 60 MB, numpy in analytics 60 MB, " in message
    assert "leave out what its layers bring too: numpy, or try arm64" in message


def test_sizes_of_npm_packages_are_summed_up_by_package(tmp_path: Path) -> None:
    large(tmp_path / "node_modules/@aws/sdk/index.js", 3)
    large(tmp_path / "node_modules/yaml/index.js", 2)
    assert size_limit.sizes_by_package(list_files(tmp_path)) == {"node_modules/@aws/sdk": 3, "node_modules/yaml": 2}
