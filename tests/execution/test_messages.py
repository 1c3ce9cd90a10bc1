"""Sample messages: what is sent to which queue, how long is waited, and what is found in the dead letter queue."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.aws.session import AwsSession
from common.declare.workspace import DeclaredPipelines
from common.environment.config_files import load
from common.execution import messages
from common.execution.follower import Began
from common.execution.messages import POLLS, Delivering, Messages, Refused, Sent
from common.execution.starting import Start, find_starts
from common.model.events import Closed, Note
from common.report.run_report import JsonRunReport, TextRunReport
from tests.resources.scripted import ScriptedAws
from tests.support.repository import ACCOUNT, Ended, Repository

REGION = "eu-central-1"
MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
PATH = Path("tests/data/orders.jsonl")
EMPTY = {"Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}}
EMBEDDED = {"embedded": {}, "account_id": "000000000000", "region": "us-east-1"}


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("sqs", region_name=REGION)
        dead = client.create_queue(QueueName="dead")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
        client.create_queue(QueueName="work", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
        client.create_queue(QueueName="lines.fifo", Attributes={"FifoQueue": "true"})
        yield client


def session(sleep: Callable[[float], None]) -> AwsSession:
    return AwsSession(REGION, ACCOUNT, sleep=sleep)


def consumer(sqs: Any) -> Callable[[float], None]:
    """A function that takes what is good whenever time passes; SQS gives up the rest."""
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]

    def take(_: float) -> None:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            if "bad" not in message["Body"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    return take


def test_the_run_waits_until_the_queue_is_empty_and_tells_what_was_refused(sqs: Any) -> None:
    dead = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="of an earlier run")
    events: list[Any] = []
    sample = Messages(PATH, "work", ("good", "bad", "good, too"), is_read=True)
    messages.send(session(consumer(sqs)), sample, events.append)
    assert [event for event in events if not isinstance(event, Delivering)] == [Sent(sample), Refused("dead", ("bad",))]
    assert [event.left for event in events if isinstance(event, Delivering)] == [3, 1, 1]  # tried twice
    visible = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
    assert sum(int(visible[f"ApproximateNumberOfMessages{name}"]) for name in ("", "NotVisible")) == 2  # they are left there


def test_a_queue_that_no_function_reads_is_not_waited_for(sqs: Any) -> None:
    events: list[Any] = []
    slept: list[float] = []
    messages.send(session(slept.append), Messages(PATH, "work", ("a",), is_read=False), events.append)
    assert ([type(event) for event in events], slept) == ([Sent], [])


def test_a_fifo_queue_gets_all_lines_in_their_order_even_equal_ones(sqs: Any) -> None:
    messages.send(session(lambda _: None), Messages(PATH, "lines.fifo", ("b", "a", "b"), is_read=False), lambda _: None)
    url = sqs.get_queue_url(QueueName="lines.fifo")["QueueUrl"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["b", "a", "b"]


def test_a_function_that_takes_nothing_holds_the_run_for_five_minutes_at_most() -> None:
    full = {"Attributes": {**EMPTY["Attributes"], "ApproximateNumberOfMessagesNotVisible": "2"}}
    script: dict[str, Any] = {"GetQueueUrl": {"QueueUrl": "u"}, "SendMessage": {"MessageId": "1"}, "GetQueueAttributes": full}
    aws = ScriptedAws({f"sqs:{name}": answer for name, answer in script.items()})
    events: list[Any] = []
    messages.send(aws, Messages(PATH, "work", ("a",), is_read=True), events.append)
    assert events[-1] == Note("work still has 2 messages after 300 seconds. The run goes on without them.")
    assert (len(aws.slept), sum(aws.slept)) == (POLLS, 300)


def declared(repository: Repository, *lines: str) -> list[Start]:
    """What `run` would start, with a queue as the place of the sample."""
    repository.configure("local", **EMBEDDED)
    repository.project("acres", MACHINE, *lines, 'p.run_by(m, starting={}, sample={"data/s.jsonl": work})')
    repository.write("projects/acres/data/s.jsonl", '{"a": 1}\n\n{"b": 2}\n')
    env = load(repository.root, "local")
    return find_starts(repository.root, DeclaredPipelines.of(env, repository.declared(environment="local")), None)


@pytest.mark.parametrize(
    ("lines", "is_read"),
    [
        (['work = p.queue("work", visibility_timeout_seconds=60)', 'p.on_messages("take", p.function("Validate"), work)'], True),
        (['work = p.queue("work")'], False),
        (
            [
                'work = p.resource("work", "AWS::SQS::Queue", {"VisibilityTimeout": 60})',
                'p.on_messages("take", p.function("Validate"), work)',
            ],
            True,
        ),
        (
            [
                'work = p.queue("work", visibility_timeout_seconds=60)',
                'p.on_messages("take", p.function("Validate"), work, properties={"Enabled": False})',
            ],
            False,
        ),
    ],
)
def test_each_line_of_the_file_is_a_message(repository: Repository, lines: list[str], is_read: bool) -> None:
    (start,) = declared(repository, *lines)
    (sample,) = start.messages
    assert (sample.queue, sample.bodies, sample.is_read) == ("t-dev-acres-work", ('{"a": 1}', '{"b": 2}'), is_read)
    assert not start.samples


def test_what_is_neither_a_queue_nor_a_place_is_refused(repository: Repository) -> None:
    repository.project("acres", MACHINE, 'p.run_by(m, starting={}, sample={"data/s.jsonl": p.table("t", partition_key="k")})')
    ended: Ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert "sample: table/t is neither a queue nor a place in a bucket" in ended.err


def test_the_screen_and_json_tell_of_them() -> None:
    sample = Messages(PATH, "work", ("1", "2"), is_read=True)
    events: list[Any] = [Sent(sample), Delivering("work", 1), Refused("dead", ('{"a":  "' + "x" * 200 + '"}',))]
    stream, output = io.StringIO(), io.StringIO()
    text, as_json = TextRunReport(stream=stream), JsonRunReport("local", output)
    for event in [*events, Began("acres", "main", "arn"), Closed(1.0, {}, 0, 0, 0)]:
        text(event)
        as_json(event)
    first, second, third, *_ = stream.getvalue().splitlines()
    assert first == "  orders.jsonl was sent to work: 2 messages"
    assert second == "  1 of them ended in the dead letter queue dead"
    assert third.startswith('    {"a": "xxx')
    assert third.endswith("…")
    (run,) = json.loads(output.getvalue())["runs"]
    assert run["messages"] == [{"queue": "work", "sent": 2, "dead_letters": [{"a": "x" * 200}]}]
