"""What `new` and `init` ask at a terminal: only what no option says, again where an answer cannot be, and nothing is written."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from common.base import terminal
from common.base.errors import UsageError
from common.commands import questions
from common.setup import new_repository, templates
from common.setup.new_repository import RepositoryWishes
from tests.support.repository import ROOT, Repository


def answering(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Somebody who gives these answers, one after the other, and the questions that they are asked."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answers[len(asked) - 1]

    return ask, asked


def test_enter_alone_takes_what_stands_in_brackets(tmp_path: Path) -> None:
    ask, asked = answering("", "", "", "")
    wishes = questions.about_repository(ask, ROOT, RepositoryWishes(tmp_path / "2. Äcme data"))
    assert wishes == RepositoryWishes(tmp_path / "2. Äcme data", "sales", templates.DEFAULT, "cme-data")
    assert asked[1].endswith(f"\nThe template, its name or number [{templates.DEFAULT}]: ")
    assert asked == [
        "The name of the first project [sales]: ",
        asked[1],
        "Names in AWS begin with [cme-data]: ",
        "The AWS account of a first environment, dev (Enter: none yet): ",
    ]


def test_an_answer_that_cannot_be_is_told_why_and_asked_for_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").touch()
    answers = (
        "",
        str(there),
        str(tmp_path / "acme"),
        "2x",
        "orders",
        "9",
        "2",
        "Ä",
        "a1",
        "12",
        "222222222222",
        "eu",
        "eu-west-1",
    )
    ask, asked = answering(*answers)
    wishes = questions.about_repository(ask, ROOT, RepositoryWishes(questions.new_folder(ask, ROOT)))
    template = [*templates.descriptions()][1]
    assert wishes == RepositoryWishes(tmp_path / "acme", "orders", template, "a1", "222222222222", "eu-west-1")
    assert len(asked) == len(answers)
    messages = capsys.readouterr().err
    for words in ("is not an empty folder", "'2x'", "no template '9'", "--name-prefix is 'Ä'", "has 12 digits", "no region eu"):
        assert words in messages
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_folder_that_is_named_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that a person is in is taken if it is empty, and refused otherwise."""
    here = tmp_path / "acme data"
    here.mkdir()
    monkeypatch.chdir(here)
    ask, asked = answering("", "", "", "")
    assert questions.about_repository(ask, ROOT, RepositoryWishes(Path())).folder == here
    assert asked[0] == "The name of the first project [sales]: "
    assert asked[2] == "Names in AWS begin with [acme-data]: "
    (here / "mine").touch()
    with pytest.raises(UsageError, match=f"{here} is there already and is not an empty folder"):
        questions.about_repository(ask, ROOT, RepositoryWishes(Path()))


def test_a_folder_beside_the_deployer_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "deployer"
    (source / "docs").mkdir(parents=True)
    (tmp_path / "link").symlink_to(source)
    monkeypatch.chdir(source)
    assert new_repository.check_folder(source, Path("../pipelines")) == tmp_path / "pipelines"
    for inside in ("new", "../deployer/new", "docs/../new", str(tmp_path / "link/new")):
        with pytest.raises(UsageError, match="is in the deployer's own repository"):
            new_repository.check_folder(source, Path(inside))


def test_what_options_say_is_not_asked(tmp_path: Path) -> None:
    ask, asked = answering("eu-central-1")
    from_options = RepositoryWishes(tmp_path / "acme", "orders", "api-drop", "acme", "222222222222")
    assert questions.about_repository(ask, ROOT, from_options) == from_options._replace(region="eu-central-1")
    assert asked == ["Its region [us-east-1]: "]


def test_the_end_of_input_stops_a_command_as_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    ask = terminal.prompt(json=False)
    assert ask is not None
    with pytest.raises(KeyboardInterrupt):
        ask("The name of the project: ")


def test_without_a_terminal_what_is_missing_is_told(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    parent = tmp_path_factory.mktemp("teams")
    folder = ("--folder", str(parent / "acme"))
    for words, text in {
        ("init",): "Which folder? Type its path",
        ("init", *folder, "--region", "eu-west-1", "--yes"): "--region is of the environment dev: add --account",
        ("init", *folder, "--account", "12"): "--account is '12'. The number of an AWS account has 12 digits.",
        ("init", *folder, "--name-prefix", "2x"): "--name-prefix is '2x'.",
        ("new",): "Which project?",
        ("new", "--project", "orders"): "Which template? Add --template NAME, or --yes",
    }.items():
        done = repository.invoke(*words)
        assert (done.code, text in done.err) == (1, True), done.err
    assert [*parent.iterdir()] == []
