"""Resources of any type are imported by type and name; adopted, they differ by our tags alone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeclarationError, UsageError
from common.importing.account import LiveAccount
from common.importing.outcome import Import
from common.importing.project import Importer
from common.importing.selection import Selection
from common.model.resource import Resource
from common.resources.cloud_control import TAGS, CloudResource
from tests.support.repository import Repository, fresh_imports

HERE = "eu-central-1:123456789012"
URL = "https://sqs.eu-central-1.amazonaws.com/123456789012"
KEY = f"arn:aws:kms:{HERE}:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
QUEUE, ALARM, SUBSCRIPTION = "AWS::SQS::Queue", "AWS::CloudWatch::Alarm", "AWS::SNS::Subscription"
GROUP, QUERY, KMS = "AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery", "AWS::KMS::Key"
OWNER = {"Key": "deployer:environment", "Value": "t-dev/dev"}
ACCOUNT: dict[str, dict[str, dict[str, Any]]] = {
    QUEUE: {
        f"{URL}/fsa-dev-work": {
            "QueueName": "fsa-dev-work",
            "QueueUrl": f"{URL}/fsa-dev-work",
            "Arn": f"arn:aws:sqs:{HERE}:fsa-dev-work",
            "VisibilityTimeout": 60,
            "RedrivePolicy": {"deadLetterTargetArn": f"arn:aws:sqs:{HERE}:fsa-dev-dead", "maxReceiveCount": 5},
            "KmsMasterKeyId": KEY,
            "Tags": [{"Key": "team", "Value": "orders"}],
        },
        f"{URL}/fsa-dev-dead": {
            "QueueName": "fsa-dev-dead",
            "QueueUrl": f"{URL}/fsa-dev-dead",
            "Arn": f"arn:aws:sqs:{HERE}:fsa-dev-dead",
            "Tags": [],
        },
        f"{URL}/ours": {"QueueName": "ours", "QueueUrl": f"{URL}/ours", "Arn": f"arn:aws:sqs:{HERE}:ours", "Tags": [OWNER]},
    },
    ALARM: {
        "fsa-dev-late": {
            "AlarmName": "fsa-dev-late",
            "Arn": f"arn:aws:cloudwatch:{HERE}:alarm:fsa-dev-late",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 10.0,
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Namespace": "AWS/SQS",
            "Period": 60,
            "Statistic": "Maximum",
            "AlarmActions": [f"arn:aws:sns:{HERE}:company-alerts"],
            "Dimensions": [{"Name": "QueueName", "Value": "fsa-dev-work"}],
        }
    },
    SUBSCRIPTION: {
        f"arn:aws:sns:{HERE}:company-alerts:11111111-1111": {
            "Arn": f"arn:aws:sns:{HERE}:company-alerts:11111111-1111",
            "TopicArn": f"arn:aws:sns:{HERE}:company-alerts",
            "Protocol": "sqs",
            "Endpoint": f"arn:aws:sqs:{HERE}:fsa-dev-work",
        }
    },
    GROUP: {"reports": {"Name": "reports", "State": "ENABLED", "CreationTime": "1764000000.0", "Tags": []}},
    QUERY: {
        "22222222-2222-2222": {
            "NamedQueryId": "22222222-2222-2222",
            "Name": "top",
            "Database": "lake",
            "QueryString": "SELECT 1",
            "WorkGroup": "reports",
        }
    },
    KMS: {
        KEY.rpartition("/")[2]: {
            "KeyId": KEY.rpartition("/")[2],
            "Arn": KEY,
            "Description": "Orders",
            "KeyPolicy": {"Version": "2012-10-17", "Statement": []},
            "Enabled": True,
        }
    },
}


FILTER, RETRIES, PARAMETER = "AWS::Logs::SubscriptionFilter", "AWS::Lambda::EventInvokeConfig", "AWS::SSM::Parameter"
TOLD: dict[str, dict[str, dict[str, Any]]] = {
    FILTER: {
        "all|/fsa/logs": {
            "FilterName": "all",
            "LogGroupName": "/fsa/logs",
            "FilterPattern": "",
            "DestinationArn": f"arn:aws:lambda:{HERE}:function:ship",
        }
    },
    RETRIES: {
        "ship|$LATEST": {
            "FunctionName": "ship",
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 0,
            "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:fsa-dev-dead"}, "OnSuccess": {}},
        }
    },
    PARAMETER: {"/fsa/mode": {"Name": "/fsa/mode", "Type": "String", "Value": "full", "Tier": "Standard"}},
}
"""Resources as AWS tells them: a required text is empty, an object is that no declaration may have, a value is never told."""


class Cloud:
    """The Cloud Control API with an account; `unlisted` are the types that it does not list."""

    def __init__(self, unlisted: tuple[str, ...] = ()) -> None:
        self.unlisted = unlisted
        self.calls: list[str] = []

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.calls.append(f"{service}:{operation}")
        type_name = parameters["TypeName"]
        if type_name in self.unlisted:
            raise AwsError(service, operation, "UnsupportedActionException", "it needs a model")
        listed = [
            {"Identifier": name, "Properties": json.dumps({"Name": live["Name"]} if "Name" in live else {})}
            for name, live in ACCOUNT[type_name].items()
        ]
        yield {"ResourceDescriptions": listed}

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        self.calls.append(f"{service}:{operation}")
        live = ACCOUNT[parameters["TypeName"]].get(parameters["Identifier"])
        return live and {"ResourceDescription": {"Identifier": parameters["Identifier"], "Properties": json.dumps(live)}}

    def call(self, service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        self.calls.append(f"{service}:{operation}")
        if operation != "ListBuckets":
            raise AwsError(service, operation, "AccessDenied", "these credentials may not look at what is of others")
        return {"Buckets": []}


def imported(repository: Repository, *types: str, match: tuple[str, ...] = (), cloud: Cloud | None = None) -> Import:
    with fresh_imports(), ThreadPoolExecutor(2) as pool:
        env = repository.environment()
        account = LiveAccount(env, cast(Aws, cloud or Cloud()), pool)
        return Importer(repository.root, env, "orders", account).run(Selection.of(match, (), (), types))


def differences(resource: Resource) -> dict[str, Any]:
    """What an adopting plan would change, without our tags."""
    assert isinstance(resource, CloudResource)
    live = resource.read(cast(Aws, Cloud()))
    assert live is not None
    desired = json.loads(json.dumps(resource.desired()))
    return {
        name: (live.state.get(name), value) for name, value in desired.items() if name != TAGS and live.state.get(name) != value
    }


def declaration(repository: Repository) -> str:
    return (repository.root / "projects/orders/deploy.py").read_text()


def test_queues_are_declared_with_references_to_each_other_and_nothing_that_aws_gives(repository: Repository) -> None:
    result = imported(repository, QUEUE, match=("fsa-dev-*",))
    assert sorted(str(entry.resource) for entry in result.entries) == [f"{QUEUE} fsa-dev-dead", f"{QUEUE} fsa-dev-work"]
    text = declaration(repository)
    assert '"QueueName": "fsa-${stage}-work"' in text
    assert '"deadLetterTargetArn": "${resource.dead.Arn}"' in text
    assert "QueueUrl" not in text
    assert '"KmsMasterKeyId": "${' in text
    assert "Tags" not in text


@pytest.mark.parametrize("type_name", [QUEUE, ALARM, SUBSCRIPTION, GROUP, QUERY, KMS])
def test_adopting_what_was_imported_changes_our_tags_alone(repository: Repository, type_name: str) -> None:
    imported(repository, type_name, match=() if type_name != QUEUE else ("fsa-dev-*",))
    resources = [resource for key, resource in repository.resources().items() if key.startswith("resource/")]
    names = {"fsa-dev-dead", "fsa-dev-work"} if type_name == QUEUE else ACCOUNT[type_name].keys()
    assert len(resources) == len(names)
    for resource in resources:
        changed = {
            name: values for name, values in differences(resource).items() if "«" not in json.dumps(values[1], ensure_ascii=False)
        }
        assert changed == {}


@pytest.mark.parametrize(
    ("type_name", "written"),
    [
        (FILTER, '"FilterPattern": ""'),
        (RETRIES, '"DestinationConfig": {"OnFailure": {"Destination": "${fsa-dev-dead.arn}"}}'),
        (PARAMETER, '{"Name": "/fsa/mode", "Type": "String", "Value": "full"}'),
    ],
)
def test_what_aws_tells_and_takes_otherwise_is_declared_as_it_takes_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, type_name: str, written: str
) -> None:
    monkeypatch.setitem(ACCOUNT, type_name, TOLD[type_name])
    assert imported(repository, type_name).unexpressed == []
    assert written in declaration(repository)
    (resource,) = [resource for key, resource in repository.resources().items() if key.startswith("resource/")]
    assert differences(resource) == {}


def test_names_and_attributes_of_what_is_imported_together_become_references(repository: Repository) -> None:
    imported(repository, QUEUE, SUBSCRIPTION, GROUP, QUERY, match=("fsa-dev-*", "*company-alerts*", "reports", "2222*"))
    text = declaration(repository)
    assert '"Endpoint": "${resource.work.Arn}"' in text
    assert '"WorkGroup": "${resource.reports.Name}"' in text
    assert 'p.shared.topic("company-alerts")' in text
    assert '"TopicArn": "${company-alerts.arn}"' in text
    repository.resources()


def test_what_is_deployed_already_and_what_is_declared_already_are_left_out(repository: Repository) -> None:
    result = imported(repository, QUEUE)
    assert [(item.resource.name, item.reason) for item in result.unexpressed] == [("ours", "t-dev/dev deploys it already")]
    again = imported(repository, QUEUE)
    assert (again.declared, again.entries) == (2, [])


def test_a_type_that_is_not_listed_is_named_by_identifiers(repository: Repository) -> None:
    result = imported(repository, QUERY, match=("22222222-2222-2222",), cloud=Cloud((QUERY,)))
    assert [entry.resource.name for entry in result.entries] == ["top"]
    with pytest.raises(UsageError, match="Name each by its identifier, without wildcards: --match IDENTIFIER"):
        imported(repository, QUERY, match=("2*",), cloud=Cloud((QUERY,)))


@pytest.mark.parametrize(
    ("types", "match", "message"),
    [
        (("AWS::SQS::Queu",), (), r"--type: 'AWS::SQS::Queu' is not a resource type .*Did you mean 'AWS::SQS::Queue'\?"),
        ((QUEUE,), ("fsa-dev-wrok",), r"--match 'fsa-dev-wrok' matches no AWS::SQS::Queue .*Did you mean 'fsa-dev-work'\?"),
        ((QUERY,), ("9999",), "matches no AWS::Athena::NamedQuery"),
    ],
)
def test_what_selects_nothing_is_refused(
    repository: Repository, types: tuple[str, ...], match: tuple[str, ...], message: str
) -> None:
    before = repository.files()
    with pytest.raises(UsageError, match=message):
        imported(repository, *types, match=match)
    assert repository.files() == before
    with pytest.raises(UsageError, match="--type goes with --match alone"):
        Selection.of((), ("a=b",), (), types)


def test_a_value_that_is_a_secret_is_not_written(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    parameter = {"Name": "db_password", "Type": "String", "Value": "Xk29-vPq7!mZt4Lw", "Description": "x"}
    monkeypatch.setitem(ACCOUNT, "AWS::SSM::Parameter", {"db_password": parameter})
    result = imported(repository, "AWS::SSM::Parameter")
    assert result.entries == []
    assert [item.reason for item in result.unexpressed] == ["AWS::SSM::Parameter: its Value holds a secret, and must be declared"]
    assert all(b"Xk29" not in content for content in repository.files().values())


def test_an_identifier_that_aws_gives_must_exist(repository: Repository) -> None:
    repository.project("acres", 'p.resource("k", "AWS::KMS::Key", {"KeyId": "77777777-7777", "KeyPolicy": {}})')
    with pytest.raises(DeclarationError, match="there is no AWS::KMS::Key 77777777-7777, and AWS gives KeyId itself"):
        repository.resources()["resource/k"].read(cast(Aws, Cloud()))


def test_one_listing_a_type_and_one_read_a_resource(repository: Repository) -> None:
    cloud = Cloud()
    imported(repository, QUEUE, match=("fsa-dev-*",), cloud=cloud)
    assert sorted(cloud.calls) == [
        "cloudcontrol:GetResource",
        "cloudcontrol:GetResource",
        "cloudcontrol:ListResources",
        "kms:DescribeKey",
        "s3:ListBuckets",
    ]
