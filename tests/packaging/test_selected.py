"""What `package-lambdas` is about; a command line that names nothing is told, instead of doing nothing."""

from pathlib import Path

import pytest

from tests.support.repository import HANDLER, Repository


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--only", "lambda/Nope"),
            "--only 'lambda/Nope' names nothing that is packaged. Keys look like lambda/Validate; see `plan`.",
        ),
        (("--only", "glue-job/load"), "--only 'glue-job/load' names nothing that is packaged."),
        (("--only", ""), "--only '' names nothing that is packaged."),
        (("--env", ""), "There is no environment ''"),
        (("--project", ""), "--project is '', which names no project."),
        (("--project", "acres", "--env", "prod"), "There is no environment 'prod'"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--sbom",)])
def test_what_names_nothing_is_told(repository: Repository, words: tuple[str, ...], message: str, more: tuple[str, ...]) -> None:
    repository.project()
    ended = repository.invoke("package-lambdas", *words, *more)
    assert ended.code == 1
    assert ended.err.startswith(f"error: {message}")
    assert not list(repository.root.glob("build/artifacts/acres/*"))


@pytest.mark.parametrize("more", [(), ("--sbom",), ("--lock",)])
def test_without_any_environment_nothing_is_packaged(repository: Repository, more: tuple[str, ...]) -> None:
    repository.project()
    (repository.root / "config/dev.json").unlink()
    ended = repository.invoke("package-lambdas", *more)
    assert ended.code == 1
    assert ended.err.startswith("error: config/ describes no environment. Add one, as in config/dev.json;")


def test_a_repository_without_functions_is_packaged_in_no_time(repository: Repository) -> None:
    assert repository.invoke("package-lambdas").code == 0


def test_functions_may_ask_by_links_to_one_file(repository: Repository, index: Path) -> None:
    repository.project()
    requirements = repository.write("projects/acres/requirements.txt", "husk\n")
    for name in ("One", "Two"):
        folder = repository.write(f"projects/acres/lambda/{name}/handler.py", HANDLER).parent
        (folder / "requirements.txt").symlink_to(requirements)
    assert repository.invoke("package-lambdas", "--lock").code == 0
    for name in ("One", "Two"):
        assert (repository.root / f"projects/acres/lambda/{name}/requirements.lock").is_file()
    assert "is up to date" in repository.invoke("package-lambdas", "--lock").out
