"""Invoke tasks: parse, call, print. Nothing else.

`deploy` is the chain of all steps, tied by pre-tasks: each is a targeted deploy that first brings what it needs up to date.
"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)  # Invoke forbids it to all: compiling takes longer than deploying

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task
from invoke.tasks import task as invoke_task

from common.base.errors import UsageError
from common.base.terminal import show
from common.commands import command_line, invoke_options
from common.commands.invocation import INVOCATION
from common.commands.option_help import COLLECTING, HELP, PLANNING, options
from common.model import steps
from common.model.choices import Choices, parallel

if TYPE_CHECKING:
    from common.engine.session import Session

ROOT = Path(__file__).resolve().parent
task = partial(invoke_task, positional=[], auto_shortflags=False, klass=invoke_options.OurTask)
"""Invoke would take `--help` for a value, and give options that tasks share a letter that means something else in each."""


def session(requested: list[str], *, planning: bool = False, json: bool = False, jobs: str = "16", **chosen: Any) -> "Session":
    """The one session of this invocation with these options; the invocation closes it."""
    from common.commands.opening import opened

    invocation = INVOCATION.get()
    choices = Choices(**chosen, jobs=parallel(jobs))
    return opened(ROOT, choices, invocation, requested, planning=planning, json=json)


def show_plan(opened: "Session") -> None:
    """Plans; the command ends if there is something to do, and its exit code says so."""
    if not opened.plan().is_empty:
        raise Exit(code=2)


def step(name: str, doc: str, *pre: Task[Any]) -> Task[Any]:
    """The task of one step, or of all that come before it."""

    def run(  # noqa: PLR0913, PLR0917 - Invoke reads a task's options from its signature
        _c: Context,
        env: str | None = None,
        project: str | None = None,
        only: str | None = None,
        force: bool = False,
        verify: bool = False,
        rebuild: bool = False,
        adopt: bool = False,
        adopt_from: str = "",
        json: bool = False,
        jobs: str = "16",
        yes: bool = False,
        wait: bool = False,
        prune: bool = False,
        data: bool = False,
        dry_run: bool = False,
    ) -> None:
        asked: dict[str, Any] = {"force": force, "verify": verify, "adopt": adopt, "jobs": jobs, "yes": yes, "wait": wait}
        asked |= {"adopt_from": adopt_from, "data": data}
        asked |= {"rebuild": rebuild, "json": json, "env": env, "project": project, "only": only, "prune": prune}
        requested = INVOCATION.get().requested({**asked, "dry_run": dry_run})
        opened = session(requested, planning=dry_run, **asked)
        if dry_run:
            show_plan(opened)
            return
        if name in steps.STEPS:
            opened.step(name)
        if name == requested[-1]:
            opened.prune()

    run.__doc__ = doc
    made: Task[Any] = task(name=name, pre=list(pre), help=HELP)(run)
    return made


@task(
    name=steps.PACKAGE,
    for_all=True,
    help=options(
        *("env", "project", "only", "json"),
        lock="First write the locks of all requirements, with versions and hashes.",
        sbom="Print the bill of materials of all packages instead: CycloneDX, for scanners.",
        watch="Again whenever a file is saved; with --env, deploy whenever a file is saved.",
    ),
)
def package_lambdas(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    lock: bool = False,
    sbom: bool = False,
    watch: bool = False,
    json: bool = False,
) -> None:
    """Build every Lambda package and layer. Needs no environment and no credentials."""
    if steps.PACKAGE in INVOCATION.get().requested():  # a deploy builds what the bucket does not have, and no more
        from common.commands import package_lambdas as packages
        from common.commands import sbom as bills
        from common.commands import watch as watching

        choices = Choices(env=env, project=project, only=only)
        if lock + sbom + watch > 1:
            raise UsageError("--lock, --sbom and --watch are three commands: give one of them.")
        if watch:
            watching.watch(ROOT, choices, json=json)
        elif sbom:
            bills.show(ROOT, choices, INVOCATION.get())
        else:
            packages.package(session([steps.PACKAGE], json=json, env=env, project=project, only=only), lock=lock)


deploy_shared = step(steps.SHARED, "Buckets, database, run table, topic, log groups.", package_lambdas)
deploy_roles = step(steps.ROLES, "The roles that functions, jobs, crawlers and state machines run with.", deploy_shared)
deploy_lambdas = step(steps.LAMBDAS, "Lambda functions and their log groups.", deploy_roles)
upload_glue = step(steps.UPLOAD, "The scripts of Glue jobs, under immutable names.", deploy_lambdas)
deploy_jobs = step(steps.JOBS, "Glue jobs.", upload_glue)
deploy_crawlers = step(steps.CRAWLERS, "Glue crawlers.", deploy_jobs)
deploy_sfn = step(steps.MACHINES, "Step Functions state machines.", deploy_crawlers)
deploy_triggers = step(steps.TRIGGERS, "Schedules, and rules that start state machines for new objects.", deploy_sfn)
deploy = step("deploy", "Everything, in order.", deploy_triggers)


@task(help=options(*PLANNING), reads_only=True)
def plan(  # noqa: PLR0913, PLR0917 - Invoke reads a task's options from its signature
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    force: bool = False,
    verify: bool = False,
    rebuild: bool = False,
    adopt: bool = False,
    adopt_from: str = "",
    json: bool = False,
    jobs: str = "16",
    prune: bool = False,
    data: bool = False,
) -> None:
    """What `deploy` would do. Exit code 0: nothing; 2: something."""
    asked: dict[str, Any] = {"force": force, "verify": verify, "adopt": adopt, "jobs": jobs, "prune": prune, "data": data}
    asked |= {"rebuild": rebuild, "adopt_from": adopt_from}
    show_plan(session(["plan"], planning=True, json=json, env=env, project=project, only=only, **asked))


@task(help=options("env", "project", "json", "jobs", input="A JSON file or object."))
def run(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    input_: str | None = None,
    json: bool = False,
    jobs: str = "16",
) -> None:
    """Start a pipeline, follow it to its end, and show what it made. Exit code 0: it succeeded."""
    from common.commands import run

    run.run(ROOT, Choices(env=env, project=project, jobs=parallel(jobs)), INVOCATION.get(), input_, json=json)


@task(help=options("env", "project", "json"), reads_only=True)
def status(_c: Context, env: str | None = None, project: str | None = None, json: bool = False) -> None:
    """What is released, who is deploying, and how the last execution went."""
    from common.commands import status

    status.status(ROOT, Choices(env=env, project=project), INVOCATION.get(), json=json)


@task(help=options("env", "project"), reads_only=True)
def policy(_c: Context, env: str | None = None, project: str | None = None) -> None:
    """The IAM policy that deploying an environment takes: every call, on its names and on what it uses of others alone."""
    from common.commands import policy

    policy.show(ROOT, Choices(env=env, project=project))


@task(help=options("env", project="The one project whose lease it is, or shared.", yes="Do not ask."))
def unlock(_c: Context, env: str | None = None, project: str | None = None, yes: bool = False) -> None:
    """Take the lease on a project from whoever holds it."""
    from common.commands import unlock

    unlock.unlock(ROOT, Choices(env=env, project=project, yes=yes), INVOCATION.get())


@task(help=options("env", "project", "json", "jobs"), reads_only=True)
def drift(_c: Context, env: str | None = None, project: str | None = None, json: bool = False, jobs: str = "16") -> None:
    """What is not as the last deploy left it. Reads everything, writes nothing. Exit code 0: nothing; 2: something."""
    from common.commands import drift

    if drift.report(ROOT, Choices(env=env, project=project, jobs=parallel(jobs)), INVOCATION.get(), json=json):
        raise Exit(code=2)


@task(
    help=options(
        *("env", "project", "json"),
        data="What holds data (buckets, tables, log groups …), too; with a whole environment, the artifact bucket.",
        yes="The name of what goes, given back: ask nothing. `--yes dev` for a whole environment, `--yes orders` for a project.",
        dry_run="Only show what would be deleted.",
    ),
    optional=["yes"],
)
def destroy(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    data: bool = False,
    yes: str | bool | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Delete what was deployed of a project, or of a whole environment; data stays, unless you say --data."""
    from common.commands import destroy

    destroy.destroy(ROOT, Choices(env=env, project=project, data=data), INVOCATION.get(), yes, json=json, dry=dry_run)


