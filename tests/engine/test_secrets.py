"""Secrets in what is declared are refused before anything is written, wherever they stand and wherever they come from."""

import json
from typing import Any

import boto3
import pytest

from common.engine.secrets import is_password
from common.packaging import secret_detector
from tests.packaging.secrets_of import HARMLESS, SECRETS
from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
TOKEN = SECRETS["GitHub"]
INSISTING = 'accept_secret="of the demo"'


def machine(parameters: dict[str, Any], more: str = "") -> str:
    states: dict[str, Any] = {
        "Each": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": "Done", "States": {"Done": {}}}]}
    }
    states["Each"]["Branches"][0]["States"]["Done"] = {"Type": "Pass", "End": True, "Parameters": parameters}
    return f'p.state_machine("main", { ({"StartAt": "Each", "States": states})!r}{more})'


DECLARED = {
    "variable": (f'p.function("Validate", environment={{"GREETING": "{TOKEN}"}}{{}})', "lambda/Validate: the variable GREETING"),
    "variable by its name": (
        'p.function("Validate", environment={"DB_PASSWORD": "hunter2"}{})',
        "lambda/Validate: the variable DB_PASSWORD holds a password",
    ),
    "variable with an address": (
        'p.function("Validate", environment={"DATABASE_URL": "postgres://user:pw@host/db"}{})',
        "lambda/Validate: the variable DATABASE_URL holds a password in an address",
    ),
    "argument": (f'p.job("load", arguments={{"--greeting": "x={TOKEN}"}}{{}})', "glue-job/load: the argument --greeting"),
    "argument with an assignment": (
        'p.job("load", arguments={"--jdbc": "jdbc:mysql://db/x?user=bob&password=hunter2"}{})',
        "glue-job/load: the argument --jdbc holds a password",
    ),
    "definition": (machine({"value": TOKEN}, "{}"), "state-machine/main: definition.States.Each.Branches"),
    "definition by its name": (machine({"apiKey": "abc123"}, "{}"), "apiKey holds a password"),
    "input of a schedule": (
        f'{MACHINE}\n    p.schedule("daily", m, "rate(1 day)", {{"value": "{TOKEN}"}}{{}})',
        "rule/daily: Targets.Input.value",
    ),
}


def nothing_was_written() -> bool:
    return not boto3.client("s3", **PLACE).list_buckets()["Buckets"]


@pytest.mark.parametrize("kind", DECLARED)
def test_a_secret_that_is_declared_is_refused_unless_a_reason_is_given(
    repository: Repository, moto_dates: None, kind: str
) -> None:
    line, message = DECLARED[kind]
    plain, insisting = line.removesuffix("{})") + ")", line.removesuffix("{})") + f", {INSISTING})"
    repository.project("acres", plain)
    for task in ("plan", "deploy"):
        done = repository.invoke(task, "--env", "dev")
        assert done.code == 1
        assert message in done.err, done.err
        assert done.err.count("error: ") == 1
        assert all(word not in done.out + done.err for word in (TOKEN, "hunter2", "abc123", ":pw@"))
    assert nothing_was_written()
    repository.project("acres", insisting)
    planned = repository.invoke("plan", "--env", "dev")
    assert planned.code == 2
    assert "; accepts a secret: of the demo" in planned.out
    assert repository.invoke("deploy", "--env", "dev").code == 0
    history = repository.invoke("history", "--env", "dev", "--json")
    assert "accepts a secret: of the demo" in history.out
    stored = "".join(
        boto3.client("s3", **PLACE).get_object(Bucket="t-dev-artifacts", Key=content["Key"])["Body"].read().decode("latin-1")
        for content in boto3.client("s3", **PLACE).list_objects_v2(Bucket="t-dev-artifacts", Prefix="dev/")["Contents"]
    )
    assert not [word for word in (TOKEN, "hunter2", "abc123", ":pw@") if word in stored], "not even then it is recorded"
    assert repository.invoke("plan", "--env", "dev").code == 0


def test_parameters_and_tags_of_configuration_are_looked_at(repository: Repository, moto_dates: None) -> None:
    parameters = {"acres": {"parameters": {"greeting": TOKEN}}}
    repository.configure(projects=parameters)
    repository.project("acres", 'p.function("Validate", environment={"GREETING": "${greeting}"})')
    refused = repository.invoke("plan", "--env", "dev")
    assert "the variable GREETING holds a secret (github pat)" in refused.err
    repository.configure(tags={"team": SECRETS["GitLab"]})
    repository.project("acres")
    assert "the tag team holds a secret (gitlab pat)" in repository.invoke("deploy", "--env", "dev").err
    assert nothing_was_written()


