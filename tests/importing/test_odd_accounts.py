"""An account as real teams have them, with what nobody would think of: imported, its plan is tags only; adopted, it is empty."""

import json
from typing import Any
from urllib.request import OpenerDirector

import boto3
import pytest

from common.base.errors import DeclarationError
from common.importing import functions, mentions, trial
from common.importing.entries import Entry
from tests.importing.live import CODE, LANDING, Live, arn, client, downloaded, tasks
from tests.importing.test_adopting import plan_of
from tests.importing.test_import import PLAN
from tests.importing.test_kinds import FUNCTION, context, resource
from tests.support.repository import Repository

WORDS = ("import", "--env", "dev", "--project", "orders", "--match", "odd*")
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
SCRIPT = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{CODE}/load"}
WORKERS = {"WorkerType": "G.1X", "NumberOfWorkers": 400}
LAKE = f"s3://{LANDING}/lake/"


@pytest.fixture
def odd(moto: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    """An empty account with a database."""
    monkeypatch.setattr(OpenerDirector, "open", downloaded)
    client("glue").create_database(DatabaseInput={"Name": "sales"})
    return Live()


def imported(repository: Repository) -> dict[str, Any]:
    """Imports everything, and adopts it: the plan before says tags only, the one after it is empty. Returns the configuration."""
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, "")
    assert "cannot be declared" not in ended.out, ended.out
    plan = plan_of(repository)
    assert plan
    assert {key: reason for key, reason in plan.items() if "tags only" not in reason} == {}
    assert repository.invoke("deploy", *PLAN[1:]).code == 0
    ended = repository.invoke("plan", "--env", "dev", "--project", "orders", "--verify")
    assert ended.code == 0, ended.out + ended.err
    return dict(json.loads(repository.files()["config/orders/dev.json"]))


def test_jobs_without_a_timeout_or_version_and_with_any_name(odd: Live, repository: Repository) -> None:
    """What AWS fills in by itself.

    Follows https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html
    """
    client("s3").put_object(Bucket=CODE, Key="load", Body=b"print('rows')\n")
    shell = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": f"s3://{CODE}/load"}
    jobs: dict[str, dict[str, Any]] = {
        "odd four": {"Command": SCRIPT, "GlueVersion": "4.0", **WORKERS},
        "odd/five é": {"Command": SCRIPT, "GlueVersion": "5.0", **WORKERS},
        "odd: a & b's [none]": {"Command": SCRIPT, **WORKERS},
        "odd auto": {"Command": SCRIPT, "GlueVersion": "auto", "Timeout": 5, **WORKERS},
        "odd shell": {"Command": shell, "MaxCapacity": 1.0},
        "odd stream": {"Command": {**SCRIPT, "Name": "gluestreaming"}, "GlueVersion": "4.0", **WORKERS},
    }
    for name, fields in jobs.items():
        client("glue").create_job(Name=name, Role="fsa", **fields)
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun", "Parameters": {"JobName": "odd/five é"}, "End": True}
    odd.machine("odd_m", {"StartAt": "A", "States": {"A": task}})
    settings = imported(repository)["jobs"]
    timeouts = {key: entry.get("timeout_minutes") for key, entry in settings.items()}
    assert sorted(timeouts.values(), key=str) == [2880, 2880, 480, 480, 5, None]
    assert b'glue_version="auto"' in repository.files()["projects/orders/deploy.py"]
    definition = json.loads(repository.files()["projects/orders/odd_m.asl.json"])
    assert definition["States"]["A"]["Parameters"]["JobName"].startswith("${")


def test_crawlers_of_every_target_and_with_nothing_but_what_they_need(odd: Live, repository: Repository) -> None:
    """Without a policy Glue updates and deprecates.

    Follows https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
    """
    targets: dict[str, dict[str, Any]] = {
        "s3": {"S3Targets": [{"Path": LAKE}]},
        "hudi": {"HudiTargets": [{"Paths": [LAKE], "MaximumTraversalDepth": 3}]},
        "mongo": {"MongoDBTargets": [{"ConnectionName": "m", "Path": "db/c", "ScanAll": True}]},
        "jdbc": {"JdbcTargets": [{"ConnectionName": "pg", "Path": "db/%", "EnableAdditionalMetadata": ["COMMENTS"]}]},
        "delta": {"DeltaTargets": [{"DeltaTables": [LAKE], "ConnectionName": "", "WriteManifest": True}]},
        "dynamo": {"DynamoDBTargets": [{"Path": "t", "scanRate": 9.5}], "S3Targets": [{"Path": LAKE}]},
    }
    for name, fields in targets.items():
        odd.crawler(f"odd.{name}/é", Targets=fields, TablePrefix="été.")
    catalog = {"CatalogTargets": [{"DatabaseName": "sales", "Tables": ["b", "a"]}]}
    log = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    client("glue").create_crawler(Name="odd_catalog", Role="fsa", Targets=catalog, SchemaChangePolicy=log)
    settings = imported(repository)["crawlers"]
    properties = {key: [*entry["properties"]["Targets"]] for key, entry in settings.items() if "properties" in entry}
    kinds = [["DynamoDBTargets"], ["HudiTargets"], ["JdbcTargets"], ["MongoDBTargets"]]
    assert [properties[key] for key in sorted(properties)] == kinds
    fields = {
        name: value for name, value in client("glue").get_crawler(Name="odd.hudi/é")["Crawler"].items() if name == "Targets"
    }
    repository.write("config/orders/dev.json", repository.files()["config/orders/dev.json"].replace(b'Depth": 3', b'Depth": 4'))
    assert [*plan_of(repository)] == [key for key in plan_of(repository) if "hudi" in key]
    assert repository.invoke("deploy", "--env", "dev", "--project", "orders").code == 0
    changed = client("glue").get_crawler(Name="odd.hudi/é")["Crawler"]["Targets"]
    assert changed["HudiTargets"] == [{"Paths": [LAKE], "MaximumTraversalDepth": 4}]
    assert fields["Targets"]["HudiTargets"][0]["MaximumTraversalDepth"] == 3


