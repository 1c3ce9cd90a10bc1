"""A stack of CloudFormation lets its resources go, as `docs/moving-in.md` tells it."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.moving_in import snapshot
from tests.moving_in.conftest import LiveAccount
from tests.moving_in.stack_account import StackAccount
from tests.support.repository import ROOT


def retained(template: str, folder: Path) -> str:
    """The template as the command of the documentation changes it."""
    (command,) = re.findall(r'python3 -c "\n(.*?)"\n', (ROOT / "docs/moving-in.md").read_text(), re.DOTALL)
    (folder / "stack.json").write_text(template)
    source = re.sub(r"^ {7}", "", command, flags=re.MULTILINE)
    subprocess.run([sys.executable, "-I", "-c", source], cwd=folder, check=True)
    return (folder / "retained.json").read_text()


def test_a_stack_that_retains_its_resources_can_be_deleted(stack: LiveAccount, tmp_path: Path) -> None:
    cloudformation = StackAccount(stack.client)
    before = stack.snapshot()
    body = retained(cloudformation.processed(), tmp_path)
    assert {resource["DeletionPolicy"] for resource in json.loads(body)["Resources"].values()} == {"Retain"}
    cloudformation.update(body)
    cloudformation.delete()
    assert list(snapshot.compare(before, stack.snapshot()).lines()) == []
