"""What a layer brings is imported in the embedded AWS, by every function that names it, and all see its change at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import Repository

DECLARED = (
    'deps = p.layer("text")',
    'p.function("One", layers=[deps])',
    'p.function("Two", layers=[deps])',
    'tools = p.layer("tools", runtime="nodejs20.x", build="mkdir -p dist/nodejs && cp -r packages dist/nodejs/node_modules")',
    'p.function("Three", layers=[tools], settings=FunctionSettings(runtime="nodejs20.x"))',
)
HANDLER = """
import inflection
import words


def handler(event, context):
    return {"said": inflection.pluralize(words.WORD), "from": inflection.__file__}
"""
NODE = """
import { word } from "words";

export const handler = async () => ({ said: word });
"""
LAYER = "projects/acres/layers"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with layers, deployed."""
    with pytest.MonkeyPatch.context() as patched:
        root = tmp_path_factory.mktemp("layers")
        patched.chdir(root)
        repository = Repository(root)
        repository.project("acres", "from common import FunctionSettings", *DECLARED)
        (root / "config/dev.json").unlink()
        repository.configure("local", embedded={})
        repository.write(f"{LAYER}/text/words.py", "WORD = 'acre'\n")
        repository.write(f"{LAYER}/text/requirements.txt", "inflection<1\n")
        repository.write(f"{LAYER}/tools/packages/words/package.json", {"name": "words", "type": "module", "main": "index.js"})
        repository.write(f"{LAYER}/tools/packages/words/index.js", "export const word = 'acre';\n")
        repository.write("projects/acres/lambda/Three/index.mjs", NODE)
        for name in ("One", "Two"):
            repository.write(f"projects/acres/lambda/{name}/handler.py", HANDLER)
        try:
            for words in (("package-lambdas", "--lock"), ("deploy", "--env", "local")):
                ended = repository.invoke(*words)
                assert ended.code == 0, ended.out + ended.err
            yield repository
        finally:
            local.stop(root)


def said(repository: Repository, name: str) -> dict[str, Any]:
    running = local.running(repository.root)
    assert running is not None
    answer = client_of(running, "lambda").invoke(FunctionName=f"t-dev-acres-{name}", Payload=b"{}")
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    return result


def deploy(repository: Repository, *words: str) -> dict[str, str]:
    ended = repository.invoke("deploy", "--env", "local", "--json", *words)
    assert ended.code == 0, ended.err
    return {change["key"]: change["action"] for change in json.loads(ended.out)["changes"] if change["action"] != "noop"}


def test_functions_import_what_a_layer_brings_and_see_its_change_in_the_same_deploy(deployed: Repository) -> None:
    for name in ("One", "Two"):
        answer = said(deployed, name)
        assert answer["said"] == "acres", answer
        assert "/python/" in answer["from"], "it is the layer's"
    assert deploy(deployed) == {}
    deployed.write(f"{LAYER}/text/words.py", "WORD = 'field'\n")
    assert deploy(deployed) == {
        "artifact/text.layer": "upload",
        **dict.fromkeys(("layer/text", "lambda/One", "lambda/Two"), "update"),
    }
    assert [said(deployed, name)["said"] for name in ("One", "Two")] == ["fields", "fields"]
    assert deploy(deployed) == deploy(deployed, "--verify") == {}
    assert deployed.invoke("drift", "--env", "local").code == 0
    deployed.write(f"{LAYER}/text/words.py", "WORD = 'acre'\n")
    assert deploy(deployed) == {"layer/text": "record", "lambda/One": "update", "lambda/Two": "update"}
    assert [said(deployed, name)["said"] for name in ("One", "Two")] == ["acres", "acres"]


def test_a_node_function_imports_packages_of_a_layer_and_sees_its_change(deployed: Repository) -> None:
    assert said(deployed, "Three")["said"] == "acre"
    deployed.write(f"{LAYER}/tools/packages/words/index.js", "export const word = 'field';\n")
    assert deploy(deployed).keys() == {"artifact/tools.layer", "layer/tools", "lambda/Three"}
    assert said(deployed, "Three")["said"] == "field"
