"""Makes the trace of declarations that were loaded and planned; see `declare.trace`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from common.aws import parameter_store, tagging_index
from common.base.digest import Digest
from common.declare.trace import Trace
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine import advice
from common.engine.plan_data import Outcome
from common.engine.renewed_roles import is_assumed
from common.environment.config import Environment
from common.environment.site import Port, RememberedSite
from common.model.resource import SHARED, Action, Change, Key, Resource
from common.resources import kinds
from common.state.release_root import ARTIFACT, Root

UP_TO_DATE, UPLOADED = "up to date", "uploaded"
"""The reasons in the plan of a resource and of an artifact that are as they were released."""


def trace_of(
    workspace: Workspace, declarations: DeclaredPipelines, outcome: Outcome, step_of: Callable[[Key], str]
) -> Trace | None:
    """The trace of declarations; None if an unchanged plan of them takes more than the first reads.

    Args:
        workspace: the repository.
        declarations: what is declared.
        outcome: the plan of all of it.
        step_of: the step that brings a resource up to date.
    """
    env, resources = workspace.environment, declarations.resources
    if not _takes_first_reads_alone(env, workspace.projects, resources):
        return None
    called = {change.key: change.name for change in outcome.plan.changes}
    digests = _declared_digests(resources, outcome.digests)
    if not digests.keys() <= called.keys():
        return None  # the plan is of some steps alone
    keys = [change.key for change in outcome.plan.changes if change.key in digests]
    steps = {key: step_of(key) for key in (*keys, *declarations.consumers, *(resource.key for resource in resources))}
    roles = [resource for resource in resources if is_assumed(resource.key)]
    projects = {key.project for key in digests}
    return Trace(
        _site(env),
        tuple(workspace.projects),
        frozenset({SHARED, *workspace.enabled()}),
        {name: _root(digests, name) for name in sorted(projects)},
        frozenset(resource.arn for resource in resources if resource.indexed),
        {name: {str(role.key): role.arn for role in roles if role.key.project == name} for name in sorted(projects)},
        [(Change(key, Action.NOOP, _reason(key), name=called[key]), steps[key]) for key in keys],
        frozenset(steps.values()),
        advice.warnings(resources, datetime.now(UTC).date()),
    )


def _takes_first_reads_alone(env: Environment, projects: Sequence[str], resources: Sequence[Resource]) -> bool:
    """Whether an unchanged plan of these resources needs no other reads than the first, and nothing of what AWS holds."""
    used = {resource.key.kind for resource in resources}
    return not (
        len(env.regions(projects)) > 1
        or parameter_store.has_references(env, [*projects])
        or any(resource.always_verified for resource in resources)
        or any(kind.owned is not None for name, kind in kinds().items() if name in used)
        or tagging_index.other_paths(env, [resource.arn for resource in resources if is_assumed(resource.key)])
    )


def _declared_digests(resources: Iterable[Resource], digests: Mapping[Key, Digest]) -> dict[Key, Digest]:
    """The digests of what is declared, without those of former resources that get records of their own."""
    keys = [key for resource in resources for key in (resource.key, *(artifact.key for artifact in resource.artifacts))]
    return {key: digests[key] for key in keys}


def _root(digests: Mapping[Key, Digest], project: str) -> Digest:
    return Root({str(key): digest for key, digest in digests.items() if key.project == project}).digest()


def _reason(key: Key) -> str:
    return UPLOADED if key.kind == ARTIFACT else UP_TO_DATE


def _site(env: Environment) -> RememberedSite:
    return RememberedSite(
        name=env.name,
        account_id=env.account_id,
        region=env.region,
        partition=env.partition,
        name_prefix=env.name_prefix,
        tag_prefix=env.tag_prefix,
        artifact_bucket=env.artifact_bucket,
        bucket_account=env.bucket_account,
        store_prefix=env.store_prefix,
        protected=env.protected,
        endpoints=env.endpoints,
        embedded=None if env.embedded is None else Port(env.embedded.port),
    )
