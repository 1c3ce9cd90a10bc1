"""Configuration: strict, all errors of a file at once, each where it is."""

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import ConfigError, UsageError
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.environment.project import Project
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings
from tests.support.repository import CONFIG, ROOT, Repository

SIZES = st.none() | st.integers(128, 10240)
MAPS = st.dictionaries(st.sampled_from(["AA", "BB", "CC"]), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=3))


def refused(repository: Repository, **settings: Any) -> list[str]:
    """The lines of the message about a configuration with these keys."""
    repository.configure(**settings)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", config_json.environments(ROOT))
def test_every_environment_of_this_repository_is_valid_and_names_the_schema(name: str) -> None:
    assert config_files.load(ROOT, name).name == name
    assert json.loads((ROOT / f"config/{name}.json").read_text())["$schema"] == "schema.json"


def test_every_error_of_a_file_is_told_at_once_with_its_path(repository: Repository) -> None:
    functions = {"Validate": {"memory_mb": 64, "timout_seconds": 3}, "Other": {"layers": ["arn:aws:x", 7]}}
    lines = refused(
        repository,
        account_id=123456789012,
        regio="x",
        tags={"aws:x": "y"},
        defaults={"job": {"workers": "512"}},
        projects={"acres": {"functions": functions}},
    )
    assert lines[0] == "config/dev.json is not valid:"
    assert {line.strip().partition(": ")[0] for line in lines[1:]} == {
        "$.account_id",
        "$.regio",
        "$.tags.aws:x",
        "$.defaults.job.workers",
        "$.projects.acres.functions.Validate.memory_mb",
        "$.projects.acres.functions.Validate.timout_seconds",
        "$.projects.acres.functions.Other.layers[0]",
        "$.projects.acres.functions.Other.layers[1]",
    }


def test_workers_that_glue_does_not_have_are_told(repository: Repository) -> None:
    jobs = {
        "old": {"glue_version": "3.0", "worker_type": "R.1X"},
        "large": {"glue_version": "3.0", "worker_type": "G.12X"},
        "unknown": {"worker_type": "Z.1X"},
        "unlike": {"glue_version": "3.0", "worker_type": "G.8X"},
        "new": {"glue_version": "4.0", "worker_type": "R.8X"},
    }
    _, *lines = refused(repository, projects={"acres": {"jobs": jobs}})
    where, message = "$.projects.acres.jobs", "Glue 3.0 has G.1X, G.2X, G.4X and G.8X; the others come with glue_version 4.0"
    assert [line.strip() for line in lines[:2]] == [
        f'{where}.{name}.worker_type: value error, {message}, not "{worker_type}"'
        for name, worker_type in (("old", "R.1X"), ("large", "G.12X"))
    ]
    assert [line.strip().partition(": ")[0] for line in lines[2:]] == [f"{where}.unknown.worker_type"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"regiom": "x"}, "$.regiom: unknown key. Did you mean 'region'?"),
        ({"zebra": 1}, "$.zebra: unknown key."),
        ({"network": {"subnets": []}}, "$.network.subnets: unknown key. Did you mean 'subnet_ids'?"),
        ({"defaults": {"function": {"memory": 1}}}, "$.defaults.function.memory: unknown key. Did you mean 'memory_mb'?"),
        (
            {"projects": {"acres": {"jobs": {"load": {"worker": 1}}}}},
            "$.projects.acres.jobs.load.worker: unknown key. Did you mean 'workers'?",
        ),
        ({"embedded": {"ports": 1}}, "$.embedded.ports: unknown key. Did you mean 'port'?"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(
    repository: Repository, settings: dict[str, Any], message: str
) -> None:
    assert refused(repository, **settings) == ["config/dev.json is not valid:", f"  {message}"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"memory_mb": "512"}, 'input should be a valid integer, not "512"'),
        ({"memory_mb": 512.5}, "input should be a valid integer, not 512.5"),
        ({"memory_mb": True}, "input should be a valid integer, not true"),
        ({"memory_mb": 127}, "input should be greater than or equal to 128, not 127"),
        ({"vpc": 1}, "input should be a valid boolean, not 1"),
        ({"runtime": "python4"}, 'not "python4"'),
        ({"architecture": "arm"}, "input should be 'x86_64' or 'arm64', not \"arm\""),
        ({"log_retention_days": 31}, "not 31"),
        ({"environment": {"A B": "x"}}, 'not "A B"'),
        ({"environment": {"LEVEL": 3}}, "input should be a valid string"),
        ({"layers": ["arn:aws:lambda:eu-central-1:1:layer:x:1"]}, "not "),
    ],
)
def test_nothing_is_coerced(repository: Repository, settings: dict[str, Any], message: str) -> None:
    heading, line = refused(repository, defaults={"function": settings})
    assert heading == "config/dev.json is not valid:"
    assert line.startswith(f"  $.defaults.function.{next(iter(settings))}")
    assert message in line


