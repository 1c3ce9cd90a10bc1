"""`invoke run`: what is run, what is refused before anything starts, how it is shown and how it exits."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from common.base.errors import DeclarationError
from common.declare.pipeline import Pipeline
from common.declare.workspace import DeclaredPipelines
from common.environment.config import Environment
from common.execution.failure import Failure
from common.execution.follower import Began, Outcome, Put, Waiting
from common.execution.history import Entered, History, Left, Retried
from common.execution.running import Runner
from common.execution.starting import Start, check_not_watched
from common.model.events import Closed, Note
from common.report.run_report import JsonRunReport, TextRunReport
from tests.resources.scripted import ScriptedAws, refused
from tests.support import histories
from tests.support.histories import CHILD, EXECUTION
from tests.support.repository import Ended, Repository

MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
EXPRESS = MACHINE[:-1] + ', settings=__import__("common").StateMachineSettings(type="EXPRESS"))'
RUN = 'p.run_by(m, starting={"a": 1})'


@pytest.fixture
def deployed(repository: Repository, moto: None) -> Repository:
    """Two projects that can be run and one that cannot, the first of them deployed."""
    repository.project("acres", MACHINE, RUN)
    repository.project("codes", MACHINE, RUN)
    repository.project("other")
    done = repository.invoke("deploy", "--env", "dev", "--project", "acres")
    assert done.code == 0, done.err
    return repository


def executions(repository: Repository) -> list[dict[str, Any]]:
    client = boto3.client("stepfunctions", region_name="eu-central-1")
    arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-main"
    return [
        client.describe_execution(executionArn=execution["executionArn"])
        for execution in client.list_executions(stateMachineArn=arn)["executions"]
    ]


def run(repository: Repository, *words: str) -> Ended:
    return repository.invoke("run", "--env", "dev", *words)


def test_runs_the_named_project_and_exits_by_its_outcome(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(deployed, "--project", "acres")
    assert (done.code, done.err) == (0, "")
    assert "A State succeeded in" in done.out
    assert "acres succeeded in" in done.out
    [execution] = executions(deployed)
    assert json.loads(execution["input"]) == {"a": 1}
    assert execution["name"].startswith("run-")
    monkeypatch.setenv("SF_EXECUTION_HISTORY_TYPE", "FAILURE")
    failed = run(deployed, "--project", "acres")
    assert failed.code == 1
    assert "acres: the execution failed in the state A State." in failed.err
    assert "The state A State failed: AnError\n  An error occurred!" in failed.out


def test_prints_one_json_object(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(deployed, "--project", "acres", "--json")
    output = json.loads(done.out)
    assert (output["environment"], output["projects"], output["status"]) == ("dev", ["acres"], "SUCCEEDED")
    [run_object] = output["runs"]
    assert run_object["states"] == [{"name": "A State", "status": "succeeded", "seconds": 0.0, "attempts": 1}]
    assert (run_object["output"], run_object["error"], run_object["preview"]) == ("An output", None, None)
    assert run_object["execution"] == executions(deployed)[0]["executionArn"]
    assert output["api_calls"]["by_operation"]["stepfunctions:StartExecution"] == 1
    monkeypatch.setenv("SF_EXECUTION_HISTORY_TYPE", "FAILURE")
    failed = run(deployed, "--project", "acres", "--json")
    output = json.loads(failed.out)
    assert (failed.code, output["status"]) == (1, "FAILED")
    [run_object] = output["runs"]
    assert (run_object["failed_in"], run_object["error"], run_object["cause"]) == (["A State"], "AnError", "An error occurred!")


def test_takes_an_input_from_the_command_line_a_file_or_standard_input(
    deployed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.write("input.json", {"b": 2})
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"b": 2}\n')))
    for text in ('{"b": 2}', "input.json", "-", '"x y"', "-1.5", "null"):  # an item of a Map may be any value
        assert run(deployed, "--project", "acres", "--input", text).code == 0
    inputs = sorted(execution["input"] for execution in executions(deployed))
    assert inputs == ['"x y"', "-1.5", "null", *['{"b": 2}'] * 3]


BAD = (
    ((), "Which project? dev is a real account. Add --project NAME; these can be run: acres, codes."),
    (("--project", "acres,codes"), "Which project? dev is a real account."),
    (("--project", "acres,codes", "--input", "{}"), "--input is for one project. Add --project NAME"),
    (("--project", "codes"), "state-machine/main is not deployed to dev: there is no t-dev-codes-main in AWS. Deploy first"),
    (("--project", "other"), "There is nothing to run"),
    (("--project", "acre"), "Did you mean 'acres'?"),
    (("--project", "acres", "--input", "none.json"), "No such file or directory: none.json"),
    (("--project", "acres", "--input", ""), "or - for standard input. This is empty."),
    (("--project", "acres", "--input", '{"a":'), "--input:1:6: this is not JSON"),
    (("--project", "acres", "--input", '{"a": NaN}'), "--input: this is not JSON: JSON has no number NaN"),
    (("--project", "acres", "--input", '{"a": "\\ud800"}'), "--input: this is not JSON: 'utf-8' codec can't encode"),
    (("--project", "acres", "--input", "bad.json"), "bad.json:2:1: this is not JSON"),
    (("--project", "acres", "--input", "binary"), "binary cannot be read: it is UTF-16 or UTF-32"),
    (
        ("--project", "acres", "--input", "large.json"),
        "large.json: the input has 262155 bytes; Step Functions accepts 262144.",
    ),
    (("--project", "acres", "--jobs", "none"), "--jobs is 'none'"),
)


def test_bad_input_is_told_and_starts_nothing(deployed: Repository) -> None:
    deployed.write("bad.json", "{\n")
    deployed.write("binary", b"\xff\xfe")
    deployed.write("large.json", {"text": "x" * 262_143})
    for words, message in BAD:
        done = run(deployed, *words)
        assert (done.code, message in done.err) == (1, True), done.err
        assert "Traceback" not in done.err
    assert executions(deployed) == []


def test_run_needs_an_environment_and_credentials_for_its_account(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed.configure("cert")
    assert "Which environment?" in deployed.invoke("run").err
    deployed.configure(account_id="999999999999")
    assert "These credentials belong to account 123456789012" in run(deployed, "--project", "acres").err


def test_an_express_machine_cannot_be_followed(repository: Repository, moto: None) -> None:
    repository.project("acres", EXPRESS, RUN)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    done = run(repository)
    assert done.code == 1
    assert "state-machine/main is an EXPRESS state machine" in done.err
    assert executions(repository) == []


def test_a_missing_file_of_the_declared_input_is_the_declarations_error(deployed: Repository) -> None:
    deployed.project("acres", MACHINE, 'p.run_by(m, starting="input.json")')
    done = run(deployed, "--project", "acres")
    assert "projects/acres/input.json is the input of the execution and cannot be read: No such file" in done.err


def watching(repository: Repository, prefix: str, suffix: str) -> Pipeline:
    pipeline = Pipeline("acres", Environment(**_config(repository)), repository.root / "projects" / "acres")
    machine = pipeline.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})
    pipeline.on_object("new_file", machine, pipeline.shared.bucket("landing") / prefix, suffix=suffix)
    return pipeline


def _config(repository: Repository) -> dict[str, Any]:
    config = json.loads((repository.root / "config/dev.json").read_text())
    return {name: value for name, value in config.items() if name != "$schema"}


@pytest.mark.parametrize(
    ("prefix", "suffix", "key", "watched"),
    [
        ("incoming", ".csv", "incoming/sample.csv", True),
        ("incoming", ".csv", "incoming/deep/sample.csv", True),
        ("incoming", ".csv", "incoming/sample.json", False),
        ("incoming", ".csv", "sample/sample.csv", False),
        ("incoming.x", "", "incomingyx/sample.csv", False),
    ],
)
def test_a_sample_is_not_put_where_a_trigger_watches(
    repository: Repository, prefix: str, suffix: str, key: str, watched: bool
) -> None:
    repository.project("acres")
    pipeline = watching(repository, prefix, suffix)
    landing = pipeline.shared.bucket("landing").name
    if watched:
        with pytest.raises(DeclarationError, match="where rule/new_file of acres starts an execution for each new object"):
            check_not_watched([pipeline], landing, key)
    else:
        check_not_watched([pipeline], landing, key)
    check_not_watched([pipeline], "another-bucket", key)


class Interrupted(ScriptedAws):
    """Somebody presses Ctrl-C while a poll is waited for."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        raise KeyboardInterrupt


