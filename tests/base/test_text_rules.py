"""What a configuration or a declaration may not hold is told where it is, before anything is asked."""

from typing import Any

import pytest

from common.aws import parameter_store
from common.base import text_rules
from common.base.errors import ConfigError, DeclarationError
from common.environment.config import Environment
from tests.aws.test_parameter_store import Answering
from tests.support.repository import CONFIG, SHARED, Repository

ROLE = "arn:aws:iam::123456789012:role/"
LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:common:1"
ARABIC = "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\u0662"
"""Twelve digits that are none of ASCII's."""


def function(**settings: Any) -> dict[str, Any]:
    return {"defaults": {"function": settings}}


def job(**settings: Any) -> dict[str, Any]:
    return {"defaults": {"job": settings}}


def crawler(**settings: Any) -> dict[str, Any]:
    return {"defaults": {"crawler": settings}}


def parameter(value: str) -> dict[str, Any]:
    return {"projects": {"acres": {"parameters": {"limit": value}}}}


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"account_id": ARABIC}, "account_id"),
        ({"account_id": "123456789012\n"}, "account_id"),
        ({"region": "eu-central-\u0661"}, "region"),
        ({"region": "us-east-1\n"}, "region"),
        ({"name_prefix": "aws"}, "name_prefix"),
        ({"name_prefix": "aws-glue"}, "name_prefix"),
        ({"name_prefix": "acr\u00e9s"}, "name_prefix"),
        ({"name_prefix": "acres\n"}, "name_prefix"),
        ({"tags": {"AWS:team": "x"}}, "tags.AWS:team"),
        ({"tags": {"Aws:team": "x"}}, "tags.Aws:team"),
        ({"tags": {"Deployer:environment": "x"}}, "tags.Deployer:environment"),
        ({"tags": {"Team": "x", "team": "y"}}, "tags"),
        ({"tags": {"team": "a\x1b[31m"}}, "tags.team"),
        ({"tags": {"team\x00": "a"}}, r'tags["team\u0000"]'),
        *(
            ({"artifact_bucket": name}, "artifact_bucket")
            for name in (
                *(
                    "192.168.5.4",
                    "a..b",
                    "xn--artifacts",
                    "sthree-artifacts",
                    "amzn-s3-demo-x",
                    "x-s3alias",
                    "x--ol-s3",
                    "x.mrap",
                ),
                *(
                    "x--x-s3",
                    "x--table-s3",
                    "ab",
                    "a" * 64,
                    "Artifacts",
                    "a_b",
                    "-ab",
                    "ab-",
                    ".ab",
                    "ab.",
                    "artifacts\n",
                    "art\u00e9",
                ),
            )
        ),
        (parameter("a\x00b"), "projects.acres.parameters.limit"),
        (parameter("a\x1b[2J"), "projects.acres.parameters.limit"),
        (parameter("a\u009bb"), "projects.acres.parameters.limit"),
        (parameter("ssm:"), "projects.acres.parameters.limit"),
        (parameter("ssm:/a b"), "projects.acres.parameters.limit"),
        (parameter("ssm:/a//b"), "projects.acres.parameters.limit"),
        (parameter("ssm:/acres/*"), "projects.acres.parameters.limit"),
        ({"projects": {"a b": {}}}, 'projects["a b"]'),
        ({"projects": {"acres": {"functions": {"Va\x1blidate": {}}}}}, r'projects.acres.functions["Va\u001blidate"]'),
        ({"roles": {"arns": {"lambda": f"{ROLE}a b"}}}, "roles.arns.lambda"),
        ({"roles": {"arns": {"lambda": f'{ROLE}a"b'}}}, "roles.arns.lambda"),
        ({"roles": {"arns": {"lambda": f"{ROLE}*"}}}, "roles.arns.lambda"),
        ({"roles": {"arns": {"lambda": f"{ROLE}a/"}}}, "roles.arns.lambda"),
        ({"roles": {"arns": {"lambda": f"arn:aws:iam::{ARABIC}:role/a"}}}, "roles.arns.lambda"),
        ({"roles": {"arns": {"lambda/a\x1b": f"{ROLE}a"}}}, r'roles.arns["lambda/a\u001b"]'),
        ({"roles": {"permissions_boundary": "arn:aws:iam::aws:policy/a'b"}}, "roles.permissions_boundary"),
        (function(role=f"{ROLE}a b"), "defaults.function.role"),
        (function(role=LAYER), "defaults.function.role"),
        (function(layers=[f"{ROLE}a"]), "defaults.function.layers[0]"),
        (function(layers=[LAYER.replace(":1", ":*")]), "defaults.function.layers[0]"),
        (function(runtime="python3.\u0661\u0661"), "defaults.function.runtime"),
        (function(environment={"LEVEL": "\x07"}), "defaults.function.environment.LEVEL"),
        (function(environment={"L\u00c9VEL": "x"}), "defaults.function.environment.L\u00c9VEL"),
        (job(arguments={"--x": "a\x00"}), "defaults.job.arguments.--x"),
        (job(connections=["a\x1b"]), "defaults.job.connections[0]"),
        (crawler(exclusions=["a\x00"]), "defaults.crawler.exclusions[0]"),
        (crawler(table_prefix="a" * 129), "defaults.crawler.table_prefix"),
        (crawler(targets=["s3://bucket/a\x1b"]), "defaults.crawler.targets[0]"),
        (crawler(schedule="rate(1 day)"), "defaults.crawler.schedule"),
        (crawler(schedule="cron(0 3 * * * *)"), "defaults.crawler.schedule"),
        ({"defaults": {"trigger": {"expression": "rate(\u0662 days)"}}}, "defaults.trigger.expression"),
        ({"defaults": {"trigger": {"expression": "cron(0 3 * * ? *)\n"}}}, "defaults.trigger.expression"),
    ],
)
def test_a_text_that_aws_refuses_is_reported_in_one_line_with_its_place(
    repository: Repository, settings: dict[str, Any], path: str
) -> None:
    repository.configure(**settings)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    heading, line = str(caught.value).splitlines()
    assert heading == "config/dev.json is not valid:"
    assert line.startswith(f"  $.{path}: ")


