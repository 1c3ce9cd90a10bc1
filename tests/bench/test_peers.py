"""The benchmark beside other tools: they are given the same resources, and it runs."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.generated import Size, edit_function, edit_job, generate
from tests.bench.peers import __main__ as peers
from tests.bench.peers.template import TYPES, template
from tests.bench.peers.tools import TOOLS, MissingToolError, Uvx
from tests.support.repository import ACCOUNT, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize("own_roles", [False, True])
def test_the_template_has_what_the_repository_declares(repository: Repository, *, own_roles: bool) -> None:
    size = peers.SIZES[10]
    generate(repository, size, ACCOUNT, own_roles=own_roles)
    resources = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    entries = template(resources, repository.root)["Resources"]
    declared = Counter(TYPES[resource.key.kind][0] for resource in resources if str(resource.key) != "bucket/artifacts")
    assert Counter(entry["Type"] for entry in entries.values()) == declared + Counter(["AWS::S3::BucketPolicy"])
    assert declared["AWS::Lambda::Function"] == size.functions
    assert declared["AWS::Glue::Job"] == size.jobs
    assert declared["AWS::Glue::Crawler"] == size.crawlers
    assert declared["AWS::StepFunctions::StateMachine"] == size.machines
    assert declared["AWS::IAM::Role"] == (size.resources if own_roles else 0)
    names = {resource.name for resource in resources}
    for entry in entries.values():
        properties = entry["Properties"]
        assert {properties[name] for name in ("FunctionName", "RoleName", "BucketName") if name in properties} <= names
        assert set(entry.get("DependsOn", ())) <= entries.keys()


def test_an_edit_is_in_the_files_that_the_template_names(repository: Repository) -> None:
    generate(repository, Size(1, 1), ACCOUNT)
    resources = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    entries = template(resources, repository.root)["Resources"].values()
    code = next(entry["Properties"]["Code"] for entry in entries if entry["Type"] == "AWS::Lambda::Function")
    script = next(entry["Properties"]["Command"]["ScriptLocation"] for entry in entries if entry["Type"] == "AWS::Glue::Job")
    edit_function(repository, "another text")
    edit_job(repository, "another text")
    assert "another text" in (Path(code) / "handler.py").read_text()
    assert "another text" in Path(script).read_text()


def test_a_tool_that_cannot_be_had_is_named_and_not_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(TOOLS, "sam", Uvx("AWS SAM", "/nowhere/such-package", "sam"))
    with pytest.raises(MissingToolError, match="does not work here"):
        TOOLS["sam"].get()
    monkeypatch.setattr(sys, "argv", ["peers", "--tools", "sam", "--sizes", "10", "--delays", "0"])
    peers.main()
    assert "AWS SAM is not measured: `uvx --from /nowhere/such-package sam` does not work here." in capsys.readouterr().out


def test_both_are_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the smallest project and no delay; what is compared is that each situation has a row, not the seconds."""
    monkeypatch.setattr(sys, "argv", ["peers", "--tools", "ours", "cloudformation", "--sizes", "10", "--delays", "0"])
    peers.main()
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.count(" | ") == 5]
    names = {row[1] for row in rows[1:]}
    assert names == {"this deployer", "CloudFormation by boto3"}
    assert [row[0].strip("| ") for row in rows[1:]] == [name for name in peers.SITUATIONS for _ in names]
    assert all(float(row[2]) > 0 and int(row[5].strip("| ")) > 0 for row in rows[1:])
