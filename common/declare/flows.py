"""Who starts, reads and writes what in a project, for a drawing of it.

All of it follows from the declaration: what a resource may do is in the policy of its role, exactly, and what starts it refers to
it. Logs, keys and packages are left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from common.base.errors import ParameterError, UsageError
from common.base.lean_dataclass import dataclass
from common.declare import packages, project_names, projects
from common.declare.failures import ALARM
from common.declare.messages import MAPPING
from common.declare.scheduled import SCHEDULE
from common.declare.workspace import DeclaredPipelines, Workspace
from common.environment import config_files
from common.model.generated import marked_keys
from common.model.resource import Key, Resource
from common.resources.cloud_control import CloudResource
from common.resources.role import Role

WORKING = ("lambda", "glue-job", "crawler", "state-machine")
"""The kinds that are started."""
STARTING = ("rule", "resource")
"""The kinds of what starts others: rules, schedules, and mappings of messages."""
HOLDING = ("table", "topic", "queue", "database", "secret", "resource")
"""The kinds of what is read and written; places in buckets come beside these."""
READING = ("Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet", "Receive", "Select", "Condition")
"""The actions that only read begin so."""
RECEIVING = frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"})
"""The actions by which messages are taken out of a queue."""


@dataclass(frozen=True, order=True)
class Node:
    """A resource, or a place in a bucket: its kind and its name."""

    kind: str
    name: str


@dataclass(frozen=True, order=True)
class Flow:
    """An arrow from one node to another; `is_start` if the first starts the second, else data goes along it."""

    source: Node
    target: Node
    is_start: bool = False


def flows(resources: Sequence[Resource], project: str, artifact_bucket: str) -> list[Flow]:
    """The arrows of a project.

    Args:
        resources: the resources of the project, and the shared ones.
        project: the project.
        artifact_bucket: the name of the bucket that holds packages, which is left out.
    """
    drawn = {resource.key: resource for resource in resources}
    by_arn = {resource.arn: node_of(resource.key) for resource in resources if resource.key.kind in {*WORKING, *HOLDING}}
    buckets = {resource.name: resource.key.name for resource in resources if resource.key.kind == "bucket"}
    buckets.pop(artifact_bucket, None)
    result: dict[Flow, None] = {}
    for resource in resources:
        if resource.key.project != project:
            continue
        if resource.key.kind in WORKING:
            result |= dict.fromkeys(_of_role(resource, drawn, by_arn, buckets))
        elif resource.key.kind in STARTING:
            result |= dict.fromkeys(_of_trigger(resource, drawn))
    return list(result)


def declared_anywhere(workspace: Workspace, project: str) -> DeclaredPipelines:
    """What a project declares in the environment of the command, or in the first one in which it can be declared.

    Raises:
        UsageError: there is no such environment.
        ParameterError: none has values for what the project refers to.
    """
    error = UsageError(f"{project} is declared in no environment; config/ says in which it is.")
    missing: ParameterError | None = None
    for name in packages.environments(workspace):
        env = config_files.load(workspace.root, name)
        if project in project_names.enabled_among(workspace.root, env, [project]):
            try:
                return DeclaredPipelines.of(env, projects.load(workspace.root, env, [project]))
            except ParameterError as problem:
                missing = problem
    raise missing or error


def node_of(key: Key) -> Node:
    """The node of a resource."""
    return Node(key.kind, key.name)


def _of_role(
    resource: Resource, drawn: Mapping[Key, Resource], by_arn: Mapping[str, Node], buckets: Mapping[str, str]
) -> Iterator[Flow]:
    """What a resource does by the permissions of its role."""
    own = node_of(resource.key)
    roles = [role for role in map(drawn.get, resource.needs) if isinstance(role, Role)]
    if not roles:  # it has a role of others, and what it starts is known from its references alone
        yield from (Flow(own, node_of(need), is_start=True) for need in resource.needs if need.kind in WORKING)
    for role in roles:
        for statement in role.statements:
            actions = [action for action in statement.get("Action", ()) if action != "s3:ListBucket"]
            for arn in statement.get("Resource", ()):
                node = by_arn.get(arn) or _place(arn, buckets)
                if node is None or node == own or not actions:
                    continue
                if node.kind in WORKING:
                    yield Flow(own, node, is_start=True)
                elif RECEIVING & {*actions} or all(_reads(action) for action in actions):
                    yield Flow(node, own)
                else:
                    yield Flow(own, node)


def _of_trigger(resource: Resource, drawn: Mapping[Key, Resource]) -> Iterator[Flow]:
    """What a rule, a schedule or a mapping waits for, starts and tells, and what an alarm watches; other types have no arrows."""
    own, kind = node_of(resource.key), resource.type_name if isinstance(resource, CloudResource) else resource.key.kind
    if kind not in {"rule", ALARM, MAPPING, SCHEDULE}:
        return
    for need in resource.needs:
        if kind == ALARM and need.kind != "topic":
            yield from [Flow(node_of(need), own)] if need.kind in {*WORKING, *HOLDING} else ()
        elif need.kind in WORKING:
            yield Flow(own, node_of(need), is_start=True)
        elif need.kind == "bucket" or (kind == MAPPING and _is_source(need, resource, drawn)):
            yield Flow(node_of(need), own)
        elif need.kind in HOLDING:
            yield Flow(own, node_of(need))


def _is_source(need: Key, mapping: Resource, drawn: Mapping[Key, Resource]) -> bool:
    """Whether a mapping takes messages from a resource, and does not only tell it of failures."""
    source = mapping.properties.get("EventSourceArn")
    return need in marked_keys(source) or (need in drawn and drawn[need].arn == source)


def _reads(action: str) -> bool:
    return action.partition(":")[2].startswith(READING)


def _place(arn: str, buckets: Mapping[str, str]) -> Node | None:
    """The place in a bucket that a permission is about, as ``landing/in``; None if it is the listing of a bucket, or no place."""
    _, is_s3, path = arn.partition(":s3:::")
    bucket, _, prefix = path.partition("/")
    if not is_s3 or bucket not in buckets or prefix.endswith("_$folder$"):
        return None
    within = prefix.removesuffix("*").rstrip("/")
    return Node("bucket", f"{buckets[bucket]}/{within}".rstrip("/"))
