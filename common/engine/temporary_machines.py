"""Temporary state machines that `run --from` has left, because it was killed: what `gc` finds and deletes.

Each is known by its name and by its tags. One that may still work for somebody stays: while an execution runs, and for a day.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.environment import owner_tags
from common.environment.config import Environment
from common.model.tags import tag_map

KEPT = timedelta(days=1)
"""A temporary machine that is younger is kept: its command may still run."""


def find(env: Environment, aws: Aws, projects: Collection[str], now: datetime) -> list[str]:
    """Returns the ARNs of the temporary machines of projects that nothing uses any more.

    Raises:
        AwsError: AWS refused to list machines or executions.
    """
    views = [regions.in_region(aws, region) for region in env.regions(projects)]
    return sorted(arn for view in views for arn in _of_region(env, view, projects, now))


def delete(aws: Aws, arns: Collection[str]) -> None:
    """Deletes temporary machines."""
    for arn in arns:
        regions.at(aws, arn).call("stepfunctions", "DeleteStateMachine", stateMachineArn=arn)


def _of_region(env: Environment, aws: Aws, projects: Collection[str], now: datetime) -> Iterator[str]:
    for page in aws.pages("stepfunctions", "ListStateMachines"):
        for machine in page["stateMachines"]:
            arn = machine["stateMachineArn"]
            is_old = owner_tags.TEMPORARY_MACHINE.fullmatch(machine["name"]) and now - machine["creationDate"] > KEPT
            if is_old and _is_ours(env, aws, arn, projects) and not _is_running(aws, arn):
                yield arn


def _is_ours(env: Environment, aws: Aws, arn: str, projects: Collection[str]) -> bool:
    """Whether the tags say that `run` has made it for one of these projects; what may not be read is somebody else's."""
    try:
        answer = aws.find("stepfunctions", "ListTagsForResource", "ResourceNotFound", resourceArn=arn)
    except AwsError:
        return False
    tags = tag_map((answer or {}).get("tags", ()), "key", "value")
    is_temporary = owner_tags.temporary_key(env.tag_prefix) in tags
    return is_temporary and tags.get(env.owner_tag) == env.owner and tags.get(env.project_tag) in projects


def _is_running(aws: Aws, arn: str) -> bool:
    running = {"stateMachineArn": arn, "statusFilter": "RUNNING", "maxResults": 1}
    answer = aws.find("stepfunctions", "ListExecutions", "StateMachineDoesNotExist", **running)
    return answer is None or bool(answer["executions"])
