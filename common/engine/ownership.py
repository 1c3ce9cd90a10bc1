"""Decides whether an existing resource with one of our names may be changed or replaced, by its tags and its record."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol, TypeGuard, runtime_checkable

from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import ConfigError, DeployError, OwnershipError
from common.base.plural import counted
from common.base.protocols import once_a_type
from common.environment import aws_versions, owner_tags
from common.environment.config import Environment
from common.model.choices import NOBODY
from common.model.orphan import Orphan
from common.model.resource import Action, Change, Key, Live, Plan, Resource, State
from common.state import baseline, locations

MOST_TAGS = 50
"""How many tags a resource takes."""


@runtime_checkable
class CaseBlind(Protocol):
    """What AWS cannot have beside another one whose name differs in capital letters alone."""

    @property
    def name(self) -> str:
        """The physical name."""
        ...

    def of_other_case(self, other: str) -> OwnershipError:
        """Tells that AWS cannot have it beside `other`."""
        ...


@once_a_type
def _is_case_blind(resource: Resource) -> TypeGuard[CaseBlind]:
    return isinstance(resource, CaseBlind)


def owner(resource: Resource, live: Live, own: Collection[str]) -> str | None:
    """The owner of an existing resource: None if it is ours, otherwise the name with which it can be taken over.

    Args:
        resource: the declared resource.
        live: its live state.
        own: the environment's owner tag, and those that it had before.
    """
    environment, project = owner_tags.read_owner(all_tags(live), resource.tag_prefix)
    if environment in own:
        return None if project in {None, resource.key.project} else f"{environment}:{project}"
    return str(environment) if environment else NOBODY


def all_tags(live: Live) -> dict[str, str]:
    """The live tags of a resource, those included that are not declared: our own, if their keys began otherwise before."""
    return {**live.undeclared.get("Tags", {}), **live.state.get("Tags", {})}


def check_unused(
    env: Environment, aws: Aws, resource: Resource, live: Live, theirs: str, unbound: Callable[[Resource], str]
) -> bool:
    """Accepts a resource without our tags only if it is the artifact bucket and still empty.

    Raises:
        OwnershipError: the resource belongs to somebody else, or to nobody.
    """
    if theirs == NOBODY and baseline.is_unused(aws, env, resource.arn):
        return True
    whose = "does not carry this environment's tags" if theirs == NOBODY else f"belongs to {theirs}"
    option = "--adopt" if theirs == NOBODY else f"--adopt-from {theirs}"
    within = next(iter(live.state.get("Foreign", ())), "")  # of a directory, an object
    where = f"{resource.key.project}: {resource.key}: {resource.arn}{within}"
    if since := unbound(resource) if theirs == NOBODY else "":
        raise OwnershipError(
            f"{where} was unbound at {since}, so it is not ours any more, but it is still declared. Take it out of the "
            f"declaration, or take it over again with {option}."
        )
    raise OwnershipError(f"{where} exists and {whose}. Rename yours, or take it over with {option}.")


def check_replaceable(resource: Resource, fixed: str, *, data: bool, theirs: bool, adopted: bool) -> None:
    """Checks that a resource may be deleted and created again.

    Args:
        resource: the declared resource.
        fixed: the fields that cannot be changed in place.
        data: data may be deleted.
        theirs: the resource is not ours yet; it is being taken over.
        adopted: the resource was taken over before, and the command line does not name it.

    Raises:
        DeployError: the resource holds data, is not ours yet, or was adopted.
    """
    if theirs:
        raise DeployError(
            f"{resource.key.project}: {resource.key}: {fixed} cannot be changed in place, and what is taken over is not "
            f"replaced: {resource.arn} would be deleted. Declare it as it is, or declare yours under another name."
        )
    if adopted:
        raise DeployError(
            f"{resource.key.project}: {resource.key}: {fixed} cannot be changed in place, and what was adopted is not replaced: "
            f"{resource.arn} would be deleted. Declare it as it is, declare yours under another name, or name it: "
            f"--only {resource.key}."
        )
    if resource.data and not data:
        raise DeployError(
            f"{resource.key.project}: {resource.key}: {fixed} cannot be changed in place, and replacing it would delete what it "
            f"holds. Declare a new one under another name, or add --data if nobody needs the data in this one."
        )


def check_tags(resource: Resource, desired: State, live: Live, stale: State) -> None:
    """Checks that a resource takes our tags beside those of others, so that a deploy does not stop half-way.

    Follows https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html: 50, without those that AWS sets.

    Raises:
        OwnershipError: it would have too many tags.
    """
    declared, present = desired.get("Tags"), {name for name in all_tags(live) if not name.startswith("aws:")}
    if not isinstance(declared, Mapping):
        return
    tags = (present | declared.keys()) - stale.get("Tags", {}).keys()
    if len(tags) > MOST_TAGS and not declared.keys() <= present:
        new = len(declared.keys() - present)
        raise OwnershipError(
            f"{resource.key.project}: {resource.key}: {resource.arn} has {len(present)} tags, {new} more are declared, and "
            f"AWS takes {MOST_TAGS}. Take away some that nobody needs, or declare fewer."
        )


def check_region(env: Environment, former: Mapping[Key, Orphan]) -> None:
    """Checks that all deployed resources are in the environment's region: in another one they could not be read or deleted.

    Raises:
        ConfigError: resources are recorded in another region.
    """
    at_home = {key: orphan.arn.split(":")[3] for key, orphan in former.items() if not orphan.is_away}
    away = {key: region for key, region in at_home.items() if region != env.region and aws_versions.partition_of(region)}
    if away:
        key, region = min(away.items())
        number = counted([*away.values()].count(region), "resource")
        raise ConfigError(
            f"config/{env.name}.json: $.region is {env.region}, but its records name {number} in {region}, such as "
            f"{key.project}: {locations.successor(key)}. Set it back. An environment does not move: describe another one for "
            f"{env.region}, with an artifact bucket of its own, or `{typed('destroy')}` this one first."
        )


def check_case(resources: Iterable[Resource], present: Collection[str]) -> None:
    """Checks that no existing role has a declared role's name in other capital letters: IAM would refuse the new one.

    Args:
        resources: the declared resources.
        present: the ARNs of the existing resources.

    Raises:
        OwnershipError: see `CaseBlind`.
    """
    names = {name.casefold(): name for arn in present if arn.split(":")[2] == "iam" and (name := arn.rpartition("/")[2])}
    for role in resources:
        if _is_case_blind(role) and (other := names.get(role.name.casefold(), role.name)) != role.name:
            raise role.of_other_case(other)


def check_records(env: Environment, resources: Iterable[Resource], changes: Mapping[Key, Change]) -> None:
    """Checks that the records of existing resources are not in another bucket: former names are known from records alone.

    Args:
        env: the environment.
        resources: the declared resources.
        changes: the changes that were decided, with the live states of existing resources.

    Raises:
        OwnershipError: the artifact bucket does not exist, but resources of this environment do.
    """
    arn = env.bucket_arn(env.artifact_bucket)
    bucket = next((changes[resource.key] for resource in resources if resource.arn == arn and resource.key in changes), None)
    present = [f"{key.project}: {key}" for key, change in changes.items() if change.live is not None]
    if bucket is not None and bucket.action is Action.CREATE and present:
        more = f" and {len(present) - 3} more" if len(present) > 3 else ""
        raise OwnershipError(
            f"There is no artifact bucket {env.artifact_bucket}, but {', '.join(present[:3])}{more} of {env.name} are there: "
            f"they were deployed from another bucket or region, which has their records. Set artifact_bucket and region in "
            f"config/{env.name}.json back; `{typed('destroy')}` first, if {env.name} is to move. If the records are lost, take "
            f"over what is there with --adopt: what is no longer declared is not known then, and stays."
        )


def is_retagged(env: Environment, plan: Plan) -> bool:
    """Whether the owner tags of resources change, so that the tagging index does not show what still has the former ones."""
    updates = [change for change in plan.changes if change.action is Action.UPDATE and "Tags" in change.changed]
    tags = [change.live.state["Tags"] for change in updates if change.live is not None and "Tags" in change.live.state]
    return any(live.get(env.owner_tag) != env.owner for live in tags)
