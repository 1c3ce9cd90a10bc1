"""`invoke import --config`: configuration of others is converted, or refused key by key with where it goes."""

import json
from typing import Any

import pytest

from tests.support.repository import Repository

THEIRS: dict[str, Any] = {
    "region": "eu-central-1",
    "accountId": "999999999999",
    "strparams": {
        "env": "DEV",
        "landingPath": "raw/orders",
        "maxMisfit": 10,
        "dbPassword": "hunter2-Zx81-kk9P",
        "__STAGE__": "blue",
        "unusedThing": "x",
        "nothing": None,
    },
    "GlueConfig": {
        "WorkerType": "G.1X",
        "NumberOfWorkers": 5,
        "GlueVersion": "4.0",
        "MaxRetries": "1",
        "Load": {
            "WorkerType": "G.2X",
            "NumberOfWorkers": 9,
            "Timeout": "480",
            "ExecutionProperty": {"MaxConcurrentRuns": 3},
            "DefaultArguments": {
                "--zone": "attic",
                "--job-bookmark-option": "job-bookmark-enable",
                "--db_password": "hunter2-Zx81",
            },
            "Colour": "red",
        },
        "Ghost": {"WorkerType": "G.1X"},
    },
    "glueRoleArn": "arn:aws:iam::123456789012:role/service-role/etl",
    "lambdaTimeout": 120,
    "lambda_memory": 512,
    "FSA-DEV-Validate": {
        "MemorySize": 1024,
        "Environment": {"Variables": {"ZONE": "attic"}},
        "TracingConfig": {"Mode": "Active"},
        "SnapStart": {"ApplyOn": "None"},
    },
    "tags": {"team": "x"},
    "Timeout": 5,
    "validateArn": "arn:aws:lambda:eu-central-1:123456789012:function:FSA-DEV-Validate",
    "matrix": [[1], [2]],
}
BODY = (
    'p.function("Validate", environment={"PATH_": "${landing_path}", "MISFIT": "${max_misfit}"})',
    'p.job("load", arguments={"--env": "${env}"})',
    'p.job("other")',
    'states = {"D": {"Type": "Succeed"}}',
    'p.state_machine("main", {"Comment": "__STAGE__", "StartAt": "D", "States": states}, tokens={"__STAGE__": "stage"})',
)


@pytest.fixture
def theirs(repository: Repository) -> Repository:
    repository.project("acres", *BODY)
    repository.write("projects/acres/glue/landing/other.py", "print('rows')\n")
    declared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", declared.replace("    return shared", '    shared.log_group("glue")\n    return shared'))
    repository.write("old/dev.json", THEIRS)
    return repository


def convert(repository: Repository, *words: str) -> dict[str, Any]:
    done = repository.invoke("import", "--env", "dev", "--project", "acres", "--config", "old/dev.json", "--json", *words)
    assert (done.code, done.err) == (0, ""), done
    result: dict[str, Any] = json.loads(done.out)
    return result


def overlay(repository: Repository) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((repository.root / "config/acres/dev.json").read_text())
    return result


