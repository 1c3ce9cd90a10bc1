"""Taking over loses nothing: every field that a person can set is set by hand, and is there after a deploy of ours.

The fields come from botocore's models, so one that AWS adds is set here, too.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.model import Shape

from tests.support.replacing_aws import ReplacingAws, answer_by
from tests.support.repository import ACCOUNT, Repository
from tests.support.terminal import squeezed

PLACE = {"region_name": "eu-central-1"}
NAME = "t-dev-acres"
CREATION_ALONE = {
    # These belong to another way of running, to creation alone, or to another operation.
    "lambda": {"Publish", "PublishTo", "PackageType", "CodeSigningConfigArn", "ImageConfig", "TenancyConfig"},
    "glue": {"AllocatedCapacity", "MaxCapacity", "CodeGenConfigurationNodes"},
    "stepfunctions": {"publish", "versionDescription"},
}
DECLARED = {
    "Function": {
        *("Runtime", "Role", "Handler", "MemorySize", "Timeout", "EphemeralStorage.Size", "LoggingConfig.LogGroup"),
        *("Architectures", "CodeSha256", "Code.ZipFile", "Environment.Variables.ZONE"),
    },
    "Job": {
        *("Role", "Command.Name", "Command.PythonVersion", "Command.ScriptLocation", "DefaultArguments.--zone", "MaxRetries"),
        *("Timeout", "GlueVersion", "WorkerType", "NumberOfWorkers", "ExecutionClass", "ExecutionProperty.MaxConcurrentRuns"),
    },
    "Crawler": {
        *("Role", "DatabaseName", "SchemaChangePolicy.UpdateBehavior", "SchemaChangePolicy.DeleteBehavior", "Configuration"),
        "RecrawlPolicy.RecrawlBehavior",
    },
    "Machine": {
        *("definition", "roleArn", "type", "tracingConfiguration.enabled", "loggingConfiguration.level"),
        *("loggingConfiguration.includeExecutionData", "loggingConfiguration.destinations"),
    },
}
"""What a declaration without any settings says of each, by dotted names; all else is of whoever has set it."""
TARGET = "s3://t-dev-artifacts/x/"


@cache
def shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def by_hand(of: Shape, depth: int = 5) -> Any:
    """A value with every member set, as a person may have set it; some shapes hold themselves, so not without end."""
    shape_of: Any = of
    if of.type_name == "structure":
        return {name: by_hand(member, depth - 1) for name, member in shape_of.members.items()} if depth else {}
    if of.type_name == "map":
        return {"BY_HAND": by_hand(shape_of.value, depth - 1)}
    if of.type_name == "list":
        return [by_hand(shape_of.member, depth - 1)]
    number = max(7, of.metadata.get("min", 0))
    plain: dict[str, Any] = {"boolean": True, "integer": number, "long": number, "double": 7.0, "float": 7.0, "blob": b"theirs"}
    return plain.get(of.type_name) or (
        shape_of.enum[-1] if getattr(of, "enum", None) else f"arn:aws:by:hand:{of.name}" + "x" * 20
    )


def settable(service: str, operation: str) -> dict[str, Any]:
    """Every field of a creation but its name and tags."""
    without = CREATION_ALONE[service] | {"Name", "FunctionName", "name", "Tags", "tags"}
    return {name: by_hand(member) for name, member in shape(service, operation).members.items() if name not in without}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for part, inner in value.items():
            yield from leaves(inner, f"{name}.{part}" if name else str(part))
    else:
        yield name, value


def lost(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The fields that were set by hand, are not declared, and no longer have their values."""
    now = dict(leaves(after))
    return {name for name, value in leaves(before) if now.get(name) != value} - DECLARED[kind]


@pytest.fixture
def aws(repository: Repository, moto_dates: None, monkeypatch: pytest.MonkeyPatch) -> ReplacingAws:
    """What is there before the first deploy, made with plain boto3."""
    repository.write(
        "deploy.py",
        (repository.root / "deploy.py")
        .read_text()
        .replace("    return shared", '    shared.database("lake")\n    return shared'),
    )
    repository.project("acres", *project("60"))
    made = ReplacingAws(PLACE["region_name"], ACCOUNT)
    answer_by(made, monkeypatch)
    session = boto3.session.Session(**PLACE)
    glue = session.client("glue")
    tags = {"team": "theirs"}
    session.client("lambda").create_function(
        FunctionName=f"{NAME}-Validate",
        Tags=tags,
        Code={"ZipFile": b"theirs", "SourceKMSKeyArn": "arn:aws:kms:x:1:key/a"},
        **{name: value for name, value in settable("lambda", "CreateFunction").items() if name != "Code"},
    )
    job = settable("glue", "CreateJob")
    job["Command"]["Name"] = "glueetl"
    glue.create_job(Name=f"{NAME}-load", Tags=tags, **job)
    crawler = settable("glue", "CreateCrawler")
    crawler["Targets"]["S3Targets"][0]["Path"] = TARGET
    crawler["Configuration"] = json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}})
    glue.create_crawler(Name=f"{NAME}-found", Tags=tags, **crawler)
    machine = settable("stepfunctions", "CreateStateMachine")
    machine |= {"definition": '{"StartAt": "X", "States": {"X": {"Type": "Succeed"}}}', "type": "STANDARD"}
    machine["loggingConfiguration"]["level"] = "ALL"
    theirs = [{"key": "team", "value": "theirs"}]
    session.client("stepfunctions").create_state_machine(name=f"{NAME}-main", tags=theirs, **machine)
    return made


