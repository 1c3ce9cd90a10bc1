"""Ours is what we declared: tags that are configured no more go, what others have set stays, and taking over loses nothing."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from tests.support.deploying import deploy, killed, things
from tests.support.fake_aws import World, tagged_as
from tests.support.repository import Repository
from tests.support.terminal import squeezed

ALL = (
    'runs = p.table("runs", partition_key="id")',
    'p.function("Validate")',
    'p.job("load")',
    'p.crawler("found", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("lake"))',
    'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
    'p.schedule("daily", m, "rate(1 day)")',
)
PLACE = {"region_name": "eu-central-1"}
ACCOUNT = "123456789012"
ARN = f"{PLACE['region_name']}:{ACCOUNT}"
ALLOW = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "s3:GetObject"}


@pytest.fixture
def repository_of_all_types(repository: Repository, moto_dates: None) -> Repository:
    repository.configure(tags={"cost": "7", "team": "soil"})
    shared = (repository.root / "deploy.py").read_text()
    more = '    shared.database("lake")\n    shared.topic("alerts")\n    return shared'
    repository.write("deploy.py", shared.replace("    return shared", more))
    repository.project("acres", *ALL)
    return repository


def done(repository: Repository, *words: str, code: int = 0) -> str:
    ended = repository.invoke(*words, "--env", "dev")
    assert (ended.code, "Traceback" in ended.err) == (code, False), ended
    return ended.out + ended.err


def tags() -> dict[str, dict[str, str]]:
    """All tags of everything, by what it is."""

    def listed(items: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
        return {item[key]: item[value] for item in items}

    glue, lambda_, logs, iam = (boto3.client(name, **PLACE) for name in ("glue", "lambda", "logs", "iam"))
    glue_arns = {kind: f"arn:aws:glue:{ARN}:{kind}/{name}" for kind, name in GLUE.items()}
    result = {kind: glue.get_tags(ResourceArn=arn)["Tags"] for kind, arn in glue_arns.items()}
    result["function"] = lambda_.list_tags(Resource=f"arn:aws:lambda:{ARN}:function:t-dev-acres-Validate")["Tags"]
    group = f"arn:aws:logs:{ARN}:log-group:/aws/lambda/t-dev-acres-Validate"
    result["log group"] = logs.list_tags_for_resource(resourceArn=group)["tags"]
    result["role"] = listed(iam.list_role_tags(RoleName="t-dev-acres-load-glue-job")["Tags"])
    states = boto3.client("stepfunctions", **PLACE)
    machine = f"arn:aws:states:{ARN}:stateMachine:t-dev-acres-main"
    result["machine"] = listed(states.list_tags_for_resource(resourceArn=machine)["tags"], "key", "value")
    table = boto3.client("dynamodb", **PLACE).list_tags_of_resource(ResourceArn=f"arn:aws:dynamodb:{ARN}:table/t-dev-acres-runs")
    result["table"] = listed(table["Tags"])
    topic = boto3.client("sns", **PLACE).list_tags_for_resource(ResourceArn=f"arn:aws:sns:{ARN}:t-dev-alerts")
    result["topic"] = listed(topic["Tags"])
    rule = boto3.client("events", **PLACE).list_tags_for_resource(ResourceARN=f"arn:aws:events:{ARN}:rule/t-dev-acres-daily")
    result["rule"] = listed(rule["Tags"])
    result["bucket"] = listed(boto3.client("s3", **PLACE).get_bucket_tagging(Bucket="t-dev-artifacts")["TagSet"])
    return result


GLUE = {"job": "t-dev-acres-load", "crawler": "t-dev-acres-found", "database": "t_dev_lake"}


def test_a_tag_that_is_configured_no_more_is_taken_from_everything(repository_of_all_types: Repository) -> None:
    repository = repository_of_all_types
    done(repository, "deploy")
    assert all(of.items() >= {"cost": "7", "team": "soil"}.items() for of in tags().values()), tags()
    boto3.client("glue", **PLACE).tag_resource(ResourceArn=f"arn:aws:glue:{ARN}:job/{GLUE['job']}", TagsToAdd={"auditor": "them"})
    repository.configure(tags={"team": "soil"})
    planned = done(repository, "plan", code=2)
    assert "~ glue-job/load update Tags.cost no longer declared; kept, not declared: Tags.auditor" in squeezed(planned)
    done(repository, "deploy")
    live = tags()
    assert {kind: sorted(of.keys() - {"deployer:environment", "deployer:project"}) for kind, of in live.items()} == {
        kind: ["auditor", "team"] if kind == "job" else ["team"] for kind in live
    }
    assert "nothing to do" in done(repository, "plan")
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_what_exists_is_taken_over_without_losing_anything(repository: Repository, moto_dates: None) -> None:
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    s3, iam, logs, kms = (boto3.client(name, **PLACE) for name in ("s3", "iam", "logs", "kms"))
    s3.create_bucket(Bucket="t-dev-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="t-dev-artifacts", Key="theirs", Body=b"")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="t-dev-artifacts", ServerSideEncryptionConfiguration={"Rules": [rule]})
    theirs = {"Sid": "Theirs", **ALLOW, "Resource": "arn:aws:s3:::t-dev-artifacts/*"}
    s3.put_bucket_policy(Bucket="t-dev-artifacts", Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    logs.create_log_group(logGroupName="/aws/lambda/t-dev-acres-Validate")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = "t-dev-acres-load-glue-job"
    iam.create_role(RoleName=role, Path="/t-dev/dev/acres/", AssumeRolePolicyDocument=json.dumps(document))
    for name in ("permissions", "theirs"):
        allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)

    assert "take it over with --adopt." in done(repository, "deploy", code=1)
    planned = done(repository, "plan", "--adopt", code=2)
    assert "~ log-group/Validate update taken over from nobody; tags only" in squeezed(planned)
    assert "kept, not declared: Policy.Theirs, ServerSideEncryptionConfiguration" in planned
    assert "Policies.permissions, Policies.theirs" in planned
    done(repository, "deploy", "--adopt")

    result = s3.get_bucket_encryption(Bucket="t-dev-artifacts")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert result["ApplyServerSideEncryptionByDefault"] == rule["ApplyServerSideEncryptionByDefault"]
    statements = json.loads(s3.get_bucket_policy(Bucket="t-dev-artifacts")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Theirs", "TlsOnly"]
    assert set(iam.list_role_policies(RoleName=role)["PolicyNames"]) == {"permissions", "theirs", "deployer-permissions"}
    assert trust in iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/t-dev-acres-Validate")["logGroups"]
    assert "retentionInDays" not in group
    assert "nothing to do" in done(repository, "plan", "--verify")
    done(repository, "deploy", "--force")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/t-dev-acres-Validate")["logGroups"]
    assert "retentionInDays" not in group

    repository.configure(defaults={"function": {"log_retention_days": 30}})  # the same number, and now somebody has named it
    planned = done(repository, "plan", "--verify", code=2)
    assert "retentionInDays 30 → never" in planned
    assert "older logs are deleted; this is put back" in planned
    done(repository, "deploy", "--verify")
    repository.configure(defaults={"function": {"log_retention_days": "never"}})
    assert "retentionInDays 30 → never" in done(repository, "plan", code=2)
    done(repository, "deploy")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/t-dev-acres-Validate")["logGroups"]
    assert "retentionInDays" not in group


@pytest.mark.parametrize("owner", ["prod/prod", "t-dev/dev:other"])
def test_what_somebody_else_has_deployed_is_taken_over_by_naming_that_owner(
    repository: Repository, moto_dates: None, owner: str
) -> None:
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    group = "/aws/lambda/t-dev-acres-Validate"
    environment, _, project = owner.partition(":")
    theirs = {"deployer:environment": environment, "deployer:project": project or "acres"}
    boto3.client("logs", **PLACE).create_log_group(logGroupName=group, tags=theirs)
    for words in ((), ("--adopt",), ("--adopt-from", "others")):
        reported = done(repository, "deploy", *words, code=1)
        assert f"log-group/Validate: arn:aws:logs:{ARN}:log-group:{group} exists and belongs to {owner}." in reported
        assert f"take it over with --adopt-from {owner}." in reported
    reported = done(repository, "plan", "--adopt-from", owner, code=2)
    assert f"~ log-group/Validate update taken over from {owner}; tags only" in squeezed(reported)
    done(repository, "deploy", "--adopt-from", owner)
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_what_is_taken_over_is_not_replaced(repository: Repository, moto_dates: None) -> None:
    """A role at another path is somebody's, with policies of theirs."""
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    boto3.client("iam").create_role(RoleName="t-dev-acres-load-glue-job", Path="/team/", AssumeRolePolicyDocument=document)
    reported = done(repository, "deploy", "--adopt", code=1)
    assert "role/load-glue-job: Path cannot be changed in place, and what is taken over is not replaced" in reported
    boto3.client("iam").get_role(RoleName="t-dev-acres-load-glue-job")


