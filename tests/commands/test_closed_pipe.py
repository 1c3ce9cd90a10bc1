"""What a command says when nobody reads its output any more, as behind `| head`."""

import os
import subprocess
import sys

import pytest

from tests.support.repository import Repository


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["types"], ""),
        (["policy", "--env", "dev"], ""),
        (["package-lambdas"], "error: whoever read the output has closed it, so the command has stopped."),
    ],
)
def test_only_a_command_that_changes_something_complains(repository: Repository, words: list[str], message: str) -> None:
    repository.project()
    repository.shell("python", "-c", "")  # brings what the repository imports
    command = [sys.executable, "-m", "invoke", *words]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=repository.root, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 141
    assert err.startswith(message) if message else "Errno" not in err and "error" not in err
