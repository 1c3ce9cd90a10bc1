"""Who may import whom, and how long a file may be."""

import ast
import re
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import common
from common.commands import all_tasks
from tests.support.repository import ROOT

FLOORS = (
    {"base"},
    {"environment"},
    {"aws"},
    {"local"},
    {"model"},
    {"resources", "packaging"},
    {"declare", "state"},
    {"engine", "execution"},
    {"importing", "setup", "testing"},
    {"report"},
    {"commands"},
)
"""The rooms of `common`, the ground floor first. A room imports itself and the floors below its own."""
SHARED_BY_TYPES = {
    *(
        "accepted_fields",
        "bucket_contents",
        "bucket_lookup",
        "bucket_policy",
        "bucket_settings",
        "cloud_requests",
        "crawler_runs",
    ),
    *("crawler_targets", "function_code", "function_image", "function_updates", "function_versions", "handler_arns"),
    *(
        "job_commands",
        "layer_versions",
        "machine_logging",
        "machine_validation",
        "machine_versions",
        "stand_in_role",
        "table_indexes",
    ),
    *("table_reference", "table_settings", "told_properties"),
}
"""What stands beside the types of resources and is none."""
SHARED_BY_TASKS = {
    *(
        "all_tasks",
        "deployment_command",
        "environment_command",
        "executor",
        "invocation",
        "invoke_options",
        "option_help",
        "questions",
    ),
    *("report_reading", "site_opening", "spelling", "task", "unchanged"),
}
"""The modules of `commands` that are not tasks."""
OPTIONS = {"sbom", "watch"}
"""The modules of `commands` that are about one option of `package-lambdas`."""
OPENED = {"Workspace", "Opening", "Connecting", "Deployment", "Destruction", "EnvironmentCommand", "DeploymentCommand"}
"""What a command opens; nothing else makes one."""
DOOR = "aws_common"
"""The one module of `common` outside of its rooms: the door to botocore, which belongs to the room `aws`."""

