"""Whose an existing resource is, and which plans are refused before anything is changed: each check by itself."""

from dataclasses import replace

import pytest

from common.base.errors import ConfigError, DeployError, OwnershipError
from common.engine import ownership
from common.model.choices import NOBODY
from common.model.orphan import Orphan
from common.model.resource import Action, Change, Key, Live, Resource
from tests.resources.builders import Place
from tests.support.deploying import BUCKET, ENV, WHOSE, bucket, things
from tests.support.fake_aws import FakeAws, World

_, THING = things({"a": {"Size": 1}})
OWNER, PROJECT = "deployer:environment", "deployer:project"
EAST = "arn:aws:fake:us-east-1:123456789012:p/"


def nothing_unbound(_: Resource) -> str:
    return ""


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({OWNER: ENV.owner, PROJECT: "p"}, None),
        ({OWNER: ENV.owner}, None),
        ({OWNER: ENV.owner, PROJECT: "q"}, f"{ENV.owner}:q"),
        ({OWNER: "acres/prod", PROJECT: "p"}, "acres/prod"),
        ({PROJECT: "p"}, NOBODY),
        ({}, NOBODY),
    ],
)
def test_a_resource_is_ours_if_both_tags_say_so(tags: dict[str, str], owner: str | None) -> None:
    assert ownership.owner(THING, Live({"Tags": tags}), {ENV.owner}) == owner


def test_tags_that_are_not_declared_tell_an_owner_as_well() -> None:
    """They may be ours, with keys that began otherwise before."""
    live = Live({"Tags": {"team": "soil"}}, undeclared={"Tags": {"old:environment": "acres/dev"}})
    assert ownership.all_tags(live) == {"team": "soil", "old:environment": "acres/dev"}


@pytest.mark.parametrize(("region", "is_refused"), [("us-east-1", True), (ENV.region, False), ("", False), (" u-east-1", False)])
def test_resources_in_another_region_are_refused_with_their_number_and_one_of_them(region: str, *, is_refused: bool) -> None:
    keys = [Key("p", "thing", f"{name}/formerly/{name}") for name in "ba"]
    former = {key: Orphan(key, key.name, EAST.replace("us-east-1", region) + key.name, ENV.account_id) for key in keys}
    if is_refused:
        other = Key("p", "thing", "c/formerly/c")
        former[other] = Orphan(other, other.name, EAST.replace("us-east-1", "us-west-2") + other.name, ENV.account_id)
    if not is_refused:
        ownership.check_region(ENV, former)
        return
    message = r"\$\.region is eu-central-1, but its records name 2 resources in us-east-1, such as p: thing/a\. Set it back\."
    with pytest.raises(ConfigError, match=message):
        ownership.check_region(ENV, former)


