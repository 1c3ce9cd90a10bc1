"""Imports that are found nowhere are told with their line, and refused by protected environments; what is found is not."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from common.packaging.missing_modules import standard_modules
from tests.packaging.index import wheel
from tests.support.repository import HANDLER, Repository

FUNCTION = "projects/acres/lambda/Validate"
DIES = "It will die when it is imported."


def plan(repository: Repository, source: str, files: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """What a plan says of the imports of a handler."""
    repository.write(f"{FUNCTION}/handler.py", f"{source}\n{HANDLER}")
    for name, text in files.items():
        repository.write(f"{FUNCTION}/{name}", text)
    ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 2, ended.err
    return [line.strip() for line in ended.out.splitlines() if " imports " in line]


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    repository.project("acres")
    return repository


RELATIVE = "relatively, but the file is not in a package there. Import the module by its name: util."
NOWHERE = "which is neither in the package nor in what it installs nor in the runtime."


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import yaml", f"handler.py:1 imports yaml, {NOWHERE}"),
        ("import os, yaml.loader as y", f"handler.py:1 imports yaml, {NOWHERE}"),
        ("from yaml import *", f"handler.py:1 imports yaml, {NOWHERE}"),
        ("def later():\n    import yaml", f"handler.py:2 imports yaml, {NOWHERE}"),
        ("try:\n    import yaml\nexcept ValueError:\n    pass", f"handler.py:2 imports yaml, {NOWHERE}"),
        ("from .util import f", f"handler.py:1 imports .util {RELATIVE}"),
        ("from . import util", f"handler.py:1 imports . {RELATIVE}"),
        ("from inner.more import f", "handler.py:1 imports inner.more, which is not there. Add the file, or correct the name."),
        ("import inner.one", "inner/one.py:1 imports .two, which is not there. Add the file, or correct the name."),
        ("import cgi", "handler.py:1 imports cgi, which Python has no longer since 3.13."),
    ],
)
def test_what_is_found_nowhere_is_told_and_protected_environments_refuse_it(acres: Repository, source: str, message: str) -> None:
    acres.configure(defaults={"function": {"runtime": "python3.13"}})
    warnings = plan(acres, source, {"util.py": "f = 1\n", "inner/__init__.py": "", "inner/one.py": "from .two import x\n"})
    assert warnings == [f"acres: lambda/Validate: {message} {DIES}"]
    acres.configure(defaults={"function": {"runtime": "python3.13"}}, protected=True)
    refused = acres.invoke("deploy", "--env", "dev", "--yes")
    assert refused.code == 1
    assert "This code would die when it is imported, so this environment does not take it:" in refused.err
    assert message in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    "source",
    [
        "import boto3, urllib3.util, dateutil.parser, json, zoneinfo",
        "try:\n    import yaml\nexcept ImportError:\n    yaml = None",
        "try:\n    import tomllib\nexcept ModuleNotFoundError:\n    import tomli",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import yaml",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mypy_boto3_s3 import S3Client",
        "import sys\nif sys.version_info < (3, 9):\n    import backports.zoneinfo",
        "import importlib\nyaml = importlib.util.find_spec('yaml') and importlib.import_module('yaml')",
        "if __debug__:\n    import debugpy",
        "import sys\nsys.path.insert(0, 'vendor')\nimport hidden",
        "import util, inner, inner.one, space.deep.three",
        "from space.deep import three\nfrom inner import one, NAME",
        "import six.moves.urllib, made.at_run_time",
        "import _private, __main__",
        "from __future__ import annotations",
    ],
)
def test_what_is_found_or_not_needed_is_not_told(acres: Repository, source: str) -> None:
    files = {"util.py": "", "inner/__init__.py": "NAME = 1\n", "inner/one.py": "from . import two\nfrom .two import x\n"}
    files |= {"inner/two.py": "x = 1\n", "space/deep/three.py": "", "vendor/hidden.py": "", "six.py": "import sys\n"}
    files |= {"made/__init__.py": "import sys\nsys.modules['made.at_run_time'] = sys\n", "unused.py": "import yaml\n"}
    assert plan(acres, source, files) == []


def test_packages_are_known_by_what_is_installed(acres: Repository, index: Path) -> None:
    wheel(index, "barn", "1.0", files={"other_name/__init__.py": "import nothing_of_ours\n"})
    acres.write(f"{FUNCTION}/requirements.txt", "barn\n")
    assert acres.invoke("package-lambdas", "--lock").code == 0
    assert plan(acres, "import other_name, barn") == []
    assert plan(acres, "import grain") == [f"acres: lambda/Validate: handler.py:1 imports grain, {NOWHERE} {DIES}"]


def test_packages_in_the_folder_are_of_others(acres: Repository) -> None:
    acres.write(f"{FUNCTION}/thing-1.0.dist-info/RECORD", "thing/__init__.py,,\nthing/sub.py,,\n")
    assert (
        plan(acres, "import thing.sub", {"thing/__init__.py": "import yaml\n", "thing/sub.py": "import winreg, thing.gone\n"})
        == []
    )


def test_layers_bring_modules_and_those_of_others_may_bring_any(acres: Repository) -> None:
    acres.project("acres", 'layer = p.layer("text")', 'p.function("Validate", layers=[layer])')
    acres.write("projects/acres/layers/text/words.py", "WORD = 1\n")
    assert plan(acres, "import words") == []
    assert plan(acres, "import other") == [f"acres: lambda/Validate: handler.py:1 imports other, {NOWHERE} {DIES}"]
    arn = "arn:aws:lambda:eu-central-1:999999999999:layer:x:1"
    acres.configure(projects={"acres": {"functions": {"Validate": {"layers": [arn]}}}})
    assert plan(acres, "import other") == []
    assert plan(acres, "from .other import x")


def test_jobs_are_looked_at_with_what_glue_brings(acres: Repository) -> None:
    def told(source: str) -> list[str]:
        acres.write("projects/acres/glue/landing/load.py", source)
        return [line.strip() for line in acres.invoke("plan", "--env", "dev").out.splitlines() if " imports " in line]

    assert told("import sys\nfrom awsglue.utils import getResolvedOptions\nimport pyspark.sql, pandas, yaml, PIL\n") == []
    (message,) = told("import great_expectations\n")
    assert message.startswith("acres: glue-job/load: load.py:1 imports great_expectations, which is neither")
    (message,) = told("from .helpers import x\n")
    assert (
        "imports .helpers relatively, but the file is not in a package there. Import the module by its name: helpers." in message
    )
    acres.project("acres", 'p.job("load", arguments={"--additional-python-modules": "great_expectations==1.0"})')
    assert told("import great_expectations\n") == []


def test_an_unchanged_package_is_not_looked_at(acres: Repository) -> None:
    acres.write(f"{FUNCTION}/handler.py", f"import yaml\n{HANDLER}")
    assert "imports yaml" in acres.invoke("deploy", "--env", "dev").out
    assert "imports" not in acres.invoke("plan", "--env", "dev").out


def test_standard_libraries_differ_by_version() -> None:
    assert {"distutils", "cgi", "json", "zoneinfo"} <= standard_modules(11)
    assert not {"distutils", "compression"} & standard_modules(13)
    assert "tomllib" not in standard_modules(10)
    assert {"compression", "json"} <= standard_modules(14)
