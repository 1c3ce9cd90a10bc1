"""Builds the statements for what a role reads and writes: resources of ours, of others and of any type, with their keys.

A resource that a key encrypts can be used only with that key, so a grant on the resource brings exactly the actions of its key.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from common.base.errors import DeclarationError
from common.declare.named_access import Access
from common.declare.permissions import Statement, allow, literal
from common.declare.project_resources import ProjectResources
from common.declare.type_access import TYPES, access_of
from common.environment.config import Environment
from common.model.declared import Declared
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef
from common.model.lookup import AWS_KEYS
from common.model.projection import values_at
from common.model.reference import MARK, Grantable, Location, Ref
from common.model.resource import SHARED
from common.resources import every_kind, kind_of

_DEAD_LETTERS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}
"""The actions that send what has failed, by service."""
_DEAD_LETTER_TYPES = frozenset({"AWS::SQS::Queue", "AWS::SNS::Topic"})
_ALIAS = re.compile(r"(arn:[^«]*:)?(alias/.+)")
_ALIAS_ATTRIBUTE = "AliasName"
BELOW = "/*"
"""Ends the name of what stands for all below a path."""


def grants(project: ProjectResources, where: str, access: Access) -> Iterator[Statement]:
    """Yields the statements for what is read and written.

    Raises:
        DeclarationError: nobody would know what reading or writing one of these means.
    """
    for granted, writing in ((access.reads, False), (access.writes, True)):
        for grant in granted:
            ref = grant.bucket if isinstance(grant, Location) else grant
            is_bucket = isinstance(grant, Location) or ref.is_bucket
            yield from _on_bucket(project.env, grant, writing=writing) if is_bucket else _on_other(ref, where, writing=writing)
            yield from encryption(project, [ref], writing=writing)


def encryption(project: ProjectResources, refs: Iterable[Ref], *, writing: bool) -> Iterator[Statement]:
    """Yields the statements for the keys that encrypt resources.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    keys = {(env.region, name): env for ref in refs for env, name in _keys(project, ref)}
    for (_, name), env in keys.items():
        yield from _on_key(env, name, writing=writing)


def actions_of(ref: Ref, *, writing: bool) -> tuple[str, ...]:
    """The IAM actions that read, or write, a resource; none if nobody would know what that means."""
    return access_of(ref).actions(writing=writing)


def dead_letter(project: ProjectResources, arn: str, refs: Iterable[Ref]) -> Iterator[Statement]:
    """Allows a function to send what has failed to a queue or topic, as Lambda wants it before it accepts the target.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    targets = [ref for ref in refs if arn in {ref.arn, *ref.generated.values()}]
    if wrong := [ref for ref in targets if isinstance(ref, GeneratedRef) and ref.type_name not in _DEAD_LETTER_TYPES]:
        shown = f"{wrong[0].key} ({wrong[0].type_name})"
        raise DeclarationError(f"{project.env.where(project.project)}: dead_letter must be a queue or a topic, not {shown}.")
    services = {service for ref in targets if isinstance(ref, GeneratedRef) for service in ref.services} or {arn.split(":")[2]}
    yield allow([action for service, action in _DEAD_LETTERS.items() if service in services], [arn])
    yield from encryption(project, targets, writing=True)


def _on_bucket(env: Environment, grant: Grantable, *, writing: bool) -> Iterator[Statement]:
    bucket, prefix = (grant.bucket, literal(grant.prefix.strip("/"))) if isinstance(grant, Location) else (grant, "")
    # Glue's file system creates a marker object for every folder of a path.
    folders = list(accumulate(prefix.split("/"), lambda above, name: f"{above}/{name}")) if writing else []
    # S3A, which Glue 5.1 uses, requests the folder itself before it lists it.
    objects = [f"{prefix}/*", prefix, *(f"{folder}_$folder$" for folder in folders)] if prefix else ["*"]
    kind, arn = kind_of("bucket"), bucket.arn if isinstance(bucket, GeneratedRef) else env.bucket_arn(bucket.name)
    yield allow(kind.writes if writing else kind.reads, [f"{arn}/{key}" for key in objects])
    listing = allow(["s3:ListBucket"], [arn])
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}/*", prefix]}}
    yield listing


def _on_other(ref: Ref, where: str, *, writing: bool) -> Iterator[Statement]:
    actions = actions_of(ref, writing=writing)
    if not actions:
        raise DeclarationError(f"{where}: {_not_granted(ref, writing=writing)}")
    kind_name = access_of(ref).kind
    kind = kind_of(kind_name) if kind_name else None
    yield allow(actions, [ref.in_policies, *(kind.granted(ref.arn) if kind else ())])
    if kind and kind.lookup and kind.lookup.below and ref.arn.endswith(BELOW):
        yield allow(kind.lookup.below, [ref.arn, ref.arn.removesuffix(BELOW)])


def _not_granted(ref: Ref, *, writing: bool) -> str:
    """The sentences that say why a resource cannot be read or written, and what to do."""
    verb = "written" if writing else "read"
    if isinstance(ref, GeneratedRef):
        service = min(ref.services) if len(ref.services) == 1 else ref.type_name.split("::")[1].lower()
        types = sorted(name for name, access in TYPES.items() if access.actions(writing=writing))
        return (
            f"what it means that {ref.key} ({ref.type_name}) is {verb} is not known: it is for {', '.join(types)}. "
            f'Allow the actions by name: permissions=[allow("{service}:…", on={ref.key.name})].'
        )
    kinds = sorted(f"{name}s" for name, kind in every_kind().items() if (kind.writes if writing else kind.reads))
    return f"{ref.key} cannot be {verb}: this can be granted for {', '.join(kinds)}."


def _keys(project: ProjectResources, ref: Ref) -> Iterator[tuple[Environment, str]]:
    """The keys that encrypt a resource, as its declaration names them, each with the environment of its region."""
    env = project.env.in_region(project.env.home_region) if ref.key.project == SHARED else project.env
    if isinstance(ref, ExistingRef):
        yield from ((env, name) for name in (ref.kms_key,) if name)
        return
    resource = project.known().get(ref.key)
    if not isinstance(resource, Declared):
        return
    of_type = TYPES.get(ref.type_name) if isinstance(ref, GeneratedRef) else None
    path = of_type.encryption if of_type else kind_of(ref.key.kind).encryption
    state = resource.properties if of_type else resource.desired() if path else {}
    yield from ((env, name) for name in values_at(state, path) if isinstance(name, str) and name)


def _on_key(env: Environment, name: str, *, writing: bool) -> Iterator[Statement]:
    """The statements for a key by its ARN, its id or an alias; each may be a mark.

    Follows https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    kind = kind_of("key")
    actions = kind.writes if writing else kind.reads
    mark = MARK.fullmatch(name)
    alias = name if mark and mark[4] == _ALIAS_ATTRIBUTE else match[2] if (match := _ALIAS.fullmatch(name)) else ""
    if alias.startswith(AWS_KEYS):
        return
    if alias:
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [alias]}}
        yield {**allow(actions, [kind.arn_of(env, "*")]), "Condition": condition}
        return
    is_arn = name.startswith("arn:") or (mark and mark[4].endswith("Arn"))
    yield allow(actions, [name if is_arn else kind.arn_of(env, name)])
