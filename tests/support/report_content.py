"""A report of a project whose names, logs and values try to be markup."""

from datetime import UTC, datetime, timedelta

from common.declare.flows import flows
from common.engine.drift import Drifted, DriftResult, Field, Kept
from common.engine.status import Status
from common.execution.cost import Item
from common.execution.history import Status as VisitStatus
from common.execution.history import Visit
from common.execution.recent import Execution, Executions, Tail
from common.report.page.content import Content, Project
from common.resources.state_machine import StateMachine
from common.state.releases import Release
from tests.support.repository import SHARED, Repository

NOW = datetime(2030, 1, 2, 9, 0, tzinfo=UTC)
LINES = (
    'landing, runs = p.shared.bucket("landing"), p.table("runs", partition_key="id")',
    'p.function("Validate", reads=[landing / "in"], writes=[runs])',
    'p.job("load", reads=[landing / "in"], writes=[landing / "out"])',
    'm = p.state_machine("main", "main.asl.json")',
    'p.on_object("new_file", m, landing / "in")',
)
MARKUP = '</pre><script>alert(1)</script><img src="https://example.com/x.png" onerror="x()">'


def declare(repository: Repository) -> None:
    """A project with a function, a job, a table, a rule and a machine."""
    shared = 'shared.bucket("artifacts")\n    shared.bucket("landing", event_bridge=True)'
    repository.write("deploy.py", SHARED.replace('shared.bucket("artifacts")', shared))
    repository.project("acres", *LINES)
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "${load.name}"}}
    states = {"Load": {**task, "Next": "Done"}, "Done": {"Type": "Succeed"}}
    repository.write("projects/acres/main.asl.json", {"StartAt": "Load", "States": states})


def content(repository: Repository, text: str = MARKUP) -> Content:
    """A report in which `text` stands wherever AWS, a log or another person may have written something."""
    declare(repository)
    shared, acres = repository.declared("acres")
    env, every = repository.environment(), (*shared.rendered(), *acres.rendered())
    about = {"who": text, "holder": text, "host": text, "since": "2030-01-01T10:00:00+00:00", "commit": text}
    machine = next(resource for resource in every if isinstance(resource, StateMachine))
    visits = (
        Visit("Load", "Task", NOW, None, None, VisitStatus.FAILED, NOW + timedelta(seconds=70), 2, text, text),
        Visit(text, "Task", NOW + timedelta(seconds=70), None, None, VisitStatus.RUNNING),
    )
    last = Execution(
        text, "FAILED", NOW, NOW + timedelta(seconds=90), visits, text, text, text, (Tail(text, text, (text, "plain")),)
    )
    executions = Executions("main", (last, Execution("run-0", "SUCCEEDED", NOW, NOW)), 2, statuses={"FAILED": 1, text: 1})
    change = {"key": text, "action": "update", "reason": text, "outcome": "failed", "message": text}
    drifted = (
        Drifted("acres", f"lambda/{text}", "changed", text, (Field(text, text, {text: text}, [text]),)),
        Drifted("acres", "table/runs", "deleted", text),
    )
    return Content(
        env,
        NOW,
        text,
        (
            Project(Status("shared", "never deployed"), tuple(shared.rendered())),
            Project(
                Status("acres", "deploying", about, 9, (text,), (text,), unconfirmed=(text,)),
                tuple(acres.rendered()),
                frozenset({str(machine.key), f"table/{text}"}),
                tuple(flows(every, "acres", env.artifact_bucket)),
                ((machine, executions),),
            ),
        ),
        (Release("acres", "2030-01-01T10:00:00+00:00", "failed", {**about, "uncommitted": text}, (change,)),),
        DriftResult(9, drifted, (text,), (text,), (Kept("acres", text, (text,)),)),
        (Item("acres", text, 3, text, 1.5, text), Item("acres", "glue-job/load", 0, "", 0.0)),
        {text: text},
        {("acres", "2030-01-01T10:00:00+00:00"): (text,)},
    )
