"""What belongs to an imported pipeline is proposed for the next import, with the command."""

import shlex

from tests.importing.live import REGION, Live, arn, client, tasks
from tests.support.repository import ACCOUNT, Repository

WORDS = ("import", "--env", "dev", "--project", "orders", "--match", "fsa-dev-orders-*", "--dry-run")
SEND, PUBLISH = "arn:aws:states:::sqs:sendMessage", "arn:aws:states:::sns:publish"


def test_queues_topics_alarms_and_schedules_are_proposed_with_their_command(live: Live, repository: Repository) -> None:
    client("sqs").create_queue(QueueName="fsa-dev-work")
    client("sns").create_topic(Name="fsa-dev-alerts")
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/fsa-dev-work"
    publish = (PUBLISH, {"TopicArn": arn("sns", "fsa-dev-alerts"), "Message": "x"})
    machine = live.machine("fsa-dev-orders-Send", tasks((SEND, {"QueueUrl": url, "MessageBody": "x"}), publish))
    live.function("fsa-dev-orders-Store", Environment={"Variables": {"QUEUE": arn("sqs", "fsa-dev-work")}})
    client("cloudwatch").put_metric_alarm(
        AlarmName="orders late",
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Dimensions=[{"Name": "FunctionName", "Value": "fsa-dev-orders-Store"}],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        Period=60,
        Statistic="Sum",
    )
    client("scheduler").create_schedule_group(Name="night")  # AWS's handlers look for a schedule in the default group alone
    for name, group in (("nightly", "default"), ("hidden", "night")):
        client("scheduler").create_schedule(
            Name=name,
            GroupName=group,
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": machine, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"},
        )
    ended = repository.invoke(*WORDS)
    assert ended.code == 0, ended.err
    _, _, proposed = ended.out.partition("can be imported as well, as resources of any type:\n")
    commands = [shlex.split(line)[-4:] for line in proposed.splitlines() if "--type" in line]
    assert commands == [
        ["--type", "AWS::CloudWatch::Alarm", "--match", "orders late"],
        ["--type", "AWS::SNS::Topic", "--match", "fsa-dev-alerts"],
        ["--type", "AWS::SQS::Queue", "--match", "fsa-dev-work"],
        ["--type", "AWS::Scheduler::Schedule", "--match", "nightly"],
    ]
