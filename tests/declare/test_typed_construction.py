"""Resources and declarations are made by typed keyword arguments, so that mypy finds a field that is missing or misspelled."""

import sys
from pathlib import Path

import pytest
from mypy import api

from tests.support.repository import ROOT

PROGRAM = """
from pathlib import Path
from common.declare.named_access import Access
from common.declare.crawlers import CrawlerDeclaration
from common.model.declared import Identity
from common.model.resource import Key
from common.resources.topic import Topic
from common.resources.table import Table
identity = Identity(key=Key("p", "topic", "t"), name="t", arn="arn:t", tags={})
Topic(identity=identity)
"""


WRONG = {
    "Table(identity=identity)": 'Missing named argument "partition_key" for "Table"',
    "Topic(identity=identity, region=1)": 'Unexpected keyword argument "region" for "Topic"',
    "Identity(key=identity.key, name='t', arn='arn:t')": 'Missing named argument "tags" for "Identity"',
    "CrawlerDeclaration(targets=(), access=Access(), settings=None)": (
        'Missing named argument "database" for "CrawlerDeclaration"'
    ),
}


def test_mypy_finds_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program = tmp_path / "wrong.py"
    program.write_text("\n".join([PROGRAM, *WRONG]))
    options = ["--config-file", "pyproject.toml", "--cache-dir", str(tmp_path / "cache")]
    limit = sys.getrecursionlimit()
    report, _, code = api.run([*options, str(program)])
    sys.setrecursionlimit(limit)  # which mypy raises for the whole process
    errors = [line for line in report.splitlines() if "error:" in line]
    assert [line.partition("error: ")[2].partition("  [")[0] for line in errors] == list(WRONG.values())
    assert code == 1
