"""Lists what runs in an account and region and carries nobody's ownership tags: candidates for `import` and `--adopt`.

The tagging index answers for the whole account, but it lags behind by minutes. So what was changed within a day, and what this
repository declares, is asked for its own tags before it is said to be nobody's.

Follows https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Collection, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.engine.planner import INDEX_LAG
from common.engine.prune import DENIED
from common.environment.config import Environment
from common.importing.account import TYPES, LiveAccount
from common.importing.selection import LiveResource
from common.model.orphan import Orphan
from common.model.resource import Key, Resource
from common.resources import of_kind

CHANGED = {"lambda": "LastModified", "glue-job": "LastModifiedOn", "crawler": "LastUpdated", "state-machine": "creationDate"}
"""The kinds that are listed, and the field that says when a resource was changed; of a state machine, when it was created."""


@dataclass(frozen=True)
class Unmanaged:
    """A resource without ownership tags.

    Args:
        kind: the name of its kind.
        name: what AWS calls it.
        arn: its ARN.
        changed: when it was changed last (ISO 8601); of a state machine, when it was created; empty if AWS does not say.
        declared: how this repository declares a resource of this name, as ``orders: lambda/Validate``; empty if it does not.
    """

    kind: str
    name: str
    arn: str
    changed: str
    declared: str


def find_unmanaged(env: Environment, aws: Aws, pool: Executor, resources: Iterable[Resource]) -> list[Unmanaged]:
    """The functions, jobs, crawlers and state machines of the account and region that nobody owns, by kind and name.

    Args:
        env: the environment.
        aws: the AWS session.
        pool: where calls run in parallel.
        resources: what this repository declares.
    """
    account = LiveAccount(env, aws, pool)
    owned = pool.submit(_owned, env, aws)
    listed = [resource for kind in pool.map(account.of, CHANGED) for resource in kind.values()]
    declared = {resource.arn: f"{resource.key.project}: {resource.key}" for resource in resources}
    candidates = [resource for resource in listed if resource.arn not in owned.result()]
    doubtful = [resource for resource in candidates if resource.arn in declared or _is_young(resource)]
    owned_by_tag = pool.map(lambda resource: resource.arn if _is_owned(env, aws, resource) else "", doubtful)
    tagged = {*owned_by_tag}
    order = list(CHANGED)
    left = sorted(
        (resource for resource in candidates if resource.arn not in tagged),
        key=lambda resource: (order.index(resource.kind), resource.name),
    )
    return [
        Unmanaged(resource.kind, resource.name, resource.arn, _changed(resource), declared.get(resource.arn, ""))
        for resource in left
    ]


def _owned(env: Environment, aws: Aws) -> Collection[str]:
    """The ARNs of what carries an ownership tag, whosever it is."""
    filters = {"TagFilters": [{"Key": env.owner_tag}], "ResourceTypeFilters": [TYPES[kind] for kind in CHANGED]}
    pages = aws.pages("resourcegroupstaggingapi", "GetResources", **filters, ResourcesPerPage=100)
    return {item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]}


def _is_owned(env: Environment, aws: Aws, resource: LiveResource) -> bool:
    """Whether the tags of a resource itself say that it is owned; what may not be looked at counts as nobody's."""
    kind = of_kind(resource.kind)
    orphan = Orphan(Key("", resource.kind, resource.name), resource.name, resource.arn, env.account_id)
    try:
        tags = kind.live_tags(aws, orphan) if kind is not None else None
    except AwsError as error:
        if not error.code.startswith(DENIED):
            raise
        return False
    return env.owner_tag in (tags or {})


def _is_young(resource: LiveResource) -> bool:
    changed = _changed(resource)
    return not changed or datetime.fromisoformat(changed) > datetime.now(UTC) - INDEX_LAG


def _changed(resource: LiveResource) -> str:
    value = resource.live.get(CHANGED[resource.kind])
    if isinstance(value, str):  # as Lambda writes times: 2026-11-25T23:53:07.000+0000
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return ""
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else ""