def test_ctrl_c_stops_following_and_not_the_execution(repository: Repository) -> None:
    repository.project("acres", MACHINE, RUN)
    [pipeline] = repository.declared("acres")[1:]
    assert pipeline.entry is not None
    running_history = {"events": histories.succeeding().events[:3][::-1]}
    started = {"stepfunctions:StartExecution": {"executionArn": EXECUTION}}
    deployed = {"s3:HeadObject": refused("HeadObject", "404")}
    aws = Interrupted({**deployed, **started, "stepfunctions:GetExecutionHistory": running_history})
    events: list[Any] = []
    declarations = DeclaredPipelines.of(repository.environment(), [pipeline])
    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(1) as pool:
        Runner(repository.root, declarations, aws, pool, events.append).run(Start("acres", pipeline.entry, "{}"))
    assert aws.operations == ["s3:HeadObject", "stepfunctions:StartExecution", "stepfunctions:GetExecutionHistory"]
    assert isinstance(events[-1], Note)
    assert "The execution continues" in events[-1].text
    assert f"aws stepfunctions stop-execution --region eu-central-1 --execution-arn {EXECUTION}" in events[-1].text


def shown(*events: Any) -> str:
    stream = io.StringIO()
    report = TextRunReport(stream=stream)
    for event in events:
        report(event)
    return stream.getvalue()


