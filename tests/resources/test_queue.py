"""What is particular to queues: their addresses, their dead letters, and how long SQS takes to know that one is there or gone."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.resources import refusals
from common.resources.queue import Queue, url_of
from tests.engine.test_deployer_policy import printed
from tests.resources.builders import Place, final, live_state
from tests.resources.scripted import Raw, ScriptedAws, refused
from tests.support.iam import HERE, Asked, Need, allows, each
from tests.support.repository import SHARED, Repository

PLACE = {"region_name": "eu-central-1"}
ORDERS = f"arn:aws:sqs:{HERE}:t-dev-acres-orders"
URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/t-orders"
ABSENT = refused("GetQueueAttributes", "AWS.SimpleQueueService.NonExistentQueue")
THERE = {"Attributes": {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "true"}}
READ, CREATE, DELETE = "sqs:GetQueueAttributes", "sqs:CreateQueue", "sqs:DeleteQueue"
LINES = (
    'failed = p.queue("failed", retention_seconds=1_209_600)',
    'orders = p.queue("orders", dead_letter=failed, max_receives=3, visibility_timeout_seconds=120)',
    'sent = {"FROM": orders.url, "TO": "${audit.url}", "ARN": "${orders.arn}"}',
    'p.function("Validate", reads=[orders], writes=[p.shared.queue("audit")], environment=sent)',
)
NEEDS: Mapping[str, tuple[Need, ...]] = {
    "sqs:ListQueues": each("sqs:ListQueues"),
    "sqs:CreateQueue": each("sqs:CreateQueue sqs:TagQueue", ORDERS),
    **{
        f"sqs:{name}": each(f"sqs:{name}", ORDERS)
        for name in ("DeleteQueue", "GetQueueAttributes", "SetQueueAttributes", "ListQueueTags", "TagQueue", "UntagQueue")
    },
}
"""By hand from https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html."""
STAYS = {"sqs:OverLimit": "a quota"}


@pytest.fixture
def acres(repository: Repository) -> Repository:
    """A project with a queue, its dead letters, and a shared queue."""
    repository.write("deploy.py", SHARED.replace("return shared", 'shared.queue("audit")\n    return shared'))
    repository.project("acres", *LINES)
    return repository


def done(repository: Repository, *words: str, code: int = 0) -> str:
    ended = repository.invoke(*words, "--env", "dev")
    assert (ended.code, "Traceback" in ended.err) == (code, False), ended
    return ended.out + ended.err


def attributes(name: str = "t-dev-acres-orders") -> dict[str, str]:
    """What AWS has of a queue."""
    result = boto3.client("sqs", **PLACE).get_queue_attributes(
        QueueUrl=f"https://sqs.eu-central-1.amazonaws.com/123456789012/{name}", AttributeNames=["All"]
    )
    return dict(result["Attributes"])


def test_a_queue_lives_through_deploys(moto: None, acres: Repository) -> None:
    done(acres, "deploy")
    dead_letter = {"deadLetterTargetArn": f"arn:aws:sqs:{HERE}:t-dev-acres-failed", "maxReceiveCount": 3}
    assert json.loads(attributes()["RedrivePolicy"]) == dead_letter
    assert (attributes()["VisibilityTimeout"], attributes()["SqsManagedSseEnabled"]) == ("120", "true")
    assert attributes("t-dev-acres-failed")["MessageRetentionPeriod"] == "1209600"
    assert attributes("t-dev-audit")["QueueArn"] == f"arn:aws:sqs:{HERE}:t-dev-audit"
    done(acres, "plan")

    acres.project("acres", *(line.replace("max_receives=3", "max_receives=4") for line in LINES))
    assert "RedrivePolicy" in done(acres, "plan", code=2)
    done(acres, "deploy")
    assert json.loads(attributes()["RedrivePolicy"])["maxReceiveCount"] == 4
    done(acres, "plan")

    sqs = boto3.client("sqs", **PLACE)
    url = sqs.get_queue_url(QueueName="t-dev-acres-orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "DelaySeconds": "7"})
    reported = done(acres, "drift", code=2)
    assert "acres: queue/orders" in reported
    assert "VisibilityTimeout" in reported
    sqs.untag_queue(QueueUrl=url, TagKeys=["deployer:environment", "deployer:project"])
    assert "--adopt" in done(acres, "deploy", "--verify", code=1)
    done(acres, "deploy", "--verify", "--adopt")
    assert (attributes()["VisibilityTimeout"], attributes()["DelaySeconds"]) == ("120", "7"), "what nobody declares stays"
    done(acres, "plan", "--verify")

    acres.project("acres", *LINES[:1])
    assert "queue/orders" in done(acres, "plan", code=2)
    done(acres, "deploy", "--prune", "--data", "--yes", "--only", "queue/orders")  # it was adopted, so it is named
    assert {url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]} == {"t-dev-audit", "t-dev-acres-failed"}


def test_queues_are_shared_or_a_pipelines_own_and_named_by_url_and_arn(acres: Repository) -> None:
    resources = acres.resources()
    variables = resources["lambda/Validate"].desired()["Environment"]["Variables"]
    assert variables == {
        "FROM": "https://sqs.eu-central-1.amazonaws.com/123456789012/t-dev-acres-orders",
        "TO": "https://sqs.eu-central-1.amazonaws.com/123456789012/t-dev-audit",
        "ARN": ORDERS,
    }
    assert {str(key) for key in resources["lambda/Validate"].needs} >= {"queue/orders", "queue/audit"}
    assert [str(key) for key in resources["queue/orders"].needs] == ["queue/failed"]
    assert url_of("arn:aws-cn:sqs:cn-north-1:123456789012:q") == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q"


def test_readers_receive_and_writers_send_and_no_more(acres: Repository) -> None:
    policies = acres.resources()["role/Validate-lambda"].desired()["Policies"]
    (policy,) = policies.values()
    statements = [item for item in policy["Statement"] if item["Action"][0].startswith("sqs:")]
    using = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    assert statements == [
        {
            "Effect": "Allow",
            "Action": sorted([*using, "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]),
            "Resource": [ORDERS],
        },
        {"Effect": "Allow", "Action": [*using, "sqs:SendMessage"], "Resource": [f"arn:aws:sqs:{HERE}:t-dev-audit"]},
    ]


def test_the_printed_policy_allows_what_the_calls_need_on_its_own_queues_alone(acres: Repository) -> None:
    statements = printed(acres)
    own = {"deployer:environment": "t-dev/dev"}
    questions = [Asked(need.action, need.arn, {}) for needs in NEEDS.values() for need in needs]
    assert [str(question) for question in questions if not allows(statements, question, own)] == []
    for theirs in (f"arn:aws:sqs:{HERE}:t-prod-acres-orders", f"arn:aws:sqs:{HERE}:billing"):
        assert not [
            question
            for question in questions
            if question.arn != "*" and allows(statements, Asked(question.action, theirs, {}), own)
        ]
    shared = Asked("sqs:SetQueueAttributes", f"arn:aws:sqs:{HERE}:t-dev-audit", {})
    assert allows(statements, shared, own)
    left_over = f"arn:aws:sqs:{HERE}:t-dev-gone-orders"
    assert allows(statements, Asked("sqs:DeleteQueue", left_over, {}), own)
    assert not allows(statements, Asked("sqs:DeleteQueue", left_over, {}), {"deployer:environment": "t-prod/prod"})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.queue("a.fifo", dead_letter=p.queue("b"))', "a FIFO queue and its dead letter queue both end with .fifo"),
        ('p.queue("a", dead_letter=p.table("t", partition_key="id"))', "dead_letter must be a queue, not table/t"),
        ('p.queue("a", retention_seconds=59)', "retention_seconds is 59; AWS accepts 60 to 1209600"),
        ('p.queue("a", visibility_timeout_seconds=43_201)', "visibility_timeout_seconds is 43201; AWS accepts 0 to 43200"),
        ('p.queue("a", max_receives=True)', "max_receives is a whole number, not True"),
        ('p.queue("a", deduplicate=True)', "deduplicate is for FIFO queues, whose names end with .fifo"),
        ('p.queue("a.b")', "a queue's name has letters, digits, - and _, begins with a letter or _, and may end with .fifo"),
        (f'p.queue("{"a" * 70}")', "AWS allows 80"),
        ('p.function("Validate", reads=[p.shared.queue("gone")])', 'add this line to deploy.py: shared.queue("gone")'),
        ('p.queue("a")\n    p.queue("a")', "declares queue/a twice"),
    ],
)
def test_what_aws_would_refuse_is_refused_where_it_is_declared(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", line)
    ended = repository.invoke("policy", "--env", "dev")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert message in ended.err


def test_a_new_queue_is_waited_for_until_it_can_be_used(place: Place) -> None:
    """See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: at least one second."""
    aws = ScriptedAws({READ: [ABSENT, ABSENT, THERE], CREATE: {"QueueUrl": URL}})
    place.queue().create(aws, final(place.queue()))
    assert aws.operations == [READ, CREATE, READ, READ]
    assert aws.slept == [1.0]
    sent = aws.sent(CREATE)
    assert (sent["QueueName"], sent["tags"]) == ("t-orders", dict(place.queue().tags))
    assert sent["Attributes"] == {"MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "true", "VisibilityTimeout": "30"}


def test_a_deletion_ends_when_the_queue_can_no_longer_be_read(place: Place) -> None:
    """See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html: up to 60 seconds."""
    aws = ScriptedAws({DELETE: {}, READ: [THERE, THERE, ABSENT]})
    place.queue().delete(aws)
    assert aws.operations == [DELETE, READ, READ, READ]
    never = ScriptedAws({DELETE: {}, READ: THERE})
    with pytest.raises(AwsError, match="t-orders is still there after 90 seconds"):
        place.queue().delete(never)


class Answers:
    """Answers the first calls of an operation with a refusal, as SQS spells it, and leaves the others to moto."""

    def __init__(self, code: str, number: int) -> None:
        self.code, self.left = code, number

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.left == 0:
            return None
        self.left -= 1
        body = json.dumps({"__type": f"com.amazonaws.sqs#{self.code}", "message": "Wait 60 seconds."})
        headers = {"x-amzn-query-error": f"AWS.SimpleQueueService.{self.code};Sender"}
        return AWSResponse(request.url, 400, headers, Raw(body.encode()))


def test_the_name_of_a_queue_that_was_just_deleted_is_waited_for(moto_aws: AwsSession, place: Place, slept: list[float]) -> None:
    """SQS refuses it for 60 seconds."""
    aws = AwsSession(place.region, place.account_id, sleep=slept.append, refusals=refusals)
    answers = Answers("QueueDeletedRecently", 6)
    aws.clients.of("sqs").meta.events.register_first("before-send.sqs.CreateQueue", answers)
    place.queue().create(aws, final(place.queue()))
    assert answers.left == 0
    assert live_state(moto_aws, place.queue()) == final(place.queue())
    answers.left = 100
    place.queue().delete(aws)
    slept.clear()
    with pytest.raises(AwsError, match="QueueDeletedRecently"):
        place.queue().create(aws, final(place.queue()))
    assert 60 < sum(slept) < 120


def test_a_queue_cannot_be_made_fifo_in_place(place: Place) -> None:
    assert place.queue("t-orders.fifo").desired()["FifoQueue"] is True
    assert {"FifoQueue"} == Queue.immutable


def test_attributes_that_nobody_declares_are_kept_and_shown(moto_aws: AwsSession, place: Place) -> None:
    place.queue().create(moto_aws, final(place.queue()))
    live = place.queue().read(moto_aws)
    assert live is not None
    assert live.undeclared == {}, "what SQS sets itself is nothing to be told of"
    theirs = {"DelaySeconds": "9", "ReceiveMessageWaitTimeSeconds": "20"}
    moto_aws.call("sqs", "SetQueueAttributes", QueueUrl=URL, Attributes=theirs)
    live = place.queue().read(moto_aws)
    assert live is not None
    assert live.undeclared == theirs


def test_the_key_of_a_queue_may_be_one_that_is_deployed_before_it(repository: Repository) -> None:
    key = 'key = p.resource("key", "AWS::KMS::Key", {"KeyPolicy": {}})'
    repository.project("acres", key, 'p.queue("work", kms_key="${key.Arn}")', 'p.queue("other", kms_key=key.attribute("KeyId"))')
    made = repository.resources()
    assert made["queue/work"].desired()["KmsMasterKeyId"] == "«acres: resource/key#Arn»"
    assert made["queue/other"].desired()["KmsMasterKeyId"] == "«acres: resource/key#KeyId»"
    for name in ("work", "other"):
        assert made["resource/key"].key in made[f"queue/{name}"].needs


def test_a_shared_queue_may_have_a_shared_key(repository: Repository) -> None:
    lines = (
        'key = shared.resource("key", "AWS::KMS::Key", {"KeyPolicy": {}})\n    shared.queue("work", kms_key=key.attribute("Arn"))'
    )
    repository.write("deploy.py", SHARED.replace("return shared", f"{lines}\n    return shared"))
    made = {str(resource.key): resource for resource in repository.declared()[0].rendered()}
    assert made["queue/work"].desired()["KmsMasterKeyId"] == "«shared: resource/key#Arn»"
    assert made["resource/key"].key in made["queue/work"].needs


def test_a_key_that_is_not_declared_is_refused(repository: Repository) -> None:
    repository.project("acres", 'p.queue("work", kms_key="${key.Arn}")')
    assert "queue/work: ${key.Arn} refers to nothing" in done(repository, "plan", code=1)


def test_what_others_set_of_a_queue_that_exists_is_not_written_over_by_its_creation(place: Place) -> None:
    """Their dead letter queue and their key stay, with the encryption that goes with the key."""
    redrive = json.dumps({"deadLetterTargetArn": "arn:theirs", "maxReceiveCount": 7})
    theirs = {"RedrivePolicy": redrive, "KmsMasterKeyId": "alias/theirs", "SqsManagedSseEnabled": "false"}
    existing = {"Attributes": {**THERE["Attributes"], **theirs}}
    tags = {"Tags": dict(place.queue().tags)}
    aws = ScriptedAws({READ: existing, "sqs:ListQueueTags": tags, "sqs:SetQueueAttributes": {}, "sqs:TagQueue": {}})
    place.queue().create(aws, final(place.queue()))
    assert not theirs.keys() & aws.sent("sqs:SetQueueAttributes")["Attributes"].keys()


@pytest.mark.parametrize(
    ("live", "properties", "undeclared"),
    [
        ({"MaximumMessageSize": "262144"}, {}, {}),
        ({"MaximumMessageSize": "1048576"}, {}, {}),
        ({"MaximumMessageSize": "1024"}, {}, {"MaximumMessageSize": "1024"}),
        ({"MaximumMessageSize": "1024"}, {"MaximumMessageSize": "2048"}, {}),
    ],
)
def test_what_aws_itself_sets_and_what_is_declared_is_not_of_others(
    place: Place, live: dict[str, str], properties: dict[str, str], undeclared: dict[str, str]
) -> None:
    """AWS sets 1 MiB: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html ."""
    aws = ScriptedAws({READ: {"Attributes": {**THERE["Attributes"], **live}}, "sqs:ListQueueTags": {}})
    read = place.queue(properties=properties).read(aws)
    assert (read and read.undeclared) == undeclared
