"""The keys of the owner tags, and reading them whatever they begin with."""

import pytest

from common.base.errors import ConfigError
from common.environment.owner_tags import read_owner
from tests.support.repository import Repository


def test_the_prefix_is_of_both_keys(repository: Repository) -> None:
    repository.configure(tag_prefix="acme:deployer:", tags={"acme:cost": "7", "deployer": "x"})
    assert repository.environment().ownership("acres") == {
        "acme:cost": "7",
        "deployer": "x",
        "acme:deployer:environment": "t-dev/dev",
        "acme:deployer:project": "acres",
    }


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("aws:", "$.tag_prefix: value error, tags that begin with aws: are AWS's own"),
        ("AWS:deployer:", "tags that begin with aws: are AWS's own"),
        ("", "$.tag_prefix: string should match pattern"),
        (" acme:", "$.tag_prefix: string should match pattern"),
        ("acme#", "$.tag_prefix: string should match pattern"),
        ("a" * 101, "$.tag_prefix: string should have at most 100 characters"),
        ("Deployer:", "it differs from deployer: in case alone, and IAM does not tell such keys apart"),
    ],
)
def test_a_prefix_that_aws_refuses_is_refused(repository: Repository, prefix: str, message: str) -> None:
    """The rules of keys: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html."""
    repository.configure(tag_prefix=prefix)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["acme:environment", "Acme:Project"])
def test_a_tag_of_the_team_is_not_one_of_ours(repository: Repository, key: str) -> None:
    repository.configure(tag_prefix="acme:", tags={key: "x"})
    with pytest.raises(ConfigError, match=f"tags: {key} is the deployer's own tag, as tag_prefix is acme:"):
        repository.environment()


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({}, (None, None)),
        ({"acme:environment": "t-dev/dev", "acme:project": "p"}, ("t-dev/dev", "p")),
        ({"acme:environment": "t-dev/dev"}, ("t-dev/dev", None)),
        ({"deployer:environment": "t-dev/dev", "deployer:project": "p"}, ("t-dev/dev", "p")),
        (
            {"deployer:environment": "o/prod", "deployer:project": "q", "acme:environment": "t/dev", "acme:project": "p"},
            ("t/dev", "p"),
        ),
        ({"org:environment": "dev", "org:project": "farm"}, (None, None)),
        ({"org:environment": "t-dev/dev"}, (None, None)),
        ({"environment": "t-dev/dev", "project": "farm"}, (None, None)),
    ],
)
def test_the_owner_is_read_whatever_the_keys_begin_with(tags: dict[str, str], owner: tuple[str | None, str | None]) -> None:
    assert read_owner(tags, "acme:") == owner