def test_text_tells_states_retries_and_nested_executions(repository: Repository) -> None:
    history, parent = History(), History()
    happened = [*history.read(histories.side_by_side().events), *parent.read(histories.failing_child().events)]
    began = Began("acres", "t-p-main", EXECUTION)
    text = shown(Put(repository.root / "sample.csv", "s3://b/sample.csv"), began, *happened)
    assert text.splitlines() == [
        "  sample.csv was copied to s3://b/sample.csv",
        f"acres {EXECUTION}",
        "  Each entered",
        "    Load[1] is retried: attempt 2, after Busy",
        "    Load[0] succeeded in 10.0 s",
        "    Load[1] succeeded in 12.0 s",
        "    Store[0] succeeded in 3.0 s",
        "  Each succeeded in 24.0 s",
        "  Done succeeded in 1.0 s",
        "  Nested started an execution of t-p-child: c-1",
        "  Nested failed after 5.0 s: States.TaskFailed",
    ]


def test_text_tells_once_what_is_waited_for() -> None:
    history = History()
    events = histories.succeeding().events
    first = list(history.read(events[:4]))
    waiting = Waiting(tuple(history.running))
    rest = list(history.read(events))
    assert [type(event) for event in first] == [Entered]
    assert {type(event) for event in rest} == {Retried, Left, Entered}
    assert shown(*first, waiting, waiting, *rest).splitlines() == [
        "  Validate entered",
        "  Validate is retried: attempt 2, after Lambda.TooManyRequestsException",
        "  Validate succeeded in 7.0 s",
        "  Land succeeded in 5.0 s",
    ]


def test_text_tells_where_and_why_it_failed_and_the_last_lines() -> None:
    failure = Failure(
        ("Nested", "Land[3]"), "States.TaskFailed", "ValueError: [x]\nat line 2", "/t/glue/error jr_1", ("[b]", "c")
    )
    text = shown(
        Outcome("acres", EXECUTION, "FAILED", 12.34, (), failure=failure), Note("a note"), Closed(13.0, {"a:B": 2}, 0, 0, 0)
    )
    assert text.splitlines() == [
        "",
        "The state Nested > Land[3] failed: States.TaskFailed",
        "  ValueError: [x]",
        "  at line 2",
        "The last lines of the log /t/glue/error jr_1:",
        "  │ [b]",
        "  │ c",
        "",
        "acres failed after 12.3 s",
        "  a note",
        "13.0 s · 2 AWS calls",
    ]


@pytest.mark.parametrize(("status", "words"), [("TIMED_OUT", "timed out"), ("ABORTED", "was aborted")])
def test_an_execution_that_ends_without_a_failed_state_is_described_in_words(status: str, words: str) -> None:
    failure = Failure((), "States.Timeout", "")
    text = shown(Outcome("acres", EXECUTION, status, 2.0, (), failure=failure))
    assert text.splitlines() == ["", f"The execution {words}: States.Timeout", "", f"acres {words} after 2.0 s"]


def test_json_tells_of_an_execution_that_was_left_that_it_runs() -> None:
    stream = io.StringIO()
    report = JsonRunReport("dev", stream)
    report(Began("acres", "t-p-main", CHILD))
    report(Closed(1.0, {}, 0, 0, 0))
    output = json.loads(stream.getvalue())
    run = {"project": "acres", "machine": "t-p-main", "execution": CHILD, "status": "RUNNING"}
    assert output["runs"] == [{**run, "messages": []}]
    assert output["status"] == "RUNNING"
