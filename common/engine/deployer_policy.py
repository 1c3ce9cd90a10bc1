"""The policy that a deployer of one environment needs: every call that it makes, on the names of this environment alone.

Changes are allowed on the exact names of shared resources, and on names that begin like those of a project. So the policy of
`acres` covers nothing of `acres-dev`, and it does not grow with the number of functions. Orphans may be read by patterns of all
earlier names, and deleted if their tags show that they are ours. Roles and layers of others are taken from the declarations.
Actions that AWS does not limit to resources are in one statement of their own. Print the policy with `invoke policy`, and attach
it to the role of your CI.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from common.aws import parameter_store
from common.base.json_types import JsonObject
from common.declare import naming
from common.declare.permissions import Statement, allow
from common.declare.workspace import Workspace
from common.engine import policy_names, policy_of_others
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.model.kind import Kind
from common.model.resource import Key, Resource
from common.resources import kind_of, kinds

ACTIONS = {
    "resourcegroupstaggingapi:GetResources": ("tag:GetResources",),
    "s3:PutObject": ("s3:PutObject", "s3:PutObjectTagging"),
    "s3:GetObject": ("s3:GetObject", "s3:GetObjectVersion"),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "sts:GetCallerIdentity": (),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "service-quotas:GetServiceQuota": ("servicequotas:GetServiceQuota", "dynamodb:DescribeLimits"),
    "service-quotas:ListAWSDefaultServiceQuotas": ("servicequotas:ListAWSDefaultServiceQuotas",),
}
"""The IAM actions of operations that need more, or others, than the action of the same name; kinds declare their own."""
OPERATIONS = {
    "s3": ("GetObject", "HeadObject", "PutObject", "DeleteObject", "GetObjectTagging"),
    "stepfunctions": (
        *("StartExecution", "ListExecutions", "DescribeExecution", "DescribeStateMachineForExecution", "GetExecutionHistory"),
        *("RedriveExecution", "StopExecution"),
    ),
    "logs": ("GetLogEvents", "FilterLogEvents"),
    "lambda": ("Invoke",),
    "glue": ("StartJobRun", "GetJobRun", "GetJobRuns", "StartCrawler"),
}
"""These operations on the environment's resources are needed besides those of kinds: for records, artifacts and runs."""
EVERYWHERE = {
    "sts": ("GetCallerIdentity",),
    "resourcegroupstaggingapi": ("GetResources",),
    "service-quotas": ("GetServiceQuota", "ListAWSDefaultServiceQuotas"),
    "cloudwatch": ("GetMetricData",),
}
"""These operations, besides those of kinds, cannot be limited to resources. None of them changes anything."""
QUERIES = ("StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup")
"""The operations with which `query` asks Athena, in whatever workgroup; what it may read there others decide."""
READING = ("Describe", "Filter", "Get", "Head", "List")
"""Operations with such a beginning change nothing. They are allowed for everything that a record may name."""
CONTENT = (
    *("GetObject", "HeadObject", "ListObject", "HeadBucket", "GetLogEvents", "FilterLogEvents"),
    *("DescribeExecution", "DescribeStateMachineForExecution", "GetExecutionHistory", "ListExecutions"),
    *("GetJobRun", "GetJobRuns"),
)
"""These operations read the content of a resource, so they are allowed for the environment's own resources alone."""
LOOKING = ("GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies")
"""The operations that read a role, ours or an existing one that something runs with."""
UNDOING = ("DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "UntagRole", *LOOKING)
"""What is left to do with roles where all that runs has been given others: to delete or to unbind those that it had."""
BOUNDED = (
    *("AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy"),
)
"""Where a permissions boundary is configured: only on roles that have it, or are given it by the call."""
UNBINDING = "DeleteRolePermissionsBoundary"
"""With a boundary, nobody may do this. To remove the boundary, remove it from the configuration and print the policy again."""


@runtime_checkable
class Asks(Protocol):
    """A resource whose deployer needs more permissions than for other resources of its kind."""

    def deployer_needs(self) -> Mapping[str, tuple[str, ...]]:
        """IAM actions by the ARN that they are about; ``*`` where AWS does not let them be narrowed."""
        ...


@runtime_checkable
class Runs(Protocol):
    """What runs with a role."""

    @property
    def key(self) -> Key:
        """Its name."""
        ...

    role_arn: str


def of_workspace(workspace: Workspace) -> JsonObject:
    """The policy document for what a command line is about: the whole environment, or the chosen projects of it."""
    env, root, projects = workspace.environment, workspace.root, workspace.projects
    resources = workspace.load(env).resources
    others = (config_files.load(root, name) for name in config_json.environments(root) if name != env.name)
    neighbours = {text for other in others for text in policy_names.of_neighbour(other)} - {f"{env.name_prefix}-"}
    if workspace.choices.project is None:
        return deployer(env, resources, neighbours)
    chosen = env.model_copy(update={"projects": {name: env.project(name) for name in projects}})
    return deployer(chosen, resources, neighbours, projects)


def deployer(
    env: Environment, resources: Iterable[Resource], neighbours: Iterable[str] = (), projects: Iterable[str] = ("*",)
) -> JsonObject:
    """The IAM policy document for deploying, running and removing one environment.

    Args:
        env: the environment.
        resources: what it declares.
        neighbours: how names of other environments begin, whose resources may be in the same account.
        projects: whose roles may be managed.
    """
    declared = list(resources)
    used = [kind for name, kind in kinds().items() if any(resource.key.kind == name for resource in declared)]
    own = policy_names.own(env, declared, neighbours)
    named = [allow(_actions(service, operations), own[service]) for service, operations in _split(own, wide=False)]
    beginnings = policy_names.beginnings(env, declared)
    reading = [allow(_actions(service, operations), beginnings[service]) for service, operations in _split(beginnings, wide=True)]
    unusual = policy_names.unusual(env, declared)
    renamed = {kind_of(resource.key.kind).name: kind_of(resource.key.kind) for resource in unusual}.values()
    everywhere = [action for service, operations in account_wide_operations().items() for action in _actions(service, operations)]
    everywhere += [action for kind in used for action in kind.policy.when_declared]
    more = _needs_of_resources(declared)
    for arn, call in policy_of_others.looks(env, declared):
        more.setdefault(arn, set()).add(actions_of(call))
    everywhere += [action for actions in more.pop("*", ()) for action in actions]
    managed = list(projects)
    other_roles = [resource for resource in unusual if kind_of(resource.key.kind).is_assumed]
    foreign = [role for role in other_roles if f":role{env.role_path(role.key.project)}" not in role.arn]
    elsewhere = [arn for role in foreign for arn in (role.arn, *kind_of(role.key.kind).policy.parts(role.arn))]
    roles = [*(env.role_arn(env.role_path(project), "*") for project in managed), *elsewhere]
    theirs = [*_by_actions(more), *_pass_role(roles, declared), *_read_roles(env, declared)]
    ours = [*policy_of_others.store(env, actions_of), *_parameters(env), *_roles(env, roles, used), *_created(env, used)]
    left_over = [_left_over(env, renamed), *(_roles_elsewhere(env) if elsewhere else ())]
    statements = [*named, *reading, *left_over, *ours, _named_roles(env, managed, other_roles)]
    queries = allow([f"athena:{operation}" for operation in QUERIES], [env.arn("athena", "workgroup/*")])
    return {"Version": "2012-10-17", "Statement": [*statements, queries, allow(everywhere, ["*"]), *theirs]}


def actions_of(call: str) -> tuple[str, ...]:
    """The IAM actions that one call needs, as in ``actions_of("s3:HeadBucket")``."""
    service, _, operation = call.partition(":")
    of_service = [kind for kind in kinds().values() if kind.service == service]
    actions = next((kind.policy.actions[operation] for kind in of_service if operation in kind.policy.actions), None)
    prefix = next((kind.arn.service for kind in of_service if kind.arn is not None), service)
    return actions or ACTIONS.get(call, (f"{prefix}:{operation}",))


def operations_by_service() -> dict[str, set[str]]:
    """All operations on the environment's own resources, by service."""
    result = {service: {*own} for service, own in OPERATIONS.items()}
    for kind in kinds().values():
        result.setdefault(kind.service, set()).update(kind.policy.operations)
    return result


def account_wide_operations() -> dict[str, set[str]]:
    """All operations that cannot be limited to resources, by service."""
    result = {service: {*own} for service, own in EVERYWHERE.items()}
    for kind in kinds().values():
        result.setdefault(kind.service, set()).update(kind.policy.everywhere)
    return result


def _actions(service: str, operations: Iterable[str]) -> list[str]:
    return [action for operation in operations for action in actions_of(f"{service}:{operation}")]


def _split(arns: Mapping[str, list[str]], *, wide: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each service with ARNs: the operations that may read orphans (`wide`), or all other operations."""
    for service, of_service in sorted(operations_by_service().items()):
        part = tuple(
            operation for operation in of_service if wide == (operation.startswith(READING) and not operation.startswith(CONTENT))
        )
        if part and arns.get(service):
            yield service, part


def _left_over(env: Environment, renamed: Iterable[Kind]) -> Statement:
    """The statement to delete or to unbind orphans: only resources with the environment's tag.

    What follows from no prefix may have had any name, so it is read whatever its name; again with the tag alone.
    """
    actions = [action for kind in kinds().values() for action in _actions(kind.service, kind.policy.left_over)]
    for kind in renamed:
        reading = [
            operation
            for operation in kind.policy.operations
            if operation.startswith(READING) and not operation.startswith(CONTENT)
        ]
        actions += _actions(kind.service, reading) if kind.policy.left_over else []
    return _if_tagged(env, allow(actions, policy_names.tagged(env, renamed)))


def _if_tagged(env: Environment, statement: Statement, **condition: str) -> Statement:
    return {**statement, "Condition": {"StringEquals": {f"aws:ResourceTag/{env.owner_tag}": env.owner, **condition}}}


def _roles_elsewhere(env: Environment) -> Iterator[Statement]:
    """Deleting roles of any path, as of those that have another one now: only what carries the environment's tag."""
    boundary, anywhere = env.roles.permissions_boundary, [env.role_arn("/", "*")]
    bound = [operation for operation in UNDOING if boundary and operation in BOUNDED]
    yield _if_tagged(env, allow(_actions("iam", [operation for operation in UNDOING if operation not in bound]), anywhere))
    if boundary:
        yield _if_tagged(env, allow(_actions("iam", bound), anywhere), **{"iam:PermissionsBoundary": boundary})


def _created(env: Environment, used: Iterable[Kind]) -> list[Statement]:
    """The statement to create what AWS does not limit to resources: only with the environment's tag."""
    tagged = {"StringEquals": {f"aws:RequestTag/{env.owner_tag}": env.owner}}
    actions = [action for kind in used for action in kind.policy.when_created]
    return [{**allow(actions, ["*"]), "Condition": tagged}] if actions else []


def _parameters(env: Environment) -> list[Statement]:
    """The statement to read the parameters that configuration names, in all versions and labels."""
    paths = {path.lstrip("/").partition(":")[0] for _, path in parameter_store.references(env, [*env.projects])}
    return [allow(["ssm:GetParameters"], [env.arn("ssm", f"parameter/{path}") for path in paths])] if paths else []


def _roles(env: Environment, roles: list[str], used: list[Kind]) -> list[Statement]:
    """The statements to manage the environment's roles: if there is a permissions boundary, only roles with this boundary."""
    boundary = env.roles.permissions_boundary
    operations = next((kind.policy.operations for kind in used if kind.is_assumed), UNDOING)
    if boundary is None:
        return [allow(_actions("iam", operations), roles)]
    free = tuple(operation for operation in operations if operation not in {*BOUNDED, UNBINDING})
    bound = [f"iam:{operation}" for operation in BOUNDED if operation in operations]
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return [allow(_actions("iam", free), roles), {**allow(bound, roles), "Condition": condition}]


def _named_roles(env: Environment, projects: Iterable[str], others: Iterable[Resource]) -> Statement:
    """The statement to read a role by its name alone: for a role that does not exist, IAM does not know its path."""
    names = [env.resource_name(project, "*") for project in projects]
    for resource in others:
        begin = naming.beginning(env, resource)
        names.append(resource.name if begin is None else f"{begin}*")
    return allow(["iam:GetRole"], [f"arn:{env.partition}:iam::{env.account_id}:role/{name}" for name in names])


def _needs_of_resources(declared: Iterable[Resource]) -> dict[str, set[tuple[str, ...]]]:
    """The permissions that single resources need besides those of their kinds: IAM actions by ARN."""
    result: dict[str, set[tuple[str, ...]]] = {}
    for resource in declared:
        if isinstance(resource, Asks):
            for arn, actions in resource.deployer_needs().items():
                result.setdefault(arn, set()).add(actions)
    return result


def _by_actions(needs: Mapping[str, Collection[tuple[str, ...]]]) -> list[Statement]:
    """The statements for these permissions, one for each set of actions with all its ARNs."""
    arns_by_actions: dict[tuple[str, ...], list[str]] = {}
    for arn, many in needs.items():
        for actions in many:
            arns_by_actions.setdefault(actions, []).append(arn)
    return [allow(actions, arns) for actions, arns in sorted(arns_by_actions.items())]


def _read_roles(env: Environment, declared: Iterable[Resource]) -> list[Statement]:
    """The statements to look whether existing roles allow what runs with them; a deploy does without them."""
    roles = {resource.role_needs.arn for resource in declared if resource.role_needs is not None}
    policies = [f"arn:{env.partition}:iam::{account}:policy/*" for account in (env.account_id, "aws")]
    statements = [allow(_actions("iam", LOOKING), roles), allow(["iam:GetPolicy", "iam:GetPolicyVersion"], policies)]
    return statements if roles else []


def _pass_role(managed: list[str], declared: list[Resource]) -> list[Statement]:
    """The statement to pass roles, those of the environment and existing ones that are used, to the services that assume them."""
    running = {(kind_of(resource.key.kind).principal, resource.role_arn) for resource in declared if isinstance(resource, Runs)}
    roles = {resource.arn for resource in declared if kind_of(resource.key.kind).is_assumed}
    passed = {arn for _, used in running for arn in (managed if used in roles else [used])}
    services = sorted({principal for principal, _ in running})
    condition = {"StringEquals": {"iam:PassedToService": services}}
    return [{**allow(["iam:PassRole"], passed), "Condition": condition}] if passed else []
