"""The lists of what AWS has are those of botocore, and what has an end is told of in time."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import botocore
import pytest
from botocore.session import get_session

from common.base.errors import ConfigError
from common.engine import advice
from common.environment import aws_versions
from common.environment.config_files import load
from common.environment.resource_settings import FunctionSettings, JobSettings
from common.model.resource import Action, Change, Plan, Resource
from common.packaging.target import job_target
from common.resources.bucket import Bucket
from common.resources.function import Function
from tests.resources.builders import Place
from tests.support.repository import Repository

NOT_FOR_JOBS = {"Standard": "up to Glue 2.0"}
"""Worker types that no job of ours can have."""
REMOVED = {"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "python2.7"}
"""Runtimes that are called otherwise than those of today."""


def models(service: str) -> Any:
    return get_session().get_service_model(service)


def allowed(model: type, name: str) -> set[str]:
    return {*get_args(model.model_fields[name].annotation)}  # type: ignore[attr-defined]  # of a pydantic model


def test_the_runtimes_are_those_that_lambda_has() -> None:
    ours = {name for name in models("lambda").shape_for("Runtime").enum if name.startswith(("python", "nodejs"))}
    assert {*aws_versions.RUNTIMES} == ours - REMOVED


def test_the_worker_types_are_those_that_glue_has() -> None:
    assert allowed(JobSettings, "worker_type") == {*models("glue").shape_for("WorkerType").enum} - NOT_FOR_JOBS.keys()


def test_the_versions_of_glue_include_the_one_that_it_takes_by_itself() -> None:
    """Glue's model has no list, but says what a job is that names no version."""
    documentation = models("glue").shape_for("CreateJobRequest").members["GlueVersion"].documentation
    (default,) = re.findall(r"default to Glue (\d+\.\d+)", documentation)
    assert default == aws_versions.NEWEST_GLUE == max(aws_versions.GLUE_PYTHON.keys() - {"auto"})
    assert allowed(JobSettings, "glue_version") == aws_versions.GLUE_PYTHON.keys()
    assert job_target("6.0") == job_target("auto")
    assert job_target("auto").python == "3.13"


@pytest.mark.parametrize("version", aws_versions.GLUE_PYTHON)
def test_a_job_writes_to_the_groups_that_its_version_of_glue_has(version: str) -> None:
    """Up to 4.0 continuous logging to one group; https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html ."""
    groups = ("glue",) if version in ("3.0", "4.0") else ("glue/output", "glue/error")
    assert aws_versions.log_groups(version, shell=False) == groups
    assert aws_versions.log_groups(version, shell=True) == ()


def test_the_partitions_are_those_that_botocore_knows() -> None:
    partitions = json.loads(Path(botocore.__path__[0], "data", "partitions.json").read_text())["partitions"]
    assert {
        partition["id"]: partition["regionRegex"].strip("^$").replace("\\-", "-") for partition in partitions
    } == aws_versions.PARTITIONS
    for partition in partitions:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                assert aws_versions.partition_of(region) == partition["id"]


@pytest.mark.parametrize(
    ("region", "partition"), [("eusc-de-east-1", "aws-eusc"), ("cn-north-1", "aws-cn"), ("us-east-1", "aws")]
)
def test_an_environment_may_be_in_any_partition(repository: Repository, region: str, partition: str) -> None:
    repository.configure(region=region)
    env = load(repository.root, "dev")
    assert env.arn("lambda", "function:x").startswith(f"arn:{partition}:lambda:{region}:")


@pytest.mark.parametrize("region", ["eu-central", "xx-central-1", "eusc-fr-east-1", "eu-central-1a", "us-esat-1"])
def test_a_region_that_cannot_be_is_refused(repository: Repository, region: str) -> None:
    repository.configure(region=region)
    with pytest.raises(ConfigError, match="region"):
        load(repository.root, "dev")


@pytest.mark.parametrize("runtime", ["python3.5", "nodejs21.x", "python3.99", "nodejs99.x", "python3.13"])
def test_a_runtime_that_is_newer_than_all_that_are_known_may_have_come_since(runtime: str) -> None:
    known_runtime = aws_versions.is_runtime(runtime)
    assert known_runtime == (runtime not in {"python3.5", "nodejs21.x"})
    if known_runtime:
        assert FunctionSettings(runtime=runtime).runtime == runtime
    else:
        with pytest.raises(
            ValueError, match=rf"Lambda has no runtime {re.escape(runtime)}; python3.15 and nodejs26.x are the newest"
        ):
            FunctionSettings(runtime=runtime)


def on(runtime: str) -> Function:
    return Place().function(settings=FunctionSettings(runtime=runtime))


@pytest.mark.parametrize(
    ("runtime", "today", "message"),
    [
        ("python3.11", date(2027, 3, 1), None),
        ("python3.11", date(2027, 6, 1), "AWS ends its support of python3.11 on 2027-06-30"),
        ("nodejs20.x", date(2026, 11, 25), "AWS ended its support of nodejs20.x on 2026-04-30"),
        ("python3.15", date(2040, 1, 1), None),
    ],
)
def test_a_runtime_whose_support_ends_is_warned_of_with_its_day(runtime: str, today: date, message: str | None) -> None:
    declared: list[Resource] = [on(runtime), on("python3.13")]
    warnings = [
        text for text in advice.warnings(declared, today) if "python3.13" not in text.partition(":")[2].partition(". ")[0]
    ]
    assert len(warnings) == (message is not None)
    if message is not None:
        assert message in warnings[0]
        assert warnings[0].startswith(f"{declared[0].key.project}: lambda/")


def test_events_of_a_bucket_begin_later_than_the_deploy_ends() -> None:
    watched, quiet = Place().bucket(event_bridge=True), Place().bucket()

    def told(bucket: Bucket, action: Action, *changed: str) -> list[str]:
        return advice.delays(Plan((Change(bucket.key, action, "", {}, None, frozenset(changed)),)), [bucket])

    assert "about five minutes after the deploy" in told(watched, Action.CREATE)[0]
    assert told(watched, Action.UPDATE, "EventBridge")
    assert not told(watched, Action.UPDATE, "Tags")
    assert not told(watched, Action.NOOP)
    assert not told(quiet, Action.CREATE)
