"""Documents name files, tests, commands, options and checks that exist; their links lead somewhere, and their samples work."""

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from invoke.exceptions import ParseError
from invoke.parser import Parser
from invoke.program import Program

import tasks
from common import Pipeline, SharedResources
from common.commands import spelling
from common.commands.option_help import HELP
from common.environment.config_files import load
from common.model import steps
from tests.account.checks import CHECKS
from tests.support.repository import ROOT, Repository
from tests.test_architecture import FLOORS

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PATH = re.compile(r"`((?:common|tests|docs|projects|config)/[\w./-]+|tasks\.py|deploy\.py)`")
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"python -m ((?:tests|common|projects)[\w.]*)")
COMMAND = re.compile(r"(?:^ {4}|`|\$ |&& |run: |\{ )(?:uv run )?(?:inv|invoke) ([^`#\n|;}]+)", re.MULTILINE)
OPTION = re.compile(r"`(--[a-z][a-z-]*)[^`]*`")
EXAMPLES = ("projects/sales/", "projects/<", "config/orders/", "config/<", "tests/data/orders.csv")
"""Begin the names that an explanation makes up."""
OTHERS = frozenset(
    {
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--pre",
        "--extra-py-files",
        "--conf",
        "--datalake-formats",
        "--enable-glue-datacatalog",
        "--extra-files",
        "--extra-jars",
        "--job-bookmark-option",
        "--hotswap",
        "--parameters",
        "--template-url",
    }
)
"""Options of other programs."""
PROGRAM = re.compile(r"python -m ([\w.]+)((?: +--?[\w-]+(?: [\w.]+)?)*)")
PROGRAMS = (
    *(
        "tests.account",
        "tests.bench",
        "tests.bench.packaging",
        "tests.bench.peers",
        "tests.bench.floor",
        "tests.bench.simulation",
    ),
    *("tests.moving_in.snapshot", "tests.soak"),
)
"""Programs of the tests, which documents show with options of their own."""


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    numbers: dict[str, int] = {}
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        numbers[slug] = numbers.get(slug, -1) + 1
    return {f"{slug}-{count}" if count else slug for slug, last in numbers.items() for count in range(last + 1)}


def commands(text: str) -> Iterator[str]:
    """What documents show behind ``invoke``, up to where the shell takes over."""
    for words in COMMAND.findall(text):
        command = re.split(r" (?:&&|\|\||in|if|at|with) |…", words)[0].strip()
        if command and not command.startswith(("stands ", "alone ")):
            yield command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    modules = [name.replace(".", "/") for name in MODULE.findall(text)]
    named = [name for name in (*PATH.findall(text), *modules) if not name.startswith(EXAMPLES)]
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(FENCE.sub("", document.read_text())):
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(f"{path}#{anchor}")
    assert broken == []


