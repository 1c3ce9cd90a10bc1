"""How many calls a first deploy costs, and that the simulation of one makes the same calls.

Counted on moto, whose functions are active at once, so that nothing is polled.
"""

import pytest

from common.aws.session import AwsSession
from tests.bench.generated import Size, generate
from tests.bench.simulation import Simulation
from tests.engine.test_budgets import Deployed
from tests.support.repository import ACCOUNT, Repository

TEN = Size(4, 4, 1, 1)
"""Ten resources; with the log groups of the functions and what projects share, twenty."""
SIMULATED = ("glue:", "lambda:", "logs:", "stepfunctions:")
"""The services whose calls the simulation makes one by one; of S3 and IAM some belong to no single resource."""


@pytest.fixture
def ten(moto: None, repository: Repository) -> Repository:
    generate(repository, TEN, ACCOUNT)
    return repository


def test_ten_resources_with_a_role_that_exists(ten: Repository) -> None:
    AwsSession("eu-central-1", ACCOUNT).call("iam", "CreateRole", RoleName="pipelines", AssumeRolePolicyDocument="{}")
    first = Deployed(ten.root)
    assert first.resources == 20
    assert first.total <= 91

    resources = [resource for pipeline in ten.declared() for resource in pipeline.rendered()]
    simulation = Simulation(resources)
    simulated = simulation.plan().calls + simulation.apply().calls
    del simulated["lambda:GetFunction"]  # the polls
    for calls in (simulated, first.calls):
        for operation in [operation for operation in calls if not operation.startswith(SIMULATED)]:
            del calls[operation]
    assert simulated == first.calls


def test_ten_resources_with_roles_of_their_own(ten: Repository) -> None:
    """Two calls and a record for each role, and one listing; the prediction knows that, too."""
    ten.configure(account_id=ACCOUNT, artifact_bucket=f"t-dev-artifacts-{ACCOUNT}")
    planned = Deployed(ten.root, planning=True)
    first = Deployed(ten.root)
    assert first.resources == 30
    assert first.total <= 119
    assert planned.foretold == pytest.approx(first.total - planned.total, abs=10)

    resources = [resource for pipeline in ten.declared() for resource in pipeline.rendered()]
    simulated = Simulation(resources).apply().calls
    made = {name: number for name, number in first.calls.items() if name.startswith("iam:") and name not in planned.calls}
    assert {name: simulated[name] for name in made} == made == {"iam:CreateRole": 10, "iam:PutRolePolicy": 10}