@pytest.mark.parametrize(
    "settings",
    [
        {"artifact_bucket": "a.b-c.d"},
        {"artifact_bucket": "1.2.3"},
        {"name_prefix": "awsome"},
        {"tags": {"awsome": "x", "cost center": "a/b=c"}},
        parameter("a\tb\nc"),
        parameter("J\u00fcrgen \u2013 \U0001f33d"),
        parameter("ssm:/acres/limit:3"),
        parameter("ssm:plain.name"),
        {
            "roles": {
                "arns": {"lambda": f"{ROLE}team/sub/a+b=c,d.e@f_g-h"},
                "permissions_boundary": "arn:aws:iam::aws:policy/PowerUser",
            }
        },
        function(role=f"{ROLE}service-role/x", layers=[LAYER]),
        crawler(schedule="cron(0 3 * * ? *)", table_prefix="raw_"),
        {"defaults": {"trigger": {"expression": "rate(5 minutes)"}}},
    ],
)
def test_texts_that_aws_accepts_are_accepted(settings: dict[str, Any]) -> None:
    Environment.model_validate_json(
        Environment.model_validate({**CONFIG, **settings}, strict=False).model_dump_json(by_alias=True)
    )


@pytest.mark.parametrize("name", ["con", "nul", "aux", "prn", "com1", "lpt9"])
def test_names_of_devices_are_no_names_of_files(repository: Repository, name: str) -> None:
    repository.configure(name)
    with pytest.raises(ConfigError, match=r"\$\.name: value error, Windows cannot have a file called"):
        repository.environment(name)
    repository.project(name.upper())
    with pytest.raises(DeclarationError, match=f"^projects/{name.upper()}/: Windows cannot have a file called"):
        repository.declared()


def test_shared_buckets_are_held_to_the_same(repository: Repository) -> None:
    repository.configure(name_prefix="xn--acres")
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("raw")\n    return shared'))
    with pytest.raises(DeclarationError, match=r"bucket/raw would be called 'xn--acres-raw-123456789012'; S3 reserves names"):
        repository.declared()


def test_a_place_holds_no_control_characters(repository: Repository) -> None:
    repository.project("acres", 'p.directory("configs", p.shared.bucket("artifacts") / "a\\x1b")')
    with pytest.raises(DeclarationError, match=r"projects/acres/deploy\.py:\d+: ValueError: a text must not hold the control"):
        repository.declared()


@pytest.mark.parametrize(
    "line",
    [
        'p.table("seen", partition_key="id\\x1b")',
        'p.function("Validate", environment={"A": "b\\x00"})',
        'p.job("load", arguments={"--a": "b\\x1b"})',
    ],
)
def test_what_declarations_say_is_looked_at_too(repository: Repository, line: str) -> None:
    repository.project("acres", line)
    with pytest.raises(DeclarationError, match=r"a text must not hold the control character U\+00(1B|00)"):
        repository.declared()


def test_what_parameter_store_says_is_looked_at_too() -> None:
    class Odd(Answering):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            answer = super().call(service, operation, **parameters)
            return {"Parameters": [{**answer["Parameters"][0], "Value": "a\x1bb"}]}

    env = Environment.model_validate({**CONFIG, **parameter("ssm:/acres/level:3")})
    with pytest.raises(ConfigError, match=r"/acres/level:3: a text must not hold the control character U\+001B\."):
        parameter_store.resolve_parameters(env, Odd(), ["acres"])  # type: ignore[arg-type]  # the only method that is called


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x9b", "\ud800"])
def test_control_characters_are_named(character: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
        text_rules.check_text(f"a{character}")


@pytest.mark.parametrize("jobs", ["\u0664", "4\u0664", "-1", "1_0"])
def test_numbers_on_the_command_line_are_of_ascii(repository: Repository, jobs: str) -> None:
    done = repository.invoke("plan", "--env", "dev", "--jobs", jobs)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: --jobs is ")
