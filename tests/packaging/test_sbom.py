"""Bills of materials say what is in an artifact, in a form that scanners read, and are the same wherever they are made."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from common.base import digest
from common.model.resource import Key
from common.packaging import dependencies, installed_packages, sbom
from common.packaging.dependencies import Dependencies
from common.packaging.job_imports import Wheel
from common.packaging.lambda_package import Package
from common.packaging.node import Command
from common.packaging.requirements import Requirements
from common.packaging.sbom import Component
from common.packaging.source_files import list_files
from common.packaging.target import function_target
from tests.packaging.index import wheel

X86, ARM = function_target("python3.11", "x86_64"), function_target("python3.11", "arm64")
TYPES = {"application", "library"}
HASHES = {"SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}


def check(document: dict[str, Any]) -> None:
    """What the schema of CycloneDX 1.5 asks of the parts that we write; it allows no key that it does not know."""
    allowed = {"$schema", "bomFormat", "specVersion", "version", "metadata", "components", "dependencies"}
    assert document.keys() == allowed
    assert document["$schema"] == "http://cyclonedx.org/schema/bom-1.5.schema.json"
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.5", 1)
    assert document["metadata"].keys() == {"component"}
    components = [document["metadata"]["component"], *document["components"]]
    for component in components:
        assert component.keys() <= {"type", "bom-ref", "group", "name", "version", "purl", "hashes", "licenses"}
        assert component["type"] in TYPES
        assert all(isinstance(component[name], str) and component[name] for name in component.keys() - {"hashes", "licenses"})
        for hash_object in component.get("hashes", ()):
            assert re.fullmatch(f"[0-9a-f]{{{HASHES[hash_object['alg']]}}}", hash_object["content"])
        check_licenses(component.get("licenses", [{"expression": "MIT"}]))
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references), "every bom-ref is unique"
    edges = document["dependencies"]
    assert all(edge.keys() == {"ref", "dependsOn"} for edge in edges)
    assert len({edge["ref"] for edge in edges}) == len(edges)
    assert all({edge["ref"], *edge["dependsOn"]} <= set(references) for edge in edges)
    assert all(len(set(edge["dependsOn"])) == len(edge["dependsOn"]) for edge in edges)


def check_licenses(license_list: list[dict[str, Any]]) -> None:
    """Either one expression, or a list of licenses each with an identifier or a name."""
    assert license_list
    if "expression" in license_list[0]:
        assert license_list == [{"expression": license_list[0]["expression"]}]
    else:
        assert all(choice.keys() == {"license"} and choice["license"].keys() in ({"id"}, {"name"}) for choice in license_list)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A function's folder with a handler."""
    made = tmp_path / "lambda" / "Load"
    made.mkdir(parents=True)
    (made / "handler.py").write_text("def handler(event, context): ...\n")
    return made


def package(folder: Path, requirements: str = "", architecture: str = "x86_64", **fields: Any) -> Package:
    if requirements:
        (folder / "requirements.txt").write_text(requirements)
        dependencies.lock(Requirements(folder / "requirements.txt"), {X86, ARM})
    all_fields = {"handler": "handler.handler", "runtime": "python3.11", "architecture": architecture, **fields}
    return Package(Key("acres", "artifact", "Load"), "dev/acres/", folder, **all_fields)