def project(changing: str) -> tuple[str, ...]:
    """A pipeline of which each resource has something that another deploy changes."""
    policy = f'{{"schema_change": "{"log" if changing == "61" else "update"}"}}'
    states = f'{{"Done": {{"Type": "Pass", "Result": "{changing}", "End": True}}}}'
    database = 'database=p.shared.database("lake")'
    return (
        f'p.function("Validate", environment={{"ZONE": "{changing}"}})',
        f'p.job("load", arguments={{"--zone": "{changing}"}})',
        f'p.crawler("found", targets=[p.shared.bucket("artifacts") / "x"], {database}, settings={policy})',
        f'p.state_machine("main", {{"StartAt": "Done", "States": {states}}})',
    )


def done(repository: Repository, *words: str, code: int = 0) -> str:
    ended = repository.invoke(*words, "--env", "dev")
    assert (ended.code, "Traceback" in ended.err) == (code, False), ended
    return ended.out + ended.err


def test_every_field_that_was_set_by_hand_is_there_after_a_deploy(repository: Repository, aws: ReplacingAws) -> None:
    before = {key: json.loads(json.dumps(value, default=str)) for key, value in aws.live.items()}
    for timeout in ("60", "61"):
        repository.project("acres", *project(timeout))
        done(repository, "deploy", "--adopt")
        for key, fields in before.items():
            kind, _, name = key.partition("/")
            assert lost(kind, fields, aws.live[key]) == set(), (key, timeout)
            assert aws.live[key] != fields, name
        assert all(tags["team"] == "theirs" for name, tags in aws.tags.items() if not name.startswith("database/"))
        assert "nothing to do" in done(repository, "plan", "--verify")
    assert json.loads(aws.live["Crawler/t-dev-acres-found"]["Configuration"])["Grouping"] == {"TableLevelConfiguration": 3}


def test_what_is_kept_is_named_and_none_of_it_is_drift(repository: Repository, aws: ReplacingAws) -> None:
    planned = done(repository, "plan", "--adopt", code=2)
    done(repository, "deploy", "--adopt")
    drifted = done(repository, "drift")
    kept = {
        "lambda/Validate": {"DeadLetterConfig", "Environment.Variables.BY_HAND", "FileSystemConfigs", "KMSKeyArn", "Layers"},
        "glue-job/load": {
            "Connections.Connections",
            "DefaultArguments.BY_HAND",
            "NonOverridableArguments",
            "SecurityConfiguration",
        },
        "crawler/found": {"Classifiers", "CrawlerSecurityConfiguration", "Schedule", "TablePrefix", "Targets.JdbcTargets"},
        "state-machine/main": {"encryptionConfiguration"},
    }
    for key, names in kept.items():
        for screen in (planned, drifted):
            (line,) = [line for line in screen.splitlines() if f" {key} " in line and "kept, not declared:" in line]
            assert names <= {*line.partition("kept, not declared: ")[2].partition(";")[0].split(", ")}, line


def test_an_entry_of_a_map_goes_when_it_is_declared_no_more(repository: Repository, aws: ReplacingAws) -> None:
    """Whoever has declared it can take it out; what nobody declared stays."""
    repository.project("acres", 'p.function("Validate", environment={"ZONE": "x", "MORE": "y"}, settings={"layers": ' + LAYERS)
    done(repository, "deploy", "--adopt")
    live = aws.live[f"Function/{NAME}-Validate"]
    assert live["Environment"]["Variables"].keys() == {"ZONE", "MORE", "BY_HAND"}
    assert len(live["Layers"]) == 1
    repository.project("acres", 'p.function("Validate", environment={"ZONE": "x"})')
    planned = squeezed(done(repository, "plan", code=2))
    assert "Environment.Variables.MORE no longer declared; Layers no longer declared" in planned
    done(repository, "deploy")
    assert live["Environment"]["Variables"].keys() == {"ZONE", "BY_HAND"}
    assert live["Layers"] == []
    assert "nothing to do" in done(repository, "plan", "--verify")


LAYERS = '["arn:aws:lambda:eu-central-1:123456789012:layer:theirs:1"]})'
