"""What bounds a first deploy on AWS: how fast CloudWatch Logs takes retentions, and how near the scheduler comes to that."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from common.model.resource import Resource
from tests.bench.generated import Size
from tests.bench.simulation import ACTIVE_SECONDS, ROLE_SECONDS, Simulation, declared

Declared = Callable[[int, bool], list[Resource]]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Declared:
    @cache
    def of(number: int, own_roles: bool) -> list[Resource]:
        folder: Path = tmp_path_factory.mktemp("declared")
        return declared(folder, Size.of(round(number / 2.3)), own_roles=own_roles)

    return of


@pytest.mark.parametrize("own_roles", [False, True])
@pytest.mark.parametrize(("number", "most"), [(500, 1.25), (2000, 1.1)])
def test_a_large_deploy_takes_little_more_than_the_slowest_rate_allows(
    resources: Declared, number: int, most: float, own_roles: bool
) -> None:
    """Retentions are set at 5 a second, which cannot be raised; Lambda's 15 calls a second would allow three times as many."""
    result = Simulation(resources(number, own_roles)).apply()
    group, least = result.bound
    assert group == "logs:PutRetentionPolicy"
    assert least > 2 * result.least()["lambda"]
    assert least <= result.seconds <= most * least


def test_a_small_deploy_is_bound_by_its_longest_chain(resources: Declared) -> None:
    """A role that becomes known after 8 s, and the function that needs it."""
    result = Simulation(resources(50, True)).apply()
    assert result.bound[0] == "the longest chain"
    assert result.chain[-1][0].kind == "lambda"
    assert result.longest > ROLE_SECONDS + ACTIVE_SECONDS[0]
    assert result.seconds < 1.5 * result.longest


def test_without_log_groups_the_calls_of_lambda_bound_a_large_deploy(resources: Declared) -> None:
    """As where the retention is `never`: what is left is 15 functions a second, and nothing else comes near."""
    simulation = Simulation(resources(2000, False))
    simulation.changes = [change for change in simulation.changes if change.key.kind != "log-group"]
    result = simulation.apply()
    group, least = result.bound
    assert group == "lambda"
    assert result.seconds <= 1.6 * least


def test_equal_seeds_give_equal_results(resources: Declared) -> None:
    first, second = (Simulation(resources(50, False), seed=7).apply() for _ in range(2))
    assert (first.seconds, first.calls) == (second.seconds, second.calls)
    assert Simulation(resources(50, False), seed=8).apply().seconds != first.seconds


def test_more_threads_than_work_are_no_faster(resources: Declared) -> None:
    """So the number of threads does not bound it."""
    few, many = (Simulation(resources(500, False), jobs=jobs).apply().seconds for jobs in (32, 500))
    assert few <= 1.1 * many