def test_each_kind_of_key_goes_where_it_belongs(theirs: Repository) -> None:
    result = convert(theirs)
    role = "arn:aws:iam::123456789012:role/service-role/etl"
    every = {"glue_version": "4.0", "max_retries": 1, "role": role}
    assert overlay(theirs) == {
        "$schema": "../schema.json#/$defs/Project",
        "parameters": {"env": "DEV", "landing_path": "raw/orders", "max_misfit": 10, "stage": "blue"},
        "jobs": {
            "load": {
                **every,
                "worker_type": "G.2X",
                "workers": 9,
                "timeout_minutes": 480,
                "max_concurrent_runs": 3,
                "bookmarks": True,
                "arguments": {"--zone": "attic"},
            },
            "other": {**every, "worker_type": "G.1X", "workers": 5},
        },
        "functions": {
            "Validate": {
                "timeout_seconds": 120,
                "memory_mb": 1024,
                "environment": {"ZONE": "attic"},
                "tracing": True,
                "snap_start": False,
            }
        },
    }
    assert result["tokens"] == {"__STAGE__": "stage"}
    where = {refused["from"]: refused["where"] for refused in result["refused"]}
    assert where.pop("region") == "$.region of config/dev.json has this value already"
    assert where.pop("accountId") == "it belongs to the whole environment: $.account_id of config/dev.json"
    assert where.pop("strparams.dbPassword").startswith("it looks like a secret")
    assert where.pop("GlueConfig.Load.DefaultArguments.--db_password").startswith("it looks like a secret")
    assert (
        where.pop("strparams.unusedThing")
        == "nothing in the project refers to it: refer to it as ${unused_thing}, and convert again"
    )
    assert where.pop("strparams.nothing") == "it has no value"
    assert where.pop("GlueConfig.Load.Colour") == "no setting of jobs.load has it; docs/configuration.md lists the settings"
    assert where.pop("GlueConfig.Ghost").startswith("the project declares no such resource in jobs, only load, other;")
    assert where.pop("tags") == "tags belong to the whole environment: $.tags of config/dev.json"
    assert where.pop("Timeout") == "it may be a setting of functions or of jobs: set it there by name"
    assert where.pop("validateArn") == "it is the project's own: refer to it as ${Validate.arn}"
    assert where.pop("matrix") == "a parameter must be a text, a number, true or false, or a list of these"
    assert where == {}
    assert "hunter2" not in (theirs.root / "config/acres/dev.json").read_text() + json.dumps(result)
    theirs.resources()  # the configuration is complete, and all of it is used


def test_a_dry_run_writes_nothing_and_a_second_run_adds_nothing(theirs: Repository) -> None:
    assert not convert(theirs, "--dry-run")["written"]
    assert not (theirs.root / "config/acres/dev.json").exists()
    convert(theirs)
    before = (theirs.root / "config/acres/dev.json").read_bytes()
    assert convert(theirs)["converted"] == []
    assert (theirs.root / "config/acres/dev.json").read_bytes() == before


def test_nothing_is_written_over(theirs: Repository) -> None:
    text = '{"jobs": {"load": {"workers": 2}},\n "parameters": {"env": "TEST"}}\n'
    theirs.write("config/acres/dev.json", text)
    where = {refused["from"]: refused["where"] for refused in convert(theirs)["refused"]}
    assert where["GlueConfig.Load.NumberOfWorkers"] == "jobs.load.workers has another value already, and nothing is written over"
    assert where["strparams.env"] == "parameters.env has another value already, and nothing is written over"
    assert overlay(theirs)["jobs"]["load"]["workers"] == 2


def test_without_a_project_every_parameter_is_written(theirs: Repository) -> None:
    theirs.write("old/dev.json", {"strparams": {"stageName": "blue"}, "WorkerType": "G.1X", "sizes": [1, 2]})
    done = theirs.invoke("import", "--env", "dev", "--project", "fresh", "--config", "old/dev.json")
    assert (done.code, done.err) == (0, "")
    written = json.loads((theirs.root / "config/fresh/dev.json").read_text())
    assert written["parameters"] == {"stage_name": "blue", "sizes": [1, 2]}
    assert "WorkerType: not converted: it is a setting of jobs, of which the project declares none." in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--config", "gone.json"), "--config gone.json: there is no such file."),
        (("--config", "config/acres/dev.json"), "config/ holds the configuration of this deployer. Move the file"),
        (("--config", "old/list.json"), "list.json: the file must hold an object {…}, not a list."),
        (("--config", "old/dev.json", "--match", "x"), "--config converts a file, and imports nothing else"),
    ],
)
def test_what_cannot_be_converted_is_one_message(theirs: Repository, words: tuple[str, ...], message: str) -> None:
    theirs.write("old/list.json", "[]")
    if words[1].startswith("config/"):
        theirs.write(words[1], THEIRS)
    done = theirs.invoke("import", "--env", "dev", "--project", "acres", *words)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.out + done.err