def test_a_role_whose_name_exists_in_other_capital_letters_is_refused() -> None:
    """IAM does not tell names apart by capital letters.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    role = Place().role()
    present = ["arn:aws:lambda:eu-central-1:123456789012:function:T-WORKER", "arn:aws:iam::123456789012:role/x/t-worker"]
    ownership.check_case([role, THING], present)
    ownership.check_case([THING], ["arn:aws:iam::123456789012:role/A"])
    with pytest.raises(OwnershipError, match="IAM has T-Worker and does not tell capital letters from small ones"):
        ownership.check_case([THING, role], ["arn:aws:iam::123456789012:role/x/T-Worker"])


@pytest.mark.parametrize(("number", "more"), [(1, ""), (3, ""), (4, " and 1 more"), (5, " and 2 more")])
def test_resources_without_their_artifact_bucket_are_named_up_to_three(number: int, more: str) -> None:
    resources = things({f"n{index}": {} for index in range(number)})
    creation = Change(BUCKET, Action.CREATE, "does not exist")
    present = {resource.key: Change(resource.key, Action.UPDATE, "", live=Live({})) for resource in resources[1:]}
    named = ", ".join(f"p: thing/n{index}" for index in range(min(number, 3)))
    with pytest.raises(OwnershipError, match=f"There is no artifact bucket test-artifacts, but {named}{more} of dev are there"):
        ownership.check_records(ENV, resources, {BUCKET: creation, **present})
    ownership.check_records(ENV, resources, {BUCKET: replace(creation, action=Action.NOOP), **present})
    absent = {key: replace(change, live=None) for key, change in present.items()}
    ownership.check_records(ENV, resources, {BUCKET: creation, **absent})
    ownership.check_records(ENV, resources, present)


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        (
            NOBODY,
            r"p: thing/a: \S+ exists and does not carry this environment's tags\. Rename yours, or take it over with --adopt\.$",
        ),
        ("acres/prod", r"exists and belongs to acres/prod\. Rename yours, or take it over with --adopt-from acres/prod\.$"),
    ],
)
def test_a_resource_that_is_not_ours_is_refused_with_the_option_that_takes_it_over(owner: str, message: str) -> None:
    with pytest.raises(OwnershipError, match=message):
        ownership.check_unused(ENV, FakeAws(World()), THING, Live({}), owner, nothing_unbound)


@pytest.mark.parametrize(("operation", "body"), [("PutObject", {"Body": b"x"}), ("DeleteObject", {})])
def test_an_empty_artifact_bucket_without_tags_is_ours(operation: str, body: dict[str, bytes]) -> None:
    """A deploy that dies after it has created the bucket and before it has tagged it leaves such a bucket, without versions."""
    world, artifacts = World(), bucket()
    aws = FakeAws(world)
    artifacts.create(aws, artifacts.desired())
    assert ownership.check_unused(ENV, aws, artifacts, Live({}), NOBODY, nothing_unbound)
    with pytest.raises(OwnershipError, match="belongs to acres/prod"):
        ownership.check_unused(ENV, aws, artifacts, Live({}), "acres/prod", nothing_unbound)
    aws.call("s3", operation, **WHOSE, Key="theirs", **body)
    with pytest.raises(OwnershipError, match="does not carry this environment's tags"):
        ownership.check_unused(ENV, aws, artifacts, Live({}), NOBODY, nothing_unbound)


def test_only_what_belongs_to_nobody_can_have_been_unbound() -> None:
    def unbound(_: Resource) -> str:
        return "2026-01-15 09:30"

    with pytest.raises(OwnershipError, match=r"was unbound at 2026-01-15 09:30, .* take it over again with --adopt"):
        ownership.check_unused(ENV, FakeAws(World()), THING, Live({}), NOBODY, unbound)
    with pytest.raises(OwnershipError, match="exists and belongs to acres/prod"):
        ownership.check_unused(ENV, FakeAws(World()), THING, Live({}), "acres/prod", unbound)


def test_the_first_object_of_somebody_else_in_a_directory_is_named() -> None:
    live = Live({"Foreign": ["sql/acres.sql", "z.sql"]})
    with pytest.raises(OwnershipError, match=r"configs/sql/acres\.sql exists and does not carry"):
        ownership.check_unused(ENV, FakeAws(World()), Place().directory(), live, NOBODY, nothing_unbound)


@pytest.mark.parametrize(
    ("data", "theirs", "adopted", "message"),
    [
        (False, True, False, "what is taken over is not replaced"),
        (True, True, True, "what is taken over is not replaced"),
        (True, False, True, "what was adopted is not replaced"),
        (False, False, False, "replacing it would delete what it holds"),
        (True, False, False, None),
    ],
)
def test_a_resource_with_data_is_replaced_only_if_it_is_ours_and_its_data_may_go(
    data: bool, theirs: bool, adopted: bool, message: str | None
) -> None:
    def check() -> None:
        ownership.check_replaceable(Place().table(), "KeySchema", data=data, theirs=theirs, adopted=adopted)

    if message is None:
        check()
        return
    with pytest.raises(DeployError, match=f"KeySchema cannot be changed in place, and {message}"):
        check()


def test_a_resource_without_data_is_replaced() -> None:
    ownership.check_replaceable(THING, "Kind", data=False, theirs=False, adopted=False)
