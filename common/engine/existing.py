"""Proves that what is used of others exists, where it is used for the first time: by what a plan creates or changes.

An unchanged deploy asks nothing; `--verify` and `drift` ask for everything that is used. What is missing is one error. What these
credentials may not look at is said, and is not an error: to use a thing is one permission, and to look at it is another.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from common.aws.protocol import Aws
from common.base.errors import AwsError, MissingError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import existing
from common.engine.connection import Connection
from common.engine.prune import DENIED
from common.environment.config import Environment
from common.model.existing import ExistingRef, Uses
from common.model.generated import has_mark
from common.model.lookup import AWS_KEYS, STORE, Lookup
from common.model.resource import SENDING, Key, Plan, Resource
from common.resources import kind_of

FORBIDDEN = (*DENIED, "Forbidden", "NotAuthorized")
"""AWS's error codes begin with one of these if these credentials may not look at a thing."""
InRegion = Callable[[str], Aws]
"""Returns where to ask about a region."""


@dataclass(frozen=True)
class Finding:
    """What was found out about a thing of others: `missing` says that it cannot be used, `note` what is to be known of it."""

    ref: ExistingRef
    missing: str = ""
    note: str = ""


def check(
    env: Environment,
    connection: Connection,
    plan: Plan,
    resources: Sequence[Resource],
    say: Callable[[str], None],
    *,
    first: bool,
    everything: bool,
) -> None:
    """Proves that what the changes of a plan use exists, and says what is to be known of it.

    Args:
        env: the environment.
        connection: where to ask.
        plan: the plan.
        resources: the declared resources.
        say: is called with each thing to be known.
        first: whether this is the first deploy of a project, which meets the artifact bucket.
        everything: whether to prove what unchanged resources use, too.

    Raises:
        MissingError: something does not exist; the message names all that is missing.
    """
    changed = {change.key for change in plan.changes if change.action in SENDING}
    users = _users(resource for resource in resources if everything or resource.key in changed)
    if (first and changed) or everything:
        users |= _artifact_bucket(env)
    findings = look(env, connection.aws.in_region, users, connection.pool)
    missing = [f"  {finding.missing}{_used_by(users[finding.ref])}" for finding in findings if finding.missing]
    if missing:
        raise MissingError("\n".join(["Resources of others are missing or in the wrong region. Nothing was changed.", *missing]))
    for finding in findings:
        if finding.note:
            say(finding.note)


def used(env: Environment, resources: Iterable[Resource]) -> dict[ExistingRef, list[Key]]:
    """All that is used of others, with the resources that use it; the artifact bucket, if it is one of others, is used by all."""
    return _users(resources) | _artifact_bucket(env)


def look(env: Environment, in_region: InRegion, refs: Iterable[ExistingRef], pool: Executor) -> list[Finding]:
    """Looks at things of others. Keys that encrypt them are looked at as well."""
    every = list(dict.fromkeys(ref for used_ref in refs for ref in (used_ref, *_key_of(env, used_ref))))
    findings_by_ref = pool.map(lambda ref: list(look_at(env, in_region, ref)), every)
    return [finding for findings in findings_by_ref for finding in findings]


