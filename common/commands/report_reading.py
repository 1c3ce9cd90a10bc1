"""Reads what a report shows, in parallel. What may not be read is told in its place, and the rest is shown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from common.aws import regions
from common.base.background import Background
from common.base.commits import subjects_between
from common.base.errors import AwsError
from common.declare.declaration import Declares
from common.declare.flows import flows
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine import drift
from common.engine import status as statuses
from common.engine.connection import Connection
from common.execution import cost, recent
from common.execution.recent import Executions
from common.execution.redacted import redacted
from common.model.resource import Resource
from common.report.page.content import Content, Project
from common.resources.state_machine import StateMachine
from common.state import releases
from common.state.releases import Release

RELEASES = 5
"""How many releases of each project are shown."""
T = TypeVar("T")
Machines = list[tuple[StateMachine, Executions | str]]


def read(workspace: Workspace, connection: Connection, declarations: DeclaredPipelines, *, with_drift: bool) -> Content:
    """What a report of these projects shows. Its parts are read at the same time.

    Raises:
        AwsError: the artifact bucket cannot be read.
    """
    now, env, resources = datetime.now(UTC), declarations.env, declarations.resources
    pipelines, pool = declarations.pipelines, connection.pool
    parts = Background(workspace.choices.jobs)
    try:
        drifted = parts.submit(_attempt, partial(_drift, connection, declarations)) if with_drift else None
        executions = _executions(workspace.root, connection, resources, now, parts)
        history = partial(releases.of_projects, connection.records, _names(pipelines), RELEASES, pool)
        released_later = parts.submit(_attempt, lambda: tuple(history()))
        costs_later = {subject: parts.submit(_attempt, ask) for subject, ask in _costs_of_runs(connection, resources, now)}
        project_statuses = statuses.read_all(connection, declarations, others=False, why_undeclared=workspace.undeclared)
        roots = list(pool.map(lambda pipeline: connection.records.root(pipeline.name)[0], pipelines))
        machines: Machines = [(machine, last.result()) for machine, last in executions]
        released = released_later.result()
        costs, unread = _costs({subject: costs.result() for subject, costs in costs_later.items()}, machines)
        drift_result = drifted.result() if drifted is not None else None
    finally:
        parts.shutdown()
    projects = tuple(
        Project(
            status,
            pipeline.rendered(),
            frozenset(key for key in (root.digests if root else ()) if not key.startswith("artifact/")),
            tuple(flows(resources, pipeline.name, env.artifact_bucket)),
            tuple((machine, last) for machine, last in machines if machine.key.project == pipeline.name),
        )
        for pipeline, status, root in zip(pipelines, project_statuses, roots, strict=True)
    )
    return Content(
        env,
        now,
        connection.caller,
        projects,
        released,
        drift_result,
        costs,
        unread,
        {} if isinstance(released, str) else _commits(workspace.root, released),
    )


def _commits(root: Path, released: Sequence[Release]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The subjects of the commits that each release brought, as far as this clone knows them."""
    result: dict[tuple[str, str], tuple[str, ...]] = {}
    later: dict[str, Release] = {}
    for release in released:
        if (newer := later.get(release.project)) is not None:
            between = (release.about.get("commit", ""), newer.about.get("commit", ""))
            result[release.project, newer.written] = subjects_between(root, *between, release.project)
        later[release.project] = release
    return result


def _attempt(ask: Callable[[], T]) -> T | str:
    """What was asked for, or why it could not be read."""
    try:
        return ask()
    except AwsError as error:
        return str(error)


def _names(pipelines: Sequence[Declares]) -> list[str]:
    return [pipeline.name for pipeline in pipelines]


def _executions(
    root: Path, connection: Connection, resources: Sequence[Resource], now: datetime, parts: Executor
) -> list[tuple[StateMachine, Future[Executions | str]]]:
    """The state machines with their last executions, without secrets, which are read from now on."""

    def last_of(machine: StateMachine) -> Executions:
        last = recent.read(regions.at(connection.aws, machine.arn), machine.key.name, machine.arn, now, connection.pool)
        return redacted(root, last, resources)

    machines = [resource for resource in resources if isinstance(resource, StateMachine)]
    return [(machine, parts.submit(_attempt, partial(last_of, machine))) for machine in machines]


def _costs_of_runs(
    connection: Connection, resources: Sequence[Resource], now: datetime
) -> Iterator[tuple[str, Callable[[], list[cost.Item]]]]:
    """How to read what jobs and functions cost."""
    jobs, functions = ([resource for resource in resources if resource.key.kind == kind] for kind in ("glue-job", "lambda"))
    yield "The runs of jobs", lambda: cost.of_jobs(connection.aws, jobs, now, connection.pool)
    yield "The metrics of functions", lambda: cost.of_functions(connection.aws, functions, now)


def _costs(of_runs: Mapping[str, list[cost.Item] | str], machines: Machines) -> tuple[tuple[cost.Item, ...], dict[str, str]]:
    """What resources cost, and what could not be read."""
    of_machines = cost.of_machines([(machine, last) for machine, last in machines if not isinstance(last, str)])
    items = [item for reading in of_runs.values() if not isinstance(reading, str) for item in reading]
    return (*items, *of_machines), {subject: reading for subject, reading in of_runs.items() if isinstance(reading, str)}


def _drift(connection: Connection, declarations: DeclaredPipelines) -> drift.DriftResult:
    env, aws, resources, pool = declarations.env, connection.aws, declarations.resources, connection.pool
    result = drift.compare(env, aws, connection.records, resources, pool, with_records=False)
    return drift.with_missing(result, env, aws.in_region, resources, pool)[0]
