"""How things of others are looked at, with AWS that answers by a script."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.base.errors import AwsError, DeployError
from common.declare import existing as references
from common.engine import existing
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.resources import kind_of
from tests.support.repository import ACCOUNT, CONFIG

REGION = "eu-central-1"
Says = Callable[[str, str], dict[str, Any]]
ENV = Environment(**{name: value for name, value in CONFIG.items() if name != "$schema"})


class Scripted:
    """AWS that answers by operation, and remembers what it was asked in which region."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.region = ""

    def in_region(self, region: str) -> Any:
        self.region = region
        return self

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.calls.append((self.region, f"{service}:{operation}", parameters))
        return self.says(service, operation)


def looked(says: Says, *refs: ExistingRef) -> tuple[list[existing.Finding], list[Any]]:
    aws = Scripted(says)
    with ThreadPoolExecutor(1) as pool:
        return existing.look(ENV, aws.in_region, refs, pool), aws.calls


def ref(kind: str, name: str, **options: Any) -> ExistingRef:
    return references.reference(ENV, kind_of(kind), "", name, "here", **options)


def refused(code: str) -> Says:
    def says(service: str, operation: str) -> dict[str, Any]:
        raise AwsError(service, operation, code, "no")

    return says


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403", "AuthorizationErrorException", "Forbidden"])
def test_what_the_deployer_may_not_look_at_is_said_and_no_error(code: str) -> None:
    (finding,), _ = looked(refused(code), ref("table", "arn:aws:dynamodb:eu-west-1:999999999999:table/Runs"))
    assert not finding.missing
    assert finding.note == (
        "here: whether table arn:aws:dynamodb:eu-west-1:999999999999:table/Runs is as it is used is not known: these credentials "
        f"may not look at it (dynamodb:DescribeTable: {code}). `invoke policy` prints what they need."
    )


def test_what_is_elsewhere_is_looked_at_there_and_so_is_its_key() -> None:
    key = "arn:aws:kms:eu-west-1:999999999999:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
    queue = ref("queue", "arn:aws:sqs:eu-west-1:999999999999:In", kms_key=key)
    _, calls = looked(lambda *_: {"KeyMetadata": {}}, queue)
    assert calls == [
        ("eu-west-1", "sqs:GetQueueUrl", {"QueueName": "In", "QueueOwnerAWSAccountId": "999999999999"}),
        ("eu-west-1", "kms:DescribeKey", {"KeyId": key}),
    ]
    (finding,), calls = looked(lambda *_: {}, ref("glue-job", "arn:aws:glue:eu-central-1:999999999999:job/Load"))
    assert finding.note.endswith("was not looked at: AWS shows it to account 999999999999 alone.")
    assert calls == []


def test_an_error_that_says_nothing_of_the_thing_is_an_error() -> None:
    with pytest.raises(AwsError):
        looked(refused("ThrottlingException"), ref("topic", "Alerts"))


@pytest.mark.parametrize(
    ("kind", "name", "response"),
    [
        ("secret", "db", {"KmsKeyId": "{}"}),
        ("parameter", "/orders/url", {"Parameters": [{"Name": "/orders/url", "KeyId": "{}"}]}),
        ("table", "runs", {"Table": {"SSEDescription": {"KMSMasterKeyArn": "{}"}}}),
    ],
)
def test_a_key_of_the_company_that_nothing_names_is_said(kind: str, name: str, response: dict[str, Any]) -> None:
    """The members: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html and siblings."""

    def noted(key: str, **options: Any) -> list[str]:
        answer = json.loads(json.dumps(response).replace("{}", key))
        says: Says = lambda service, _: {"KeyMetadata": {}} if service == "kms" else answer  # noqa: E731 - two words
        return [finding.note for finding in looked(says, ref(kind, name, **options))[0]]

    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
    (note,) = noted(key)
    assert note == f"here: {kind} {name} is encrypted with {key}. Say this kms_key, so that its users may use it."
    assert noted(key, kms_key=key) == []
    assert noted("alias/aws/of-the-service") == []


def test_a_parameter_is_looked_at_without_reading_it() -> None:
    """DescribeParameters tells no value: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html."""
    (finding,), calls = looked(lambda *_: {"Parameters": []}, ref("parameter", "/orders/url"))
    assert finding.missing.startswith("here: there is no parameter /orders/url")
    by_name = {"Key": "Name", "Option": "Equals", "Values": ["/orders/url"]}
    assert calls == [(REGION, "ssm:DescribeParameters", {"ParameterFilters": [by_name]})]
    _, ((_, _, below),) = looked(lambda *_: {"Parameters": [{}]}, ref("parameter", "/orders/*"))
    assert below["ParameterFilters"] == [{"Key": "Path", "Option": "Recursive", "Values": ["/orders"]}]


def test_a_key_that_is_being_deleted_is_missing() -> None:
    key = ref("key", "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    (finding,), _ = looked(lambda *_: {"KeyMetadata": {"KeyState": "PendingDeletion"}}, key)
    assert finding.missing.startswith("here: there is no key 0f0f0f0f-")


def test_how_a_secret_of_others_may_be_named_is_told_with_what_aws_adds_to_its_name() -> None:
    with pytest.raises(DeployError, match="the name of a secret, or its whole ARN with the six characters at its end"):
        ref("secret", "a secret!")