def test_what_is_missing_is_told(repository: Repository) -> None:
    repository.write("config/dev.json", {"name": "dev"})
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    missing = {"account_id", "region", "name_prefix", "artifact_bucket"}
    assert set(str(caught.value).splitlines()[1:]) == {f"  $.{name}: field required" for name in missing}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"name": "dev" "region"}', "config/dev.json:1:16: this is not JSON"),
        ('{\n  "name": dev\n}', "config/dev.json:2:11: this is not JSON"),
        ("", "config/dev.json:1:1: this is not JSON"),
        ('{"name": "dev", "name": "prod"}', "the key 'name' is repeated"),
        ('{"tags": {"a": "1", "a": "2"}}', "the key 'a' is repeated"),
        ("[1]", "the file must hold an object {…}, not a list"),
        (b"\xff\xfe{", "config/dev.json: this is not JSON"),
        ("[" * 100_000, "config/dev.json: this is not JSON"),
        (r'{"name": "\ud800"}', r"config/dev.json: this is not JSON: '\ud800' is an unpaired surrogate."),
    ],
)
def test_malformed_files_are_told_with_line_and_column(repository: Repository, content: str | bytes, message: str) -> None:
    repository.write("config/dev.json", content)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    assert message in str(caught.value)


def test_a_pipe_is_not_waited_for(repository: Repository) -> None:
    (repository.root / "config/acres").mkdir()
    os.mkfifo(repository.root / "config/acres/dev.json")
    with pytest.raises(ConfigError, match=r"^config/acres/dev.json: it cannot be read: it is not a file.$"):
        repository.environment()


def test_a_file_that_cannot_be_read_is_told(repository: Repository) -> None:
    (repository.root / "config/odd.json").mkdir()
    with pytest.raises(ConfigError, match=r"^config/odd.json: it cannot be read: Is a directory.$"):
        repository.environment("odd")


def test_a_file_is_called_as_its_environment(repository: Repository) -> None:
    repository.write("config/prod.json", CONFIG)
    with pytest.raises(ConfigError, match=r'\$.name is "dev"; it must be "prod"'):
        repository.environment("prod")


@pytest.mark.parametrize("name", ["dex", "", "schema", "../dev", "dev.json"])
def test_there_are_only_the_environments_that_have_a_file(repository: Repository, name: str) -> None:
    repository.write("config/schema.json", {})
    with pytest.raises(UsageError, match=r"config/ has dev"):
        repository.environment(name)
    assert config_json.environments(repository.root) == ["dev"]


def test_what_editors_leave_beside_configuration_is_none(repository: Repository) -> None:
    for folder in ("config", "config/acres"):
        repository.write(f"{folder}/.dev.json", "")
        (repository.root / folder / ".#dev.json").symlink_to("ann@host.1234:5")
    assert config_json.environments(repository.root) == ["dev"]
    assert repository.environment().name == "dev"


def test_an_overlay_wins_key_by_key(repository: Repository) -> None:
    own = {"parameters": {"a": "1", "b": "2"}, "functions": {"Validate": {"memory_mb": 256, "timeout_seconds": 9}}}
    repository.configure(projects={"acres": own})
    over = {"$schema": "../schema.json", "parameters": {"b": "3"}, "functions": {"Validate": {"memory_mb": 1024}}}
    repository.write("config/acres/dev.json", over)
    repository.configure("prod")
    repository.write("config/acres/prod.json", {"parameters": {"a": "not this"}})
    repository.write("config/.editor/notes.json", {})
    repository.write("config/other/dev.json", {"parameters": {"c": "4"}})
    project = repository.environment().project("acres")
    assert project.parameters == {"a": "1", "b": "3"}
    assert project.functions["Validate"] == FunctionSettings(memory_mb=1024, timeout_seconds=9)
    assert repository.environment().project("other").parameters == {"c": "4"}
    assert repository.environment().project("nobody") == Project()


def test_an_overlay_is_as_strict_and_told_by_its_own_name(repository: Repository) -> None:
    repository.write("config/acres/dev.json", {"function": {}, "jobs": {"load": {"workers": 0}}})
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    assert str(caught.value).splitlines() == [
        "config/acres/dev.json is not valid:",
        "  $.jobs.load.workers: input should be greater than or equal to 1, not 0",
        "  $.function: unknown key. Did you mean 'functions'?",
    ]


