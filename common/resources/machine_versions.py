"""Versions of a state machine and the alias that leads to the newest one, for machines that publish.

A version is what the machine was when it was published, and never changes. Executions that were started through the alias keep
their version to their end, also if it is deleted meanwhile. So a deploy publishes, moves the alias, and then deletes the oldest
versions, but for those that another alias leads to.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html
"""

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.json_types import Json, JsonMapping
from common.environment.resource_settings import StateMachineSettings
from common.model.resource import State

CURRENT = "the current revision"
"""Stands in the state of a machine for the version that its alias must lead to: that of the machine as it is."""
FIELD = "alias"
"""The field of the state that holds the alias; machines that do not publish have none."""
MACHINE_OPERATIONS = (
    "PublishStateMachineVersion",
    "ListStateMachineVersions",
    "ListStateMachineAliases",
    "CreateStateMachineAlias",
)
"""The operations that need a permission on the machine."""
QUALIFIED_OPERATIONS = (
    *("DescribeStateMachine", "DescribeStateMachineAlias", "CreateStateMachineAlias", "UpdateStateMachineAlias"),
    "DeleteStateMachineVersion",
)
"""The operations that need a permission on its versions and aliases."""
BUDGETS = {
    f"stepfunctions:{operation}": Budget(100, 1)
    for operation in (*MACHINE_OPERATIONS, *QUALIFIED_OPERATIONS)
    if operation != "DescribeStateMachine"  # which has a rate of its own
}
"""The rates that AWS allows for the operations on versions and aliases."""
ALL = {"maxResults": 1000}
"""A machine has at most 1,000 versions and 100 aliases, which are one page."""
_TEMPORARY = "-from-*"
"""How the names of temporary machines for a run from one state on end."""


def alias_arn(machine_arn: str, settings: StateMachineSettings) -> str:
    """The ARN by which a machine is started: that of its alias if it publishes, else its own."""
    return f"{machine_arn}:{settings.alias}" if settings.publish else machine_arn


def desired_alias(settings: StateMachineSettings) -> State:
    """The alias as a part of the desired state."""
    return {FIELD: {settings.alias: CURRENT}} if settings.publish else {}


def live_alias(aws: Aws, arn: str, settings: StateMachineSettings, live: JsonMapping) -> State:
    """The alias as it is: `CURRENT` if it leads to the machine as it is, else the numbers of its versions."""
    if not settings.publish:
        return {}
    alias = aws.find(
        "stepfunctions", "DescribeStateMachineAlias", "ResourceNotFound", stateMachineAliasArn=f"{arn}:{settings.alias}"
    )
    return {FIELD: {settings.alias: None if alias is None else _led_to(aws, alias["routingConfiguration"], live)}}


def _led_to(aws: Aws, routes: list[Json], live: JsonMapping) -> str:
    versions = [route["stateMachineVersionArn"] for route in routes if route["weight"]]
    if len(versions) == 1:
        version = aws.find("stepfunctions", "DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=versions[0])
        if version is not None and version.get("revisionId") == live.get("revisionId"):
            return CURRENT
    return ", ".join(f"version {_number(version)}" for version in versions)


def move_alias(aws: Aws, arn: str, settings: StateMachineSettings, version: str | None) -> str:
    """Moves the alias to a version and deletes old versions.

    Args:
        aws: where to ask.
        arn: the ARN of the machine.
        settings: those of the machine.
        version: the version; None publishes the machine as it is, or finds the version that it was published as before.

    Returns:
        The ARN of the version.
    """
    if version is None:
        version = str(aws.call("stepfunctions", "PublishStateMachineVersion", stateMachineArn=arn)["stateMachineVersionArn"])
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = f"{arn}:{settings.alias}"
    moved = aws.find(
        "stepfunctions", "UpdateStateMachineAlias", "ResourceNotFound", stateMachineAliasArn=alias, routingConfiguration=routes
    )
    if moved is None:
        aws.call("stepfunctions", "CreateStateMachineAlias", name=settings.alias, routingConfiguration=routes)
    _delete_old(aws, arn, settings.keep_versions)
    return version


def _delete_old(aws: Aws, arn: str, kept: int) -> None:
    """Deletes all versions but the newest ones, and those that an alias leads to, which AWS would not delete."""
    response = aws.call("stepfunctions", "ListStateMachineVersions", stateMachineArn=arn, **ALL)
    versions = sorted(
        (version["stateMachineVersionArn"] for version in response["stateMachineVersions"]), key=_number, reverse=True
    )
    old = versions[kept:]
    used = _led_to_by_aliases(aws, arn) if old else set()
    for version in old:
        if version not in used:
            aws.call("stepfunctions", "DeleteStateMachineVersion", stateMachineVersionArn=version)


def _led_to_by_aliases(aws: Aws, arn: str) -> set[str]:
    aliases = aws.call("stepfunctions", "ListStateMachineAliases", stateMachineArn=arn, **ALL)["stateMachineAliases"]
    described = [
        aws.call("stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=alias["stateMachineAliasArn"])
        for alias in aliases
    ]
    return {route["stateMachineVersionArn"] for alias in described for route in alias["routingConfiguration"]}


def permissions(arn: str, settings: StateMachineSettings) -> dict[str, tuple[str, ...]]:
    """The permissions that the deployer of a machine that publishes needs besides, by resource."""
    if not settings.publish:
        return {}
    pairs = ((arn, MACHINE_OPERATIONS), (f"{arn}:*", QUALIFIED_OPERATIONS))
    return {resource: tuple(f"states:{operation}" for operation in operations) for resource, operations in pairs}


def _number(version: str) -> int:
    return int(version.rpartition(":")[2])


def parts(arn: str) -> tuple[str, ...]:
    """The executions of a machine; and its temporary machines with theirs, unless a pattern of its name covers these."""
    executions = arn.replace(":stateMachine:", ":execution:")
    temporary = () if arn.endswith("*") else (f"{arn}{_TEMPORARY}", f"{executions}{_TEMPORARY}:*")
    return (f"{executions}:*", *temporary)
