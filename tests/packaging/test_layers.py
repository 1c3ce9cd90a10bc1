"""What layers hold, where it lies, and how much of it Lambda accepts."""

import json
import random
import shutil
import string
import zipfile
from pathlib import Path

import pytest

from tests.packaging.index import wheel
from tests.support.layered import layered, ran, versions
from tests.support.repository import HANDLER, Repository


@pytest.fixture
def acres(repository: Repository) -> Repository:
    return layered(repository)


def test_a_layer_is_packed_where_lambda_looks(acres: Repository, index: Path) -> None:
    acres.write("projects/acres/layers/analytics/requirements.txt", "grain\n")
    acres.write("projects/acres/shared/codes.py", "Y = 1\n")
    acres.write("projects/acres/layers/tools/index.mjs", "export const x = 1\n")
    acres.write("projects/acres/layers/built/Makefile", "")
    acres.project(
        "acres",
        'p.layer("analytics", includes=["shared.codes"])',
        'p.layer("tools", runtime="nodejs22.x", architecture="arm64")',
        'p.layer("built", build="mkdir -p out/bin && touch out/bin/tool", output="out", includes=["shared.codes"])',
    )
    assert acres.invoke("package-lambdas", "--lock").code == 0
    packed = json.loads(acres.invoke("package-lambdas", "--json").out)["packages"]
    assert {package["name"]: package["holds"] for package in packed}["analytics.layer"] == ["grain==1.0", "husk==1.2"]

    def names(layer: str) -> list[str]:
        (path,) = acres.root.glob(f"build/artifacts/acres/{layer}.layer/*.zip")
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()

    packed_names = names("analytics")
    assert all(name.startswith("python/") for name in packed_names)
    assert {"python/grain/__init__.py", "python/grain.py", "python/shared/codes.py", "python/husk/__init__.py"} <= set(
        packed_names
    )
    assert names("tools") == ["nodejs/index.mjs"]
    assert names("built") == ["bin/tool", "python/shared/codes.py"]


def test_an_empty_layer_is_told(acres: Repository) -> None:
    acres.write("projects/acres/layers/empty/requirements.txt", "")
    ended = acres.invoke("package-lambdas")
    assert (ended.code, ended.err.strip()) == (
        1,
        "error: projects/acres/layers/empty: the layer is empty. Add files or dependencies, or delete the folder.",
    )


def test_a_function_and_its_layers_are_weighed_together(acres: Repository) -> None:
    with (acres.root / "projects/acres/layers/analytics/model.bin").open("wb") as file:
        file.truncate(150 << 20)
    with (acres.root / "projects/acres/lambda/One/data.bin").open("wb") as file:
        file.truncate(110 << 20)
    ended = acres.invoke("package-lambdas")
    message = (
        "projects/acres/lambda/One: 260 MB unzipped with the layers analytics; Lambda accepts 250 MB, layers included. "
        "The largest: model.bin in analytics 150 MB, data.bin 110 MB, "
    )
    assert ended.code == 1
    assert message in ended.err
    assert "lambda/Two" not in ended.err


def test_a_layer_that_grows_is_weighed_with_functions_that_are_built_already(acres: Repository, moto: None) -> None:
    with (acres.root / "projects/acres/lambda/One/data.bin").open("wb") as file:
        file.truncate(110 << 20)
    ran(acres)
    shutil.rmtree(acres.root / "build")
    with (acres.root / "projects/acres/layers/analytics/model.bin").open("wb") as file:
        file.truncate(150 << 20)
    ended = acres.invoke("deploy", "--env", "dev")
    assert ended.code == 1
    assert "lambda/One: 260 MB unzipped with the layers analytics" in ended.err
    assert versions() == [1]


def test_a_layer_that_grows_is_refused_again_and_again_though_its_functions_are_built(acres: Repository) -> None:
    with (acres.root / "projects/acres/lambda/One/data.bin").open("wb") as file:
        file.truncate(110 << 20)
    assert acres.invoke("package-lambdas").code == 0
    with (acres.root / "projects/acres/layers/analytics/model.bin").open("wb") as file:
        file.truncate(150 << 20)
    for _ in range(2):
        ended = acres.invoke("package-lambdas")
        assert ended.code == 1
        assert "lambda/One: 260 MB unzipped with the layers analytics" in ended.err


def test_a_layer_is_weighed_with_the_functions_of_every_environment(acres: Repository) -> None:
    """Equal layers are built once, but each environment has functions of its own that use them."""
    acres.configure("tst")
    acres.project(
        "acres", 'deps = p.layer("analytics")', 'p.function(f"In_{env.name}", folder=f"code/{env.name}", layers=[deps])'
    )
    for name, size in {"dev": 1, "tst": 110}.items():
        acres.write(f"projects/acres/code/{name}/handler.py", HANDLER)
        with (acres.root / f"projects/acres/code/{name}/data.bin").open("wb") as file:
            file.truncate(size << 20)
    assert acres.invoke("package-lambdas").code == 0
    with (acres.root / "projects/acres/layers/analytics/model.bin").open("wb") as file:
        file.truncate(150 << 20)
    ended = acres.invoke("package-lambdas")
    assert ended.code == 1
    assert "code/tst: 260 MB unzipped with the layers analytics" in ended.err
    assert "code/dev" not in ended.err


def test_a_layer_is_suggested_where_large_packages_install_the_same(repository: Repository, index: Path) -> None:
    repository.project("acres")
    wheel(index, "heavy", "1.0", files={"heavy/data.bin": "".join(random.Random(1).choices(string.printable, k=13 << 20))})
    for name, requirements in {
        "One": "heavy\n",
        "Two": "heavy\n",
        "Three": "heavy\nhusk\n",
        "Four": "husk\n",
        "Five": "husk\n",
    }.items():
        repository.write(f"projects/acres/lambda/{name}/handler.py", HANDLER)
        repository.write(f"projects/acres/lambda/{name}/requirements.txt", requirements)
    assert repository.invoke("package-lambdas", "--lock").code == 0
    hints = [line for line in repository.invoke("package-lambdas").out.splitlines() if "a layer would hold" in line]
    hint = "acres: One, Two install the same packages, 11 MB each; a layer would hold them once."
    assert [line.strip() for line in hints] == [hint]


def test_a_layer_that_the_bucket_has_is_not_installed_to_build_a_small_function(
    acres: Repository, index: Path, moto: None
) -> None:
    acres.write("projects/acres/layers/analytics/requirements.txt", "grain\n")
    assert acres.invoke("package-lambdas", "--lock").code == 0
    ran(acres)
    shutil.rmtree(acres.root / "build")
    acres.write("projects/acres/lambda/One/handler.py", HANDLER + "# edited\n")
    assert [change["key"] for change in ran(acres)["changes"] if change["action"] != "noop"] == ["artifact/One", "lambda/One"]
    assert [path.parent.name for path in acres.root.glob("build/artifacts/*/*/*.zip")] == ["One"]
    assert not (acres.root / "build/artifacts/.dependencies").exists()
    with (acres.root / "projects/acres/lambda/One/data.bin").open("wb") as file:
        file.truncate(20 << 20)
    ran(acres)
    assert (acres.root / "build/artifacts/.dependencies").exists(), "a large one is weighed with it"
