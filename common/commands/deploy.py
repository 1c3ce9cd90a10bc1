"""`invoke deploy`, and each of its steps as a task.

`deploy` is the chain of all steps, tied by pre-tasks: each is a targeted deploy that first brings what it needs up to date.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

from common.commands.invocation import INVOCATION
from common.commands.option_help import HELP, OPTIONAL
from common.commands.package_lambdas import package_lambdas
from common.commands.task import task
from common.model import steps
from common.model.choices import Choices, parallel

if TYPE_CHECKING:
    from common.commands.unchanged import Unchanged
    from common.engine.deployment import Deployment


def deployment(
    choices: Choices, requested: Collection[str], *, planning: bool, json: bool, verbose: bool
) -> "Deployment | Unchanged":
    """The one deployment that all tasks with these choices work on; the invocation closes it.

    Args:
        choices: what the command line says.
        requested: the tasks that it asks for.
        planning: it is only planned.
        json: print one JSON object instead of text.
        verbose: print one line a resource on a terminal, too.
    """
    from common.commands.unchanged import TracedCommand
    from common.declare.trace import trace_file

    invocation, covered = INVOCATION.get(), steps.covered(requested)

    def make() -> TracedCommand:
        file = trace_file(invocation.root, choices)
        return TracedCommand(file, invocation, choices, covered, planning=planning, json=json, verbose=verbose)

    return invocation.keep(choices, make, TracedCommand.close).deployment()


def loaded_deployment(choices: Choices, requested: Collection[str], *, planning: bool, json: bool, verbose: bool) -> "Deployment":
    """The same, its declarations loaded for what shows them, although nothing may have changed."""
    from common.commands.deployment_command import DeploymentCommand

    invocation, covered = INVOCATION.get(), steps.covered(requested)

    def make() -> DeploymentCommand:
        return DeploymentCommand.made(choices, invocation, covered, planning=planning, json=json, verbose=verbose)

    return invocation.keep(choices, make, DeploymentCommand.close).deployment()


def show_plan(planned: "Deployment | Unchanged") -> None:
    """Plans; the command ends if there is something to do, and its exit code says so."""
    if not planned.plan().is_empty:
        raise Exit(code=2)


ORDER = """Each step first brings up to date what it needs; `deploy` is all of them:
package-lambdas, deploy-shared, deploy-roles, deploy-lambdas, upload-glue,
deploy-jobs, deploy-crawlers, deploy-sfn, deploy-triggers.
What has not changed is skipped. Exit code 0: done, or nothing to do;
1: refused or failed."""
"""What the help of every step ends with."""


def step(name: str, doc: str, *pre: Task[Any]) -> Task[Any]:
    """The task of one step, or of all that come before it."""

    def run(  # Invoke reads a task's options from its signature
        _c: Context,
        env: str | None = None,
        project: str | None = None,
        only: str | None = None,
        force: bool = False,
        verify: bool = False,
        rebuild: bool = False,
        adopt: bool | str = False,
        adopt_from: str = "",
        exclusive: bool = False,
        json: bool = False,
        jobs: str = "32",
        yes: bool = False,
        wait: bool = False,
        prune: bool = False,
        data: bool = False,
        dry_run: bool = False,
        enforce_iam: bool = False,
        verbose: bool = False,
    ) -> None:
        choices = Choices(
            env=env,
            project=project,
            only=only,
            force=force,
            verify=verify,
            rebuild=rebuild,
            adopt=adopt,
            adopt_from=adopt_from,
            exclusive=exclusive,
            jobs=parallel(jobs),
            yes=yes,
            wait=wait,
            prune=prune,
            data=data,
            enforce_iam=enforce_iam,
        )
        requested = INVOCATION.get().requested(alike=True)
        opened = deployment(choices, requested, planning=dry_run, json=json, verbose=verbose)
        if dry_run:
            show_plan(opened)
            return
        if name in steps.STEPS:
            opened.step(name)
        if name == requested[-1]:
            opened.prune()

    run.__doc__ = f"{doc}\n\n{ORDER}"
    step: Task[Any] = task(name=name, pre=list(pre), help=HELP, optional=OPTIONAL)(run)
    return step


deploy_shared = step(steps.SHARED, "Deploy buckets, databases, tables, topics and log groups.", package_lambdas)
deploy_roles = step(steps.ROLES, "Deploy the roles that everything runs with.", deploy_shared)
deploy_lambdas = step(steps.LAMBDAS, "Deploy Lambda functions, and what they need.", deploy_roles)
upload_glue = step(steps.UPLOAD, "Upload the scripts of Glue jobs.", deploy_lambdas)
deploy_jobs = step(steps.JOBS, "Deploy Glue jobs, and what they need.", upload_glue)
deploy_crawlers = step(steps.CRAWLERS, "Deploy Glue crawlers, and what they need.", deploy_jobs)
deploy_sfn = step(steps.MACHINES, "Deploy state machines, and what they need.", deploy_crawlers)
deploy_triggers = step(steps.TRIGGERS, "Deploy schedules and triggers, and what they start.", deploy_sfn)
deploy = step("deploy", "Deploy everything that has changed.", deploy_triggers)