def test_an_overlay_of_an_environment_that_does_not_exist_is_told(repository: Repository) -> None:
    repository.write("config/acres/deb.json", {})
    with pytest.raises(
        ConfigError, match=r"^config/acres/deb\.json: there is no environment 'deb': config/ has dev\. Did you mean"
    ):
        repository.environment()


@pytest.mark.parametrize(
    "roles",
    [{"arns": {"lambda": "arn:aws:iam::123456789012:user/ann"}}, {"permissions_boundary": "arn:aws:iam::123456789012:role/edge"}],
)
def test_an_arn_of_something_else_is_told(repository: Repository, roles: dict[str, Any]) -> None:
    _, line = refused(repository, roles=roles)
    assert line.startswith("  $.roles.")
    assert "string should match pattern" in line


@given(SIZES, SIZES, SIZES, MAPS, MAPS, MAPS)
def test_the_nearest_setting_wins_and_maps_are_merged(
    near: int | None,
    configured: int | None,
    default: int | None,
    first: dict[str, str],
    two: dict[str, str],
    three: dict[str, str],
) -> None:
    def layer(memory: int | None, variables: dict[str, str]) -> FunctionSettings:
        return FunctionSettings.model_validate({"environment": variables} | ({} if memory is None else {"memory_mb": memory}))

    merged = layer(near, first).over(layer(configured, two), layer(default, three))
    assert merged.memory_mb == next((size for size in (near, configured, default) if size is not None), 256)
    assert merged.environment == {**three, **two, **first}


def test_a_declaration_may_say_settings_as_a_dictionary() -> None:
    assert FunctionSettings().over({"environment": {"AA": "1"}}, None).environment == {"AA": "1"}
    merged = JobSettings(workers=4).over({"workers": 9}, JobSettings(workers=7, max_retries=2))
    assert merged == JobSettings(workers=4, max_retries=2)
    assert JobSettings(workers=2).over(JobSettings(workers=9)).workers == 2, "said and default differ, even where they are equal"
    assert CrawlerSettings(schedule=None).over(CrawlerSettings(schedule="cron(0 1 * * ? *)")).schedule is None


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("ap-southeast-2", "aws")],
)
def test_names_and_arns_follow_from_the_environment(region: str, partition: str) -> None:
    env = Environment.model_validate({**CONFIG, "region": region, "tags": {"team": "farm"}})
    assert env.arn("lambda", "function:x") == f"arn:{partition}:lambda:{region}:123456789012:function:x"
    assert env.bucket_arn("b") == f"arn:{partition}:s3:::b"
    assert env.bucket_arn("b", "k/*") == f"arn:{partition}:s3:::b/k/*"
    assert env.resource_name("acres", "Validate") == "t-dev-acres-Validate"
    assert env.role_path("acres") == "/t-dev/dev/acres/"
    assert env.role_arn(env.role_path("acres"), "r") == f"arn:{partition}:iam::123456789012:role/t-dev/dev/acres/r"
    assert env.ownership("acres") == {
        "team": "farm",
        "deployer:environment": "t-dev/dev",
        "deployer:project": "acres",
    }


@given(st.text(max_size=30))
def test_whatever_the_prefix_it_is_a_valid_one_or_an_error(prefix: str) -> None:
    valid = prefix[:1].isascii() and prefix[:1].islower() and len(prefix) <= 24
    valid = valid and all(letter in "abcdefghijklmnopqrstuvwxyz0123456789-" for letter in prefix)
    valid = valid and prefix != "aws" and not prefix.startswith("aws-")
    try:
        Environment.model_validate({**CONFIG, "name_prefix": prefix})
    except ValueError:
        assert not valid
    else:
        assert valid


def test_what_nothing_changes_is_made_once() -> None:
    """Thousands of names ask for the section of their project, and pydantic copies defaults into each model that has them."""
    env = Environment.model_validate(CONFIG)
    assert env.project("nowhere") is env.project("elsewhere")
    assert env.project("nowhere") == Project()
    assert env.defaults is Environment.model_validate(CONFIG).defaults


def test_a_copy_does_not_keep_what_was_computed_of_the_original() -> None:
    env = Environment.model_validate(CONFIG)
    assert (env.partition, env.account.region, env.is_away) == ("aws", env.region, False)
    away = env.in_region("eu-west-3")
    assert (away.account.region, away.home_region, away.is_away) == ("eu-west-3", env.region, True)
    assert env.model_copy(update={"region": "cn-north-1"}).partition == "aws-cn"
