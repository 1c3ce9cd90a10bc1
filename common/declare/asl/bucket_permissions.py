"""What tasks need that read or write the objects of a bucket: those alone that their parameters name."""

import re
from collections.abc import Iterator, Mapping

from common.base.json_types import Json
from common.declare import permissions
from common.declare.asl.needs import Need, need
from common.declare.asl.targets import Problem, Targets, values_at
from common.model.reference import MARK

OBJECT = re.compile(r"s3:(?!.*BucketObjectLock)(.*Object.*|AbortMultipartUpload|ListMultipartUploadParts)")
"""Matches the actions that act on objects; all others that are allowed here act on buckets."""


def in_bucket(targets: Targets, actions: tuple[str, ...], parameters: Json, place: str) -> Iterator[Need]:
    """Yields the actions on a bucket and on its objects, on those alone that the parameters name."""
    arns = targets.of_parameter("bucket", "Bucket", parameters, place, actions)
    if arns is None:
        targets.problems.append(Problem(f"{place} needs {actions[0]}, but has no Bucket."))
        return
    fields = parameters if isinstance(parameters, Mapping) else {}
    if list(values_at(fields, "VersionId")):
        versions = {"s3:DeleteObject": "s3:DeleteObjectVersion", "s3:GetObject": "s3:GetObjectVersion"}
        actions = (*actions, *(versions[action] for action in actions if action in versions))
    objects = {arn for arn in arns if "/" in MARK.sub("", arn)}
    buckets = arns - objects
    for parameter, after in (("Key", ""), ("Prefix", "*")):
        named = [targets.text_of(value, place) for _, value in values_at(parameters, parameter)]
        if named and named[0]:
            objects = {f"{arn[:-1]}{permissions.literal(named[0])}{after}" if arn.endswith("/*") else arn for arn in objects}
    if sources := list(values_at(fields, "CopySource")):
        where = f"{place}.{sources[0][0].removesuffix('.$')}"
        source = fields.get("CopySource", fields.get("CopySource.$"))
        copied = targets.buckets_in(source, where, ("s3:GetObject",))
        yield need(("s3:GetObject",), {f"{arn}/*" for arn in copied if "/" not in MARK.sub("", arn)})
        actions = tuple(action for action in actions if not action.startswith("s3:GetObject"))
    yield need([action for action in actions if OBJECT.fullmatch(action)], objects)
    yield need([action for action in actions if not OBJECT.fullmatch(action)], buckets)
