"""What each further function, job and state machine of a project adds to an unchanged deploy, counted in calls."""

from collections import Counter
from pathlib import Path

from common.declare.asl.problem import Problem
from common.declare.asl.remembered import Remembered
from common.declare.machine_calls import machine_problems
from common.declare.machine_targets import MachineTargets
from common.environment.resource_settings import FunctionSettings
from common.resources.function import Function
from tests.bench.generated import Size, generate
from tests.support.counting import calls
from tests.support.repository import Repository

ACCOUNT = "123456789012"
ONCE = (
    *("Environment.where", "Environment.ownership", "PhysicalNames._template", "Settings.over", "Shared._found", "Exact.keys"),
    "_with_references",
)
"""What is the same for all resources of a project, and is computed once."""


def growth(folder: Path, less: Size, more: Size) -> Counter[str]:
    """The calls that loading a project takes more than loading a smaller one."""
    counts = []
    for size in (less, more):
        repository = Repository(folder / str(size.resources))
        generate(repository, size, ACCOUNT)
        repository.declared()  # what is loaded and remembered once
        counts.append(calls(repository.declared))
    return counts[1] - counts[0]


def test_what_is_the_same_for_a_whole_project_is_computed_once(tmp_path: Path) -> None:
    more = growth(tmp_path, Size.of(10), Size.of(30))
    assert {name: more[name] for name in ONCE} == dict.fromkeys(ONCE, 0)
    assert more["FunctionDeclaration.render"] == 20, "so these calls are counted"


class Described(Remembered):
    """Knows that nothing is wrong with any definition, and keeps the texts that describe them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.texts: list[str] = []

    def problems(self, text: str) -> list[Problem]:
        """Nothing, for whatever the text describes."""
        self.texts.append(text)
        return []


def test_what_describes_a_machine_does_not_grow_with_what_it_could_call(repository: Repository) -> None:
    """A project with many jobs has many machines, too: listing each job for each of them takes the square of the time."""
    repository.project("acres", *(f'p.job("job_{number}", script="glue/landing/load.py")' for number in range(20)))
    resources = repository.resources()
    run = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun", "Parameters": {"JobName": "job"}, "End": True}
    described = Described(repository.root)
    for jobs in ([], [resource for key, resource in resources.items() if key.startswith("glue-job/")]):
        machine_problems(MachineTargets(jobs), {"StartAt": "Run", "States": {"Run": run}}, described)
    assert len(described.texts[0]) == len(described.texts[1])
    assert described.texts[0] != described.texts[1], "what was found holds for these jobs alone"


def test_resources_of_which_nobody_says_anything_share_their_settings(repository: Repository) -> None:
    repository.project("acres")
    repository.write("projects/acres/lambda/Store/handler.py", "def handler(event, context): pass\n")
    resources = repository.resources()
    functions = [resources["lambda/Validate"], resources["lambda/Store"]]
    settings = [function.settings for function in functions if isinstance(function, Function)]
    assert settings[0] is settings[1]
    assert settings[0] == FunctionSettings()
    assert functions[0].tags is functions[1].tags


def test_the_files_of_a_function_and_of_a_job_are_looked_at_a_few_times(tmp_path: Path) -> None:
    for size, looks in ((Size(30, 0), 4), (Size(0, 30), 5)):
        smaller = Size(size.functions and 10, size.jobs and 10)
        more = growth(tmp_path / str(looks), smaller, size)
        assert more["stat"] + more["lstat"] <= looks * 20
        assert more["open"] == 20, "the handler, or the script"
