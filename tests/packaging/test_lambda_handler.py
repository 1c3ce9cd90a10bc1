"""Handlers are looked for in what is packaged, however it came there."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging import dependencies, lambda_handler
from common.packaging.dependencies import Dependencies
from common.packaging.imports import Libraries
from common.packaging.lambda_package import Package
from common.packaging.layer_package import LayerPackage
from common.packaging.node import Command
from tests.packaging.index import wheel
from tests.support.repository import HANDLER, Repository

LAYER_ARN = "arn:aws:lambda:eu-central-1:464622532012:layer:Datadog-Python311:1"


def fill(folder: Path, *names: str, text: str = HANDLER) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def package(folder: Path, **fields: Any) -> Package:
    all_fields = {"handler": "handler.handler", "runtime": "python3.11", "architecture": "x86_64", **fields}
    return Package(Key("acres", "artifact", "Load"), "dev/acres/", folder, **all_fields)


def names(built: Path) -> list[str]:
    with zipfile.ZipFile(built) as zipped:
        return zipped.namelist()


@pytest.mark.parametrize(
    ("handler", "runtime", "first"),
    [
        ("app.main", "python3.11", "app/__init__.py"),
        ("pkg.app.main", "python3.11", "pkg/app/__init__.py"),
        ("pkg/app.main", "python3.11", "pkg/app/__init__.py"),
        ("../B/app.main", "python3.11", None),
        ("main", "python3.11", None),
        ("index.handler", "nodejs22.x", "index.js"),
        ("src/index.app.handler", "nodejs22.x", "src/index.js"),
        ("./index.handler", "nodejs22.x", "index.js"),
        ("/var/task/src/index.handler", "nodejs22.x", "src/index.js"),
        ("/opt/nodejs/node_modules/dd/handler.handler", "nodejs22.x", "/opt/nodejs/node_modules/dd/handler.js"),
        ("../B/index.handler", "nodejs22.x", None),
        ("/etc/index.handler", "nodejs22.x", None),
    ],
)
def test_where_lambda_looks(handler: str, runtime: str, first: str | None) -> None:
    """A package comes before a module of its name."""
    assert next(iter(lambda_handler.candidates(handler, runtime)), None) == first


@pytest.mark.parametrize(
    ("ignored", "handler", "message"),
    [
        ("*.py\n", "handler.handler", r"Load: the handler 'handler.handler' is in handler.py, which stays out of the package\."),
        ("", "tests.app.handler", r"is in tests/app.py, which stays out of the package\. Move it, or correct .deployignore\."),
        ("lib/\n", "lib.app.handler", r"is in lib/app.py, which stays out of the package"),
        ("", ".venv/app.handler", r"needs a file /venv/app\.py|needs to be written as file\.function"),
        ("", "../Load/handler.handler", r"needs to be written as file\.function\. Name a file of the package\."),
    ],
)
def test_a_handler_that_is_not_packaged_is_told_at_once(tmp_path: Path, ignored: str, handler: str, message: str) -> None:
    folder = fill(tmp_path / "Load", "handler.py", "tests/app.py", "lib/app.py", "keep.txt", ".venv/app.py")
    (folder / ".deployignore").write_text(ignored)
    with pytest.raises(ArtifactError, match=message):
        package(folder, handler=handler).check_handler()


def test_a_node_handler_outside_the_folder_is_told_at_once(tmp_path: Path) -> None:
    fill(tmp_path / "B", "index.js")
    folder = fill(tmp_path / "Load", "index.js")
    with pytest.raises(ArtifactError, match=r"needs to be written as file\.function"):
        package(folder, handler="../B/index.handler", runtime="nodejs22.x").check_handler()
    for runtime in ("nodejs22.x", "python3.11"):
        with pytest.raises(ArtifactError, match=r"needs to be written as file\.function"):
            package(folder, handler="../B/index.handler", runtime=runtime, command=Command("make", "dist")).check_handler()


def test_what_a_command_makes_has_the_handler(tmp_path: Path) -> None:
    folder = fill(tmp_path / "Load", "source.py")
    right = package(folder, command=Command("mkdir dist && cp source.py dist/handler.py", "dist"))
    right.check_handler()
    assert names(right.build(tmp_path / "build")) == ["handler.py"]
    other = package(folder, command=right.command, handler="handler.main")
    assert other.input_digest() != right.input_digest(), "or nobody would look for it in what is built already"
    with pytest.raises(ArtifactError, match=r"handler.py does not define 'main', which the handler 'handler.main' names"):
        other.build(tmp_path / "build")
    compiled = package(folder, command=Command("mkdir dist && touch dist/handler.cpython-311-x86_64-linux-gnu.so", "dist"))
    assert compiled.build(tmp_path / "build").is_file()
    wrong = package(folder, command=Command("mkdir dist && cp source.py dist/app.py", "dist"))
    with pytest.raises(ArtifactError, match=r"Load: the handler 'handler.handler' needs a file handler.py in dist/\. Add it, or"):
        wrong.build(tmp_path / "build")
    assert list((tmp_path / "build").glob("acres/Load/*.zip")) != []


def test_what_is_included_is_packaged_with_what_a_command_makes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "Load", "handler.py")
    fill(tmp_path / "shared", "rules.py", text="from shared import texts\n")
    fill(tmp_path / "shared", "texts.py", text="")
    fields = {"command": Command("mkdir dist && cp *.py dist && test ! -e shared", "dist"), "includes": ("shared.rules",)}
    built = package(folder, libraries=Libraries({"shared": tmp_path / "shared"}), **fields)
    assert names(built.build(tmp_path / "build")) == ["handler.py", "shared/rules.py", "shared/texts.py"]
    before = built.input_digest()
    fill(tmp_path / "shared", "texts.py", text="X = 1\n")
    assert package(folder, libraries=built.libraries, **fields).input_digest() != before
    with pytest.raises(
        ArtifactError, match=r"Load: `includes` names Python modules, but the runtime is nodejs22\.x\. Remove `includes`\."
    ):
        package(folder, handler="index.handler", runtime="nodejs22.x", includes=("shared.rules",)).input_digest()


def test_a_dependency_may_bring_the_handler(index: Path, tmp_path: Path) -> None:
    wheel(index, "watchdog", "1.0", files={"watchdog/handler.py": "globals()['handler'] = print\n"})
    folder = fill(tmp_path / "Load", "requirements.txt", text="watchdog\n")
    fill(folder, "app.py")
    built = package(folder, handler="watchdog.handler.handler")
    assert isinstance(built.dependencies, Dependencies)
    dependencies.lock(built.dependencies.requirements, {built.dependencies.target})
    built.check_handler()
    assert "watchdog/handler.py" in names(built.build(tmp_path / "build"))
    wrong = package(folder, handler="watchdog.other.handler")
    wrong.check_handler()
    with pytest.raises(ArtifactError, match=r"the handler 'watchdog.other.handler' needs a file watchdog/other.py there"):
        wrong.build(tmp_path / "build")


def test_a_layer_may_bring_the_handler(tmp_path: Path) -> None:
    folder = fill(tmp_path / "Load", "app.py")
    brought = fill(tmp_path / "layer", "wrap.py")
    layer = LayerPackage(Key("acres", "artifact", "deps.layer"), "dev/acres/", brought, "", "python3.11", "x86_64")
    built = package(folder, handler="wrap.handler", layers=(layer,))
    built.check_handler()
    assert names(built.build(tmp_path / "build")) == ["app.py"]
    with pytest.raises(ArtifactError, match=r"needs a file other\.py there"):
        package(folder, handler="other.handler", layers=(layer,)).build(tmp_path / "build")
    assert package(folder, handler="other.handler", has_unknown_layers=True).build(tmp_path / "build").is_file()
    node = fill(tmp_path / "node", "node_modules/wrap/package.json", "node_modules/wrap/handler.js", text="{}")
    made = LayerPackage(Key("acres", "artifact", "deps.layer"), "dev/acres/", node, "", "nodejs22.x", "x86_64")
    for handler in ("wrap.handler", "/opt/nodejs/node_modules/wrap/handler.handler"):
        assert package(folder, handler=handler, runtime="nodejs22.x", layers=(made,)).build(tmp_path / "build").is_file()


def test_a_layer_that_no_longer_brings_the_handler_is_noticed(tmp_path: Path) -> None:
    folder = fill(tmp_path / "Load", "app.py")
    brought = fill(tmp_path / "layer", "base.py")
    place = "dist/python/lib/python3.11/site-packages"
    key, command = Key("acres", "artifact", "deps.layer"), Command(f"mkdir -p {place} && cp *.py {place}", "dist")

    def one() -> Package:
        layer = LayerPackage(key, "dev/acres/", brought, "", "python3.11", "x86_64", command=command)
        return package(folder, handler="base.handler", layers=(layer,))

    assert one().build(tmp_path / "build").is_file()
    (brought / "base.py").rename(brought / "other.py")
    with pytest.raises(ArtifactError, match=r"the handler 'base\.handler' needs a file base\.py there"):
        one().build(tmp_path / "build")


def test_stars_may_bring_the_handler(tmp_path: Path) -> None:
    source = "try:\n    from implementation import *\nexcept ImportError:\n    from other import *\n"
    package(fill(tmp_path / "Load", "handler.py", text=source)).check_handler()


def test_a_layer_of_others_may_bring_the_handler(repository: Repository) -> None:
    line = 'p.function("Validate", handler="datadog_lambda.handler.handler")'
    repository.project("acres", line)
    assert "needs a file datadog_lambda/handler.py there" in repository.invoke("package-lambdas").err
    repository.configure(projects={"acres": {"functions": {"Validate": {"layers": [LAYER_ARN]}}}})
    assert repository.invoke("package-lambdas").code == 0


def test_an_empty_package_is_told(tmp_path: Path) -> None:
    folder = fill(tmp_path / "Load", "notes.md")
    (folder / ".deployignore").write_text("*\n")
    with pytest.raises(ArtifactError, match=r"Load: the package is empty\. Add files or dependencies, or delete the folder"):
        package(folder, has_unknown_layers=True).build(tmp_path / "build")