def test_other_shapes_and_spellings_are_told_by_what_they_are(theirs: Repository) -> None:
    layer = "arn:aws:lambda:eu-central-1:123456789012:layer:tools:3"
    theirs.write(
        "old/dev.json",
        {
            "lambdas": [{"name": "validate", "memorySize": 640, "timeout": 45, "envVars": {"RETRIES": 3, "DEBUG": True}}],
            "glueJobs": {"FSA_DEV_load": {"worker_type": "G.4X", "number_of_workers": 3, "default_arguments": {"--n": 7}}},
            "lambda": {"layers": [layer], "ephemeralStorage": {"Size": 1024}},
            "stepFunctions": {"logLevel": "ALL", "tracing": True},
            "vpc": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        },
    )
    result = convert(theirs)
    written = overlay(theirs)
    assert written["functions"]["Validate"] == {
        "memory_mb": 640,
        "timeout_seconds": 45,
        "environment": {"RETRIES": "3", "DEBUG": "true"},
        "layers": [layer],
        "ephemeral_storage_mb": 1024,
    }
    assert written["jobs"] == {"load": {"worker_type": "G.4X", "workers": 3, "arguments": {"--n": "7"}}}
    assert written["state_machines"] == {"main": {"log_level": "ALL", "tracing": True}}
    assert [refused["where"] for refused in result["refused"]] == [
        "it belongs to the whole environment: $.network.subnet_ids of config/dev.json",
        "it belongs to the whole environment: $.network.security_group_ids of config/dev.json",
    ]


def test_a_token_is_told_only_with_its_value(theirs: Repository) -> None:
    theirs.write("old/dev.json", {"__GHOST__": "x", "__STAGE__": "blue"})
    assert convert(theirs)["tokens"] == {"__STAGE__": "stage"}


EXISTING = {
    "buckets": {"landing": "company-landing-dev"},
    "archiveBucketName": "company-archive-dev",
    "strparams": {
        "alertTopicArn": "arn:aws:sns:eu-central-1:123456789012:alerts",
        "dbSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-db-AbCdEf",
        "__NOTIFY_ARN__": "arn:aws:lambda:eu-central-1:123456789012:function:company-notify",
        "hostedZone": "arn:aws:route53:::hostedzone/Z1",
    },
}


def test_what_others_own_becomes_existing_entries(theirs: Repository) -> None:
    theirs.write("old/dev.json", EXISTING)
    theirs.project(
        "acres",
        'landing = p.shared.bucket("landing")',
        'archive = p.shared.bucket("archive")',
        'p.function("Validate", reads=[landing, p.shared.secret("db")], writes=[archive / "x", p.shared.topic("alert")])',
        'p.job("load")',
        'notify = p.shared.function("notify")',
        'states = {"N": {"Type": "Task", "Resource": "__NOTIFY_ARN__", "End": True}}',
        'p.state_machine("main", {"StartAt": "N", "States": states}, tokens={"__NOTIFY_ARN__": "function.notify.arn"})',
    )
    result = convert(theirs)
    assert overlay(theirs)["existing"] == {
        "buckets": {"landing": {"name": "company-landing-dev"}, "archive": {"name": "company-archive-dev"}},
        "topics": {"alert": {"name": "arn:aws:sns:eu-central-1:123456789012:alerts"}},
        "secrets": {"db": {"name": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-db-AbCdEf"}},
        "functions": {"notify": {"name": "arn:aws:lambda:eu-central-1:123456789012:function:company-notify"}},
    }
    assert result["tokens"] == {"__NOTIFY_ARN__": "function.notify.arn"}
    assert [refused["from"] for refused in result["refused"]] == ["strparams.hostedZone"]
    theirs.resources()  # everything is used, and valid where it is used
