"""Shells complete tasks, options, environments, projects, keys and templates, without Invoke and without AWS."""

import ast
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from common.setup import complete
from tests.support.repository import ROOT, Repository

TASKS: complete.Tasks = {
    "deploy": {"subject": "", "options": {"env": True, "project": True, "only": True, "force": False, "adopt": True}},
    "deploy-jobs": {"subject": "", "options": {"env": True}},
    "completion": {"subject": "shell", "options": {"shell": True, "tasks": False}},
    "new": {"subject": "project", "options": {"project": True, "template": True, "like": True}},
    "logs": {"subject": "key", "options": {"key": True, "follow": False}},
    "graph": {"subject": "", "options": {"machine": True}},
}
SHELL_LINES = {
    "invoke deploy --env ": ["dev", "local", "prod"],
    "invoke deploy --env d": ["dev"],
    "uv run invoke run --env dev --project or": ["orders"],
    "uv run invoke plan --only lambda/V": ["lambda/Validate"],
    "invoke unlo": ["unlock"],
    "invoke logs glue-job/d": ["glue-job/daily_totals"],
}
"""What a shell completes in this repository."""


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres", 'p.queue("work")', 'm = p.state_machine("main", "x.asl.json")', 'p.shared.bucket("landing")')
    repository.configure("prod", name_prefix="t-prod")
    repository.write("config/schema.json", "{}")
    return repository


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("invoke dep", ["deploy", "deploy-jobs"]),
        ("uv run invoke dep", ["deploy", "deploy-jobs"]),
        ("uv run -q .venv/bin/inv graph", ["graph"]),
        ("invoke --l", ["--list"]),
        ("invoke deploy --pro", ["--project"]),
        ("invoke deploy --env ", ["dev", "prod"]),
        ("invoke deploy --env p", ["prod"]),
        ("invoke deploy --env dev --project ", ["acres"]),
        ("invoke deploy --project other,ac", ["other,acres"]),
        ("invoke deploy --force gr", ["graph"]),
        ("invoke deploy --only lambda/", ["lambda/Validate"]),
        ("invoke deploy --only glue", ["glue-job/load"]),
        ("invoke deploy --only 'lambda/", ["lambda/Validate"]),
        ('invoke logs "lambda/', ["lambda/Validate"]),
        ("invoke deploy --only q", ["queue/work"]),
        ("invoke graph --machine ", ["main"]),
        ("invoke completion ", ["bash", "fish", "zsh"]),
        ("invoke new --like ", ["dev", "prod"]),
        ("invoke deploy --nothing=", []),
        ("git deploy --env ", []),
        ("", []),
    ],
)
def test_what_may_come_next(acres: Repository, line: str, candidates: list[str]) -> None:
    assert complete.candidates(acres.root, "bash", line, TASKS) == candidates


def test_a_value_behind_an_equals_sign(acres: Repository) -> None:
    """Bash takes the sign for a word of its own."""
    assert complete.candidates(acres.root, "bash", "invoke deploy --env=p", TASKS) == ["prod"]
    assert complete.candidates(acres.root, "zsh", "invoke deploy --env=p", TASKS) == ["--env=prod"]


def test_a_declaration_that_is_broken_takes_nothing_else_away(acres: Repository) -> None:
    acres.write("projects/broken/deploy.py", "def (")
    assert complete.candidates(acres.root, "bash", "invoke deploy --only q", TASKS) == ["queue/work"]


def test_tasks_are_asked_of_invoke_once(repository: Repository) -> None:
    tasks = json.loads(repository.invoke("completion", "--tasks").out)
    assert tasks["deploy"]["options"]["env"] is True
    assert tasks["deploy"]["options"]["force"] is False
    assert tasks["upgrade"]["options"]["from"] is True
    assert tasks["new"]["subject"] == "project"
    assert "local.start" in tasks


def test_every_shell_has_a_script(repository: Repository) -> None:
    for shell in complete.SHELLS:
        assert f"invoke completion {shell}" in repository.invoke("completion", "--shell", shell).out
    done = repository.invoke("completion", "--shell", "fisch")
    assert (done.code, "Did you mean 'fish'?" in done.err) == (1, True)


def in_shell(shell: str, line: str) -> list[str]:
    script = ROOT / "common/setup/completion" / shell
    function = f"_deployer_{line.split(maxsplit=1)[0]}"
    words = " ".join(f"'{word}'" for word in line.split(" "))
    code = {
        "bash": f"source {script}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; {function};"
        'printf "%s\\n" "${COMPREPLY[@]}"',
        "zsh": f"compdef() {{}}; source {script}; compadd() {{ print -l -- ${{@[3,-1]}} }}; words=({words}); CURRENT=$#words;"
        f"{function}",
        "fish": f"source {script}; complete --do-complete '{line}'",
    }[shell]
    quiet = {"bash": ("--norc", "--noprofile"), "zsh": ("-f",), "fish": ("--no-config",)}[shell]
    environment = {**os.environ, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [shell, *quiet, "-c", code], cwd=ROOT / "docs", env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return [answer.partition("\t")[0] for answer in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", complete.SHELLS)
def test_real_shells_complete(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed on this machine")
    complete.known_tasks(ROOT)
    assert {line: in_shell(shell, line) for line in SHELL_LINES} == SHELL_LINES


def test_nobody_waits() -> None:
    complete.known_tasks(ROOT)
    before = time.process_time()
    for line in SHELL_LINES:
        complete.candidates(ROOT, "bash", line, complete.known_tasks(ROOT))
    assert time.process_time() - before < 1  # s of this process, which no other one adds to
    nodes = ast.walk(ast.parse(Path(complete.__file__).read_text()))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported == {"collections.abc", "pathlib", "typing"}, "what takes no time"


def test_the_methods_are_those_of_pipelines() -> None:
    from common import Pipeline, SharedResources

    assert [name for name in complete.METHODS if not hasattr(Pipeline, name) and not hasattr(SharedResources, name)] == []
