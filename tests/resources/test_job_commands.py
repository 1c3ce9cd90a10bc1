"""The commands of jobs: what runs the script, in which Python, and how it is sized.

See https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html#aws-glue-api-jobs-job-JobCommand
"""

from typing import Any

import pytest

from common.environment.resource_settings import JobSettings
from common.resources import job_commands
from tests.resources.builders import Code, Place, brought, final
from tests.resources.test_every_property import PLACE
from tests.support.model_aws import ModelAws

SIZES = {"GlueVersion", "WorkerType", "NumberOfWorkers", "MaxCapacity", "Timeout", "ExecutionClass"}
MADE: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "streaming",
        {"worker_type": "G.025X"},
        {"Name": "gluestreaming", "PythonVersion": "3"},
        {"GlueVersion": "5.0", "WorkerType": "G.025X", "NumberOfWorkers": 2},
    ),
    (
        "streaming",
        {"timeout_minutes": 600},
        {"Name": "gluestreaming", "PythonVersion": "3"},
        {"GlueVersion": "5.0", "WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 600},
    ),
    (
        "ray",
        {"workers": 5},
        {"Name": "glueray", "PythonVersion": "3.9", "Runtime": "Ray2.4"},
        {"GlueVersion": "4.0", "WorkerType": "Z.2X", "NumberOfWorkers": 5, "Timeout": 60},
    ),
    (
        "shell",
        {"python_version": "3"},
        {"Name": "pythonshell", "PythonVersion": "3"},
        {"GlueVersion": "1.0", "MaxCapacity": 0.0625, "Timeout": 60},
    ),
]


@pytest.mark.parametrize(("word", "settings", "command", "sizes"), MADE)
def test_a_command_is_sent_and_read_back(
    word: str, settings: dict[str, Any], command: dict[str, Any], sizes: dict[str, Any]
) -> None:
    job = PLACE.job(command=word, settings=JobSettings.model_validate(settings))
    desired = final(job)
    assert {name: desired["Command"][name] for name in desired["Command"] if name != "ScriptLocation"} == command
    assert {name: value for name, value in desired.items() if name in SIZES} == sizes
    aws = ModelAws(PLACE.region, PLACE.account_id, {})
    job.create(aws, desired)
    assert brought(aws, job) == frozenset()


def test_a_streaming_job_keeps_the_timeout_that_others_gave_it() -> None:
    job, aws = PLACE.job(command="streaming"), ModelAws(PLACE.region, PLACE.account_id, {})
    job.create(aws, final(job))
    aws.live["Job/t-landing"]["Timeout"] = 700
    assert brought(aws, job) == frozenset()
    assert brought(aws, PLACE.job(command="streaming", settings=JobSettings(workers=4))) == {"NumberOfWorkers"}
    assert aws.live["Job/t-landing"]["Timeout"] == 700


def test_ray_finds_shared_code_in_an_argument_of_its_own() -> None:
    """See https://docs.aws.amazon.com/glue/latest/dg/author-job-ray-job-parameters.html ."""
    arguments = final(Place().job(command="ray", shared_code=Code("shared", b"s"), log_group="/t/glue"))["DefaultArguments"]
    assert arguments["--s3-py-modules"].endswith(".zip")
    assert arguments.keys() == {"--zone", "--s3-py-modules"}


def test_a_ray_job_that_names_no_workers_gets_those_of_ray_and_one_that_names_others_is_refused() -> None:
    assert job_commands.problem("ray", JobSettings(workers=5)) == ""
    refused = job_commands.problem("ray", JobSettings.model_validate({"worker_type": "G.1X"}))
    assert refused == "worker_type is G.1X; Ray jobs have Z.2X."


@pytest.mark.parametrize(("name", "python"), [("glueetl", "3"), ("gluestreaming", "3"), ("pythonshell", None), ("glueray", None)])
def test_only_spark_runs_python_3_where_a_live_job_names_no_python(name: str, python: str | None) -> None:
    assert job_commands.live_command({"Command": {"Name": name}}, {})["PythonVersion"] == python
