"""The documentation of clients is loaded when it is read, and for everybody else botocore is as it was."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from common.aws import lazy_documentation
from tests.support.repository import ROOT

SESSION = """
import inspect, sys, threading
from common.aws.shell_credentials import isolated_session
def client(service):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return isolated_session().create_client(service, region_name="us-east-1", **keys)
"""
LOADED = "print([name for name in ('botocore.docs.service', 'botocore.docs.method', 'html.parser') if name in sys.modules])\n"
BOTO3 = """
import boto3
bucket = boto3.resource("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b").Bucket("b")
print(bucket.name, "bucket" in inspect.getdoc(bucket.put_object).lower())
"""


def printed(code: str) -> list[str]:
    """What a new Python process prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_client_loads_no_documentation() -> None:
    assert printed(f"{SESSION}client('sts').can_paginate('get_caller_identity')\n{LOADED}") == ["[]"]


def test_documentation_is_written_when_it_is_read() -> None:
    code = (
        "made = client('iam')\n"
        "print('get_role' in inspect.getdoc(made.get_role), 'AWS API' in str(made.get_role.__doc__))\n"
        "print('paginate' in inspect.getdoc(made.get_paginator('list_roles').paginate))\n"
        "print('wait' in inspect.getdoc(made.get_waiter('role_exists').wait))\n"
    )

    assert printed(SESSION + code) == ["True True", "True", "True"]


@pytest.mark.parametrize("order", [f"{BOTO3}client('sts')", f"client('sts'){BOTO3}"], ids=["boto3 first", "ours first"])
def test_boto3_in_a_declaration(order: str) -> None:
    code = """
import botocore.docs
from botocore.docs.docstring import LazyLoadedDocstring
print(botocore.docs.generate_docs.__name__)
"""

    assert printed(SESSION + order + code) == ["b True", "generate_docs"]


def test_boto3_is_imported_while_a_client_is_made() -> None:
    code = f"""
errors = []
def watched(call):
    def run():
        try:
            call()
        except BaseException as error:
            errors.append(error)
    return threading.Thread(target=run)
sys.setswitchinterval(0.00001)
calls = (lambda: client("sts"), lambda: exec({BOTO3!r}, globals()), lambda: __import__("botocore.docs"))
threads = [watched(call) for call in calls]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(errors)
"""

    assert printed(SESSION + code) == ["b True", "[]"]


def test_a_botocore_without_these_modules_is_left_alone() -> None:
    code = """
import sys
from common.aws import lazy_documentation
lazy_documentation.PACKAGE = "botocore.none"
lazy_documentation.load_documentation_later()
print([name for name in sys.modules if name.startswith("botocore.docs")])
"""

    assert printed(code) == ["[]"]


def test_a_botocore_that_uses_other_names_gets_them() -> None:
    code = (
        "from common.aws import lazy_documentation\nlazy_documentation.USED_BY_CLIENTS = ()\n"
        f"{SESSION}client('sts')\nprint('botocore.docs.method' in sys.modules)\n"
    )

    assert printed(code) == ["True"]


def test_two_threads_that_need_the_real_module_at_once_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    class StandIn(ModuleType):
        """Is asked by both threads before either has removed it, where nothing keeps one of them waiting."""

        @property
        def __is_stand_in__(self) -> bool:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.2)
            return True

    (tmp_path / "slowly_loaded.py").write_text("import time\ntime.sleep(0.1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "slowly_loaded", StandIn("slowly_loaded"))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lazy_documentation._real_module, ["slowly_loaded"] * 2)
    assert first is second is sys.modules["slowly_loaded"]
    assert not isinstance(first, StandIn)
