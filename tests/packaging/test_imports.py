"""Following imports: what is reached is taken, what is not is left, and what is missing is told."""

import os
from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging.imports import Libraries
from common.packaging.python_source import check_defines

SHARED = {
    "codes.py": "from .texts import clean\nimport shared.tables\nCODES = 1\n",
    "texts.py": "def clean(text): ...\n",
    "tables.py": "",
    "unused.py": "import shared.broken_if_read\n",
    "rules/__init__.py": "from . import limits\n",
    "rules/limits.py": "from ..texts import clean\nfrom .deep.inner import X\n",
    "rules/other.py": "",
    "rules/limits.json": "{}",
    "rules/deep/inner.py": "X = 1\n",
    "plugins/one.py": "import shared.tables\n",
    "plugins/two.py": "",
    "plugins/data/rows.csv": "a,b\n",
    "star/__init__.py": "",
    "star/a.py": "",
}


@pytest.fixture
def libraries(tmp_path: Path) -> Libraries:
    for name, text in SHARED.items():
        write(tmp_path / "shared" / name, text)
    write(tmp_path / "libs/geo/__init__.py", "from shared.tables import *\n")
    write(tmp_path / "libs/geo/points.py", "")
    write(tmp_path / "libs/units.py", "ACRE = 4046.86\n")
    return Libraries(
        {"shared": tmp_path / "shared", "geo": tmp_path / "libs/geo", "units": tmp_path / "libs/units.py", "no": tmp_path / "no"}
    )


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


CODES = {"shared/codes.py", "shared/texts.py", "shared/tables.py"}
RULES = {
    "shared/rules/__init__.py",
    "shared/rules/limits.py",
    "shared/rules/limits.json",
    "shared/rules/deep/inner.py",
    "shared/texts.py",
}


@pytest.mark.parametrize(
    ("source", "reached"),
    [
        ("import json, os.path", set()),
        ("from shared.codes import CODES", CODES),
        ("from shared import codes", CODES),
        ("import shared.codes as c", CODES),
        ("def f():\n    import shared.codes", CODES),
        ("from shared import rules, tables", {*RULES, "shared/tables.py"}),
        ("import shared.rules.deep.inner", RULES),
        ("from shared.rules.limits import LIMIT", RULES),
        ("from shared.rules import LIMIT", RULES),
        ("import importlib\nimportlib.import_module('shared.tables')", {"shared/tables.py"}),
        ("import importlib\nimportlib.import_module(name)  # shared", set()),
        ("import importlib\nimportlib.ｉmport_module('shared.tables')", {"shared/tables.py"}),  # noqa: RUF001 - Python reads an i
        ("class A:\n    while f(g(1)):\n        with a as b:\n            import shared.codes", CODES),
        ("match x:\n    case 1 if y:\n        import shared.codes", CODES),
        ("try:\n    f()\nexcept* E:\n    import shared.codes", CODES),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shared.codes\nelse:\n    import shared.tables",
            {"shared/tables.py"},
        ),
        ("from shared.star import *", {"shared/star/__init__.py", "shared/star/a.py"}),
        ("from . import shared", set()),
        ("import units", {"units.py"}),
        ("from geo import points", {"geo/__init__.py", "geo/points.py", "shared/tables.py"}),
        ("try:\n    from shared import fast\nexcept ImportError:\n    from shared import tables as fast", {"shared/tables.py"}),
        ("try:\n    import shared.fast\nexcept* ImportError:\n    import shared.tables", {"shared/tables.py"}),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import shared.fast", set()),
        ("from contextlib import suppress\nwith open('x'), suppress(KeyError, (ImportError,)):\n    import shared.fast", set()),
        ("import no", set()),
        ("import shared", set()),
        ("text = 'import shared.codes'", set()),
    ],
)
def test_what_is_imported_is_taken_and_no_more(libraries: Libraries, tmp_path: Path, source: str, reached: set[str]) -> None:
    files = libraries.reachable_files([write(tmp_path / "handler.py", source)])
    assert set(files) == reached
    assert list(files) == sorted(files)


