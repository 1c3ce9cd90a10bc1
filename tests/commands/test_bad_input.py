"""Whatever is wrong with the input: one clear message, a code that is not zero, and nothing written anywhere."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
import pytest

from common.packaging.size_limit import UNZIPPED_LIMIT
from tests.support.machines import task
from tests.support.repository import Ended, Repository

READS = re.compile(r"\w+:(Get|List|Describe|Head|Batch(Get|Describe))")
BUILT = re.compile(
    r"build/artifacts/acres/(load/\w{64}\.py|Validate/\w{64}\.(zip|json))(\.sha256)?|build/(stat-cache|index/dev)\.json"
)
FUNCTION = "projects/acres/lambda/Validate"


class Case(NamedTuple):
    """Something wrong, the command that meets it, and what is to be told."""

    name: str
    spoil: Callable[[Repository], object]
    told: str
    words: tuple[str, ...] = ("deploy", "--env", "dev")


def config(text: str, name: str = "dev") -> Callable[[Repository], object]:
    return lambda repository: repository.write(f"config/{name}.json", text)


def settings(**overrides: Any) -> Callable[[Repository], object]:
    return lambda repository: repository.configure(**overrides)


def declared(*lines: str) -> Callable[[Repository], object]:
    return lambda repository: repository.project("acres", *lines)


def machine(definition: Any) -> Callable[[Repository], object]:
    def spoil(repository: Repository) -> None:
        repository.write("projects/acres/main.asl.json", definition if isinstance(definition, str) else json.dumps(definition))
        repository.project("acres", 'p.state_machine("main", "main.asl.json")')

    return spoil


def calling(resource: str, of: str) -> Callable[[Repository], object]:
    """A machine with one task."""
    names = {"lambda": "FunctionName", "glue": "JobName", "states": "StateMachineArn"}
    state = task(f"arn:aws:states:::{resource}", **{names[resource.partition(":")[0]]: of})
    return machine(state)


def file(path: str, text: str) -> Callable[[Repository], object]:
    return lambda repository: repository.write(path, text)


def too_large(repository: Repository) -> None:
    with (repository.root / "projects/acres/lambda/Validate/model.bin").open("wb") as model:
        model.truncate(UNZIPPED_LIMIT + 1)


def nothing(repository: Repository) -> None:
    """Only the command line is wrong."""


CASES = [
    Case("no environment", lambda repo: repo.configure("cert"), r"Which environment\? Add --env NAME; config/", ("deploy",)),
    Case("unknown environment", nothing, r"There is no environment 'prd': config/ has dev\.", ("deploy", "--env", "prd")),
    Case(
        "unknown project",
        nothing,
        r"There is no project 'acre': projects/ has acres\. Did you mean 'acres'\?",
        ("deploy", "--env", "dev", "--project", "acre"),
    ),
    Case("unknown pattern", nothing, r"--only 'x/\*' matches nothing\. Keys look", ("deploy", "--env", "dev", "--only", "x/*")),
    Case("jobs in words", nothing, r"--jobs is 'many'; it must be a whole", ("deploy", "--env", "dev", "--jobs", "many")),
    Case("malformed JSON", config('{"name": "dev",\n "region" "x"}'), r"config/dev\.json:2:11: this is not JSON: Expecting ':'"),
    Case("no object", config("[]"), r"config/dev\.json: the file must hold an object \{…\}, not a list"),
    Case("unknown key", settings(reigon="x"), r"\$\.reigon: unknown key\. Did you mean 'region'\?"),
    Case(
        "wrong type",
        settings(defaults={"function": {"memory_mb": "512"}}),
        r'\$\.defaults\.function\.memory_mb: input should be a valid integer, not "512"',
    ),
    Case("malformed overlay", config("{", "acres/dev"), r"config/acres/dev\.json:1:2: this is not JSON"),
    Case("unknown project configured", settings(projects={"soil": {}}), r"\$\.projects\.soil: there is no folder projects/soil/"),
    Case("unused parameter", settings(projects={"acres": {"parameters": {"x": "y"}}}), r"parameters: nothing uses x\. Remove"),
    Case(
        "missing parameter in store",
        settings(projects={"acres": {"parameters": {"x": "ssm:/acres/x"}}}),
        r"parameters\.x: Parameter Store has no /acres/x in eu-central-1\. Create it",
    ),
    Case(
        "credentials of another account",
        settings(account_id="999999999999"),
        r"These credentials belong to account 123456789012 .*; the environment is in account 999999999999\. Nothing was",
    ),
    Case("protected and nobody to ask", settings(protected=True), r"dev is protected, and nobody can be asked here\. Add --yes"),
    Case(
        "missing handler",
        lambda repository: (repository.root / f"{FUNCTION}/handler.py").rename(repository.root / f"{FUNCTION}/app.py"),
        r"projects/acres/lambda/Validate: the handler 'handler\.handler' needs a file handler\.py there\. Add it, or",
    ),
    Case(
        "handler in another file",
        declared('p.function("Validate", handler="app.main")'),
        r"projects/acres/lambda/Validate: the handler 'app\.main' needs a file app\.py there\. Add it, or name another handler",
    ),
    Case(
        "syntax error in a handler",
        file("projects/acres/lambda/Validate/handler.py", "def handler(event, context)\n    pass\n"),
        r"projects/acres/lambda/Validate/handler\.py:1: expected ':'\.$",
    ),
    Case(
        "syntax error beside a handler",
        file("projects/acres/lambda/Validate/rules.py", "x = = 1\n"),
        r"projects/acres/lambda/Validate/rules\.py:1: invalid syntax\.$",
    ),
    Case(
        "syntax error in a job",
        file("projects/acres/glue/landing/load.py", "import os\nfor row in rows print(row)\n"),
        r"projects/acres/glue/landing/load\.py:2: invalid syntax\.$",
    ),
    Case(
        "function that does not exist",
        calling("lambda:invoke", "${Validat.arn}"),
        r"acres/main\.asl\.json:1: A\.Parameters\.FunctionName: \$\{Validat\.arn\} refers to nothing\. Did you mean \$\{Validate",
    ),
    Case(
        "job that does not exist",
        calling("glue:startJobRun.sync", "${lod.name}"),
        r"main\.asl\.json:1: A\.Parameters\.JobName: \$\{lod\.name\} refers to nothing\. Did you mean \$\{load\.name\}\?",
    ),
    Case(
        "machine that does not exist",
        calling("states:startExecution.sync:2", "${other.arn}"),
        r"main\.asl\.json:1: A\.Parameters\.StateMachineArn: \$\{other\.arn\} refers to nothing\.",
    ),
    Case("function of nobody", calling("lambda:invoke", "Validate"), r"main: A\.FunctionName: 'Validate' is not what lambda/Val"),
    Case("unknown integration", calling("lambda:invok", "${Validate.arn}"), r"the integration 'lambda:invok' is not known\."),
    Case(
        "no StartAt",
        machine({"States": {"A": {"Type": "Succeed"}}}),
        r"main has 1 problem:\n  .*StartAt is missing\.",
    ),
    Case(
        "dangling Next",
        machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}),
        r"acres: state-machine/main has 1 problem:\n  projects/acres/main\.asl\.json:1: A\.Next: there is no state 'B'\.",
    ),
    Case("ASL that is not a JSON", machine('{"StartAt": }'), r"main\.asl\.json:1:13: this is not JSON: Expecting value\."),
    Case(
        "missing ASL file",
        declared('p.state_machine("main", "main.asl.json")'),
        r"main\.asl\.json cannot be read: .*No such file",
    ),
    Case(
        "name too long",
        declared('p.function("Validate" * 8, folder="lambda/Validate")'),
        r"would be called 't-dev-acres-Validate.*': 76 characters; AWS allows 64\. Shorten its name, the project's, or",
    ),
    Case(
        "artifact too large",
        too_large,
        r"lambda/Validate: 250 MB unzipped; Lambda accepts 250 MB, layers included\. The largest: model\.bin",
    ),
    Case("declaration that raises", declared("1 / 0"), r"projects/acres/deploy\.py:9: ZeroDivisionError: division by zero\."),
]


def one_message(ended: Ended, message: str) -> None:
    """Exactly one message, and it says what it should."""
    assert ended.code != 0
    assert ended.err.startswith("error: "), ended
    assert ended.err.count("error: ") == 1
    assert "Traceback" not in ended.out + ended.err
    assert re.search(message, ended.err, re.MULTILINE), ended.err


def nothing_written(repository: Repository, before: dict[str, bytes], calls: list[str]) -> None:
    assert [name for name in calls if not READS.match(name)] == []
    new = repository.files().keys() - before.keys()
    assert [name for name in new if not BUILT.fullmatch(name)] == [], "what is right may be built, what is wrong leaves nothing"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_message_and_nothing_written(case: Case, repository: Repository, moto: None, aws_calls: list[str]) -> None:
    repository.project("acres")
    case.spoil(repository)
    before = repository.files()
    ended = repository.invoke(*case.words)
    one_message(ended, case.told)
    nothing_written(repository, before, aws_calls)
    broken = re.search(r"^error: projects/acres/(?:lambda|glue/landing)/(Validate|load)\W", ended.err)
    assert not broken or not (repository.root / "build/artifacts/acres" / broken[1]).exists()


WRONG_FILES = [case for case in CASES if case.name in {"malformed JSON", "no object", "unknown key", "wrong type"}]


@pytest.mark.parametrize("case", WRONG_FILES, ids=[case.name for case in WRONG_FILES])
def test_wrong_configuration_is_met_without_asking_aws(case: Case, repository: Repository, aws_calls: list[str]) -> None:
    repository.project("acres")
    case.spoil(repository)
    one_message(repository.invoke("plan", "--env", "dev", "--json"), case.told)
    assert aws_calls == []


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_missing_credentials_are_reported(repository: Repository, command: str) -> None:
    repository.project("acres")
    before = repository.files()
    ended = repository.invoke(command, "--env", "dev")
    one_message(ended, r"No AWS credentials were found\. Sign in .*, or set AWS_PROFILE to a profile of account 123456789012\.")
    nothing_written(repository, before, [])


@pytest.mark.usefixtures("no_credentials")
def test_a_profile_that_does_not_exist_is_reported(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    one_message(
        repository.invoke("deploy", "--env", "dev"), r"nobody\) could not be found\. Set AWS_PROFILE to a profile of account"
    )


def test_the_artifact_bucket_is_somebody_elses(repository: Repository, moto: None, aws_calls: list[str]) -> None:
    bucket = "t-dev-artifacts"
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    aws_calls.clear()
    repository.project("acres")
    before = repository.files()
    ended = repository.invoke("deploy", "--env", "dev")
    one_message(ended, rf"(?s){bucket}.*(another account|somebody else)")
    nothing_written(repository, before, aws_calls)


def test_a_resource_of_somebody_else_is_left_alone(repository: Repository, moto: None, aws_calls: list[str]) -> None:
    name = "t-dev-acres-Validate-lambda"
    trust = {"Version": "2012-10-17", "Statement": []}
    boto3.client("iam").create_role(RoleName=name, Path="/t-dev/dev/acres/", AssumeRolePolicyDocument=json.dumps(trust))
    aws_calls.clear()
    repository.project("acres")
    ended = repository.invoke("deploy", "--env", "dev")
    one_message(ended, rf"acres: role/Validate-lambda: .*{name} exists and does not carry this environment's tags\. .*--adopt")
    assert [call for call in aws_calls if not READS.match(call)] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("deploy", "--env"), "needed value"),
        (("deploy", "--enviroment", "dev"), "No idea what '--enviroment' is!"),
        (("deploy", "dev"), "No idea what 'dev' is!"),
        (("deplyo",), "No idea what 'deplyo' is!"),
        (("plan", "--env", "dev", "--yes"), "No idea what '--yes' is!"),
    ],
)
def test_a_command_line_that_invoke_does_not_understand(repository: Repository, words: tuple[str, ...], message: str) -> None:
    ended = repository.invoke(*words)
    assert ended.code != 0
    assert ended.out == ""
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("invoke", "deploy"), r"^error: config/dev\.json:1:1: this is not JSON: the file is empty\.\n$"),
        (
            ("invoke", "deploy", "--env", "dev", "--jobs", "x"),
            r"^error: --jobs is 'x'; it must be a whole number.*\n$",
        ),
        (("invoke", "deploy", "--env", "dev", "--colour"), r"^error: deploy has no option --colour\. `invoke deploy --help`"),
        (("invoke", "plan", "--env", "dev", "--json"), r"^error: config/dev\.json:1:1: this is not JSON: the file is empty\.\n$"),
        (("python", "deploy.py"), r"^error: config/dev\.json:1:1: this is not JSON"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_is_the_same_in_a_process_of_its_own(repository: Repository, command: tuple[str, ...], message: str) -> None:
    repository.write("config/dev.json", "")
    before = repository.files()
    ended = repository.shell(*command)
    assert ended.code != 0
    assert re.search(message, ended.err), ended
    assert {name for name in repository.files().keys() - before.keys() if not name.startswith("common/")} == set()
