"""Quotas of the account that a plan would pass, told before anything is created.

A deploy that meets one stops in the middle. So of a plan that creates many resources of a kind the account is asked how many
there are and how many there may be; a small one costs no call. What AWS does not tell these credentials is said not to be known,
and refuses nothing.

Follows https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html and, for state machines,
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeployError
from common.engine import listing
from common.environment.config import Environment
from common.model.kind import Kind, Quota
from common.model.resource import Action, Key, Plan, Resource
from common.resources import kind_of, kinds

MANY = 10
"""Up to so many creations of a kind nothing is asked."""
GIGABYTE = 2**30
"""In these Service Quotas counts what Lambda stores."""
STORAGE = Quota("bytes of code that Lambda stores", "lambda", "L-2ACBD22F", 75 * GIGABYTE, "or delete old versions: invoke gc")


@dataclass(frozen=True)
class Use:
    """How near a plan comes to a quota; None is what AWS did not tell, for the reason `unknown`."""

    quota: Quota
    new: int
    present: int | None
    allowed: int | None
    unknown: str = ""

    @property
    def total(self) -> int:
        """How many there would be at least."""
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
    """Refuses a plan that would pass a quota. The embedded AWS has none.

    Raises:
        DeployError: all quotas that it would pass.
    """
    if env.embedded is not None:
        return
    uses = list(pool.map(lambda ask: ask(), _questions(aws, plan, resources, build_dir)))
    passed = [use for use in uses if use.allowed is not None and use.present is not None and use.total > use.allowed]
    if passed:
        where = f"account {env.account_id} in {env.region}"
        raise DeployError("\n".join([f"This plan would pass a quota of {where}. Nothing was changed.", *map(_refusal, passed)]))
    for use in uses:
        if use.unknown:
            say(_doubt(use))


def _questions(aws: Aws, plan: Plan, resources: Sequence[Resource], build_dir: Path) -> Iterator[Callable[[], Use]]:
    created = Counter(change.key.kind for change in plan.changes if change.action is Action.CREATE)
    for kind, number in sorted(created.items()):
        if number > MANY and kind in kinds() and (quota := kinds()[kind].quota) and kinds()[kind].listing:
            yield partial(_listed, aws, kinds()[kind], quota, number)
    if created["role"] > MANY:
        yield partial(_roles, aws, created["role"])
    if created["lambda"] + created["layer"] > MANY:
        size = sum(_sizes(plan, resources, build_dir).values())
        yield lambda: _storage(aws, size)


def _listed(aws: Aws, kind: Kind, quota: Quota, new: int) -> Use:
    try:
        present = sum(map(len, listing.names(aws, kind)))
    except AwsError as error:
        return Use(quota, new, None, None, error.code)
    if not quota.code:
        return Use(quota, new, present, quota.default)
    try:
        return Use(quota, new, present, _allowed(aws, quota))
    except AwsError as error:
        return Use(quota, new, present, None, error.code)


def _allowed(aws: Aws, quota: Quota) -> int:
    """What the account was given; of one that has asked for nothing, what AWS gives everybody in this region."""
    service, absent = {"ServiceCode": quota.service}, "NoSuchResourceException"
    answer = aws.find("service-quotas", "GetServiceQuota", absent, **service, QuotaCode=quota.code)
    if answer is not None:
        return int(answer["Quota"]["Value"])
    pages = aws.pages("service-quotas", "ListAWSDefaultServiceQuotas", **service)
    defaults = {given["QuotaCode"]: given["Value"] for page in pages for given in page["Quotas"]}
    return int(defaults.get(quota.code, quota.default))


def _roles(aws: Aws, new: int) -> Use:
    """IAM tells how many roles there are; to list them would take more calls."""
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
    """Bytes of what new functions and layers run, as far as it was built here; of what is uploaded already nobody asks."""
    uploads = {change.key for change in plan.changes if change.action is Action.UPLOAD}
    created = {change.key for change in plan.changes if change.action is Action.CREATE and change.key.kind in {"lambda", "layer"}}
    own = {resource.key: resource.artifact for resource in resources if resource.key in created and resource.artifact is not None}
    return {key: one.build(build_dir).stat().st_size for key, one in own.items() if one.key in uploads}


def _refusal(use: Use) -> str:
    quota, total = use.quota, use.total
    excess = total - (use.allowed or 0)
    told = f"  {use.allowed:,} {quota.what} are allowed, {use.present:,} exist, and {use.new:,} would come: {excess:,} too many."
    options = f"--service-code {quota.service} --quota-code {quota.code}{' --region us-east-1' if quota.service == 'iam' else ''}"
    wanted = -(-total // GIGABYTE) if quota is STORAGE else total
    request = f"aws service-quotas request-service-quota-increase {options} --desired-value {wanted}"
    how = f" Raise it ({request})" if quota.code else " Ask AWS to raise it, in the console of Service Quotas"
    return f"{told}{how}, {quota.advice or 'or deploy a part of it: --project, --only'}."


def _doubt(use: Use) -> str:
    quota = use.quota
    present = "how many exist" if use.present is None else f"{use.present:,} exist; how many are allowed"
    return (
        f"{use.new:,} {quota.what} would come; {present} is not known here ({use.unknown}). "
        f"By default {quota.default:,} are allowed."
    )