def test_machines_with_names_that_aws_allows(odd: Live, repository: Repository) -> None:
    """AWS allows all of it.

    Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    """
    names = ("odd.main", "odd(1)@x+y=!", "odd_é漢")
    started = [odd.machine(name, PASS) for name in names]
    task = "arn:aws:states:::states:startExecution"
    states = {
        f"S{number}": {"Type": "Task", "Resource": task, "Parameters": {"StateMachineArn": machine}, "Next": f"S{number + 1}"}
        for number, machine in enumerate(started)
    }
    odd.machine("odd_nest", {"StartAt": "S0", "States": {**states, "S3": {"Type": "Succeed"}}})
    odd.rule("odd_daily", started[0], ScheduleExpression="rate(1 day)")
    imported(repository)
    nest = json.loads(repository.files()["projects/orders/odd_nest.asl.json"])
    named = [state["Parameters"]["StateMachineArn"] for state in nest["States"].values() if state["Type"] == "Task"]
    assert all(name.startswith("${") and name.endswith(".arn}") for name in named), named


def test_where_a_function_runs_is_written() -> None:
    """AWS allows all of it.

    Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    provider = {"CapacityProviderArn": arn("lambda", "capacity-provider:big")}
    special = {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": provider}}
    live = {**FUNCTION, "MemorySize": 32768, "Timeout": 5400, **special}
    assert functions.why_not(resource("lambda", {"Configuration": live})) == ""
    entry = functions.entry(resource("lambda", {"Configuration": live}), "orders", context())
    assert entry.settings["memory_mb"] == 32768
    assert entry.settings["properties"] == special
    point = arn("s3files", "file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0")
    network = {"SubnetIds": ["subnet-b", "subnet-a"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1"}
    mounted = {"FileSystemConfigs": [{"Arn": point, "LocalMountPath": "/mnt/data"}], "VpcConfig": network}
    live = {**FUNCTION, **mounted, "Environment": {"Variables": {"X": "1", "MODE": "full"}}}
    entry = functions.entry(resource("lambda", {"Configuration": live}), "orders", context())
    assert entry.settings["file_system"] == {"arn": point, "path": "/mnt/data"}
    assert entry.named["environment"] == {"MODE": "full"}
    assert entry.notes == ["The variable X has no name that can be declared; AWS keeps it as it is."]


def test_a_job_of_batch_is_no_job_of_glue() -> None:
    """Its name is that of one run.

    Follows https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    """
    assert mentions.kind_of_parameter("arn:aws:states:::batch:submitJob.sync", "JobName") is None
    assert mentions.kind_of_parameter("arn:aws:states:::glue:startJobRun.sync", "JobName") == "glue-job"


def test_two_projects_may_use_what_one_of_them_declares(odd: Live, repository: Repository) -> None:
    shared = odd.function("odd_shared")
    first = odd.machine("odd_first", tasks((shared, {})))
    start = "arn:aws:states:::states:startExecution.sync:2"
    odd.machine("odd_second", tasks((shared, {}), (start, {"StateMachineArn": first})))
    for project, machine in (("orders", "odd_first"), ("sales", "odd_second")):
        ended = repository.invoke("import", "--env", "dev", "--project", project, "--from-machine", machine)
        assert (ended.code, ended.err) == (0, "")
    assert "existing" not in json.loads(repository.files()["config/sales/dev.json"])
    second = json.loads(repository.files()["projects/sales/second.asl.json"])
    assert second["States"]["S0"]["Resource"] == shared
    ended = repository.invoke("plan", "--env", "dev", "--adopt", "--json")
    changes = [change for change in json.loads(ended.out)["changes"] if change["project"] in {"orders", "sales"}]
    updates = {change["key"]: change["reason"] for change in changes if change["action"] == "update"}
    assert updates.keys() == {"lambda/shared", "state-machine/first", "state-machine/second"}
    assert {key for key, reason in updates.items() if "tags only" not in reason} == set()


def test_a_project_of_another_region_is_read_there(odd: Live, repository: Repository) -> None:
    repository.configure(projects={"orders": {"region": "us-west-2"}})
    west = boto3.client("stepfunctions", region_name="us-west-2")
    west.create_state_machine(name="odd_west", definition=json.dumps(PASS), roleArn=odd.role)
    odd.machine("odd_here", PASS)
    imported(repository)
    assert {path for path in repository.files() if path.endswith(".asl.json")} == {"projects/orders/odd_west.asl.json"}


def test_what_the_deployer_would_refuse_is_told_and_the_rest_is_imported(odd: Live, repository: Repository) -> None:
    """Rules about several settings, or about the form of one that the configuration alone knows, hold when it is loaded.

    AWS takes the path of Hadoop: https://docs.aws.amazon.com/glue/latest/dg/define-crawler-choose-data-sources.html
    """
    small = {"WorkerType": "G.025X", "NumberOfWorkers": 2}
    odd.job("odd_first")
    imported(repository)
    odd.job("odd_small", **small)
    odd.job("odd_stream", Command={**SCRIPT, "Name": "gluestreaming", "ScriptLocation": f"s3://{CODE}/odd_first.py"}, **small)
    odd.crawler("odd_hadoop", Targets={"S3Targets": [{"Path": f"s3a://{LANDING}/lake/"}]})
    start = "arn:aws:states:::glue:startJobRun.sync"
    odd.machine("odd_m", tasks((start, {"JobName": "odd_small"}), (start, {"JobName": "odd_stream"})))
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, "")
    assert "job odd_small: worker_type G.025X is for streaming jobs." in ended.out
    assert "crawler odd_hadoop: string should match pattern" in ended.out
    files = repository.files()
    assert "projects/orders/glue/jobs/small.py" not in files
    started = json.loads(files["projects/orders/odd_m.asl.json"])["States"]
    assert started["S1"]["Parameters"]["JobName"] == "${odd_stream.name}"
    configuration = json.loads(files["config/orders/dev.json"])
    assert [job["name"] for job in configuration["existing"]["jobs"].values()] == ["odd_small"]
    plan = plan_of(repository)
    assert plan.keys() == {"glue-job/odd_stream", "state-machine/odd_m"}
    assert {key for key, reason in plan.items() if "tags only" not in reason} == set()
    assert not [*(repository.root / "projects").glob(".*")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("projects/sales: glue-job/load: too small.", "too small"),
        ('x is not valid:\n  $.jobs["load"].workers: too few\n  $.name: x', "too few"),
        ("projects/sales: glue-job/load_all: too small.", None),
        ("projects/sales: lambda/load: too small.", None),
    ],
)
def test_an_error_is_that_of_the_resource_that_it_names(error: str, reason: str | None) -> None:
    entry = Entry(resource=resource("glue-job", {}), key="load", method="job")
    refused = trial.refused(DeclarationError(error), [entry])
    assert (refused and refused.reason) == reason


def test_what_cannot_take_our_tags_is_refused_by_the_plan(odd: Live, repository: Repository) -> None:
    """AWS's own tags do not count: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html."""
    tags = {f"t{number}": "1" for number in range(49)}
    odd.function("odd_full", Tags={**tags, "aws:cloudformation:stack-name": "s"})
    assert repository.invoke(*WORDS).code == 0
    ended = repository.invoke(*PLAN)
    assert ended.code == 1
    assert "function:odd_full has 49 tags, 2 more are declared, and AWS takes 50. Take away some that nobody needs" in ended.err
    client("lambda").untag_resource(Resource=arn("lambda", "function:odd_full"), TagKeys=["t0"])
    assert plan_of(repository)["lambda/odd_full"].startswith("taken over from nobody; tags only")


def test_secrets_in_code_are_told_with_their_lines(odd: Live, repository: Repository) -> None:
    """Code is written as it is, so the import says what should not be committed."""
    code = "def run(event, context):\n    return 'postgres://svc:Xk29vPq7mZt4Lw@db.corp.net:5432/x'\n"
    odd.function("odd_f", {"app.py": code, ".env": "A=1\n"})
    client("s3").put_object(Bucket=CODE, Key="load", Body=b"key = 'AKIAQ4D2ZZ7VX5MPL3RT'\n")
    client("glue").create_job(Name="odd_j", Role="fsa", Command=SCRIPT, GlueVersion="4.0", **WORKERS)
    odd.function("odd_plain")
    said = repository.invoke(*WORDS, "--dry-run").out
    found = "Its code holds what looks like a secret, and is written as it is"
    assert f"function odd_f: {found}: .env (by its name), app.py:2 holds a password in an address." in said
    assert f"job odd_j: {found}: line 1 holds an AWS access key." in said
    assert said.count(found) == 2
    imported(repository)
