"""`invoke new` writes a whole project, or nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.setup import templates
from tests.support.repository import SHARED, Repository

BUCKETS = "\n".join(f'    shared.bucket("{zone}", event_bridge=True)' for zone in ("landing", "cleansed", "final"))
ZONES = SHARED.replace('    shared.log_group("states")', f'{BUCKETS}\n    shared.log_group("states")')
"""Root `deploy.py` with the buckets that the templates use."""


@pytest.fixture
def zones(repository: Repository) -> Repository:
    repository.write("deploy.py", ZONES)
    return repository


def test_every_template_is_described_in_a_line() -> None:
    descriptions = templates.descriptions()
    assert [*descriptions] == ["s3-to-parquet", "api-drop", "nested-machines", "python-shell"]
    assert all(text.endswith(".") and "\n" not in text for text in descriptions.values())


@pytest.mark.parametrize("template", templates.names())
def test_a_project_has_all_parts_and_configuration_for_every_environment(zones: Repository, template: str) -> None:
    zones.configure("prod", name_prefix="t-prod", artifact_bucket="t-prod-artifacts")
    done = zones.invoke("new", "--project", "sales", "--template", template)
    assert (done.code, done.err) == (0, "")
    written = zones.files()
    for part in ("deploy.py", "lambda/", "glue/", "tests/test_", "tests/data/"):
        assert [path for path in written if path.startswith(f"projects/sales/{part}")], part
    assert [path for path in written if path.endswith(".asl.json")]
    assert {"config/sales/dev.json", "config/sales/prod.json"} <= written.keys()
    assert not [path for path, content in written.items() if b"new_project" in content]
    assert {path for path in written if path.startswith(("projects/", "config/sales/"))} == {
        line.strip() for line in done.out.splitlines() if line.startswith(("  projects/", "  config/"))
    }
    assert not [path for path in written if path.startswith("build/new-")]
    assert zones.invoke("check", "--project", "sales").code == 0


def test_the_name_may_stand_alone(zones: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["new", "sales", "--yes"], ["new", "--template", "python-shell", "stock"]):
        monkeypatch.setattr("sys.argv", ["invoke", *words])
        assert zones.invoke(*words).code == 0
    monkeypatch.setattr("sys.argv", ["invoke", "new", "--help"])
    assert "Usage: " in zones.invoke("new", "--help").out
    assert json.loads(zones.invoke("new", "--project", "third", "--yes", "--json").out)["template"] == "s3-to-parquet"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2024", "A project's name has up to 64 letters (a to z), digits, - and _, begins with a letter"),
        ("my project", "A project's name has up to 64 letters"),
        ("../sales", "A project's name has up to 64 letters"),
        ("shared", "and is not 'shared'"),
        ("con", "Windows cannot have a file called con"),
        ("acres", "projects/acres/ exists already. Choose another name"),
        ("Acres", "projects/acres/ exists already. Choose another name"),
        ("landing", "deploy.py declares the shared bucket/landing"),
        ("a" * 60, "AWS allows"),
        ("configured", "config/dev.json: $.projects.configured configures configured already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(zones: Repository, name: str, message: str) -> None:
    zones.project("acres")
    if name == "configured":
        zones.configure(projects={name: {"parameters": {"max": "1"}}})
        zones.write("projects/configured/README", "")
        (zones.root / "projects/configured/README").unlink()
        (zones.root / "projects/configured").rmdir()
    before = zones.files()
    done = zones.invoke("new", "--project", name, "--yes")
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err
    assert zones.files() == before


def test_a_shared_resource_that_is_missing_is_named_with_the_line_to_add(repository: Repository) -> None:
    before = repository.files()
    done = repository.invoke("new", "--project", "sales", "--yes")
    assert done.code == 1
    assert 'add this line to deploy.py: shared.bucket("' in done.err
    assert "Nothing was written." in done.err
    assert repository.files() == before


def test_another_project_that_is_broken_is_no_reason_to_refuse(zones: Repository) -> None:
    zones.write("projects/acres/deploy.py", "import nowhere\n")
    assert zones.invoke("new", "--project", "sales", "--yes").code == 0


def test_without_a_terminal_the_template_must_be_chosen(zones: Repository) -> None:
    before = zones.files()
    for words, message in (
        (("--project", "sales"), "Which template? Add --template NAME, or --yes for s3-to-parquet:"),
        (("--project", "sales", "--template", "python_shell"), "Did you mean 'python-shell'?"),
        ((), "Which project? Type its name"),
        (("--project", "sales", "--like", "dev"), "--like is of an environment: add --environment NAME."),
    ):
        done = zones.invoke("new", *words)
        assert (done.code, message in done.err) == (1, True), done.err
    assert zones.files() == before


def test_at_a_terminal_name_and_template_are_asked_for(zones: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["sales", "4"])
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def answer(question: str) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    done = zones.invoke("new")
    assert done.code == 0, done.err
    assert "from the template python-shell" in done.out
    assert "4. python-shell" in asked[1]
    assert Path(zones.root, "projects/sales/glue/summary/summary.py").is_file()
