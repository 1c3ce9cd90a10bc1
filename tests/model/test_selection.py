"""What --only names, and what is said of a pattern that names nothing."""

from collections.abc import Callable

import pytest

from common.base.errors import UsageError
from common.model.choices import Choices
from common.model.resource import Key
from tests.support.deploying import things
from tests.support.repository import Repository
from tests.support.terminal import squeezed

FIELDS = {name: {"Size": 1} for name in ("alpha", "beta", "gamma")}


def test_what_is_named_comes_with_what_it_needs() -> None:
    is_selected = Choices(only="thing/beta").select(things(FIELDS))
    assert [name for name in FIELDS if is_selected(Key("p", "thing", name))] == ["alpha", "beta"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("thing/bta", r"--only 'thing/bta' matches nothing\. Did you mean 'thing/beta'\? `plan --json` lists all of them\.$"),
        ("x/*", r"--only 'x/\*' matches nothing\. Keys look like bucket/artifacts\. `plan --json` lists all of them\.$"),
    ],
)
def test_a_pattern_that_names_nothing_is_told_with_what_there_is(pattern: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Choices(only=pattern).select(things(FIELDS))
    assert not Choices(only=pattern, prune=True).select(things(FIELDS))(Key("p", "thing", "beta"))


@pytest.mark.parametrize(
    ("refuse", "message"),
    [
        (lambda: Choices(only="x/*").select([]), r"^--only 'x/\*' matches nothing\. `plan --json` lists all of them\.$"),
        (lambda: Choices(adopt="x/*").check_adopts([]), r"^--adopt 'x/\*' matches nothing\. `plan --json` lists all of them\.$"),
    ],
    ids=["--only", "--adopt"],
)
def test_a_pattern_is_refused_where_nothing_is_declared(refuse: Callable[[], object], message: str) -> None:
    """A new project has no resource if the artifact bucket belongs to somebody else."""
    with pytest.raises(UsageError, match=message):
        refuse()


def test_what_is_named_comes_with_the_bucket_that_remembers_it(repository: Repository, moto: None) -> None:
    repository.project()
    done = repository.invoke("deploy", "--env", "dev", "--only", "role/*")
    assert done.code == 0, done.err
    assert "+ shared: bucket/artifacts created" in squeezed(done.out)
    assert repository.invoke("plan", "--env", "dev", "--only", "role/*").code == 0
    assert repository.invoke("plan", "--env", "dev").code == 2
