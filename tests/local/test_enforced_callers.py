"""Where the embedded AWS enforces IAM, functions, jobs, crawlers, machines, queues and rules may do what their roles allow."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from common import local
from tests.local.conftest import create_function, ended
from tests.local.enforcing import BUCKET, HERE, JOB, Roles, allow, refusal
from tests.local.fixtures import ACCOUNT, Client, client_of
from tests.support.waiting import until


def job_run(client: Client, name: str, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
    return run


def is_over(status: Callable[[], dict[str, Any]]) -> bool:
    return status()["ProgressEvent"]["OperationStatus"] in {"SUCCESS", "FAILED"}


def executions(states: Any, arn: str) -> int:
    return len(states.list_executions(stateMachineArn=arn)["executions"])


def crawler(glue: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]
    return found


def test_a_function_and_a_job_are_sessions_of_their_roles(enforcing: local.Embedded, role: Roles) -> None:
    client: Client = partial(client_of, enforcing)
    who = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"
    arn = role("of-function")
    create_function(client, "who", who, role=arn)
    answer = json.loads(client("lambda").invoke(FunctionName="who")["Payload"].read())
    assert answer == f"arn:aws:sts::{ACCOUNT}:assumed-role/of-function/who"

    script = "import boto3\nboto3.client('s3').put_object(Bucket='landing', Key='out/b', Body=b'')\n"
    client("s3").put_object(Bucket="landing", Key="jobs/who.py", Body=script.encode())
    scripts = allow(["s3:GetObject"], f"{BUCKET}/jobs/*")
    for name, statements, state in (
        ("reads", [scripts], "FAILED"),
        ("writes", [scripts, allow("s3:PutObject", "*")], "SUCCEEDED"),
    ):
        client("glue").create_job(Name=name, Role=role(f"of-{name}", *statements), **JOB)
        run_id = client("glue").start_job_run(JobName=name)["JobRunId"]
        run = ended(partial(job_run, client, name, run_id), "JobRunState")
        assert run["JobRunState"] == state, run
        denied = f"assumed-role/of-{name}/GlueJobRunnerSession is not authorized to perform: s3:PutObject"
        assert (denied in run.get("ErrorMessage", "")) is (state == "FAILED")


def test_a_queue_calls_only_a_function_whose_role_may_read_it(enforcing: local.Embedded, role: Roles) -> None:
    client: Client = partial(client_of, enforcing)
    client("sqs").create_queue(QueueName="calling")
    queue = f"arn:aws:sqs:{HERE}:calling"
    reading = [f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    refusals = {}
    for name, actions in {"may-poll": reading, "may-only-receive": reading[:1]}.items():
        create_function(client, name, "def handler(event, context): ...\n", role=role(name, allow(actions, queue)))
        mapping = {"EventSourceArn": queue, "FunctionName": name}
        refusals[name] = refusal(client("lambda").create_event_source_mapping, **mapping)
        created = client("cloudcontrol").create_resource(
            TypeName="AWS::Lambda::EventSourceMapping", DesiredState=json.dumps(mapping)
        )
        token = created["ProgressEvent"]["RequestToken"]
        status = partial(client("cloudcontrol").get_resource_request_status, RequestToken=token)
        until(partial(is_over, status))
        refusals[f"{name} of any type"] = status()["ProgressEvent"].get("StatusMessage", "")
    why = "The function execution role does not have permissions to call DeleteMessage on SQS"
    assert refusals.pop("may-poll") == refusals.pop("may-poll of any type") == ""
    assert all(why in text for text in refusals.values()), refusals


def test_a_crawler_needs_its_place_and_the_catalog(enforcing: local.Embedded, role: Roles) -> None:
    glue = client_of(enforcing, "glue")
    glue.create_database(DatabaseInput={"Name": "sales"})
    place = [allow("s3:GetObject", f"{BUCKET}/in/*"), allow("s3:ListBucket", BUCKET)]
    tables = [f"arn:aws:glue:{HERE}:{part}" for part in ("catalog", "database/sales", "table/sales/*")]
    reading = allow("glue:GetDatabase", tables)
    last = {}
    for name, statements in {
        "no-place": [reading],
        "no-table": [*place, reading, allow("glue:GetTable", tables)],
        "all": [*place, reading, allow(["glue:GetTable", "glue:CreateTable"], tables)],
    }.items():
        arn = role(f"crawls-{name}", *statements)
        glue.create_crawler(Name=name, Role=arn, DatabaseName="sales", Targets={"S3Targets": [{"Path": "s3://landing/in/"}]})
        glue.start_crawler(Name=name)
        last[name] = ended(partial(crawler, glue, name), "State")["LastCrawl"]
    assert "s3:ListBucket" in last["no-place"]["ErrorMessage"]
    assert f"glue:CreateTable on resource: arn:aws:glue:{HERE}:catalog" in last["no-table"]["ErrorMessage"]
    assert last["all"]["Status"] == "SUCCEEDED"


def test_a_state_machine_calls_with_its_role(enforcing: local.Embedded, role: Roles) -> None:
    states, queue = client_of(enforcing, "stepfunctions"), client_of(enforcing, "sqs")
    url = queue.create_queue(QueueName="work")["QueueUrl"]
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": url, "MessageBody": "x"}}
    definition = json.dumps({"StartAt": "Send", "States": {"Send": {**task, "End": True}}})
    for name, statements, status in (
        ("may", [allow("sqs:SendMessage", f"arn:aws:sqs:{HERE}:work")], "SUCCEEDED"),
        ("may-not", [allow("sqs:SendMessage", f"arn:aws:sqs:{HERE}:other")], "FAILED"),
    ):
        arn = states.create_state_machine(name=name, definition=definition, roleArn=role(f"machine-{name}", *statements))
        execution = states.start_execution(stateMachineArn=arn["stateMachineArn"])["executionArn"]
        outcome = ended(partial(states.describe_execution, executionArn=execution), "status")
        assert outcome["status"] == status, outcome
    assert outcome["error"] == "Sqs.AccessDeniedException"
    assert f"is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:{HERE}:work" in outcome["cause"]


def test_a_rule_reaches_what_its_role_allows(enforcing: local.Embedded, role: Roles) -> None:
    client: Client = partial(client_of, enforcing)
    machine = {"definition": json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}), "roleArn": role("machine")}
    targets = {name: client("stepfunctions").create_state_machine(name=name, **machine)["stateMachineArn"] for name in ("a", "b")}
    rule_role = role("rule", allow("states:StartExecution", targets["b"]))
    for name, arn in targets.items():
        client("events").put_rule(Name=f"to-{name}", EventPattern=json.dumps({"source": ["test"]}))
        client("events").put_targets(Rule=f"to-{name}", Targets=[{"Id": "1", "Arn": arn, "RoleArn": rule_role}])
    client("events").put_events(Entries=[{"Source": "test", "DetailType": "x", "Detail": "{}"}])
    count = {name: partial(executions, client("stepfunctions"), arn) for name, arn in targets.items()}
    until(count["b"])
    assert (count["a"](), count["b"]()) == (0, 1)
