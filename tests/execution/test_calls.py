"""A run of one function, job or crawler: what is called, which lines are shown, how its end is told."""

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import UsageError
from common.base.markup import strip_markup
from common.execution.calls import Called, Logged, Returned
from common.execution.function_calls import FunctionCall
from common.execution.job_runs import GlueRun
from common.execution.log_sources import Source, of_run
from common.execution.repository_paths import by_log_group, in_repository
from common.local.debugging import client_context
from common.report.call_report import returned_lines
from tests.execution.test_function_logs import REPORT
from tests.resources.scripted import ScriptedAws, refused
from tests.support.repository import Repository

FILTER = "logs:FilterLogEvents"
NO_FUNCTION = {"lambda:GetFunction": refused("GetFunction", "ResourceNotFoundException")}
JOB = {"Job": {"Name": "t-load", "Command": {"Name": "glueetl"}, "GlueVersion": "5.0", "DefaultArguments": {}}}


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def answered(body: str, log: str, **more: Any) -> dict[str, Any]:
    tail = base64.b64encode(log.encode()).decode()
    metadata = {"ResponseMetadata": {"RequestId": "1"}}
    return {"StatusCode": 200, "Payload": io.BytesIO(body.encode()), "LogResult": tail, **metadata, **more}


def moved(text: str) -> str:
    return text.replace("/var", "here")


def call(aws: ScriptedAws, pool: Executor, payload: str = "{}") -> tuple[Returned, list[Any]]:
    events: list[Any] = []
    call_it = FunctionCall(aws, pool, events.append, "acres", "lambda/Validate", "t-Validate", moved)
    return call_it.run(payload), events


def test_a_short_log_comes_with_the_response_so_no_log_is_read(pool: Executor) -> None:
    log = f"START RequestId: 1 Version: $LATEST\nread 3 rows\nEND RequestId: 1\n{REPORT.format('1')}\n"
    aws = ScriptedAws({"lambda:Invoke": answered('{"rows": 3}', log)})
    returned, events = call(aws, pool, '{"key": "k"}')
    assert aws.operations == ["lambda:Invoke"]
    assert aws.sent("lambda:Invoke") == {"FunctionName": "t-Validate", "LogType": "Tail", "Payload": b'{"key": "k"}'}
    assert [type(event) for event in events] == [Called, Logged, Returned]
    assert [line.text for line in events[1].lines] == ["read 3 rows"]
    assert (returned.status, returned.output, returned.seconds) == ("SUCCEEDED", '{"rows": 3}', 0.0125)
    end = "lambda/Validate succeeded in 0.0 s · billed 0.213 s · 71 of 256 MB used · start of the environment 0.2 s"
    assert [strip_markup(text) for text in returned_lines(returned)] == [end, '{"rows": 3}']