def test_a_tag_that_only_a_dead_deploy_has_set_is_taken_away(tmp_path: Path) -> None:
    """Its record is still that of before, which matches again once the tag is not configured any more."""
    plain, tagged = things({"a": {"Size": 1}}), things({"a": {"Size": 1}})
    tagged[1] = tagged_as(tagged[1], {**tagged[1].tags, "cost": "7"})
    arn = tagged[1].arn
    reached = set()
    for number in range(60):
        for when in ("before", "after"):
            world = World()
            deploy(world, plain, tmp_path)
            world.live[arn]["Tags"]["auditor"] = "them"
            if not killed(world, tagged, tmp_path, number, when):
                break
            reached.add("cost" in world.live[arn]["Tags"])
            deploy(world, plain, tmp_path)
            assert world.live[arn]["Tags"].keys() - plain[1].tags.keys() == {"auditor"}
            assert deploy(world, plain, tmp_path).actions() == {}
    assert reached == {False, True}


def test_a_log_group_whose_creation_was_cut_off_is_not_taken_for_one_that_keeps_its_lines_for_ever(
    repository: Repository, moto_dates: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It exists and has no retention yet: that is ours to finish, and loses nothing that anybody has asked to be kept."""

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutRetentionPolicy")

    repository.project("acres", 'p.function("Validate")')
    with monkeypatch.context() as patched:
        refusal = ("before-call.logs.PutRetentionPolicy", refuse)
        patched.setattr(handlers, "BUILTIN_HANDLERS", [refusal, *handlers.BUILTIN_HANDLERS])
        done(repository, "deploy", code=1)
    done(repository, "deploy")
    logs = boto3.client("logs", **PLACE)
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/t-dev-acres-Validate")["logGroups"]
    assert group["retentionInDays"] == 30
