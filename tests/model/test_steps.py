"""Which step brings what up to date."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.commands import all_tasks
from common.declare import project_names, projects
from common.environment.config_files import load
from common.model import steps
from common.model.resource import Key
from common.model.steps import STEPS
from common.resources import kinds
from tests.support.repository import ROOT

CODE = {Key("p", "artifact", "f"): Key("p", "lambda", "f"), Key("p", "artifact", "j"): Key("p", "glue-job", "j")}


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Key("shared", "bucket", "artifacts"), "deploy-shared"),
        (Key("shared", "log-group", "states"), "deploy-shared"),
        (Key("p", "table", "runs"), "deploy-shared"),
        (Key("p", "role", "f-lambda"), "deploy-roles"),
        (Key("p", "log-group", "f"), "deploy-lambdas"),
        (Key("p", "artifact", "f"), "deploy-lambdas"),
        (Key("p", "lambda", "f"), "deploy-lambdas"),
        (Key("p", "artifact", "j"), "upload-glue"),
        (Key("p", "glue-job", "j"), "deploy-jobs"),
        (Key("p", "crawler", "c"), "deploy-crawlers"),
        (Key("p", "state-machine", "m"), "deploy-sfn"),
        (Key("p", "rule", "r"), "deploy-triggers"),
    ],
)
def test_every_kind_has_its_step(key: Key, step: str) -> None:
    assert steps.step_of(key, CODE, kinds()) == step


def test_nothing_is_needed_before_the_step_that_brings_it() -> None:
    declared = projects.load(ROOT, load(ROOT, "local"), project_names.list_projects(ROOT))
    resources = [resource for pipeline in declared for resource in pipeline.rendered()]
    consumers = projects.consumers(declared)
    early = steps.needed_early({resource.key: resource.needs for resource in resources}, kinds())

    def step(key: Key) -> int:
        return STEPS.index(steps.step_of(key, consumers, kinds(), early))

    for resource in resources:
        assert all(step(need) <= step(resource.key) for need in resource.needs), resource.key


@pytest.mark.parametrize(
    ("requested", "covered"),
    [
        (["package-lambdas"], ()),
        (["deploy-shared"], STEPS[:1]),
        (["package-lambdas", "deploy-lambdas"], STEPS[:3]),
        (["deploy-jobs", "deploy-roles"], STEPS[:5]),
        (["deploy-triggers"], STEPS),
        (["deploy"], STEPS),
        (["plan"], STEPS),
        (["deploy-roles", "plan"], STEPS),
    ],
)
def test_a_command_covers_all_up_to_its_last_step(requested: list[str], covered: tuple[str, ...]) -> None:
    assert steps.covered(requested) == covered


@given(st.lists(st.sampled_from([*STEPS, steps.PACKAGE]), min_size=1))
def test_what_is_covered_is_a_beginning_that_holds_all_requested(requested: list[str]) -> None:
    covered = steps.covered(requested)
    assert covered == STEPS[: len(covered)]
    assert set(requested) - {steps.PACKAGE} <= set(covered)


def test_tasks_come_in_the_order_of_the_steps() -> None:
    tasks = all_tasks.namespace()
    chain = [steps.PACKAGE, *STEPS, "deploy"]
    before = {name: [str(pre.name) for pre in tasks[name].pre] for name in chain[1:]}
    assert before == dict(zip(chain[1:], ([name] for name in chain), strict=False))
