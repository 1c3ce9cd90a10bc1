"""A live account moves in without losing anything, works as any other project from then on, and can move out again.

What is true of the account is said by the witness (`snapshot.py`), and what was called by botocore: not by the deployer.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.moving_in import flat_account, fsa_account, snapshot, stack_account
from tests.moving_in.conftest import LiveAccount
from tests.moving_in.test_stack import retained
from tests.support.repository import Ended

ENV = ("--env", "dev", "--project", "orders")
READS = ("Get", "List", "Head", "Describe", "BatchGet", "Select")
FSA = ("--match", fsa_account.MATCH)
FLAT = flat_account.SELECTED


class Team:
    """Who types the commands. The calls of each are counted by botocore."""

    def __init__(self, account: LiveAccount, calls: list[str]) -> None:
        self._account, self._calls = account, calls
        self.root = account.repository.root

    def types(self, *words: str, code: int = 0) -> Ended:
        """A command, sure to end with this exit code."""
        self._calls.clear()
        ended = self._account.repository.invoke(*words)
        assert ended.code == code, f"{words}: exit {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    def changes(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        """What a plan or deploy of the project says that it changes."""
        changes: list[dict[str, Any]] = json.loads(self.types(*words, *ENV, "--json", code=code).out)["changes"]
        return [change for change in changes if change["action"] != "noop"]

    @property
    def written(self) -> list[str]:
        """The calls of the last command that changed something."""
        return [call for call in self._calls if not call.partition(":")[2].startswith(READS)]


def of_the_project(changes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The changes, but for the artifact bucket that the first deploy creates."""
    return (change for change in changes if (change["project"], change["key"]) != ("shared", "bucket/artifacts"))


def prove(account: LiveAccount, calls: list[str], selected: Collection[str], adopted: Collection[str], bucket: str) -> Team:
    """Import, plan, adopt, deploy again: the account differs by tags alone, on what was imported alone."""
    team = Team(account, calls)
    before = account.snapshot()
    team.types("import", *ENV, *selected)
    assert team.written == []
    planned = list(of_the_project(team.changes("plan", "--adopt", code=2)))
    assert [change for change in planned if change["action"] != "update" or change.get("fields")] == []
    assert team.types("plan", *ENV, "--adopt", code=2).out.count("tags only") == len(planned)
    assert list(snapshot.compare(before, account.snapshot()).lines()) == []

    team.types("deploy", *ENV, "--adopt")
    differences = snapshot.compare(before, account.snapshot())
    assert differences.fields == ()
    assert (differences.added, differences.gone) == ((f"bucket {bucket}",), ())
    tagged = {line.partition(":")[0] for line in differences.tags}
    assert {name for name in tagged if not name.startswith("log group")} == set(adopted)

    team.types("deploy", *ENV)
    assert team.written == []
    assert team.changes("plan") == []
    assert team.changes("plan", "--verify") == []
    return team


def edited(team: Team, account: LiveAccount, path: str, function: str) -> None:
    """One handler is edited: its code alone is updated, and nothing else of the account."""
    before = account.snapshot()
    (file,) = team.root.glob(f"projects/orders/lambda/{path}")
    file.write_text(file.read_text() + "\n" + ("# edited\n" if file.suffix == ".py" else "// edited\n"))
    assert [change["action"] for change in team.changes("deploy")] == ["upload", "update"]
    assert [call for call in team.written if call.startswith("lambda:")] == ["lambda:UpdateFunctionCode"]
    fields = snapshot.compare(before, account.snapshot()).fields
    ours = [line for line in fields if not line.startswith("bucket ")]
    assert {line.split(":")[0] for line in ours} == {f"function {function}"}
    assert {line.split(":")[1].split(" ")[-1] for line in ours} == {"CodeSha256", "CodeSize", "Versions"}


def moves_out(team: Team, account: LiveAccount, before: snapshot.Snapshot, functions: set[str], bucket: str) -> None:
    """Everything is given back: the tags are those of the beginning, and nothing is deleted."""
    team.types("unbind", *ENV, "--only", "*", "--yes", "orders")
    differences = snapshot.compare(before, account.snapshot())
    assert differences.tags == ()
    assert differences.gone == ()
    assert {line.split(":")[0] for line in differences.fields} == {f"function {name}" for name in functions}
    assert set(differences.added) <= {f"bucket {bucket}"}


def test_a_team_with_a_script_of_its_own_moves_in_and_out(fsa: LiveAccount, aws_calls: list[str]) -> None:
    before = fsa.snapshot()
    team = prove(fsa, aws_calls, FSA, fsa_account.IMPORTED, "fsa-dev-deployer")
    edited(team, fsa, "Enrich/app/handlers/enrich.py", "FSA-DEV-Orders-Enrich")
    edited(team, fsa, "Validate/validate.py", "FSA-DEV-Orders-Validate")  # with libraries of an index and of the company
    edited(team, fsa, "Notify/index.mjs", "FSA-DEV-Orders-Notify")
    functions = {f"FSA-DEV-Orders-{name}" for name in ("Enrich", "Notify", "Validate")}
    moves_out(team, fsa, before, functions, "fsa-dev-deployer")


def test_an_account_that_was_made_by_hand_moves_in_and_out(flat: LiveAccount, aws_calls: list[str]) -> None:
    before = flat.snapshot()
    team = prove(flat, aws_calls, FLAT, flat_account.IMPORTED, "acme-deployer")
    edited(team, flat, "weather/src/index.js", "weather")
    edited(team, flat, "ingest_fields/lambda_function.py", "ingest_fields")
    moves_out(team, flat, before, {"weather", "ingest_fields"}, "acme-deployer")


def test_what_a_stack_has_made_moves_in_and_stays_when_the_stack_is_deleted(
    stack: LiveAccount, aws_calls: list[str], tmp_path: Path
) -> None:
    cloudformation = stack_account.StackAccount(stack.client)
    before = stack.snapshot()
    cloudformation.update(retained(cloudformation.processed(), tmp_path))
    team = prove(stack, aws_calls, stack_account.SELECTED, stack_account.IMPORTED, "codes-deployer")
    cloudformation.delete()
    assert team.changes("plan", "--verify") == []
    team.types("unbind", *ENV, "--only", "*", "--yes", "orders")
    differences = snapshot.compare(before, stack.snapshot())
    assert (differences.gone, differences.fields, differences.tags) == ((), (), ())


@pytest.mark.parametrize(("name", "value"), [("DB_PASSWORD", "Xk29-vPq7!mZt4Lw")])
def test_no_secret_is_written(fsa: LiveAccount, aws_calls: list[str], name: str, value: str) -> None:
    ended = Team(fsa, aws_calls).types("import", *ENV, *FSA)
    assert name in ended.out + ended.err
    assert [path for path, content in fsa.repository.files().items() if value.encode() in content and "build/" not in path] == []
