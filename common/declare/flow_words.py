"""Words for drawings of a project: what a node is, and what happens along an arrow."""

from collections.abc import Iterable, Mapping, Sequence

from common.declare.failures import ALARM
from common.declare.flows import WORKING, Flow, Node, node_of
from common.declare.messages import MAPPING
from common.declare.scheduled import SCHEDULE
from common.model.resource import Resource
from common.resources.cloud_control import CloudResource
from common.resources.cloud_requests import type_words

KINDS = {
    "lambda": "Lambda function",
    "glue-job": "Glue job",
    "crawler": "Glue crawler",
    "state-machine": "state machine",
    "bucket": "S3 bucket",
    "table": "DynamoDB table",
    "database": "Glue database",
    "topic": "SNS topic",
    "queue": "SQS queue",
    "rule": "EventBridge rule",
    "secret": "secret",
    "role": "IAM role",
    "log-group": "log group",
    "layer": "Lambda layer",
    "parameter": "parameter",
}
"""What people call the kinds of resources."""
TYPES = {name: type_words(name) for name in (ALARM, MAPPING, SCHEDULE)}
"""What people call the types of resources that stand in arrows."""
STARTS, READS, WRITES = "starts", "reads", "writes"


def described(resource: Resource) -> str:
    """What people call the kind of a resource: ``Glue job``, or ``event source mapping``."""
    if isinstance(resource, CloudResource):
        return type_words(resource.type_name)
    return KINDS.get(resource.key.kind, resource.key.kind)


def descriptions(resources: Iterable[Resource]) -> dict[Node, str]:
    """What people call the kinds of the nodes of these resources."""
    return {node_of(resource.key): described(resource) for resource in resources}


def kind_of(node: Node, kinds: Mapping[Node, str]) -> str:
    """What people call the kind of a node; a place in a bucket is called after its service alone."""
    if node.kind == "bucket":
        return KINDS["bucket"] if "/" not in node.name else "S3"
    return kinds.get(node) or KINDS.get(node.kind, node.kind)


def verbs(flows: Sequence[Flow], kinds: Mapping[Node, str]) -> dict[tuple[Node, Node], tuple[str, ...]]:
    """What happens between two nodes: the first starts, reads, writes, triggers or tells the second.

    The key of a reading is who reads and what is read, so that sentences can be made of it.
    """
    result: dict[tuple[Node, Node], list[str]] = {}
    for flow in flows:
        word, turned = _verb(flow, kinds)
        ends = (flow.target, flow.source) if turned else (flow.source, flow.target)
        words = result.setdefault(ends, [])
        if word not in words:
            words.append(word)
    return {ends: tuple(words) for ends, words in result.items()}


def is_trigger(node: Node, kinds: Mapping[Node, str]) -> bool:
    """Whether a node waits for something to start or to tell others."""
    return node.kind == "rule" or kinds.get(node) in TYPES.values()


def _verb(flow: Flow, kinds: Mapping[Node, str]) -> tuple[str, bool]:
    """The verb of an arrow, and whether its subject is the target."""
    if flow.is_start:
        return STARTS, False
    if kinds.get(flow.target) == TYPES[ALARM]:
        return "watches", True
    if is_trigger(flow.target, kinds):
        return "triggers", False
    if is_trigger(flow.source, kinds):
        return "tells", False
    return (WRITES, False) if flow.source.kind in WORKING else (READS, True)
