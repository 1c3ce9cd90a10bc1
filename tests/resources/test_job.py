"""What is particular to jobs: an update is everything, and Glue's own spellings are one."""

import pytest

from common.environment.resource_settings import JobSettings
from tests.resources.builders import TAGS, Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws

JOB = Place().job(settings=JobSettings(connections=("lake",)))


def test_an_update_sends_everything_and_nothing_that_update_job_rejects() -> None:
    live = {**final(JOB), "Name": JOB.name, "CreatedOn": 0, "ProfileName": "x", "MaxCapacity": 2.0, "AllocatedCapacity": 2}
    aws = ScriptedAws({"glue:GetJob": {"Job": live}, "glue:UpdateJob": {}})
    updated(aws, JOB, {"Timeout"})
    assert aws.operations == ["glue:GetJob", "glue:UpdateJob"]
    assert aws.sent("glue:UpdateJob")["JobUpdate"].keys() == final(JOB).keys() - {"Tags"}


def test_a_read_is_two_calls() -> None:
    aws = ScriptedAws({"glue:GetJob": {"Job": final(JOB)}, "glue:GetTags": {"Tags": TAGS}})
    assert live_state(aws, JOB) == final(JOB)
    assert aws.operations == ["glue:GetJob", "glue:GetTags"]


def test_changed_tags_do_not_update_the_job() -> None:
    aws = ScriptedAws({"glue:TagResource": {}})
    updated(aws, JOB, {"Tags"})
    assert aws.operations == ["glue:TagResource"]


@pytest.mark.parametrize("role", ["runner", "t/test/p/runner", Place().role_arn()])
def test_what_glue_leaves_out_or_spells_otherwise_is_no_difference(role: str) -> None:
    plain = Place().job(arguments={})
    left_out = {"DefaultArguments", "Connections", "ExecutionClass", "MaxRetries", "ExecutionProperty"}
    computed = {"AllocatedCapacity": 2, "MaxCapacity": 2.0, "JobMode": "SCRIPT", "ProfileName": "x"}
    live = {name: value for name, value in final(plain).items() if name not in left_out} | computed | {"Role": role}
    aws = ScriptedAws({"glue:GetJob": {"Job": live}, "glue:GetTags": {"Tags": TAGS}})
    assert live_state(aws, plain) == final(plain)


def test_another_role_is_a_difference() -> None:
    live = {**final(JOB), "Role": "other-runner"}
    state = live_state(ScriptedAws({"glue:GetJob": {"Job": live}, "glue:GetTags": {}}), JOB)
    assert state is not None
    assert state["Role"] == "other-runner"


def test_a_python_shell_job_is_sized_by_capacity() -> None:
    desired = final(Place().job(command="shell", log_group="/t/glue", settings=JobSettings(bookmarks=True, auto_scaling=True)))
    assert desired["Command"]["Name"] == "pythonshell"
    assert desired["MaxCapacity"] == 0.0625
    assert not {"WorkerType", "NumberOfWorkers", "ExecutionClass"} & desired.keys()
    assert desired["DefaultArguments"] == {"--zone": "landing"}


@pytest.mark.parametrize(
    ("version", "arguments"),
    [
        ("3.0", {"--enable-continuous-cloudwatch-log": "true", "--continuous-log-logGroup": "/t/glue"}),
        ("4.0", {"--enable-continuous-cloudwatch-log": "true", "--continuous-log-logGroup": "/t/glue"}),
        ("5.0", {"--custom-logGroup-prefix": "/t/glue"}),
    ],
)
def test_logs_go_to_our_group_as_the_glue_version_wants_it_said(version: str, arguments: dict[str, str]) -> None:
    job = Place().job(settings=JobSettings.model_validate({"glue_version": version}), log_group="/t/glue", arguments={})
    assert final(job)["DefaultArguments"] == arguments


def test_a_said_argument_wins_over_the_setting() -> None:
    job = Place().job(settings=JobSettings(bookmarks=True), arguments={"--job-bookmark-option": "job-bookmark-pause"})
    assert final(job)["DefaultArguments"] == {"--job-bookmark-option": "job-bookmark-pause"}


SPARK = {"WorkerType": "G.1X", "NumberOfWorkers": 2, "MaxCapacity": 2.0, "AllocatedCapacity": 2}
"""GetJob tells the capacity of a Spark job in every way; UpdateJob refuses more than one."""


@pytest.mark.parametrize(("shell", "sized"), [(True, {"MaxCapacity"}), (False, {"WorkerType", "NumberOfWorkers"})])
def test_a_job_is_sized_in_one_way_whatever_it_was_before(shell: bool, sized: set[str]) -> None:
    job = Place().job(command="shell" if shell else "spark")
    aws = ScriptedAws({"glue:GetJob": {"Job": {**final(job), **SPARK}}, "glue:UpdateJob": {}})
    updated(aws, job, {"Timeout"})
    assert aws.sent("glue:UpdateJob")["JobUpdate"].keys() & SPARK.keys() == sized


def test_of_what_is_declared_nothing_is_told_as_kept() -> None:
    result = JOB.read(ScriptedAws({"glue:GetJob": {"Job": {**final(JOB), **SPARK}}, "glue:GetTags": {"Tags": TAGS}}))
    assert result is not None
    assert result.undeclared == {}


def test_a_spark_job_for_which_nobody_named_a_python_runs_version_3() -> None:
    live = {**final(JOB), "Command": {"Name": "glueetl", "ScriptLocation": final(JOB)["Command"]["ScriptLocation"]}}
    assert live_state(ScriptedAws({"glue:GetJob": {"Job": live}, "glue:GetTags": {"Tags": TAGS}}), JOB) == final(JOB)


@pytest.mark.parametrize("version", ["0.9", "1.0", "4.0"])
def test_the_glue_version_of_a_python_shell_job_says_nothing_and_stays(version: str) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html: its interpreter follows from PythonVersion alone."""
    shell = Place().job(command="shell")
    live = {**final(shell), "GlueVersion": version}
    aws = ScriptedAws({"glue:GetJob": {"Job": live}, "glue:GetTags": {"Tags": TAGS}, "glue:UpdateJob": {}})
    assert live_state(aws, shell) == final(shell)
    updated(aws, shell, {"Timeout"})
    assert aws.sent("glue:UpdateJob")["JobUpdate"]["GlueVersion"] == version


def test_a_python_shell_job_of_another_python_is_a_difference() -> None:
    shell = Place().job(command="shell")
    live = {**final(shell), "GlueVersion": "1.0", "Command": {**final(shell)["Command"], "PythonVersion": "3"}}
    state = live_state(ScriptedAws({"glue:GetJob": {"Job": live}, "glue:GetTags": {}}), shell)
    assert state is not None
    assert (state["GlueVersion"], state["Command"]["PythonVersion"]) == ("1.0", "3")
