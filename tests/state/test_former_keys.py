"""The keys of what has another name now: they hold the old one, and can be read from a root again."""

from pathlib import Path

import pytest

from common.engine.options import Options
from common.model.declared import Identity
from common.model.resource import Key, Resource
from common.state.locations import former_key, goes_with_its_step, is_trigger, successor
from common.state.release_root import key_of
from tests.support.deploying import BUCKET, ENV, bucket, deploy
from tests.support.fake_aws import Thing, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"


def test_the_key_of_a_former_one_holds_its_name_and_leads_back() -> None:
    key = Key("p", "rule", "nightly")
    assert str(former_key(key, "acres-nightly", f"{ARN}acres-nightly")) == "rule/nightly/formerly/acres-nightly"
    assert successor(former_key(key, "acres-nightly", ARN)) == key
    place = former_key(Key("p", "directory", "configs"), "landing/old place/", "arn:aws:s3:::landing/old place/")
    assert str(place).startswith("directory/configs/formerly/landing-old-place-")
    assert place != former_key(Key("p", "directory", "configs"), "landing/old-place/", "arn:aws:s3:::landing/old-place/")
    assert successor(key) is None


def test_a_name_as_long_as_aws_allows_has_a_former_key_that_can_be_read_again() -> None:
    name = f"/{'x' * 500}/{'y' * 10}"
    key = former_key(
        Key("shared", "log-group", name.strip("/")), name, f"arn:aws:logs:eu-central-1:123456789012:log-group:{name}"
    )
    assert key_of("shared", str(key)) == key


def test_a_role_whose_name_differs_by_case_alone_is_the_same_role(tmp_path: Path) -> None:
    """As in https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: names are not distinguished by case."""

    def role(name: str) -> list[Resource]:
        arn = f"arn:aws:iam::123456789012:role/test/dev/p/{name}"
        key, tags = Key("p", "thing", name), ENV.ownership("p")
        return [bucket(), Thing(identity=Identity(key=key, name=name, arn=arn, tags=tags, needs=(BUCKET,)), fields={"Size": 1})]

    world = World()
    deploy(world, role("Load"), tmp_path)
    pruned = deploy(world, role("load"), tmp_path, options=Options(prune=True))
    assert pruned.reasons()["thing/Load"] == "is declared as p: thing/load now"
    assert pruned.aws.calls["fake:Delete"] == 0


@pytest.mark.parametrize(("length", "whole"), [(80, True), (81, False)])
def test_a_name_of_up_to_80_characters_is_shown_in_full(length: int, whole: bool) -> None:
    """Longer ones are told apart by a digest, so that the path of a record has an end."""
    name = "x" * length
    key = former_key(Key("p", "table", "runs"), name, f"arn:aws:dynamodb:eu-central-1:123456789012:table/{name}")
    shown = key.name.removeprefix("runs/formerly/")
    assert (shown == name) == whole
    assert shown.startswith("x" * 80)


@pytest.mark.parametrize("kind", ["rule", "lambda", "glue-job", "crawler", "state-machine", "table", "bucket", "role", "unknown"])
def test_only_what_acts_by_itself_goes_before_all_is_done(kind: str) -> None:
    """Two rules would start an execution twice; whatever else has another name now may still be in use."""
    assert is_trigger(Key("p", kind, "x")) == (kind == "rule")
    assert goes_with_its_step(Key("p", kind, "x/formerly/y")) == (kind == "rule")
    assert not goes_with_its_step(Key("p", kind, "x"))