def test_files_of_each_kind_are_searched_and_accepted_by_their_declaration(repository: Repository, moto_dates: None) -> None:
    text = f"\nKEY = '{TOKEN}'\n"
    files = {
        "lambda/Validate/keys.py": 'p.function("Validate"{})',
        "glue/landing/load.py": 'p.job("load"{})',
        "layers/tools/keys.py": 'p.function("Validate", layers=[p.layer("tools"{})])',
        "configs/keys.sql": 'p.directory("configs", p.shared.bucket("artifacts") / "configs"{})',
        "shared/keys.py": 'p.function("Validate", includes=["shared.keys"]{})',
    }
    for path, line in files.items():
        repository.project("acres", line.format(""))
        file = repository.write(f"projects/acres/{path}", text)
        refused = repository.invoke("plan", "--env", "dev")
        assert f"{path}:2 holds a secret (github pat), and would be in the package" in refused.err, refused
        assert TOKEN not in refused.err + refused.out
        repository.project("acres", line.format(f", {INSISTING}"))
        file.write_text(text)
        planned = repository.invoke("plan", "--env", "dev")
        assert (planned.code, planned.err) == (2, ""), path
        assert "; accepts a secret: of the demo" in planned.out
        file.write_text("")
        repository.project("acres")
    assert nothing_was_written()


def test_package_lambdas_refuses_and_tells_what_is_accepted(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate")')
    repository.write("projects/acres/lambda/Validate/keys.py", f"KEY = '{TOKEN}'\n")
    refused = repository.invoke("package-lambdas")
    assert (refused.code, "Validate/keys.py:1 holds a secret (github pat)" in refused.err) == (1, True)
    repository.project("acres", f'p.function("Validate", {INSISTING})')
    reported = repository.invoke("package-lambdas")
    assert (reported.code, "    accepts a secret: of the demo" in reported.out) == (0, True)
    (package,) = json.loads(repository.invoke("package-lambdas", "--json").out)["packages"]
    assert package["accepts_secret"] == "of the demo"


def test_what_is_unchanged_does_not_load_the_scanner(repository: Repository, moto_dates: None) -> None:
    repository.project("acres", 'p.function("Validate", environment={"ZONE": "landing"})', MACHINE)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    secret_detector._load_scanner.cache_clear()
    for words in (("plan", "--env", "dev"), ("deploy", "--env", "dev"), ("package-lambdas",), ("drift", "--env", "dev")):
        assert repository.invoke(*words).code == 0
    assert secret_detector._load_scanner.cache_info().currsize == 0
    repository.write("projects/acres/lambda/Validate/handler.py", "def handler(event, context):\n    return 1\n")
    assert repository.invoke("plan", "--env", "dev").code == 2
    assert secret_detector._load_scanner.cache_info().currsize == 1


@pytest.mark.parametrize("parameters", ["", " ", 1, True])
def test_a_reason_is_a_text(repository: Repository, parameters: object) -> None:
    repository.project("acres", f'p.function("Validate", accept_secret={parameters!r})')
    done = repository.invoke("package-lambdas")
    assert (done.code, "accept_secret is" in done.err) == (1, True)


def test_ordinary_values_are_not_taken_for_secrets(repository: Repository, moto_dates: None) -> None:
    plain = [value for value in HARMLESS.values() if len(value) < 200 and "{" not in value and "user:password" not in value]
    assert len(plain) > 12
    environment = {f"VALUE_{number}": value for number, value in enumerate(plain)}
    environment |= {"DB_SECRET": "acres/dev/db", "PASSWORD_PARAMETER": "/acres/dev/db", "PARTITION_KEY": "county"}
    variables = json.dumps(environment)
    repository.project("acres", f'p.function("Validate", environment={variables})')
    done = repository.invoke("plan", "--env", "dev")
    assert (done.code, done.err) == (2, ""), done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DB_PASSWORD", "hunter2"), ("dbPassword", "Tr0ub4dor&3"), ("--db-password", "x9!kk"), ("API_KEY", "abcdef")),
        *(("PASS", "letmein"), ("SECRET", "s3cr3t!value"), ("TOKEN", "a8Fk29sLq0Zx"), ("client_secret", "Q~8xkf93.lsdkfjWE")),
        *(("PGPASSWORD", "postgres"), ("SecretString", "pw9$kdk3"), ("jwt_secret", "9f86d081884c7d659a2feaa0c55ad015")),
    ],
)
def test_a_password_is_told_by_its_name(name: str, value: str) -> None:
    assert is_password(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DB_SECRET_ARN", "arn:aws:x"), ("SECRET_NAME", "prod/orders/db"), ("DB_SECRET", "acres/dev/db"), ("PASSWORD", "")),
        *(("SECRET", "acres-dev-database-credentials"), ("PASSWORD", "ssm:/acres/pw"), ("DB_PASSWORD", "/acres/dev/db_password")),
        *(("DB_PASSWORD", "acres/dev/db-password"), ("TOKEN_URL", "https://x/y"), ("SECRET_ID", "AbC123xyz09")),
        *(("password", "${db_password}"), ("TaskToken.$", "$$.Task.Token"), ("ClientRequestToken", "orders-2024-01-01-run1")),
        *(("TOKENS", "alpha,beta"), ("MAX_TOKENS", "4096"), ("PASSWORD_MIN_LENGTH", "12"), ("AUTH", "IAM"), ("BYPASS", "x")),
        *(("TOKENIZE", "true"), ("SORT_KEY", "created_at"), ("KMS_KEY", "alias/acres"), ("COMPASS", "north")),
    ],
)
def test_a_name_of_a_secret_is_none(name: str, value: str) -> None:
    assert not is_password(name, value)
