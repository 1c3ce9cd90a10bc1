"""The keys of what has another name now: they hold the old one, and can be read from a root again."""

from common.places import former_key, successor
from common.release import key_of
from common.resource import Key

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