def test_of_a_long_log_the_lines_of_this_request_are_read(pool: Executor) -> None:
    """The response has the last 4 KB of the log alone: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""
    texts = ("START RequestId: 1 V", "mine", "END RequestId: 1", REPORT.format("1"))
    log_events = [{"logStreamName": "a", "timestamp": 1, "message": text} for text in texts]
    other = [{"logStreamName": "b", "timestamp": 1, "message": text} for text in ("START RequestId: 2 V", "theirs")]
    log = {"events": [*other, *log_events]}
    aws = ScriptedAws({**NO_FUNCTION, "lambda:Invoke": answered("1", "e end of mine\n"), FILTER: [{"events": other}, log]})
    returned, events = call(aws, pool)
    assert [line.text for event in events if isinstance(event, Logged) for line in event.lines] == ["mine"]
    assert returned.usage["billed_seconds"] == 0.213
    assert len(aws.slept) == 1


def test_where_logs_may_not_be_read_the_tail_is_shown(pool: Executor) -> None:
    aws = ScriptedAws(
        {**NO_FUNCTION, "lambda:Invoke": answered("1", "the end"), FILTER: refused("FilterLogEvents", "AccessDenied")}
    )
    _, events = call(aws, pool)
    assert [line.text for line in events[1].lines] == ["the end"]


def test_a_client_context_is_sent_beside_the_payload(pool: Executor) -> None:
    aws = ScriptedAws({"lambda:Invoke": answered("1", f"START RequestId: 1 V\nEND RequestId: 1\n{REPORT.format('1')}")})
    context = client_context("t")
    FunctionCall(aws, pool, lambda _: None, "acres", "lambda/V", "t-V", moved, context).run("{}")
    assert json.loads(base64.b64decode(aws.sent("lambda:Invoke")["ClientContext"])) == context


def test_an_error_is_told_with_its_traceback_in_the_repository(pool: Executor) -> None:
    error = {
        "errorType": "ValueError",
        "errorMessage": "no rows",
        "stackTrace": ['  File "/var/task/h.py", line 2, in f\n    g()\n'],
    }
    log = f"START RequestId: 1 V\nEND RequestId: 1\n{REPORT.format('1')}"
    aws = ScriptedAws({"lambda:Invoke": answered(json.dumps(error), log, FunctionError="Unhandled")})
    returned, _ = call(aws, pool)
    assert returned.failure is not None
    assert (returned.status, returned.failure.error, returned.failure.message) == ("FAILED", "ValueError", "no rows")
    assert returned.failure.lines == ('  File "here/task/h.py", line 2, in f', "    g()")
    logged = f"START RequestId: 1 V\n    g()\nEND RequestId: 1\n{REPORT.format('1')}"
    aws = ScriptedAws({"lambda:Invoke": answered(json.dumps(error), logged, FunctionError="Unhandled")})
    shown = call(aws, pool)[0].failure
    assert shown is not None
    assert shown.lines == (), "the log has shown it already"


def run(state: str, **more: Any) -> dict[str, Any]:
    return {"JobRun": {"Id": "jr_1", "JobRunState": state, "GlueVersion": "5.0", "LogGroupName": "/aws-glue/jobs", **more}}


def glue_run(aws: ScriptedAws, events: list[Any], name: str = "t-load") -> GlueRun:
    return GlueRun(aws, events.append, "acres", "glue-job/load", name, 5.0, lambda text: text)


def test_a_job_run_is_followed_with_its_lines_and_what_it_costs() -> None:
    ended = run("SUCCEEDED", ExecutionTime=90, MaxCapacity=2.0)
    line = {"events": [{"eventId": "1", "logStreamName": "jr_1-driver", "timestamp": 1, "message": "3 rows"}]}
    script: dict[str, Any] = {
        "glue:StartJobRun": {"JobRunId": "jr_1"},
        "glue:GetJob": JOB,
        "glue:GetJobRun": [run("RUNNING"), ended],
        FILTER: line,
    }
    aws, events = ScriptedAws(script), list[Any]()
    returned = glue_run(aws, events).run_job({"table": "orders"})
    assert aws.sent("glue:StartJobRun") == {"JobName": "t-load", "Arguments": {"--table": "orders"}}
    assert [line.text for event in events if isinstance(event, Logged) for line in event.lines] == ["3 rows"]
    assert (returned.status, returned.usage) == ("SUCCEEDED", {"seconds": 90.0, "dpu_seconds": 180.0})
    assert strip_markup(next(returned_lines(returned))) == "glue-job/load succeeded in 90.0 s · billed 180 DPU seconds"


def test_a_failed_run_tells_its_exception_and_a_short_one_is_billed_for_a_minute() -> None:
    """A minute at least: https://aws.amazon.com/glue/pricing."""
    ended = run("FAILED", ExecutionTime=5, MaxCapacity=2.0, ErrorMessage="ValueError: no rows: x")
    script: dict[str, Any] = {
        "glue:StartJobRun": {"JobRunId": "jr_1"},
        "glue:GetJob": JOB,
        "glue:GetJobRun": ended,
        FILTER: {"events": []},
    }
    returned = glue_run(ScriptedAws(script), []).run_job({})
    assert returned.failure is not None
    assert (returned.failure.error, returned.failure.message) == ("ValueError", "no rows: x")
    assert returned.usage["dpu_seconds"] == 120.0


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("StartJobRun", "ConcurrentRunsExceededException", "glue-job/load is running already, as often at once"),
        ("StartCrawler", "CrawlerRunningException", "glue-job/load is running already. Wait for its end."),
    ],
)
def test_what_runs_already_is_told(operation: str, code: str, message: str) -> None:
    runner = glue_run(ScriptedAws({f"glue:{operation}": refused(operation, code)}), [])
    with pytest.raises(UsageError, match=message):
        runner.run_crawler() if operation == "StartCrawler" else runner.run_job({})