def bill_of(artifact: Package | Wheel, build: Path) -> dict[str, Any]:
    path = artifact.sbom_file(build)
    assert path is not None
    assert path == artifact.built_at(build).with_name(f"{artifact.built_at(build).name}.cdx.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    check(document)
    return document


def purls(document: dict[str, Any]) -> list[str]:
    return [component["purl"] for component in document["components"]]


def test_a_package_is_told_with_what_is_installed_in_it(index: Path, folder: Path, tmp_path: Path) -> None:
    built = package(folder, "grain\n")
    document = bill_of(built, tmp_path / "build")
    assert document["metadata"]["component"] == {
        "type": "application",
        "bom-ref": f"acres/Load@{built.input_digest()}",
        "group": "acres",
        "name": "Load",
        "version": built.input_digest(),
        "hashes": [{"alg": "SHA-256", "content": digest.of_file(built.build(tmp_path / "build"))}],
    }
    content = digest.of_file(index / "grain-1.0-py3-none-any.whl")
    assert document["components"][0] == {
        "type": "library",
        "bom-ref": f"pkg:pypi/grain@1.0#{content[:12]}",
        "name": "grain",
        "version": "1.0",
        "purl": "pkg:pypi/grain@1.0",
        "hashes": [{"alg": "SHA-256", "content": content}],
        "licenses": [{"license": {"id": "MIT"}}],
    }
    assert purls(document) == ["pkg:pypi/grain@1.0", "pkg:pypi/husk@1.2"]
    assert document["dependencies"][0]["dependsOn"] == [component["bom-ref"] for component in document["components"]]


def test_the_hash_is_that_of_the_wheel_for_the_architecture(index: Path, folder: Path, tmp_path: Path) -> None:
    """The lock has the hashes of both, and of a wheel for any machine that fits as well, but less."""
    any_machine = wheel(index, "straw", "2.0", tag="cp311-abi3-manylinux_2_17_x86_64")
    for architecture, machine in (("x86_64", "x86_64"), ("arm64", "aarch64")):
        document = bill_of(package(folder, "straw\n", architecture), tmp_path / "build")
        expected = digest.of_file(index / f"straw-2.0-cp311-cp311-manylinux_2_17_{machine}.whl")
        assert document["components"][0]["hashes"] == [{"alg": "SHA-256", "content": expected}]
    assert digest.of_file(any_machine) in (folder / "requirements.lock").read_text()


def test_a_wheel_that_cannot_be_told_from_another_has_no_hash(index: Path, folder: Path, tmp_path: Path) -> None:
    """Its file says less than its name: what was installed may be any of the two."""
    path = wheel(index, "awn", "1.0", tag="py3-none-any")
    path.rename(path.with_name("awn-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"))
    other = wheel(index, "awn", "1.0", tag="cp311-abi3-manylinux_2_17_x86_64", files={"awn/x.py": ""})
    (index / "awn-1.0-cp311-cp311-manylinux_2_17_aarch64.whl").write_bytes(path.with_name(other.name).read_bytes())
    wheel(index, "awn", "1.0", tag="cp311-cp311-macosx_11_0_arm64")  # writes the page anew
    (component,) = bill_of(package(folder, "awn\n"), tmp_path / "build")["components"]
    assert "hashes" not in component
    assert component["bom-ref"] == component["purl"]


def test_what_installs_nothing_has_no_bill(folder: Path, tmp_path: Path) -> None:
    built = package(folder)
    assert built.sbom_file(tmp_path / "build") is None
    built.build(tmp_path / "build")
    assert not list((tmp_path / "build").rglob(f"*{sbom.FILE_SUFFIX}"))
    document = built.document(tmp_path / "build", "0" * 64)
    check(document)
    assert (document["components"], document["dependencies"][0]["dependsOn"]) == ([], [])


def test_what_stays_out_is_not_told(index: Path, folder: Path, tmp_path: Path) -> None:
    (folder / ".deployignore").write_text("*.dist-info/\n")
    assert purls(bill_of(package(folder, "grain\n"), tmp_path / "build")) == ["pkg:pypi/grain@1.0", "pkg:pypi/husk@1.2"]
    (folder / ".deployignore").write_text("husk*/\n")
    assert purls(bill_of(package(folder, "grain\n"), tmp_path / "build")) == ["pkg:pypi/grain@1.0"]


def test_a_bill_that_is_lost_is_made_again_the_same(index: Path, folder: Path, tmp_path: Path) -> None:
    """As when another version has built the package."""
    path = package(folder, "grain\n").sbom_file(tmp_path / "build")
    assert path
    before = path.read_bytes()
    path.unlink()
    assert package(folder).sbom_file(tmp_path / "build") == path
    assert path.read_bytes() == before


def test_a_package_that_is_built_again_gets_a_bill_of_its_own(index: Path, folder: Path, tmp_path: Path) -> None:
    """The bytes may be other ones: those of another zlib."""
    built = package(folder, "grain\n")
    path = built.sbom_file(tmp_path / "build")
    assert path
    path.write_text(path.read_text().replace(digest.of_file(built.build(tmp_path / "build")), "0" * 64))
    built.build(tmp_path / "build").unlink()
    built.build(tmp_path / "build")
    content = bill_of(built, tmp_path / "build")["metadata"]["component"]["hashes"][0]["content"]
    assert content == digest.of_file(built.build(tmp_path / "build"))


def test_why_a_package_was_built_is_not_confused_by_bills(index: Path, folder: Path, tmp_path: Path) -> None:
    package(folder, "grain\n").sbom_file(tmp_path / "build")
    (folder / "handler.py").write_text("def handler(event, context): return 1\n")
    assert package(folder).build_reason(package(folder).built_at(tmp_path / "build")) == "handler.py changed"


def test_what_the_folder_brings_along_is_told_without_a_hash(folder: Path, tmp_path: Path) -> None:
    for name, text in {
        "six.py": "",
        "six-1.17.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\nLicense: MIT\n",
        "broken-1.dist-info/METADATA": "\n",
        "web/node_modules/left/package.json": '{"name": "left", "version": "1.0.0", "license": "ISC"}',
        "web/node_modules/left/test/package.json": "{",
        "web/node_modules/right/package.json": "[]",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    components = bill_of(package(folder), tmp_path / "build")["components"]
    assert [(component["purl"], component["licenses"][0]["license"]["id"]) for component in components] == [
        ("pkg:npm/left@1.0.0", "ISC"),
        ("pkg:pypi/six@1.17.0", "MIT"),
    ]


def test_what_a_command_has_made_is_looked_at(folder: Path, tmp_path: Path) -> None:
    written = "Metadata-Version: 2.1\\nName: six\\nVersion: 1.17.0\\n"
    info = "out/six-1.17.0.dist-info"
    command = Command(f"mkdir -p {info} && cp handler.py out && printf '{written}' > {info}/METADATA", "out")
    assert purls(bill_of(package(folder, command=command), tmp_path / "build")) == ["pkg:pypi/six@1.17.0"]


def test_wheels_of_a_job_are_told_each(index: Path, tmp_path: Path) -> None:
    (tmp_path / "load.requirements.txt").write_text("grain\n")
    requirements = Requirements(tmp_path / "load.requirements.txt")
    dependencies.lock(requirements, {X86})
    for name, purl in {"grain": "pkg:pypi/grain@1.0", "husk": "pkg:pypi/husk@1.2"}.items():
        wheel_artifact = Wheel(
            Key("acres", "artifact", f"load.wheels.{name}"), "dev/acres/", Dependencies(requirements, X86), name
        )
        document = bill_of(wheel_artifact, tmp_path / "build")
        assert purls(document) == [purl]
        assert document["metadata"]["component"]["type"] == "library"


def test_several_bills_make_one_that_names_everything_once(index: Path, folder: Path, tmp_path: Path) -> None:
    bills = [bill_of(package(folder, "straw\ngrain\n", architecture), tmp_path / "build") for architecture in ("x86_64", "arm64")]
    document = sbom.merge("acres", bills)
    check(document)
    assert [component["name"] for component in document["components"]] == ["Load", "Load", "grain", "husk", "straw", "straw"]
    root, *others = document["dependencies"]
    assert root["ref"] == "acres"
    assert sorted(root["dependsOn"]) == [edge["ref"] for edge in others]
    assert {len(edge["dependsOn"]) for edge in others} == {3}
    assert sbom.merge("acres", reversed(bills)) == document
    assert sbom.merge("acres", bills[:1]) == bills[0]


@pytest.mark.parametrize(
    ("component", "purl"),
    [
        (Component("pypi", "Ruamel.Yaml_Clib", "1!2.0+local"), "pkg:pypi/ruamel.yaml-clib@1%212.0%2Blocal"),
        (Component("npm", "@aws-sdk/Client_s3", "3.1.0-rc.1"), "pkg:npm/%40aws-sdk/Client_s3@3.1.0-rc.1"),
    ],
)
def test_package_urls(component: Component, purl: str) -> None:
    assert component.purl == purl


def test_a_scope_is_a_group() -> None:
    described = Component("npm", "@aws-sdk/core", "3.0.0").as_object()
    assert (described["group"], described["name"]) == ("@aws-sdk", "core")


def test_npm_locks_know_several_algorithms(tmp_path: Path) -> None:
    place = tmp_path / "node_modules/left"
    place.mkdir(parents=True)
    (place / "package.json").write_text('{"name": "left", "version": "1.0.0"}')
    integrity = " ".join(
        f"{name}-{base64.b64encode(bytes(size)).decode()}" for name, size in (("sha1", 20), ("sha512", 64), ("md5", 16))
    )
    (package_entry,) = installed_packages.packages({place: integrity})
    assert package_entry.hashes == [("SHA-1", "00" * 20), ("SHA-512", "00" * 64)]
    check(sbom.document(sbom.describe_subject("application", "acres", "Load", digest.of_bytes(b""), "0" * 64), [package_entry]))
    assert installed_packages.vendored(list_files(tmp_path), {}, tmp_path / "copies")[0].hashes == []
