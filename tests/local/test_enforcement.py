"""The embedded AWS that enforces IAM: who may do what, who functions, jobs, crawlers and machines are, and how a refusal reads.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from common import local
from tests.local.conftest import create_function, ended, until
from tests.local.fixtures import ACCOUNT, REGION, Client, client_of
from tests.support import ending

HERE = f"{REGION}:{ACCOUNT}"
BUCKET = "arn:aws:s3:::landing"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}], "Version": "2012-10-17"}
JOB = {"Command": {"Name": "pythonshell", "ScriptLocation": "s3://landing/jobs/who.py", "PythonVersion": "3.9"}}
CODE = {"S3Bucket": "landing", "S3Key": "code.zip"}
FUNCTION = {"FunctionName": "work", "Runtime": "python3.11", "Handler": "index.handler", "Code": CODE}
Statement = dict[str, Any]
Roles = Callable[..., str]


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Embedded]:
    """An embedded AWS that was started without IAM, and then had to enforce it."""
    root, said = tmp_path_factory.mktemp("enforcing"), list[str]()
    ending.promise()
    where: dict[str, Any] = {"account_id": ACCOUNT, "region": REGION}
    before = local.start(root, **where)
    s3 = client_of(before, "s3")
    s3.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="landing", Key="in/a.csv", Body=b"a,b\n1,2\n")
    after = local.start(root, **where, enforce_iam=True, say=said.append)
    assert said == ["restarting the embedded AWS, which does not enforce IAM yet ...", "starting the embedded AWS ..."]
    assert (before.enforces_iam, after.enforces_iam) == (False, True)
    assert local.start(root, **where).enforces_iam, "whoever does not ask for it cannot switch it off"
    yield after
    local.stop(root)


@pytest.fixture(scope="module")
def role(enforcing: local.Embedded) -> Roles:
    """Makes a role with these statements; its ARN."""

    def make(name: str, *statements: Statement, path: str = "/") -> str:
        iam = client_of(enforcing, "iam")
        arn: str = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def caller(enforcing: local.Embedded, role: Roles, request: pytest.FixtureRequest) -> Callable[..., Callable[[str], Any]]:
    """Makes a role with these statements, and clients of a session of it."""

    def make(*statements: Statement) -> Callable[[str], Any]:
        arn = role(f"r{abs(hash(request.node.name))}", *statements)
        keys = client_of(enforcing, "sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
        return lambda service: boto3.client(
            service,
            endpoint_url=enforcing.endpoint,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False, proxies={}, retries={"max_attempts": 1}),
        )

    return make


def allow(action: Any, resource: Any, **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """What AWS says of a call: its code and message; empty if it allows it."""
    try:
        call(**parameters)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return ""


def read(caller: Callable[[str], Any], key: str = "in/a.csv") -> str:
    return refusal(caller("s3").get_object, Bucket="landing", Key=key)


def job_run(client: Client, name: str, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
    return run


def is_over(status: Callable[[], dict[str, Any]]) -> bool:
    return status()["ProgressEvent"]["OperationStatus"] in {"SUCCESS", "FAILED"}


def crawler(glue: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]
    return found


READ = allow("s3:GetObject", f"{BUCKET}/*")


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([READ], True),
        ([], False),
        ([allow("s3:Get*", f"{BUCKET}/in/?.csv")], True),
        ([allow("s3:get*", f"{BUCKET}/out/*")], False),
        ([allow("s3:PutObject", f"{BUCKET}/*")], False),
        ([READ, {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/in/*"}], False),
        ([READ, {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/in/*"}], False),
        ([{**READ, "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}], True),
        ([{**READ, "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}], False),
        ([{**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], True),
        ([{**READ, "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/*"}}}], False),
        ([{**READ, "Condition": {"StringLike": {"aws:UserId": "*"}, "Null": {"aws:UserId": "true"}}}], False),
    ],
)
def test_policies_are_evaluated_as_iam_does(caller: Any, statements: list[Statement], allowed: bool) -> None:
    assert (read(caller(*statements)) == "") is allowed


def test_a_refusal_names_the_caller_the_action_and_the_resource(caller: Any) -> None:
    as_caller = caller(allow("glue:GetJob", f"arn:aws:glue:{HERE}:job/mine"))
    user = as_caller("sts").get_caller_identity()["Arn"]
    assert user.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")
    assert user.endswith("/me")
    said = f"User: {user} is not authorized to perform: "
    reason = "because no identity-based policy allows the {} action"
    assert read(as_caller) == f'AccessDenied: {said}s3:GetObject on resource: "{BUCKET}/in/a.csv" {reason.format("s3:GetObject")}'
    job = f"arn:aws:glue:{HERE}:job/yours"
    message = f"AccessDeniedException: {said}glue:GetJob on resource: {job} {reason.format('glue:GetJob')}"
    assert refusal(as_caller("glue").get_job, JobName="yours") == message
    assert "EntityNotFoundException" in refusal(as_caller("glue").get_job, JobName="mine")


def test_a_statement_that_denies_is_told_from_one_that_is_missing(caller: Any) -> None:
    said = read(caller(READ, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}))
    assert said.endswith("with an explicit deny in an identity-based policy")


def test_the_account_itself_may_do_everything(enforcing: local.Embedded) -> None:
    assert read(lambda service: client_of(enforcing, service)) == ""


def test_an_object_that_is_missing_is_told_to_whoever_may_list_it(caller: Any) -> None:
    listing = allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": ["in/*"]}})
    as_caller = caller(READ, listing)
    assert read(as_caller, "in/none").startswith("NoSuchKey")
    assert f's3:ListBucket on resource: "{BUCKET}"' in read(as_caller, "out/none")
    s3 = as_caller("s3")
    assert refusal(s3.list_objects_v2, Bucket="landing", Prefix="in/") == ""
    assert "s3:ListBucket" in refusal(s3.list_objects_v2, Bucket="landing")


def test_tags_of_a_new_object_need_a_permission_of_their_own(caller: Any) -> None:
    put = caller(allow("s3:PutObject", f"{BUCKET}/*"))("s3").put_object
    assert refusal(put, Bucket="landing", Key="b", Body=b"") == ""
    assert "s3:PutObjectTagging" in refusal(put, Bucket="landing", Key="b", Body=b"", Tagging="a=b")


@pytest.mark.parametrize(("service", "passes"), [("lambda", True), ("glue", False)])
def test_a_role_is_passed_to_the_service_that_the_policy_names(
    caller: Any, role: Roles, service: str, passes: bool, request: pytest.FixtureRequest
) -> None:
    arn = role(f"passed-to-{service}", path="/team/")
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    create = [allow("lambda:CreateFunction", f"arn:aws:lambda:{HERE}:function:work"), READ]
    as_caller = caller(*create, allow("iam:PassRole", arn, Condition=condition), allow("s3:ListBucket", BUCKET))
    said = refusal(as_caller("lambda").create_function, Role=arn, **FUNCTION)
    assert (f"iam:PassRole on resource: {arn} because" in said) is not passes, said


def test_permissions_by_tag_ask_for_the_tags_of_the_resource(enforcing: local.Embedded, caller: Any, role: Roles) -> None:
    arn = role("of-tagged")
    for owner in ("us", "them"):
        client_of(enforcing, "glue").create_job(Name=f"of-{owner}", Role=arn, Tags={"owner": owner}, **JOB)
    ours = {"StringEquals": {"aws:ResourceTag/owner": "us"}}
    glue = caller(allow("glue:DeleteJob", f"arn:aws:glue:{HERE}:job/*", Condition=ours))("glue")
    assert "glue:DeleteJob" in refusal(glue.delete_job, JobName="of-them")
    assert refusal(glue.delete_job, JobName="of-us") == ""


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
    said = {}
    for name, actions in {"may-poll": reading, "may-only-receive": reading[:1]}.items():
        create_function(client, name, "def handler(event, context): ...\n", role=role(name, allow(actions, queue)))
        mapping = {"EventSourceArn": queue, "FunctionName": name}
        said[name] = refusal(client("lambda").create_event_source_mapping, **mapping)
        made = client("cloudcontrol").create_resource(
            TypeName="AWS::Lambda::EventSourceMapping", DesiredState=json.dumps(mapping)
        )
        token = made["ProgressEvent"]["RequestToken"]
        status = partial(client("cloudcontrol").get_resource_request_status, RequestToken=token)
        until(partial(is_over, status))
        said[f"{name} of any type"] = status()["ProgressEvent"].get("StatusMessage", "")
    why = "The function execution role does not have permissions to call DeleteMessage on SQS"
    assert said.pop("may-poll") == said.pop("may-poll of any type") == ""
    assert all(why in text for text in said.values()), said


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


def test_refusals_are_in_the_log(enforcing: local.Embedded) -> None:
    log = Path(enforcing.credentials).with_name("embedded.log").read_text()
    assert "IAM denied: User: " in log