def operations(ref: ExistingRef) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The operations that look at a thing, as ``s3:HeadBucket``, each with the ARNs on which it must be allowed."""
    kind = kind_of(ref.key.kind)
    lookup = _lookup(ref)
    arns = lookup.covers(ref.in_policies)
    for operation in (lookup.operation, *(lookup.further[purpose].operation for purpose in ref.purposes)):
        yield f"{kind.service}:{operation}", arns


def looked_at(env: Environment, resources: Iterable[Resource]) -> list[ExistingRef]:
    """All that may be looked at: what these resources use of others, and the keys that encrypt it."""
    return [ref for used_ref in used(env, resources) for ref in (used_ref, *_key_of(env, used_ref))]


def _users(resources: Iterable[Resource]) -> dict[ExistingRef, list[Key]]:
    """What is used, each once with all its purposes, and the resources that use it."""
    users: dict[ExistingRef, list[Key]] = {}
    purposes: dict[ExistingRef, dict[str, None]] = {}
    for resource in resources:
        for ref in resource.uses if isinstance(resource, Uses) else ():
            bare = replace(ref, purposes=())
            users.setdefault(bare, []).append(resource.key)
            purposes.setdefault(bare, {}).update(dict.fromkeys(ref.purposes))
    return {replace(bare, purposes=tuple(purposes[bare])): keys for bare, keys in users.items()}


def _artifact_bucket(env: Environment) -> dict[ExistingRef, list[Key]]:
    bucket = existing.artifact_bucket(env)
    return {replace(bucket, purposes=STORE): []} if bucket is not None else {}


def _key_of(env: Environment, ref: ExistingRef) -> list[ExistingRef]:
    if not ref.kms_key or has_mark(ref.kms_key):  # one of ours is looked at as what it is
        return []
    return [existing.reference(env, kind_of("key"), "", ref.kms_key, f"{ref.place}, kms_key")]


def _lookup(ref: ExistingRef) -> Lookup:
    lookup = kind_of(ref.key.kind).lookup
    assert lookup is not None, f"nothing refers to a {ref.key.kind} of others"  # noqa: S101 - a mistake in a type
    return lookup


def look_at(env: Environment, in_region: InRegion, ref: ExistingRef) -> Iterator[Finding]:
    """Looks at one thing of others."""
    lookup, (region, account) = _lookup(ref), ref.arn.split(":")[3:5]
    what = f"{kind_of(ref.key.kind).word.replace('_', ' ')} {ref.name if account in {'', env.account_id} else ref.arn}"
    if account not in {"", env.account_id} and not lookup.abroad:
        yield Finding(ref, note=f"{ref.place}: {what} was not looked at: AWS shows it to account {account} alone.")
        return
    aws = in_region(region or env.region)
    response = _response(aws, ref, lookup.operation, lookup.absent)
    if isinstance(response, AwsError):
        yield Finding(ref, note=_unseen(ref, what, response))
        return
    if response is None or not lookup.is_there(response, ref):
        where = f" in account {account}" if account else ""
        where += f" in {region}" if region else ""
        yield Finding(ref, missing=f"{ref.place}: there is no {what}{where}. Correct the name, or ask its owner to make it.")
        return
    actual = lookup.region(response) or region or env.region
    if ref.purposes and actual != env.region:
        why = "so nothing here can wait for its events" if ref.purposes != STORE else "so Lambda cannot load code from it"
        yield Finding(ref, missing=f"{ref.place}: {what} is in {actual}, and {env.name} in {env.region}, {why}.")
        return
    if lookup.region(response) not in {"", env.region}:
        yield Finding(ref, note=f"{ref.place}: {what} is in {actual}, and {env.name} in {env.region}.")
    key = "" if ref.kms_key else lookup.key(response)
    if key and AWS_KEYS not in key:
        yield Finding(ref, note=f"{ref.place}: {what} is encrypted with {key}. Say this kms_key, so that its users may use it.")
    for further in (lookup.further[purpose] for purpose in ref.purposes):
        answer = _response(aws, ref, further.operation, (further.absent,))
        if isinstance(answer, AwsError):
            yield Finding(ref, note=_unseen(ref, what, answer))
        elif answer is None or not further.holds(answer):
            yield Finding(ref, note=f"{ref.place}: {what} {further.lacks}.")


def _response(aws: Aws, ref: ExistingRef, operation: str, absent: tuple[str, ...]) -> JsonObject | AwsError | None:
    """The response, None if AWS says that there is nothing, or its refusal to let these credentials look."""
    kind = kind_of(ref.key.kind)
    try:
        return aws.call(kind.service, operation, **_lookup(ref).parameters(ref))
    except AwsError as error:
        if error.code in absent:
            return None
        if not error.code.startswith(FORBIDDEN):
            raise
        return error


def _unseen(ref: ExistingRef, what: str, error: AwsError) -> str:
    return (
        f"{ref.place}: whether {what} is as it is used is not known: these credentials may not look at it "
        f"({error.service}:{error.operation}: {error.code}). `invoke policy` prints what they need."
    )


def _used_by(keys: Sequence[Key]) -> str:
    named = ", ".join(f"{key.project}: {key}" for key in keys[:3])
    more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f" It is used by {named}{more}." if keys else ""
