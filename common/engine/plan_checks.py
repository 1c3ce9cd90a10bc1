"""Checks a plan that changes something before it is shown: secrets, sizes of layers, missing imports, what others own, quotas.

An unchanged deploy needs none of these checks, so it does not load them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from common.declare.asl.problem import LocatedProblem
from common.declare.layer_sizes import check_uploaded_layers
from common.declare.missing_imports import report_missing_imports
from common.declare.sent_code import check_sent_code
from common.engine import aws_diagnoses, existing, image_checks
from common.engine.connection import Connection
from common.engine.plan_data import Outcome
from common.engine.quotas import check_quotas
from common.engine.secrets import vetted
from common.environment.config import Environment
from common.model.resource import CHANGING, Plan, Resource


def checked(
    outcome: Outcome,
    resources: Sequence[Resource],
    env: Environment,
    connection: Connection,
    build_dir: Path,
    say: Callable[[str], None],
    *,
    verify: bool = False,
    validate: bool = False,
) -> Outcome:
    """Returns the plan with reasons that name the secrets that its resources accept.

    Args:
        outcome: the plan.
        resources: the declared resources.
        env: the environment.
        connection: where the quotas are read.
        build_dir: the build folder.
        say: receives a message for each finding that is not a reason to refuse the plan.
        verify: prove what unchanged resources use of others, too.
        validate: let AWS diagnose what changes.

    Raises:
        DeployError: the plan is refused.
    """
    outcome = vetted(outcome, resources)
    check_uploaded_layers(outcome.plan, resources, build_dir)
    check_sent_code(outcome.plan, resources, build_dir)
    report_missing_imports(outcome.plan, resources, build_dir, say, protected=env.protected)
    first = any(not baseline.digests for baseline in outcome.baselines.values())
    existing.check(env, connection, outcome.plan, resources, say, first=first, everything=verify)
    image_checks.check(connection.aws, outcome.plan, resources, connection.pool)
    check_quotas(env, connection.aws, outcome.plan, resources, build_dir, connection.pool, say)
    if validate:
        aws_diagnoses.check(connection.aws, outcome.plan, resources, connection.pool, say)
    return outcome


def warn(plan: Plan, env: Environment, warnings: Sequence[LocatedProblem], say: Callable[[str], None]) -> None:
    """Tells what may be wrong in the definitions of the state machines that a plan changes."""
    changing = {f"{env.where(change.key.project)}: {change.key}" for change in plan.changes if change.action in CHANGING}
    for warning in warnings:
        if warning.machine in changing:
            say(str(warning))