RUNTIME = ROOT / "common/local/runtime"
TEMPLATES = ROOT / "common/templates"
"""What becomes a team's own code."""
FOUND = [path for folder in ("common", "projects", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCES = [
    *(path for path in FOUND if "__pycache__" not in path.parts and not path.is_relative_to(TEMPLATES)),
    *(ROOT / "tasks.py", ROOT / "deploy.py"),
]
COMMON = [path for path in SOURCES if path.is_relative_to(ROOT / "common") and not path.is_relative_to(RUNTIME)]
DECLARATIONS = [ROOT / "deploy.py", *(path for path in SOURCES if path.parent.parent == ROOT / "projects")]
MAINTAINED = [path for path in SOURCES if path not in DECLARATIONS and not path.is_relative_to(ROOT / "projects")]
"""All but what belongs to those who use the deployer."""
OURS = [*COMMON, *DECLARATIONS, ROOT / "tasks.py"]


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All nodes of a file's syntax tree, its module first; many tests look at all files."""
    return [*ast.walk(ast.parse(path.read_bytes()))]


@cache
def imported(path: Path) -> tuple[str, ...]:
    """What a file imports anywhere, dotted: modules, and names that may be modules."""
    names: list[str] = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)


def describes_itself(path: Path) -> bool:
    """Whether a file begins with a docstring."""
    module = nodes(path)[0]
    assert isinstance(module, ast.Module)
    return bool(ast.get_docstring(module))


def rooms_imported(path: Path) -> set[str]:
    """The rooms of `common` that a file imports from."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("common.")}
    return {"aws" if name == DOOR else name for name in names}


def top_level(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def room(path: Path) -> str:
    """The room that a file of `common` stands in."""
    name = path.relative_to(ROOT / "common").parts[0].removesuffix(".py")
    return "aws" if name == DOOR else name


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_module_stands_in_a_room() -> None:
    assert {room(path) for path in COMMON} - {"__init__"} == set().union(*FLOORS)
    for name in set().union(*FLOORS):
        assert describes_itself(ROOT / "common" / name / "__init__.py"), f"{name} says what its rule is"


@pytest.mark.parametrize("path", COMMON, ids=shown)
def test_imports_lead_down(path: Path) -> None:
    if path == ROOT / "common/__init__.py":
        return  # the authors' face stands above all rooms
    number = next(number for number, floor in enumerate(FLOORS) if room(path) in floor)
    assert rooms_imported(path) <= {room(path)}.union(*FLOORS[:number])


def test_no_module_imports_in_a_circle() -> None:
    """An import inside a function counts as well: it is late, but it is an arrow."""
    modules = {shown(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in COMMON}
    arrows = {name: {other for other in imported(path) if other in modules} for name, path in modules.items()}
    for name, path in modules.items():
        arrows[name] |= {other.rpartition(".")[0] for other in imported(path)} & modules.keys() - {name}
    graph = {name: {other for other in others if not name.startswith(f"{other}.")} for name, others in arrows.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_types_of_resources_do_not_know_each_other() -> None:
    for path in (ROOT / "common/resources").glob("*.py"):
        modules = {name.split(".")[2] for name in imported(path) if name.startswith("common.resources.")}
        assert modules <= SHARED_BY_TYPES, shown(path)


def test_the_engine_knows_types_by_their_registry_alone() -> None:
    registry = {"budgets", "kind_of", "kinds", "of_kind", "refusals"}
    for path in (ROOT / "common/engine").glob("*.py"):
        names = {name.removeprefix("common.resources.") for name in imported(path) if name.startswith("common.resources.")}
        assert names <= registry, shown(path)


def test_two_modules_speak_to_aws_and_two_read_its_models_and_one_makes_digests() -> None:
    speaking = {shown(path) for path in OURS if top_level(path) & {"boto3", "botocore"}}
    reading = {"common/aws/api_files.py", "common/aws/api_models.py"}
    assert speaking == {"common/aws_common.py", "common/aws/shell_credentials.py", *reading}
    hashing = {shown(path) for path in OURS if "hashlib" in top_level(path)}
    assert hashing <= {"common/base/digest.py", "common/local/environments.py"}, "digests are made in one place"


def test_dataclasses_take_little_time_to_define() -> None:
    """Python's own decorator takes a tenth of the time of an unchanged deploy. What a program of its own imports may use it."""
    theirs = [shown(path) for path in COMMON if {"dataclasses.dataclass", "dataclasses.field"} & {*imported(path)}]
    assert theirs == ["common/base/lean_dataclass.py"]


def test_no_property_asks_aws() -> None:
    """What asks is a method with a verb: whoever reads an attribute does not expect a call, or a refusal."""
    for path in COMMON:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef) and any("property" in ast.unparse(each) for each in node.decorator_list):
                called = {ast.unparse(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
                assert not {name for name in called if re.search(r"aws\.|\.guard$|records\.", name)}, (
                    f"{shown(path)}: {node.name}"
                )


def test_commands_alone_speak_to_invoke_and_open_what_they_work_with() -> None:
    outside = [path for path in OURS if path.parent != ROOT / "common/commands"]
    assert [shown(path) for path in outside if "invoke" in top_level(path)] == []
    for path in outside:
        made = {ast.unparse(node.func).rpartition(".")[2] for node in nodes(path) if isinstance(node, ast.Call)}
        assert not made & OPENED, shown(path)


def test_commands_are_one_file_a_task_and_what_tasks_share() -> None:
    """The steps are in the file of `deploy`, and the tasks about `local` are in one."""
    tasks = all_tasks.namespace()
    files = {name: tasks[name].body.__module__.rpartition(".")[2] for name in tasks.task_names}
    for name, file in files.items():
        steps = name.startswith("deploy-") or name == "upload-glue"
        assert file == all_tasks.IN_OTHER_FILES.get(name, "deploy" if steps else name.partition(".")[0].replace("-", "_"))
    there = {path.stem for path in (ROOT / "common/commands").glob("*.py")} - {"__init__"}
    assert there == {*files.values(), *SHARED_BY_TASKS, *OPTIONS}
    assert len((ROOT / "tasks.py").read_text().splitlines()) < 60


def test_an_option_is_known_to_its_tasks_and_to_one_module_that_decides() -> None:
    """The way of `--only`: a task hands it to `Choices`, and `Choices.select` decides; nobody else looks at it."""
    reading = {
        shown(path) for path in OURS if any(isinstance(node, ast.Attribute) and node.attr == "only" for node in nodes(path))
    }
    assert reading == {"common/model/choices.py"}
    naming = {
        shown(path) for path in OURS if any(getattr(node, "arg", getattr(node, "id", None)) == "only" for node in nodes(path))
    }
    assert naming == {
        "common/commands/run.py",
        *reading,
        *(f"common/commands/{task}.py" for task in ("deploy", "destroy", "package_lambdas", "plan", "pull", "unbind")),
    }


def writes_to_the_terminal(path: Path) -> bool:
    """Whether a file prints, names a standard stream that is written to, or makes a console of its own."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "input"}:
            return True
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr", "sys.__stdout__", "os.write"}:
            return True
        if isinstance(node, ast.ImportFrom) and node.module in {"rich", "rich.console", "rich.markup", "rich.live", "sys"}:
            return {alias.name for alias in node.names} != {"box"}
    return False


def test_one_module_writes_to_the_terminal() -> None:
    """The others: a constant that a signal's handler writes, and a program that shells start and that loads nothing else."""
    writing = {shown(path) for path in OURS if writes_to_the_terminal(path)}
    assert writing == {"common/base/terminal.py", "common/base/signals.py", "common/setup/complete.py"}


@pytest.mark.parametrize("path", DECLARATIONS, ids=shown)
def test_declarations_use_what_common_offers_and_their_own(path: Path) -> None:
    own = f"projects.{path.parent.name}."
    for name in imported(path):
        if name.startswith("common"):
            assert name.removeprefix("common.") in common.__all__
        else:
            assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith(own), name


def test_code_that_runs_elsewhere_imports_nothing_of_ours() -> None:
    deployed = [
        path for path in SOURCES if {"lambda", "glue"} & set(path.relative_to(ROOT).parts[2:-1]) and "tests" not in path.parts
    ]
    assert deployed
    for path in (*deployed, *RUNTIME.rglob("*.py")):
        assert not top_level(path) & {"common", "projects", "tests", "tasks", "deploy"}, shown(path)


def test_the_deployer_knows_no_pipeline_by_name() -> None:
    names = [path.parent.name for path in (ROOT / "projects").glob("*/deploy.py")]
    assert names
    for path in (*COMMON, ROOT / "tasks.py"):
        text = path.read_text()
        texts = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
        assert not [name for name in names if name in texts or re.search(rf"projects[./]{name}\b", text)], shown(path)


def test_common_offers_what_it_says() -> None:
    for name in common.__all__:
        assert getattr(common, name).__name__ == name
    checked = {name.rpartition(".")[2] for name in imported(ROOT / "common/__init__.py") if name.startswith("common.")}
    assert checked - {"import_path", "import_source"} == set(common.__all__), "what type checkers see is what there is"
    with pytest.raises(AttributeError, match="has no attribute 'Engine'"):
        common.Engine  # noqa: B018 - looking is the test


def test_no_file_is_long() -> None:
    lines = {shown(path): len(path.read_text().splitlines()) for path in MAINTAINED}
    assert {path: number for path, number in lines.items() if number > 300} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [shown(path) for path in MAINTAINED if path.stat().st_size and not describes_itself(path)] == []
