"""Resources of any type as AWS tells some: without their identifier, with empty parts, with names that rules forbid now."""

from typing import Any

import pytest

from tests.importing.test_types import ACCOUNT, QUEUE, Cloud, declaration, differences, imported
from tests.support.repository import Repository


@pytest.mark.parametrize(
    ("type_name", "identifier", "live", "declared"),
    [
        ("AWS::DLM::LifecyclePolicy", "policy-1", {"Description": "daily"}, '"PolicyId": "policy-1"'),
        (
            "AWS::Logs::MetricFilter",
            "errors|all",
            {
                "LogGroupName": "errors",
                "FilterName": "all",
                "FilterPattern": "",
                "MetricTransformations": [
                    {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1", "Dimensions": [], "Unit": "None"}
                ],
            },
            '"Unit": "None"',
        ),
    ],
)
def test_what_identifies_it_and_what_is_empty_within_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, type_name: str, identifier: str, live: dict[str, Any], declared: str
) -> None:
    """Some types do not tell their identifier again, and some tell empty lists where they accept none."""
    monkeypatch.setitem(ACCOUNT, type_name, {identifier: live})
    result = imported(repository, type_name, match=(identifier,))
    assert [item.reason for item in result.unexpressed] == []
    assert declared in declaration(repository)
    (resource,) = (item for item in repository.resources().values() if item.key.kind == "resource")
    assert differences(resource) == {}


def test_what_could_not_be_found_again_is_not_imported(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of old resources may break rules that came later; without its name, a deploy would create another one."""
    old = {"RepositoryName": "x", "ImageTagMutability": "IMMUTABLE"}
    monkeypatch.setitem(ACCOUNT, "AWS::ECR::Repository", {"x": old})
    (left,) = imported(repository, "AWS::ECR::Repository").unexpressed
    assert left.reason == 'AWS::ECR::Repository: RepositoryName: "x" is shorter than 2 characters.'


class Forgetful(Cloud):
    """It lists a queue that it does not find."""

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        if parameters["Identifier"].endswith("work"):
            return None
        return super().find(service, operation, absent, **parameters)


def test_what_is_listed_and_not_found_stops_nothing(repository: Repository) -> None:
    """A schedule of another group than the default one has no identifier in the schema of its type; and things are deleted."""
    result = imported(repository, QUEUE, match=("fsa-dev-*",), cloud=Forgetful())
    assert [entry.resource.name for entry in result.entries] == ["fsa-dev-dead"]
    assert [str(left.resource) for left in result.unexpressed] == [f"{QUEUE} fsa-dev-work"]
