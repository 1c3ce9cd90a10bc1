"""Declarations name no partition: what they write as `arn:aws:` is rendered, or refused where it cannot be.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import json
from typing import Any

import pytest

from common.base.errors import ConfigError, DeclarationError
from common.declare import project_names, projects
from common.environment.config import Environment
from common.environment.config_files import load
from common.environment.partitions import Account, localize_arns
from common.resources.function import Function
from common.resources.job import Job
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from tests.support.repository import ROOT, Repository

GOV = Account("aws-us-gov", "us-gov-west-1", "123456789012")
REGIONS = {"us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn", "eu-central-1": "aws", "eusc-de-east-1": "aws-eusc"}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("arn:aws:states:::lambda:invoke", "arn:aws-us-gov:states:::lambda:invoke"),
        ("arn:aws-cn:states:::lambda:invoke", "arn:aws-us-gov:states:::lambda:invoke"),
        ("arn:aws-us-gov:states:::lambda:invoke", "arn:aws-us-gov:states:::lambda:invoke"),
        ("arn:aws:iam::123456789012:role/x", "arn:aws-us-gov:iam::123456789012:role/x"),
        ("arn:aws:lambda:us-gov-east-1:123456789012:function:x", "arn:aws-us-gov:lambda:us-gov-east-1:123456789012:function:x"),
        ("States.Format('arn:aws:s3:::{}', $.bucket)", "States.Format('arn:aws-us-gov:s3:::{}', $.bucket)"),
        (
            "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:x",
            "arn:aws-us-gov:lambda:${AWS::Region}:${AWS::AccountId}:function:x",
        ),
        ("two: arn:aws:s3:::a arn:aws:s3:::b", "two: arn:aws-us-gov:s3:::a arn:aws-us-gov:s3:::b"),
        ("barn:aws:x no:arn:awsome:", "barn:aws:x no:arn:awsome:"),
    ],
)
def test_arns_in_texts(text: str, becomes: str) -> None:
    assert localize_arns(text, GOV, "here") == becomes


@pytest.mark.parametrize("arn", ["arn:aws:lambda:us-east-1:123456789012:function:x", "arn:aws-cn:sqs:cn-north-1:1:q"])
def test_what_is_in_another_partition_is_refused(arn: str) -> None:
    with pytest.raises(
        DeclarationError, match=r"^here: arn:aws.* does not exist in the partition aws-us-gov, .* take it from a parameter\.$"
    ):
        localize_arns(arn, GOV, "here")


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
def test_all_that_a_declaration_writes(repository: Repository, region: str, partition: str) -> None:
    parameters = {"theirs": "arn:aws:sqs:us-east-1:123456789012:audit"}
    repository.configure(region=region, projects={"acres": {"parameters": parameters}})
    repository.write(
        "projects/acres/main.asl.yaml",
        "StartAt: A\nStates:\n  A:\n    Type: Task\n    Resource: arn:aws:states:::lambda:invoke\n"
        "    Parameters: {FunctionName: '${Validate.arn}', Payload: {to: 'arn:aws:s3:::x'}}\n    Next: B\n"
        "  B:\n    Type: Task\n    Resource: arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:other\n"
        "    Next: C\n"
        "  C:\n    Type: Map\n    ItemReader: {Resource: 'arn:aws:states:::s3:getObject', Parameters: {Bucket: x-y-z, Key: k}}\n"
        "    ItemProcessor:\n      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}\n      StartAt: D\n"
        "      States: {D: {Type: Pass, End: true}}\n    End: true\n",
    )
    repository.project(
        "acres",
        'm = p.state_machine("main", "main.asl.yaml")',
        'p.function("Validate", environment={"OUT": "arn:aws:s3:::x", "REGION": "${AWS::Region}", "AUDIT": "${theirs}"})',
        'p.job("load", arguments={"--out": "arn:aws:s3:::x"})',
        'p.schedule("s", m, "rate(1 day)", {"out": "arn:aws:s3:::x"})',
    )
    resources = repository.resources()
    machine, function, job, rule = (
        resources[key] for key in ("state-machine/main", "lambda/Validate", "glue-job/load", "rule/s")
    )
    assert isinstance(machine, StateMachine)
    states = machine.definition["States"]
    assert states["A"]["Resource"] == f"arn:{partition}:states:::lambda:invoke"
    assert states["A"]["Parameters"]["Payload"] == {"to": f"arn:{partition}:s3:::x"}
    assert states["B"]["Resource"] == f"arn:{partition}:lambda:{region}:123456789012:function:other"
    assert states["C"]["ItemReader"]["Resource"] == f"arn:{partition}:states:::s3:getObject"
    assert isinstance(function, Function)
    assert function.environment == {"OUT": f"arn:{partition}:s3:::x", "REGION": region, "AUDIT": parameters["theirs"]}
    assert isinstance(job, Job)
    assert job.arguments["--out"] == f"arn:{partition}:s3:::x"
    assert isinstance(rule, Rule)
    assert rule.input == {"out": f"arn:{partition}:s3:::x"}
    wrong = "arn:aws:" if partition != "aws" else "arn:aws-"
    desired = [resource.desired() for resource in resources.values() if not isinstance(resource, Function)]
    assert wrong not in json.dumps(desired, default=str)


def test_the_embedded_aws_is_in_one_partition(repository: Repository) -> None:
    repository.configure(region="us-gov-west-1", embedded={})
    with pytest.raises(ConfigError, match=r"the embedded AWS has no region us-gov-west-1"):
        repository.environment()


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_the_examples_are_of_no_partition(region: str) -> None:
    sources = [path for path in (ROOT / "projects").glob("*/*") if path.is_file() and path.parent.name != "__pycache__"]
    texts = [path.read_text() for path in sources]
    assert not [text for text in texts if "arn:aws" in text]
    dev = load(ROOT, "dev").model_dump(by_alias=True, exclude_unset=True)
    env = Environment.model_validate({**dev, "region": region}, strict=False)
    for pipeline in projects.load(ROOT, env, project_names.list_projects(ROOT)):
        for resource in pipeline.rendered():
            assert "arn:aws:" not in json.dumps(resource.desired(), default=str), resource.key


@pytest.mark.parametrize(
    "settings",
    [
        {"roles": {"arns": {"lambda": "arn:aws:iam::123456789012:role/x"}}},
        {"roles": {"permissions_boundary": "arn:aws:iam::123456789012:policy/x"}},
        {"projects": {"acres": {"functions": {"Validate": {"role": "arn:aws:iam::123456789012:role/x"}}}}},
        {"defaults": {"job": {"role": "arn:aws:iam::123456789012:role/x"}}},
        {"defaults": {"function": {"layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}}},
    ],
)
def test_what_configuration_names_must_be_there(repository: Repository, settings: dict[str, Any]) -> None:
    repository.project("acres")
    repository.configure(region="us-gov-west-1", **settings)
    with pytest.raises((ConfigError, DeclarationError), match=r"is in the partition aws, but us-gov-west-1 is in aws-us-gov"):
        repository.declared()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"roles": {"arns": {"lambda": "arn:aws:iam::999999999999:role/x"}}}, "role/x belongs to the account 999999999999"),
        (
            {"roles": {"permissions_boundary": "arn:aws:iam::999999999999:policy/x"}},
            "policy/x belongs to the account 999999999999",
        ),
        (
            {"projects": {"acres": {"functions": {"Validate": {"role": "arn:aws:iam::999999999999:role/x"}}}}},
            "role/x belongs to the account 999999999999, but the environment to 123456789012",
        ),
        ({"defaults": {"job": {"role": "arn:aws:iam::999999999999:role/x"}}}, "role/x belongs to the account 999999999999"),
        (
            {"defaults": {"function": {"layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}}},
            "layer:x:1 is in the region us-east-1, but the environment is in eu-central-1",
        ),
    ],
)
def test_what_configuration_names_must_be_of_the_account_and_region(
    repository: Repository, settings: dict[str, Any], message: str
) -> None:
    """AWS refuses another account's role ("Cross-account pass role is not allowed") and another region's layer."""
    repository.project("acres")
    repository.configure(**settings)
    with pytest.raises((ConfigError, DeclarationError), match=message):
        repository.declared()


def test_a_layer_of_another_account_is_taken(repository: Repository) -> None:
    repository.project("acres")
    repository.configure(defaults={"function": {"layers": ["arn:aws:lambda:eu-central-1:999999999999:layer:x:1"]}})
    assert "lambda/Validate" in repository.resources()


@pytest.mark.parametrize(
    "settings",
    [
        {"defaults": {"function": {"vpc": True}}},
        {"defaults": {"function": {"vpc": True}}, "network": {"subnet_ids": ["subnet-1"]}},
        {"defaults": {"function": {"vpc": True}}, "network": {"security_group_ids": ["sg-1"]}},
        {"defaults": {"function": {"network": {"subnet_ids": ["subnet-1"]}}}},
    ],
)
def test_a_function_is_not_left_out_of_a_network_that_has_no_place_for_it(
    repository: Repository, settings: dict[str, Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html: empty lists take a function out of its network."""
    repository.project("acres")
    repository.configure(**settings)
    with pytest.raises(DeclarationError, match=r"lambda/Validate: it is to run in a network that has [01] subnet_ids and [01] "):
        repository.declared()
