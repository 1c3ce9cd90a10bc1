"""A project with a layer, deployed to moto."""

import json
from collections import Counter
from typing import Any

from common.aws.session import AwsSession
from tests.support.repository import ACCOUNT, HANDLER, Repository

DECLARED = (
    'deps = p.layer("analytics")',
    'p.function("One", layers=[deps])',
    'p.function("Two", layers=[deps])',
)
MODULE = "projects/acres/layers/analytics/grain.py"
LAYER = "t-dev-acres-analytics"


def layered(repository: Repository) -> Repository:
    """Two functions with a layer, and one without."""
    repository.project("acres", *DECLARED)
    repository.write(MODULE, "X = 1\n")
    for name in ("One", "Two"):
        repository.write(f"projects/acres/lambda/{name}/handler.py", HANDLER)
    return repository


def ran(repository: Repository, task: str = "deploy", *words: str) -> dict[str, Any]:
    ended = repository.invoke(task, "--env", "dev", "--json", *words)
    assert ended.code in {0, 2}, ended.err
    output: dict[str, Any] = json.loads(ended.out)
    return output


def changes(repository: Repository, task: str = "deploy", *words: str) -> dict[str, str]:
    return {change["key"]: change["action"] for change in ran(repository, task, *words)["changes"] if change["action"] != "noop"}


def calls(repository: Repository, task: str = "plan", *words: str) -> Counter[str]:
    return Counter(ran(repository, task, *words)["api_calls"]["by_operation"])


def aws() -> AwsSession:
    return AwsSession("eu-central-1", ACCOUNT)


def versions(name: str = LAYER) -> list[int]:
    return [version["Version"] for version in aws().call("lambda", "ListLayerVersions", LayerName=name)["LayerVersions"]]


def layers_of(function: str) -> list[str]:
    live = aws().call("lambda", "GetFunction", FunctionName=function)["Configuration"]
    return [layer["Arn"].rpartition("layer:")[2] for layer in live.get("Layers", ())]
