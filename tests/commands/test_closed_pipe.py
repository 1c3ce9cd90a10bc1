"""What a command says when nobody reads its output any more, as behind `| head`."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.repository import Repository


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["types"], ""),
        (["policy", "--env", "dev"], ""),
        (["local.stop"], "error: whoever read the output has closed it, so the command has stopped."),
        (["package-lambdas"], "error: whoever read the output has closed it, so the command has stopped."),
    ],
)
def test_only_a_command_that_changes_something_complains(repository: Repository, words: list[str], message: str) -> None:
    process, err = unread(repository, words)
    assert process.returncode == 141
    assert err.startswith(message) if message else "Errno" not in err and "error" not in err


@pytest.mark.parametrize("words", [["deploy", "--help"], ["--list"]])
def test_what_invoke_prints_itself_ends_without_a_word(repository: Repository, words: list[str]) -> None:
    """A shell tells of an end by this signal as 141."""
    process, err = unread(repository, words)
    assert (process.returncode, err) == (-signal.SIGPIPE, "")


def unread(repository: Repository, words: list[str]) -> tuple[subprocess.Popen[str], str]:
    """A command that has ended, and what it said while nobody read its output."""
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
    return process, err
