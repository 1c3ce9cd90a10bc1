"""Every save is a round: what counts as one, what does not, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.base import programs
from common.base.errors import UsageError
from common.commands import watch
from common.commands.watch import FileWatch
from common.model.choices import Choices
from tests.support.repository import HANDLER, Repository

HANDLER_OF = "projects/acres/lambda/Validate/handler.py"


class Over(BaseException):
    """Ends a watch that would go on for ever."""


def edits(*steps: Callable[[], object]) -> Callable[[float], None]:
    """A `sleep` in which these things happen, one each time; then it is over."""
    left = list(steps)

    def sleep(_seconds: float) -> None:
        if not left:
            raise Over
        left.pop(0)()

    return sleep


def nothing() -> None:
    """Nothing happens."""


def told(root: Path, *steps: Callable[[], object]) -> str:
    """What is told to have changed after these things have happened."""
    return FileWatch(root, edits(*steps)).wait()


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres")
    repository.commit()
    return repository


def test_a_save_is_over_when_nothing_changes_any_more(acres: Repository) -> None:
    def edit(path: str, text: str) -> Callable[[], object]:
        return lambda: acres.write(path, text)

    first, second, third = edit(HANDLER_OF, "x = 1"), edit("deploy.py", "x = 2"), edit("projects/acres/new.py", "")
    assert told(acres.root, nothing, first, second, third, nothing) == (
        f"deploy.py changed, {HANDLER_OF} changed, projects/acres/new.py added"
    )
    assert told(acres.root, (acres.root / HANDLER_OF).unlink, nothing) == f"{HANDLER_OF} removed"
    assert told(acres.root, lambda: (acres.root / "deploy.py").chmod(0o755), nothing) == "deploy.py changed"
    swapped = acres.write("projects/acres/deploy.py.tmp", "x = 1")
    assert told(acres.root, lambda: swapped.replace(acres.root / "deploy.py"), nothing).startswith("deploy.py changed")


@pytest.mark.parametrize(
    "path",
    [
        *("build/artifacts/x.zip", ".git/index.lock", ".venv/x.py", "projects/acres/__pycache__/x.pyc", ".hypothesis/x"),
        *("projects/acres/data/huge.parquet", "projects/acres/secret.txt", "projects/acres/.handler.py.swp", "watch.log"),
        *("projects/acres/handler.py~", "projects/acres/4913"),
    ],
)
def test_what_tools_leave_and_what_git_ignores_is_no_save(acres: Repository, path: str) -> None:
    acres.write(".gitignore", "build/\n__pycache__/\n.hypothesis/\ndata/\nsecret.txt\n")
    with pytest.raises(Over):
        told(acres.root, lambda: acres.write(path, "x"), nothing, lambda: acres.write(path, "y"), nothing, nothing)


def test_what_is_ignored_from_now_on_is_no_removal(acres: Repository) -> None:
    acres.write("notes/a.txt", "")
    assert told(acres.root, lambda: acres.write(".gitignore", "build/\nnotes/\n"), nothing) == ".gitignore changed"


def test_a_folder_without_git_and_links_that_lead_nowhere_are_watched(repository: Repository) -> None:
    repository.project("acres")
    (repository.root / "dangling").symlink_to("nowhere")
    (repository.root / "loop").symlink_to(repository.root)
    assert told(repository.root, lambda: repository.write(HANDLER_OF, ""), nothing) == f"{HANDLER_OF} changed"


def test_looking_takes_a_tenth_of_the_time_at_most(acres: Repository) -> None:
    slept: list[float] = []
    seconds = iter(range(100))

    def sleep(pause: float) -> None:
        slept.append(pause)
        raise Over

    with pytest.raises(Over):
        FileWatch(acres.root, sleep, lambda: next(seconds) * 0.5).wait()
    assert slept == [5.0]


def rounds(root: Path, choices: Choices, *codes: int, json: bool = False) -> tuple[list[list[str]], list[str]]:
    """The commands of a watch whose rounds end with these codes, each followed by a save; and what was told."""
    commands: list[list[str]] = []
    lines: list[str] = []
    left = list(codes)

    def run(command: list[str]) -> int:
        if not left:
            raise Over
        commands.append(command)
        (root / "deploy.py").write_text(f"# {len(left)}")  # while it is under way
        return left.pop(0)

    with pytest.raises(Over):
        watch.watch(root, choices, json=json, run=run, sleep=lambda _: None, say=lines.append)
    return commands, lines


def test_a_change_during_a_round_starts_another_and_a_failure_does_not_end_it(acres: Repository) -> None:
    commands, lines = rounds(acres.root, Choices(), 0, 1, 0)
    assert len(commands) == 3
    assert lines == [
        "Every save builds what has changed; Ctrl-C ends it.",
        *("Done. Waiting for the next save.", "deploy.py changed"),
        *("Failed with exit code 1. Waiting for the next save.", "deploy.py changed"),
        *("Done. Waiting for the next save.", "deploy.py changed"),
    ]


def test_rounds_are_the_command_that_a_person_would_type(acres: Repository) -> None:
    here = [*programs.isolated_python("-m", "invoke"), "--search-root", str(acres.root)]
    (first, *_), _ = rounds(acres.root, Choices(), 0)
    assert first == [*here, "package-lambdas"]
    chosen = Choices(env="dev", project="acres", only="lambda/*")
    (first, *_), lines = rounds(acres.root, chosen, 0, json=True)
    assert first == [*here, "deploy", "--env", "dev", "--project", "acres", "--only", "lambda/*", "--json"]
    assert lines[0] == "Every save deploys to dev; Ctrl-C ends it."


def test_protected_environments_are_not_deployed_on_save(acres: Repository) -> None:
    acres.configure("prod", protected=True)
    with pytest.raises(UsageError, match="prod is protected: it takes what is committed, not every save"):
        watch.watch(acres.root, Choices(env="prod"), run=lambda _: 0)
    refused = acres.invoke("package-lambdas", "--watch", "--env", "prod")
    assert (refused.code, refused.out) == (1, "")
    assert acres.invoke("package-lambdas", "--watch", "--sbom").code == 1


UNDER_WAY = """
import os, pathlib, signal, sys, time
told, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
def stop(*_):
    time.sleep(0.3)
    told.write_text(told.read_text() + "once ")
    raise SystemExit(3)
