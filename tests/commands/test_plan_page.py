"""`invoke plan --html`: the plan as a page, beside what is printed."""

import pytest

from tests.report.page.test_report_page import Parsed
from tests.support.report_content import declare
from tests.support.repository import Repository


@pytest.fixture
def declared(repository: Repository, moto_dates: None) -> Repository:
    declare(repository)
    return repository


def plan(repository: Repository) -> tuple[Parsed, int]:
    """The page, and the exit code of the command."""
    ended = repository.invoke("plan", "--env", "dev", "--html", "plan.html")
    assert ended.err == "plan.html is written. Open it in a browser; it needs no network.\n"
    assert "--html" not in ended.out, "what to do next is a command that deploy takes"
    text = (repository.root / "plan.html").read_text()
    addresses = [attributes.get("href", "#") for _, attributes in Parsed(text).tags]
    assert {address[:1] for address in addresses if address != "data:,"} == {"#"}
    return Parsed(text), ended.code


def test_a_plan_is_a_page_with_pictures_and_values(declared: Repository) -> None:
    page, code = plan(declared)
    assert code == 2
    assert "lambda/Validate" in page.text
    assert "does not exist" in page.text
    marked = [attributes["class"] for attributes in page.all("g") if attributes.get("class", "").startswith("node succeeded")]
    assert len(marked) == 6, "the bucket, the function, the job, the table, the machine and the rule are created"

    assert declared.invoke("deploy", "--env", "dev").code == 0
    page, code = plan(declared)
    assert code == 0
    assert "Everything is as it is declared" in page.text

    declaration = (declared.root / "projects/acres/deploy.py").read_text()
    declared.write("projects/acres/deploy.py", declaration.replace('"Validate", ', '"Validate", environment={"ZONE": "<b>"}, '))
    page, code = plan(declared)
    assert code == 2
    assert "<b>" in page.text
    assert not page.all("b")
    assert [attributes for attributes in page.all("g") if attributes.get("class") == "node handled"] != []


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_planned(declared: Repository) -> None:
    ended = declared.invoke("plan", "--env", "dev", "--html", "no/folder/plan.html")
    assert (ended.code, ended.out) == (1, "")
    assert "no/folder/plan.html cannot be written" in ended.err
