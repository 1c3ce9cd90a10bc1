"""What is deployed to a protected environment is what the commit says, whatever git is told; of others history says it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.base.uncommitted import GONE, NEW, OTHER
from tests.support.git import git
from tests.support.repository import Repository

HANDLER = "projects/acres/lambda/Validate/handler.py"
SETTINGS = "projects/acres/lambda/Validate/local_settings.py"


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    """A repository with a protected environment, all of it committed."""
    declared = "p.function('Validate', environment={'TEXT': (Path(__file__).parent / 'texts/a.txt').read_text()})"
    repository.write("projects/acres/texts/a.txt", "a\n")
    repository.write("projects/acres/shared/rules.py", "LIMIT = 3\n")
    repository.write("projects/acres/configs/acres.sql", "select 1\n")
    place = "from common import *; p.directory('configs', p.shared.bucket('landing') / 'configs')"
    repository.project("acres", declared, place.partition("; ")[2])
    repository.write(
        "deploy.py",
        (repository.root / "deploy.py").read_text().replace('"artifacts")\n', '"artifacts")\n    shared.bucket("landing")\n'),
    )
    repository.write(HANDLER, "from shared import rules\n\n\ndef handler(event, context):\n    return rules.LIMIT\n")
    repository.configure("dev")
    repository.configure("prod", protected=True, name_prefix="t-prod", artifact_bucket="t-prod-artifacts")
    return repository


def ignore(repository: Repository) -> None:
    repository.write(".gitignore", "build/\n__pycache__/\nlocal_settings.py\n*.local.json\n")
    git(repository.root, "commit", "--quiet", "--all", "--message", "Ignore")
    repository.write(SETTINGS, "DEBUG = True\n")


def by_info(repository: Repository) -> None:
    repository.write(".git/info/exclude", "local_settings.py\n")
    repository.write(SETTINGS, "DEBUG = True\n")


def by_setting(repository: Repository) -> None:
    git(repository.root, "config", "core.excludesFile", str(repository.write("build/excludes", "local_settings.py\n")))
    repository.write(SETTINGS, "DEBUG = True\n")


def unseen(repository: Repository) -> None:
    git(repository.root, "config", "status.showUntrackedFiles", "no")
    repository.write(SETTINGS, "DEBUG = True\n")


def staged(repository: Repository) -> None:
    repository.write(SETTINGS, "DEBUG = True\n")
    git(repository.root, "add", SETTINGS)


def by_index(bit: str) -> Callable[[Repository], None]:
    def edit(repository: Repository) -> None:
        git(repository.root, "update-index", bit, HANDLER)
        repository.write(HANDLER, "def handler(event, context):\n    return 2\n")

    return edit


def edited(path: str) -> Callable[[Repository], None]:
    def edit(repository: Repository) -> None:
        git(repository.root, "update-index", "--assume-unchanged", path)
        repository.write(path, (repository.root / path).read_text() + "\n")

    return edit


def filtered(repository: Repository) -> None:
    repository.write(".git/info/attributes", "*.py filter=same\n")
    git(repository.root, "config", "filter.same.clean", f"git cat-file blob HEAD:{HANDLER}")
    repository.write(HANDLER, "def handler(event, context):\n    return 2\n")


def line_ends(repository: Repository) -> None:
    git(repository.root, "config", "core.autocrlf", "true")
    repository.write(HANDLER, (repository.root / HANDLER).read_text().replace("\n", "\r\n"))


def mode(repository: Repository) -> None:
    git(repository.root, "config", "core.fileMode", "false")
    (repository.root / HANDLER).chmod(0o755)


def sparse(repository: Repository) -> None:
    git(repository.root, "sparse-checkout", "set", "--no-cone", "/*", "!/projects/acres/texts/b.txt")


def linked(repository: Repository) -> None:
    (repository.root / SETTINGS).symlink_to("handler.py")
    git(repository.root, "config", "status.showUntrackedFiles", "no")


WAYS: dict[str, tuple[Callable[[Repository], None], str]] = {
    "ignored": (ignore, f"{SETTINGS} {NEW}"),
    "info/exclude": (by_info, f"{SETTINGS} {NEW}"),
    "core.excludesFile": (by_setting, f"{SETTINGS} {NEW}"),
    "showUntrackedFiles": (unseen, f"{SETTINGS} {NEW}"),
    "staged": (staged, f"{SETTINGS} {NEW}"),
    "assume-unchanged": (by_index("--assume-unchanged"), f"{HANDLER} {OTHER}"),
    "skip-worktree": (by_index("--skip-worktree"), f"{HANDLER} {OTHER}"),
    "filter": (filtered, f"{HANDLER} {OTHER}"),
    "core.autocrlf": (line_ends, f"{HANDLER} {OTHER}"),
    "core.fileMode": (mode, f"{HANDLER} is executable here or in the commit, not in both"),
    "sparse": (sparse, f"projects/acres/texts/b.txt {GONE}"),
    "link": (linked, f"{SETTINGS} is behind the link {SETTINGS}, which is not as in the commit"),
    "shared code": (edited("projects/acres/shared/rules.py"), f"projects/acres/shared/rules.py {OTHER}"),
    "directory": (edited("projects/acres/configs/acres.sql"), f"projects/acres/configs/acres.sql {OTHER}"),
    "script": (edited("projects/acres/glue/landing/load.py"), f"projects/acres/glue/landing/load.py {OTHER}"),
    "what a declaration reads": (edited("projects/acres/texts/a.txt"), f"projects/acres/texts/a.txt {OTHER}"),
    "declaration": (edited("projects/acres/deploy.py"), f"projects/acres/deploy.py {OTHER}"),
    "shared declaration": (edited("deploy.py"), f"deploy.py {OTHER}"),
    "configuration": (edited("config/prod.json"), f"config/prod.json {OTHER}"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_protected_environment_takes_only_what_is_committed(acres: Repository, aws_calls: list[str], way: str) -> None:
    acres.write("projects/acres/texts/b.txt", "b\n")
    git(acres.root, "add", "--all")
    git(acres.root, "commit", "--quiet", "--message", "All")
    change, reported = WAYS[way]
    change(acres)
    ended = acres.invoke("deploy", "--env", "prod", "--yes")
    assert ended.code == 1
    assert "prod is protected and takes only what a commit says, but these files differ:\n" in ended.err
    assert f"  {reported}\n" in ended.err
    assert not [call for call in aws_calls if "Put" in call or "Create" in call]


def test_variables_of_another_repository_change_nothing(
    acres: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "build/other"
    other.mkdir(parents=True)
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    acres.write(SETTINGS, "DEBUG = True\n")
    places = {"GIT_DIR": other / ".git", "GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / ".git/index"}
    for name, value in {**places, "GIT_CONFIG_COUNT": "x", "GIT_CEILING_DIRECTORIES": tmp_path}.items():
        monkeypatch.setenv(name, str(value))
    ended = acres.invoke("deploy", "--env", "prod", "--yes")
    assert ended.code == 1
    assert f"  {SETTINGS} {NEW}\n" in ended.err


def test_what_is_committed_is_deployed_and_the_commit_is_told(acres: Repository, tmp_path: Path) -> None:
    assert (ended := acres.invoke("deploy", "--env", "prod", "--yes")).code == 0, ended.err
    (first, *_) = releases(acres, "prod")
    assert (first["about"]["commit"], first["about"]["clean"]) == (git(acres.root, "rev-parse", "HEAD"), "yes")
    assert acres.invoke("plan", "--env", "prod").code == 0


def releases(repository: Repository, environment: str) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(repository.invoke("history", "--env", environment, "--json").out)["releases"]
    return result


def test_history_says_what_was_not_committed(acres: Repository) -> None:
    ignore(acres)
    assert acres.invoke("deploy", "--env", "dev").code == 0
    for release in releases(acres, "dev"):
        assert (release["about"]["clean"], release["about"]["uncommitted"]) == ("no", SETTINGS)
    shown = acres.invoke("history", "--env", "dev").out
    assert "+ changes" in shown
    assert f"acres: not as committed: {SETTINGS}\n" in shown


def test_without_a_repository_nothing_is_deployed_to_a_protected_environment(acres: Repository) -> None:
    (acres.root / ".git").rename(acres.root / "git")
    ended = acres.invoke("deploy", "--env", "prod", "--yes")
    assert "takes only what a commit says, but there is no git repository here. Nothing was changed." in ended.err
    (acres.root / ".git").write_text("nonsense")
    assert "takes only what a commit says, but git failed: fatal:" in acres.invoke("deploy", "--env", "prod", "--yes").err
