"""`--exclusive` takes away what nobody has declared, and without it all of that stays."""

import json
from typing import Any

import boto3

from tests.engine.test_adopting import NAME, PLACE, aws, done
from tests.engine.test_adopting_beside import BUCKET, MACHINE, adopting, clients, rule_targets
from tests.support.replacing_aws import ReplacingAws
from tests.support.repository import Repository
from tests.support.terminal import squeezed

__all__ = ["adopting", "aws"]
THEIRS = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "s3:GetObject"}
ROLE = f"{NAME}-Validate-lambda"


def test_every_undeclared_field_goes(repository: Repository, aws: ReplacingAws) -> None:
    done(repository, "deploy", "--adopt")
    planned = squeezed(done(repository, "plan", "--exclusive", code=2))
    assert "~ state-machine/main update not declared, taken away: Tags.team, encryptionConfiguration" in planned
    assert "DefaultArguments.BY_HAND" in planned
    done(repository, "deploy", "--exclusive")
    job, function = aws.live[f"Job/{NAME}-load"], aws.live[f"Function/{NAME}-Validate"]
    assert job.keys() & {"SecurityConfiguration", "NonOverridableArguments", "Connections", "Description"} == set()
    assert "BY_HAND" not in job["DefaultArguments"]
    assert function["Environment"]["Variables"].keys() == {"ZONE"}
    assert (function["Layers"], function["FileSystemConfigs"], function["KMSKeyArn"]) == ([], [], "")
    assert (function["TracingConfig"], function["DeadLetterConfig"]) == ({"Mode": "PassThrough"}, {"TargetArn": ""})
    assert function["LoggingConfig"] == {"LogGroup": f"/aws/lambda/{NAME}-Validate", "LogFormat": "Text"}
    crawler = aws.live[f"Crawler/{NAME}-found"]
    assert (crawler["Classifiers"], crawler["Schedule"], crawler["Targets"].keys()) == ([], "", {"S3Targets"})
    assert json.loads(crawler["Configuration"]).keys() == {"Version", "CrawlerOutput"}
    assert aws.live[f"Machine/{NAME}-main"]["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    assert not any("team" in tags for tags in aws.tags.values())
    assert "nothing to do" in done(repository, "plan", "--exclusive")
    assert "nothing to do" in done(repository, "plan")


def test_policies_statements_and_targets_of_others_go(adopting: Repository) -> None:
    done(adopting, "deploy")
    s3, iam, events = clients("s3", "iam", "events")
    own = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    statement = {**THEIRS, "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**own, "Statement": [*own["Statement"], statement]}))
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=ROLE, PolicyName="theirs", PolicyDocument=json.dumps(document))
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed)
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    more = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "sts:AssumeRole"}
    both = {**trust, "Statement": [*trust["Statement"], more]}
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(both))
    events.put_targets(
        Rule=f"{NAME}-daily", Targets=[{"Id": "theirs", "Arn": "arn:aws:sns:eu-central-1:123456789012:t-dev-alerts"}]
    )

    kept = done(adopting, "drift")
    for name in ("Policies.theirs", f"AttachedPolicies.{managed}", "AssumeRolePolicyDocument.Theirs", "Policy.Theirs"):
        assert name in kept
    assert "nothing to do" in done(adopting, "plan", "--verify")
    done(adopting, "deploy", "--verify")
    assert len(statements(s3)) == 2
    only = ("--only", "role/Validate-lambda")
    assert "rule/" not in done(adopting, "plan", "--exclusive", *only, code=2)
    done(adopting, "deploy", "--exclusive")
    assert [statement["Sid"] for statement in statements(s3)] == ["TlsOnly"]
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == ["deployer-permissions"]
    assert iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []
    assert iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"] == trust
    assert [target["Arn"] for target in rule_targets(events)] == [MACHINE]
    assert "nothing to do" in done(adopting, "plan", "--exclusive")


def statements(s3: Any) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    return result


def test_what_usually_is_so_is_not_taken_away(repository: Repository, moto_dates: None) -> None:
    """AWS sets these values itself."""
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    done(repository, "deploy")
    assert "nothing to do" in done(repository, "plan", "--exclusive")
    boto3.client("logs", **PLACE).tag_log_group(logGroupName=f"/aws/lambda/{NAME}-Validate", tags={"theirs": "1"})
    assert "not declared, taken away: Tags.theirs" in done(repository, "plan", "--exclusive", code=2)
