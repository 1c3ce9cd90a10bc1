"""Documents name files, tests, tasks and checks that exist."""

import re
from pathlib import Path

import pytest

from tests.account.checks import CHECKS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PATH = re.compile(r"`((?:common|tests|docs|projects|config)/[\w./-]+|tasks\.py|deploy\.py)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
MODULE = re.compile(r"python -m ((?:tests|common|projects)[\w.]*)")
EXAMPLES = ("projects/orders/", "config/<", "tests/data/orders.csv")
"""Begin the names that an explanation makes up."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    modules = [name.replace(".", "/") for name in MODULE.findall(text)]
    named = [name for name in (*PATH.findall(text), *modules) if not name.startswith(EXAMPLES)]
    missing = [name for name in named if not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()]
    missing += [name for name in LINK.findall(text) if not (document.parent / name).exists()]
    assert missing == []


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
