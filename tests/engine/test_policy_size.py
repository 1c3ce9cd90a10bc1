"""The printed policy does not grow with a project, and says what to do where it is longer than one may be."""

import json

import pytest

from tests.engine.test_deployer_policy import MINE, printed
from tests.support.repository import Repository


@pytest.mark.parametrize(
    ("number", "way"), [(10, "Give it to the role as an inline policy, which may have 10240, or spread"), (21, "Spread")]
)
def test_a_policy_longer_than_a_managed_one_may_be_is_told(repository: Repository, number: int, way: str) -> None:
    repository.project("acres", *(f'p.function("F{number}", folder="lambda/Validate")' for number in range(number)))
    repository.configure(roles={"arns": {f"lambda/F{index}": f"{MINE}/{'x' * 60}{index}" for index in range(number)}})
    done = repository.invoke("policy", "--env", "dev")
    length = len(json.dumps(json.loads(done.out), separators=(",", ":")))
    assert length > 6144
    assert done.err == (
        f"note: a managed policy may have 6144 characters besides white space; these are {length}. "
        f"{way} the statements over 2 managed policies, and attach all of them.\n"
    )


def test_the_policy_does_not_grow_with_the_number_of_resources(repository: Repository) -> None:
    def length(number: int) -> int:
        repository.project("acres", *(f'p.function("F{index}", folder="lambda/Validate")' for index in range(number)))
        return len(json.dumps(printed(repository)))

    assert length(1) == length(100)
