"""Refuses a plan that would exceed a quota of the account, before anything is created.

A deploy that reaches a quota stops in the middle. So if a plan creates many resources of a kind, AWS is asked how many exist and
how many are allowed; a small plan costs no call. If the credentials may not read these numbers, the user is told so, and the plan
is not refused.

Follows https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html and, for state machines,
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError, DeployError, raise_together
from common.base.lean_dataclass import dataclass
from common.engine import listing
from common.environment.config import Environment
from common.model.kind import Kind, Quota
from common.model.resource import Action, Key, Plan, Resource
from common.resources import kind_of, kinds

UNCHECKED_CREATIONS = 10
"""Quotas are not checked for up to this number of new resources of a kind."""
GIGABYTE = 2**30
"""Service Quotas counts Lambda's storage in this unit, in bytes."""
STORAGE = Quota("bytes of code that Lambda stores", "lambda", "L-2ACBD22F", 75 * GIGABYTE, "or delete old versions: invoke gc")


@dataclass(frozen=True)
class Use:
    """How many resources would exist after a plan, and how many are allowed; None if AWS did not say, with the code `unknown`."""

    quota: Quota
    new: int
    present: int | None
    allowed: int | None
    unknown: str = ""

    @property
    def total(self) -> int:
        """At least this number of resources would exist."""
        return (self.present or 0) + self.new


def check_quotas(
    env: Environment,
    aws: Aws,
    plan: Plan,
    resources: Sequence[Resource],
    build_dir: Path,
    pool: Executor,
    say: Callable[[str], None],
) -> None:
    """Refuses a plan that would exceed a quota. The embedded AWS has no quotas.

    Raises:
        DeployError: the plan would exceed quotas; the message names them all.
    """
    if env.embedded is not None:
        return
    refusals = []
    for region in env.regions({change.key.project for change in plan.changes}):
        part = Plan(tuple(change for change in plan.changes if _region_of(env, change.key) == region))
        uses = list(pool.map(lambda ask: ask(), _questions(regions.in_region(aws, region), part, resources, build_dir, pool)))
        passed = [use for use in uses if use.allowed is not None and use.present is not None and use.total > use.allowed]
        if passed:
            first = f"This plan would pass a quota of account {env.account_id} in {region}. Nothing was changed."
            refusals.append(DeployError("\n".join([first, *map(_refusal, passed)])))
        for use in uses:
            if use.unknown:
                say(_unknown_quota(use))
    raise_together(refusals)


def _region_of(env: Environment, key: Key) -> str:
    """The region in whose quotas a resource counts. IAM counts the roles of all regions together."""
    return env.home_region if key.kind == "role" else env.region_of(key.project)


def _questions(
    aws: Aws, plan: Plan, resources: Sequence[Resource], build_dir: Path, pool: Executor
) -> Iterator[Callable[[], Use]]:
    created = Counter(change.key.kind for change in plan.changes if change.action is Action.CREATE)
    for kind in (kinds()[name] for name in sorted(created.keys() & kinds().keys() - {"role"})):
        if created[kind.name] > UNCHECKED_CREATIONS and kind.quota and kind.listing:
            allowed = pool.submit(_allowed, aws, kind.quota)  # begins before what waits for it
            yield partial(_listed, aws, kind, kind.quota, created[kind.name], allowed)
    if created["role"] > UNCHECKED_CREATIONS:
        yield partial(_roles, aws, created["role"])
    if created["lambda"] + created["layer"] > UNCHECKED_CREATIONS:
        size = sum(_sizes(plan, resources, build_dir).values())
        yield lambda: _storage(aws, size)


def _listed(aws: Aws, kind: Kind, quota: Quota, new: int, allowed: Future[int]) -> Use:
    try:
        present = sum(map(len, listing.names(aws, kind)))
    except AwsError as error:
        return Use(quota, new, None, None, error.code)
    try:
        return Use(quota, new, present, allowed.result())
    except AwsError as error:
        return Use(quota, new, present, None, error.code)


def _allowed(aws: Aws, quota: Quota) -> int:
    """The quota of this account; if it was never raised, AWS's default for this region."""
    if not quota.code:
        return quota.default
    service, absent = {"ServiceCode": quota.service}, "NoSuchResourceException"
    answer = aws.find("service-quotas", "GetServiceQuota", absent, **service, QuotaCode=quota.code)
    if answer is not None:
        return int(answer["Quota"]["Value"])
    pages = aws.pages("service-quotas", "ListAWSDefaultServiceQuotas", **service)
    defaults = {default["QuotaCode"]: default["Value"] for page in pages for default in page["Quotas"]}
    return int(defaults.get(quota.code, quota.default))


def _roles(aws: Aws, new: int) -> Use:
    """The use of the quota of roles. IAM knows their number; listing them would take more calls."""
    quota = kind_of("role").quota
    assert quota is not None  # noqa: S101 - the file of roles has it
    try:
        summary = aws.call("iam", "GetAccountSummary")["SummaryMap"]
    except AwsError as error:
        return Use(quota, new, None, None, error.code)
    return Use(quota, new, summary["Roles"], summary["RolesQuota"])


def _storage(aws: Aws, new: int) -> Use:
    try:
        settings = aws.call("lambda", "GetAccountSettings")
    except AwsError as error:
        return Use(STORAGE, new, None, None, error.code)
    return Use(STORAGE, new, settings["AccountUsage"]["TotalCodeSize"], settings["AccountLimit"]["TotalCodeSize"])


def _sizes(plan: Plan, resources: Sequence[Resource], build_dir: Path) -> Mapping[Key, int]:
    """The package sizes of new functions and layers in bytes, as far as they are uploaded by this plan."""
    uploads = {change.key for change in plan.changes if change.action is Action.UPLOAD}
    created = {change.key for change in plan.changes if change.action is Action.CREATE and change.key.kind in {"lambda", "layer"}}
    own = {resource.key: resource.artifact for resource in resources if resource.key in created and resource.artifact is not None}
    return {key: artifact.build(build_dir).stat().st_size for key, artifact in own.items() if artifact.key in uploads}


def _refusal(use: Use) -> str:
    quota, total = use.quota, use.total
    excess = total - (use.allowed or 0)
    use_in_words = (
        f"  {use.allowed:,} {quota.what} are allowed, {use.present:,} exist, and this plan would create {use.new:,}: "
        f"{excess:,} too many."
    )
    options = f"--service-code {quota.service} --quota-code {quota.code}{' --region us-east-1' if quota.service == 'iam' else ''}"
    desired_value = -(-total // GIGABYTE) if quota is STORAGE else total
    request = f"aws service-quotas request-service-quota-increase {options} --desired-value {desired_value}"
    how = f" Raise it ({request})" if quota.code else " Ask AWS to raise it, in the console of Service Quotas"
    return f"{use_in_words}{how}, {quota.advice or 'or deploy a part of it: --project, --only'}."


def _unknown_quota(use: Use) -> str:
    quota = use.quota
    present = "how many exist" if use.present is None else f"{use.present:,} exist; how many are allowed"
    return (
        f"This plan would create {use.new:,} {quota.what}; {present} is unknown ({use.unknown}). "
        f"By default {quota.default:,} are allowed."
    )
