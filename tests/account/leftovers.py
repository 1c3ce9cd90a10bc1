"""What runs have left in an account, found by its name, and its deletion: also where a run broke off and left no record."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.account.place import Answer

PREFIX = "acctest-"
NAME = re.compile(rf"{PREFIX[:-1]}[-_]\d{{8}}")
"""Is in the name of everything that a run makes, and with its month, day, hour and minute: databases have no hyphens."""
GONE = re.compile("NotFound|NoSuch|DoesNotExist")
"""In AWS's errors about what does not exist."""
Ask = Callable[..., Answer]


@dataclass(frozen=True)
class Left:
    """One resource that is still there."""

    kind: str
    name: str


@dataclass(frozen=True)
class Listing:
    """How a kind is listed: the operation, where the names are in its answer, and how it asks for the next page."""

    service: str
    operation: str
    entries: str
    field: str | None
    tokens: tuple[str, str] = ("NextToken", "NextToken")


LISTINGS = {
    "rule": Listing("events", "ListRules", "Rules", "Name"),
    "state machine": Listing(
        "stepfunctions", "ListStateMachines", "stateMachines", "stateMachineArn", ("nextToken", "nextToken")
    ),
    "crawler": Listing("glue", "ListCrawlers", "CrawlerNames", None),
    "job": Listing("glue", "ListJobs", "JobNames", None),
    "function": Listing("lambda", "ListFunctions", "Functions", "FunctionName", ("Marker", "NextMarker")),
    "layer": Listing("lambda", "ListLayers", "Layers", "LayerName", ("Marker", "NextMarker")),
    "database": Listing("glue", "GetDatabases", "DatabaseList", "Name"),
    "table": Listing("dynamodb", "ListTables", "TableNames", None, ("ExclusiveStartTableName", "LastEvaluatedTableName")),
    "topic": Listing("sns", "ListTopics", "Topics", "TopicArn"),
    "log group": Listing("logs", "DescribeLogGroups", "logGroups", "logGroupName", ("nextToken", "nextToken")),
    "bucket": Listing("s3", "ListBuckets", "Buckets", "Name", ("ContinuationToken", "ContinuationToken")),
    "role": Listing("iam", "ListRoles", "Roles", "RoleName", ("Marker", "Marker")),
}
"""In the order in which they are deleted."""


def found(ask: Ask, prefix: str = "") -> list[Left]:
    """What is there of one run, or of all.

    Raises:
        RuntimeError: AWS does not tell.
    """
    parts = (prefix, prefix.replace("-", "_"))
    return [
        Left(kind, name)
        for kind, listing in LISTINGS.items()
        for name in _names(ask, listing)
        if NAME.search(name) and any(part in name for part in parts)
    ]


def _names(ask: Ask, listing: Listing) -> Iterator[str]:
    send, receive = listing.tokens
    page: dict[str, Any] = {}
    while True:
        answer = ask(listing.service, listing.operation, **page)
        if answer.code:
            raise RuntimeError(f"{listing.service}:{listing.operation} was refused: {answer.code} {answer.body.get('Error')}")
        for entry in answer.body.get(listing.entries, ()):
            yield str(entry if listing.field is None else entry[listing.field])
        if not answer.body.get(receive):
            return
        page = {send: answer.body[receive]}


def delete(ask: Ask, left: Left) -> str:
    """Deletes it with all that is in it; AWS's error, or an empty text. What is listed and gone already is not an error."""
    code = _DELETIONS[left.kind](ask, left.name).code
    return "" if GONE.search(code) else code


def _rule(ask: Ask, name: str) -> Answer:
    targets = ask("events", "ListTargetsByRule", Rule=name).body.get("Targets", ())
    if targets:
        ask("events", "RemoveTargets", Rule=name, Ids=[target["Id"] for target in targets])
    return ask("events", "DeleteRule", Name=name)


def _layer(ask: Ask, name: str) -> Answer:
    answer = ask("lambda", "ListLayerVersions", LayerName=name)
    for version in answer.body.get("LayerVersions", ()):
        answer = ask("lambda", "DeleteLayerVersion", LayerName=name, VersionNumber=version["Version"])
    return answer


def _bucket(ask: Ask, name: str) -> Answer:
    while True:
        listed = ask("s3", "ListObjectVersions", Bucket=name).body
        versions = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        if not versions:
            return ask("s3", "DeleteBucket", Bucket=name)
        objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        deleted = ask("s3", "DeleteObjects", Bucket=name, Delete={"Objects": objects, "Quiet": True})
        if deleted.code or deleted.body.get("Errors"):
            return Answer(deleted.status, deleted.code or str(deleted.body["Errors"][0]["Code"]), {})


def _table(ask: Ask, name: str) -> Answer:
    ask("dynamodb", "UpdateTable", TableName=name, DeletionProtectionEnabled=False)
    return ask("dynamodb", "DeleteTable", TableName=name)


def _role(ask: Ask, name: str) -> Answer:
    for policy in ask("iam", "ListRolePolicies", RoleName=name).body.get("PolicyNames", ()):
        ask("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
    for policy in ask("iam", "ListAttachedRolePolicies", RoleName=name).body.get("AttachedPolicies", ()):
        ask("iam", "DetachRolePolicy", RoleName=name, PolicyArn=policy["PolicyArn"])
    return ask("iam", "DeleteRole", RoleName=name)


def _plainly(service: str, operation: str, parameter: str) -> Callable[[Ask, str], Answer]:
    return lambda ask, name: ask(service, operation, **{parameter: name})


_DELETIONS: dict[str, Callable[[Ask, str], Answer]] = {
    "rule": _rule,
    "state machine": _plainly("stepfunctions", "DeleteStateMachine", "stateMachineArn"),
    "crawler": _plainly("glue", "DeleteCrawler", "Name"),
    "job": _plainly("glue", "DeleteJob", "JobName"),
    "function": _plainly("lambda", "DeleteFunction", "FunctionName"),
    "layer": _layer,
    "database": _plainly("glue", "DeleteDatabase", "Name"),
    "table": _table,
    "topic": _plainly("sns", "DeleteTopic", "TopicArn"),
    "log group": _plainly("logs", "DeleteLogGroup", "logGroupName"),
    "bucket": _bucket,
    "role": _role,
}