def test_what_is_imported_in_ways_that_cannot_be_seen_is_declared(libraries: Libraries, tmp_path: Path) -> None:
    handler = write(tmp_path / "handler.py", "")
    plugins = {"shared/plugins/one.py", "shared/plugins/two.py", "shared/plugins/data/rows.csv", "shared/tables.py"}
    assert set(libraries.reachable_files([handler], ["shared.plugins"])) == plugins
    assert set(libraries.reachable_files([handler], ["shared.plugins.two"])) == {"shared/plugins/two.py"}
    assert set(libraries.reachable_files([handler], ["units"])) == {"units.py"}
    for name in ("shared.plugin", "shared.plugins.three"):
        with pytest.raises(ArtifactError, match=f"includes: there is no {name} in "):
            libraries.reachable_files([handler], [name])
    with pytest.raises(ArtifactError, match=r"includes: no library has 'elsewhere.x'. The libraries are: shared, geo, units"):
        libraries.reachable_files([handler], ["elsewhere.x"])


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("\nfrom shared.code import CODES", "2 imports shared.code, which"),
        ("from shared import code", "1 imports shared.code, which"),
        ("import shared.Codes", "1 imports shared.Codes, which"),
        ("try:\n    import shared.fast\nexcept ValueError: ...", "2 imports shared.fast"),
        ("with contextlib.suppress(KeyError):\n    import shared.fast", "2 imports shared.fast"),
        ("try: ...\nexcept ImportError:\n    import shared.fast", "3 imports shared.fast"),
    ],
)
def test_what_is_missing_is_told(libraries: Libraries, tmp_path: Path, source: str, missing: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        libraries.reachable_files([write(tmp_path / "handler.py", source)])
    assert f"handler.py:{missing}" in str(caught.value)


def test_what_the_folder_has_itself_comes_first(libraries: Libraries, tmp_path: Path) -> None:
    handler = write(tmp_path / "handler.py", "import shared.mine")
    assert libraries.reachable_files([handler], own=["shared"]) == {}


def test_an_edit_within_a_session_is_seen(libraries: Libraries, tmp_path: Path) -> None:
    handler = write(tmp_path / "handler.py", "import shared.tables")
    assert set(libraries.reachable_files([handler])) == {"shared/tables.py"}
    write(handler, "import shared.texts ")
    os.utime(handler, (1, 1))
    assert set(libraries.reachable_files([handler])) == {"shared/texts.py"}


def test_long_chains_of_branches_are_followed(libraries: Libraries, tmp_path: Path) -> None:
    chain = "".join(f"    elif event == {number}:\n        pass\n" for number in range(1500))
    source = f"def handler(event, context):\n    if event:\n        pass\n{chain}    else:\n        import shared.tables\n"
    handler = write(tmp_path / "handler.py", source)
    assert set(libraries.reachable_files([handler])) == {"shared/tables.py"}
    check_defines(handler, "handler.handler", "python3.11")
    with pytest.raises(ArtifactError, match=r"handler\.py does not define 'main'"):
        check_defines(handler, "handler.main", "python3.11")
    with pytest.raises(ArtifactError, match=r"deep\.py is nested more deeply than Python can read\."):
        libraries.reachable_files([write(tmp_path / "deep.py", f"import shared.tables\n{'-' * 100_000}1\n")])


def test_what_only_a_newer_python_knows_is_declared(libraries: Libraries, tmp_path: Path) -> None:
    handler = write(tmp_path / "handler.py", "import shared.tables\nfirst of all = 1\n")
    with pytest.raises(ArtifactError) as caught:
        libraries.reachable_files([handler], runtime="python3.99")
    assert str(caught.value).endswith(
        "handler.py:2: invalid syntax. That may be Python that only python3.99 knows. Name what it imports in "
        "`includes`, or run the deployer by a Python as new."
    )
    assert set(libraries.reachable_files([handler], ["shared.tables"], runtime="python3.99")) == {"shared/tables.py"}
    with pytest.raises(ArtifactError, match=r"handler\.py:2: invalid syntax\.$"):
        libraries.reachable_files([handler], ["shared.tables"], runtime="python3.11")


def test_data_beside_a_module_is_what_a_folder_would_bring(libraries: Libraries, tmp_path: Path) -> None:
    root = libraries.roots["shared"]
    handler = write(tmp_path / "handler.py", "import shared.rules.limits\nimport shared.tables")
    before = set(libraries.reachable_files([handler]))
    for name in ("notes.md", "rules/draft.md", "rules/.limits.py.swp", "rules/limits.py~", "requirements.txt", ".cache/x"):
        write(root / name, "")
    write(root / "rules/keep.csv", "")
    write(root / ".deployignore", "*.md\ntables.py\n")
    assert set(libraries.reachable_files([handler])) - before == {"shared/rules/keep.csv"}
    assert not [name for name in libraries.reachable_files([], ["shared.rules"]) if name.endswith((".md", ".swp", "~"))]


def test_links_do_not_lead_out_of_the_repository(libraries: Libraries, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    write(repository / "elsewhere/inside.csv", "")
    write(repository / "shared/codes.py", "")
    write(tmp_path / "outside.py", "")
    write(tmp_path / "outside/module.py", "")
    (repository / "shared/inside.csv").symlink_to(repository / "elsewhere/inside.csv")
    importable = Libraries({"shared": repository / "shared"}, repository)
    handler = write(tmp_path / "handler.py", "import shared.codes")
    assert set(importable.reachable_files([handler])) == {"shared/codes.py", "shared/inside.csv"}
    assert set(importable.reachable_files([], ["shared"])) == {"shared/codes.py", "shared/inside.csv"}
    (repository / "shared/outside.csv").symlink_to(tmp_path / "outside.py")
    with pytest.raises(ArtifactError, match=r"shared/outside\.csv is a link out of its folder\. Put the file itself there\."):
        importable.reachable_files([handler])
    (repository / "shared/outside.csv").unlink()
    (repository / "shared/linked").symlink_to(tmp_path / "outside")
    with pytest.raises(ArtifactError, match="shared/linked is a link out of its folder"):
        importable.reachable_files([write(handler, "import shared.linked.module")])