def test_a_crawler_is_followed_to_its_end() -> None:
    states: list[Any] = [
        {"Crawler": {"State": "RUNNING"}},
        {"Crawler": {"State": "READY", "LastCrawl": {"Status": "FAILED", "ErrorMessage": "x"}}},
    ]
    aws = ScriptedAws({"glue:StartCrawler": {}, "glue:GetCrawler": states, FILTER: {"events": []}})
    returned = glue_run(aws, [], "t-look").run_crawler()
    assert (returned.status, returned.failure and returned.failure.message) == ("FAILED", "x")
    assert next(sent for name, sent in aws.calls if name == FILTER)["logStreamNames"] == ["t-look"]


RUN = {"Id": "jr_1"}
SPARK = {"Command": {"Name": "glueetl"}}


@pytest.mark.parametrize(
    ("job", "own", "sources"),
    [
        (SPARK, {"GlueVersion": "5.0"}, ["/aws-glue/jobs/output jr_1-driver", "/aws-glue/jobs/error jr_1-driver"]),
        (
            {**SPARK, "DefaultArguments": {"--custom-logGroup-prefix": "/t/glue", "--custom-logStream-prefix": "x"}},
            {"GlueVersion": "5.0"},
            ["/t/glue/output x-driver", "/t/glue/error x-driver"],
        ),
        (SPARK, {"GlueVersion": "4.0"}, ["/aws-glue/jobs/output jr_1", "/aws-glue/jobs/error jr_1"]),
        (
            {**SPARK, "DefaultArguments": {"--enable-continuous-cloudwatch-log": "true"}},
            {"GlueVersion": "4.0", "LogGroupName": "/aws-glue/jobs-role-secured/"},
            [f"/aws-glue/jobs-role-secured/{stream}" for stream in ("output jr_1", "error jr_1", "logs-v2 jr_1-driver")],
        ),
        (
            {"Command": {"Name": "pythonshell"}},
            {"GlueVersion": "3.0"},
            ["/aws-glue/python-jobs/output jr_1", "/aws-glue/python-jobs/error jr_1"],
        ),
    ],
)
def test_a_run_s_streams_follow_from_its_job(job: dict[str, Any], own: dict[str, Any], sources: list[str]) -> None:
    """As in https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html."""
    assert [f"{source.group} {source.stream}" for source in of_run(job, {**RUN, **own}) if isinstance(source, Source)] == sources


def test_a_function_is_known_by_its_group_and_a_job_by_its_script(repository: Repository) -> None:
    """All functions are in /var/task, so that the group alone tells whose file it is."""
    repository.project("acres", 'p.function("Validate")', 'p.function("Other", folder="lambda/Other")', 'p.job("load")')
    repository.write("projects/acres/lambda/Other/handler.py", "def handler(event, context):\n    return 1\n")
    resources = repository.resources()
    hints = by_log_group(repository.root, [*resources.values()])
    for name in ("Validate", "Other"):
        shown = hints(f"/aws/lambda/t-dev-acres-{name}", 'File "/var/task/handler.py", line 2')
        assert shown == f'File "projects/acres/lambda/{name}/handler.py", line 2'
    script = Path(resources["glue-job/load"].artifacts[0].location).name
    assert hints("/t-dev/glue/output", f'File "/tmp/{script}"') == 'File "projects/acres/glue/landing/load.py"'
    assert hints("/another/group", 'File "/var/task/handler.py"') == 'File "/var/task/handler.py"'


def test_tracebacks_name_the_files_of_the_repository(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    resources = repository.resources()
    hints = in_repository(repository.root, resources["lambda/Validate"])
    handler = "projects/acres/lambda/Validate/handler.py"
    assert hints('  File "/var/task/handler.py", line 2') == f'  File "{handler}", line 2'
    assert hints('  File "/tmp/x-9/handler.py", line 2') == f'  File "{handler}", line 2'
    for other in ('File "/opt/python/lib/python3.12/site-packages/handler.py"', 'File "/var/task/other.py"', "no path"):
        assert hints(other) == other
    job = resources["glue-job/load"]
    script = Path(job.artifacts[0].location).name
    assert (
        in_repository(repository.root, job)(f'File "/tmp/{script}", line 1')
        == 'File "projects/acres/glue/landing/load.py", line 1'
    )
