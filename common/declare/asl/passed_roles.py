"""Finds the roles that `aws-sdk:` calls pass to a service, such as the role of a new function or of a job.

Only parameters of the API are looked at, never what a call hands on: a payload that names a role passes none.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

import re
from collections.abc import Iterator, Mapping

from common.aws import api_models, sdk_services
from common.base.json_types import Json, JsonMapping
from common.declare.asl.needs import Need, need
from common.declare.asl.targets import Targets

ROLE = re.compile(r"(.*[a-z])?Role(Arn|ARN)?", re.ASCII)
"""Matches the names of parameters that are roles."""
PRINCIPALS: Mapping[str, Mapping[str, str]] = {
    "batch": {"ExecutionRoleArn": "ecs-tasks.amazonaws.com", "JobRoleArn": "ecs-tasks.amazonaws.com"},
    "ecs": {"ExecutionRoleArn": "ecs-tasks.amazonaws.com", "TaskRoleArn": "ecs-tasks.amazonaws.com"},
    "elasticmapreduce": {"AutoScalingRole": "application-autoscaling.amazonaws.com", "JobFlowRole": "ec2.amazonaws.com"},
    "rds": {"IamRoleArn": "export.rds.amazonaws.com", "MonitoringRoleArn": "monitoring.rds.amazonaws.com"},
}
"""The services to which roles are passed that are not the service of the call, by its prefix and the parameter."""
PASSES_NONE = frozenset({"iam", "sts", "redshift-data", "rds-data"})
"""Services whose parameters name roles that they act on, or assume with other means."""


def needs(targets: Targets, service: str, prefix: str, operation: str, parameters: Json, place: str) -> Iterator[Need]:
    """Yields the permission to pass each role that the parameters name.

    Args:
        targets: finds roles, and collects problems.
        service: the service as integrations call it.
        prefix: the prefix of its actions.
        operation: the operation.
        parameters: the parameters of the task.
        place: the state.
    """
    if prefix in PASSES_NONE or not isinstance(parameters, Mapping) or not _may_name_one(parameters):
        return
    name = sdk_services.service_of(service)
    model = api_models.model_of(name) if name else {"operations": {}}
    shape = model["operations"].get(operation, {}).get("input", {}).get("shape")
    for field, value in _roles(model, shape, parameters) if shape else ():
        parameter = field.removesuffix(".$").rpartition(".")[2]
        principal = PRINCIPALS.get(prefix, {}).get(parameter, f"{prefix}.amazonaws.com")
        roles = targets.of_value("role", value, f"{place}.{field}", ("iam:PassRole",))
        yield need(("iam:PassRole",), roles, {"StringEquals": {"iam:PassedToService": [principal]}})


def _may_name_one(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(ROLE.fullmatch(key.removesuffix(".$")) or _may_name_one(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_may_name_one(item) for item in value)


def _roles(model: JsonMapping, shape: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yields the roles that a value of a shape names, each with its field."""
    described = model["shapes"][shape]
    if described["type"] == "list" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from ((f"[{number}].{field}", role) for field, role in _roles(model, described["member"]["shape"], item))
    if described["type"] != "structure" or not isinstance(value, Mapping):
        return
    members = {name.lower(): member["shape"] for name, member in described["members"].items()}
    for field, inner in value.items():
        name = field.removesuffix(".$")
        member = members.get(name.lower())
        if member is None:
            continue
        if ROLE.fullmatch(name) and model["shapes"][member]["type"] == "string":
            yield field, None if field != name else inner
        else:
            yield from ((f"{field}.{within}", role) for within, role in _roles(model, member, inner))