def test_anchors_are_those_of_github() -> None:
    text = "# A page\n## Delete: `gc`, and why?\n```\n# no heading\n```\n## A page\n### Old_names / all\n"
    assert anchors(text) == {"a-page", "delete-gc-and-why", "a-page-1", "old_names--all"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist_with_their_options(document: Path) -> None:
    refused = []
    for command in commands(document.read_text()):
        spelling.take_subjects(tasks.namespace, shlex.split(command))
        parser = Parser(contexts=tasks.namespace.to_contexts(), initial=Program().initial_context)
        try:
            parser.parse_argv(shlex.split(command))
        except ParseError as error:
            refused.append(f"{command}: {error}")
    assert refused == []


def test_every_command_is_in_the_readme() -> None:
    table = (ROOT / "README.md").read_text().partition("## Commands")[2]
    names = set(tasks.namespace.task_names) - {*steps.STEPS, "list"}
    assert [name for name in sorted(names) if not re.search(rf"`(invoke )?{name}\b", table)] == []
    assert [name for name in steps.STEPS if name not in table] == []


def test_every_shared_option_is_explained() -> None:
    table = (ROOT / "docs/operations.md").read_text().partition("## Options")[2]
    assert [name for name in HELP if f"`--{name.replace('_', '-')}" not in table] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_options_exist(document: Path) -> None:
    contexts = [*tasks.namespace.to_contexts(), Program().initial_context]
    options = {name for context in contexts for name in (*context.flags, *context.inverse_flags)} | OTHERS | {*_taken(*PROGRAMS)}
    assert sorted(set(OPTION.findall(document.read_text())) - options) == []


def _taken(*programs: str) -> Iterator[str]:
    """The options that programs of the tests name in their source."""
    for program in programs:
        path = ROOT / program.replace(".", "/")
        source = (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
        yield from re.findall(r'"(--[a-z][a-z-]*)"', source)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_programs_of_the_tests_exist_with_their_options(document: Path) -> None:
    shown = [(name, words.split()) for name, words in PROGRAM.findall(document.read_text()) if name.startswith("tests.")]
    assert {name for name, _ in shown} <= {*PROGRAMS}
    assert [(name, word) for name, words in shown for word in words if word[0] == "-" and word not in {*_taken(name)}] == []


def test_commands_are_found_wherever_they_are_shown() -> None:
    block = "    uv run invoke plan --env dev   # why\n- run: x || { uv run invoke drift || [ 2 ]; }\n"
    text = f"{block}Use `invoke gc --days 8` and `invoke`.\n"
    assert list(commands(text)) == ["plan --env dev", "drift", "gc --days 8"]


def texts_of_the_code() -> list[str]:
    """Every text in the deployer's source; what is filled in at run time is …, as in the documents."""
    nodes = (node for path in (ROOT / "common").rglob("*.py") for node in ast.walk(ast.parse(path.read_text())))
    return [_text(node) for node in nodes if isinstance(node, ast.JoinedStr | ast.Constant)]


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)


def test_every_message_that_is_explained_is_one_of_the_deployer() -> None:
    """All fixed parts of a quoted message stand in one text of the source, in this order."""
    quoted = re.findall(r"^### `(.+)`$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    assert len(quoted) > 40
    texts = texts_of_the_code()
    unknown = []
    for message in quoted:
        parts = [re.escape(part.strip()) for part in message.split("…") if len(part.strip()) > 1]
        if not any(re.search(".*".join(parts), text, re.DOTALL) for text in texts):
            unknown.append(message)
    assert unknown == []


def test_the_rooms_are_listed_with_their_floors() -> None:
    rows = re.findall(r"^\| (\d+) \| \[common/(\w+)/\]", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    floors = {(str(number), name) for number, floor in enumerate(FLOORS, 1) for name in floor}
    assert sorted(rows) == sorted(floors)


def test_the_readme_is_an_overview() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 200


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {path for path, _ in LINK.findall((ROOT / "README.md").read_text())}
    pages = {page.relative_to(ROOT).as_posix() for page in DOCUMENTS}
    assert pages - linked == {"README.md"}


def test_the_first_pipeline_of_the_docs_can_be_deployed(repository: Repository) -> None:
    text = (ROOT / "docs/declaring-pipelines.md").read_text()
    (declaration,) = (block for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "def " in block)
    repository.write("deploy.py", (ROOT / "deploy.py").read_text())
    repository.write("projects/sales/deploy.py", declaration)
    repository.write("projects/sales/lambda/Validate/handler.py", "def handler(event, context): ...\n")
    repository.write("projects/sales/glue/cleansed/clean_orders.py", "print()\n")
    task = {"Type": "Task", "Resource": "${Validate.arn}", "End": True}
    repository.write("projects/sales/orders.asl.json", {"StartAt": "A", "States": {"A": task}})
    keys = {"lambda/Validate", "glue-job/clean_orders", "state-machine/orders", "rule/nightly"}
    assert repository.resources().keys() >= keys


def test_everything_that_can_be_declared_is_listed() -> None:
    text = (ROOT / "docs/declaring-pipelines.md").read_text().partition("## What can be declared")[2]
    for_the_deployer = {"borrow", "rendered"}
    of_projects, shared = (
        {name for name in dir(face) if name[0] != "_" and callable(getattr(face, name))} - for_the_deployer
        for face in (Pipeline, SharedResources)
    )
    assert {"queue", "job"} <= of_projects
    assert [name for name in sorted(of_projects) if f"`p.{name}(" not in text] == []
    assert [name for name in sorted(shared) if f"`{name}`" not in text] == []


def test_the_configuration_of_the_docs_is_valid(repository: Repository) -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    sample, names, existing, bucket, instances = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    name = json.loads(sample)["name"]
    repository.write(f"config/{name}.json", sample)
    assert load(repository.root, name).projects["fpac_pipeline"].jobs["final_job"].workers == 10
    repository.write(f"config/{name}.json", {**json.loads(sample), **json.loads(f"{{{names}}}")})
    assert load(repository.root, name).projects["orders"].names["table/runs"] == "FSA_RUNS"
    repository.write(
        f"config/{name}.json", {**json.loads(sample), **json.loads(f"{{{existing}}}"), **json.loads(f"{{{bucket}}}")}
    )
    others = load(repository.root, name)
    assert (others.existing.secrets["warehouse"].name, others.store_prefix) == ("prod/warehouse", "acres/")
    repository.write(f"config/{name}.json", {**json.loads(sample), **json.loads(f"{{{instances}}}")})
    assert load(repository.root, name).projects["orders-globex"].parameters == {"customer": "Globex", "max_rows": 9000}


def test_the_length_of_the_printed_policy_is_as_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "policy", "--env", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    length = len(json.dumps(json.loads(done.stdout), separators=(",", ":")))
    lengths = re.findall(r"has ([\d,]+) characters", (ROOT / "docs/operations.md").read_text())
    assert lengths == [f"{length:,}"]


def test_every_document_says_something_of_what_proves_it() -> None:
    rows = [line for line in (ROOT / "docs/fidelity.md").read_text().splitlines() if "runtime/" in line and line.startswith("|")]
    assert len(rows) >= 10
    assert all("`tests/" in row for row in rows)


def test_every_seam_is_in_the_table() -> None:
    text = (ROOT / "docs/fidelity.md").read_text()
    seams = [path.name for path in (ROOT / "common/local/runtime").glob("*.py") if "seams.use(" in path.read_text()]
    assert [name for name in seams if f"common/local/runtime/{name}`" not in text] == []


def test_every_check_of_an_account_is_explained() -> None:
    text = (ROOT / "docs/first-account.md").read_text()
    rows = re.findall(r"^\| ([\w ]+) \|", text.partition("## How to read it")[2], re.MULTILINE)
    assert rows == ["check", *(check.name for check in CHECKS)]