signal.signal(number, stop)
os.kill(os.getppid(), number)
time.sleep(30)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_handed_on_once_and_what_is_under_way_is_finished(tmp_path: Path, number: signal.Signals) -> None:
    marker, before = tmp_path / "told", signal.getsignal(number)
    marker.write_text("")
    with pytest.raises(KeyboardInterrupt):
        watch.run_round([sys.executable, "-c", UNDER_WAY, str(marker), str(int(number))])
    assert marker.read_text() == "once "
    assert signal.getsignal(number) == before


def test_a_terminal_signals_the_watch_alone() -> None:
    leads_its_group = "import os, sys; sys.exit(os.getpgrp() != os.getpid())"
    assert watch.run_round([sys.executable, "-c", leads_its_group]) == 0
    assert watch.run_round([sys.executable, "-c", "raise SystemExit(3)"]) == 3


@contextmanager
def watched(repository: Repository, *words: str) -> Iterator[Callable[[str], str]]:
    """A real watch; gives a function that waits for something to be printed and returns all until then."""
    repository.shell("invoke", "--list")  # copies what it needs
    out = repository.root / "watch.log"
    with out.open("w") as stream:
        command = [sys.executable, "-m", "invoke", "package-lambdas", "--watch", *words]
        child = subprocess.Popen(command, cwd=repository.root, stdout=stream, stderr=stream, process_group=0)
    read = 0

    def wait(pattern: str) -> str:
        nonlocal read
        for _ in range(600):
            text = out.read_text()[read:]
            if re.search(pattern, text):
                read += len(text)
                return text
            assert child.poll() is None, text
            time.sleep(0.05)
        raise AssertionError(out.read_text()[read:])

    try:
        yield wait
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(20) == 130
        assert out.read_text().endswith("Stopped.\n")
    finally:
        child.kill()
        child.wait()


def test_saves_build_and_declarations_are_read_anew(acres: Repository) -> None:
    acres.write(HANDLER_OF, HANDLER)
    with watched(acres) as wait:
        assert "built acres/Validate" in wait("Done")
        acres.write(HANDLER_OF, f"{HANDLER}# edited\n")
        assert "handler.py changed\n" in (text := wait("Done"))
        assert re.search(r"built acres/Validate .*: handler.py changed", text)
        acres.write(HANDLER_OF, "def handler(:\n")
        assert f"error: {HANDLER_OF}:1: invalid syntax" in wait("Failed with exit code 1")
        acres.write(HANDLER_OF, HANDLER)
        assert "unchanged acres/Validate" in wait("Done"), "it is as it was before"
        acres.write("projects/acres/lambda/Second/handler.py", HANDLER)
        declaration = (acres.root / "projects/acres/deploy.py").read_text()
        wait("(?s)built acres/Second.*Done")
        acres.write("projects/acres/deploy.py", declaration.replace("return p", 'p.function("Third")\n    return p'))
        assert "lambda/Third" in wait("Failed with exit code 1"), "there is no such folder"
