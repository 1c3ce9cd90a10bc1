"""Modules beside a Glue script go with it, and are not jobs; what may be both is asked about."""

import zipfile

import pytest

from common.base.errors import DeclarationError
from common.resources.job import Job
from tests.support.repository import Repository
from tests.support.terminal import squeezed

STAGE = "projects/acres/glue/load"
HELPERS = "import dates\n\n\ndef clean(row):\n    return dates.day(row)\n"
SCRIPT = "from helpers import clean\n\nprint(clean(1))\n"


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres")
    repository.write(f"{STAGE}/load_orders.py", SCRIPT)
    repository.write(f"{STAGE}/helpers.py", HELPERS)
    repository.write(f"{STAGE}/dates.py", "def day(row):\n    return row\n")
    return repository


def jobs(repository: Repository) -> dict[str, list[str]]:
    """The jobs, and what goes with each."""
    declared = (resource for resource in repository.resources().values() if isinstance(resource, Job))
    return {job.key.name: sorted(job.shared_code.files()) if job.shared_code else [] for job in declared}


def test_what_a_script_imports_from_beside_it_goes_with_it_and_is_no_job(acres: Repository) -> None:
    assert jobs(acres) == {"load": [], "load_orders": ["dates.py", "helpers.py"]}
    job = next(
        resource for resource in acres.resources().values() if isinstance(resource, Job) and resource.key.name == "load_orders"
    )
    assert job.desired()["DefaultArguments"]["--extra-py-files"].endswith(".zip")
    assert job.shared_code is not None
    with zipfile.ZipFile(job.shared_code.build(acres.root / "build/artifacts")) as archive:
        assert archive.namelist() == ["dates.py", "helpers.py"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("_names.py", "import _names\n", ["_names.py"]),
        ("lib/texts.py", "from lib import texts\n", ["lib/texts.py"]),
        ("lib/texts.py", "import os, lib.texts as t\n", ["lib/texts.py"]),
        ("lib/deep/texts.py", "from lib.deep.texts import x\n", ["lib/deep/texts.py"]),
        ("codes.py", "try:\n    import codes\nexcept ImportError:\n    codes = None\n", ["codes.py"]),
        ("codes.py", "from shared.rules import x\n", ["shared/rules.py"]),
        ("calendar.py", "import calendar\n", []),
        ("codes.py", "print('import codes')\n", []),
        ("codes.py", "from .codes import x\n", []),
    ],
)
def test_ways_to_import_and_what_is_none(repository: Repository, name: str, text: str, expected: list[str]) -> None:
    repository.project("acres")
    repository.write("projects/acres/shared/rules.py", "x = 1\n")
    repository.write("projects/acres/glue/landing/load.py", text)
    repository.write(f"projects/acres/glue/landing/{name}", "x = 1\n")
    files_by_job = jobs(repository)
    assert files_by_job.pop("load") == expected
    is_job = "/" not in name and not name.startswith("_") and name not in expected
    assert list(files_by_job) == ([name.removesuffix(".py")] if is_job else [])


@pytest.mark.parametrize("shell", ["True", "False"])
def test_a_declared_job_is_one_though_another_imports_it(acres: Repository, shell: str) -> None:
    acres.project("acres", f'p.job("helpers", shell={shell})', 'p.job("load_orders")', 'p.library("libs/geo")')
    acres.write("libs/geo/__init__.py", "")
    acres.write(f"{STAGE}/helpers.py", f"import geo\n{HELPERS}")
    assert jobs(acres) == {
        "helpers": ["dates.py", "geo/__init__.py"],
        "load": [],
        "load_orders": ["dates.py", "geo/__init__.py", "helpers.py"],
    }


@pytest.mark.parametrize("text", ["print(1)\n", "if __name__ == '__main__':\n    clean(1)\n", "for x in y:\n    pass\n"])
def test_what_may_be_a_job_is_asked_about(acres: Repository, text: str) -> None:
    acres.write(f"{STAGE}/helpers.py", HELPERS + text)
    with pytest.raises(DeclarationError) as caught:
        acres.declared()
    assert str(caught.value) == (
        "projects/acres: glue/load/helpers.py is imported by load_orders.py beside it, but runs code by itself, as a job "
        'does. If it is a job, too, declare it: p.job("helpers"). If not, leave only definitions in it, or call it _helpers.py.'
    )
    acres.project("acres", 'p.job("helpers")')
    assert jobs(acres)["load_orders"] == ["dates.py", "helpers.py"]


def test_a_change_of_a_module_updates_what_imports_it(acres: Repository, moto: None) -> None:
    assert acres.invoke("deploy", "--env", "dev").code == 0
    acres.write(f"{STAGE}/dates.py", "def day(row):\n    return row + 1\n")
    planned = acres.invoke("plan", "--env", "dev")
    assert "~ glue-job/load_orders update dates.py changed" in squeezed(planned.out)
    assert "glue-job/load:" not in planned.out