@task(help=options("env", "project", "json", "yes", **COLLECTING))
def gc(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    days: str = "30",
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Delete artifacts, and versions of layers, that no record, no recent release and none of the last ten names."""
    from common.commands import gc

    gc.report(ROOT, Choices(env=env, project=project, yes=yes), INVOCATION.get(), days, dry=dry_run, json=json)


@task(help=options("env", "project", "json", last="How many of each project, 1 to 1000 (default: 20)."), reads_only=True)
def history(_c: Context, env: str | None = None, project: str | None = None, last: str = "20", json: bool = False) -> None:
    """Who released what, when, from which commit, and how it ended."""
    from common.commands import history

    history.report(ROOT, Choices(env=env, project=project), INVOCATION.get(), last, json=json)


@task(help={"env": "The embedded environment (default: local)."})
def start(_c: Context, env: str = "local") -> None:
    """Start the embedded AWS, unless it is running."""
    from common.engine import connection

    connection.start(ROOT, env, show)


@task()
def stop(_c: Context) -> None:
    """Stop the embedded AWS. What is in it stays for the next start."""
    from common import local

    show("Stopped." if local.stop(ROOT) else "It was not running.")


@task()
def reset(_c: Context) -> None:
    """Empty the embedded AWS."""
    from common import local

    local.reset(ROOT)
    show("Emptied.")


@task(reads_only=True)
def version(_c: Context) -> None:
    """The versions of the deployer, of Invoke and of Python. `invoke --version` is Invoke's own, and tells Invoke's alone."""
    show(invoke_options.versions())


@task(name="list", default=True, reads_only=True)
def list_tasks(_c: Context) -> None:
    """Show all tasks, as `invoke` alone does."""
    command_line.show_tasks(ROOT)


namespace = Collection(
    *(package_lambdas, deploy_shared, deploy_roles, deploy_lambdas, upload_glue, deploy_jobs, deploy_crawlers, deploy_sfn),
    *(deploy_triggers, deploy, plan, run, status, drift, history, unlock, destroy, gc, policy, version, list_tasks),
)
namespace.add_collection(Collection("local", start, stop, reset))
try:
    command_line.check(namespace, sys.argv)
except UsageError as refused:
    raise Exit(f"error: {refused}", code=1) from None
