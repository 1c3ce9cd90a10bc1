"""Lines of logs that hold secrets are not shown."""

from datetime import UTC, datetime
from pathlib import Path

from common.execution.recent import Execution, Executions, Tail
from common.execution.redacted import redacted, without_secrets
from tests.support.repository import Repository

START = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_line_with_a_secret_is_left_out_and_says_of_which_kind() -> None:
    token = "ghp_" + "a8Kq2LmZx7Rt4Vn0Wc5Yb9Df3Gh6Js1Pu8Eo"
    shown = without_secrets(["begin", f"token={token}", "end"])
    assert shown[0] == "begin"
    assert shown[2] == "end"
    assert token not in shown[1]
    assert "is left out" in shown[1]


def test_a_private_key_is_left_out_whole() -> None:
    begin, end = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    shown = without_secrets(["a", begin, "MIIEpAIBAAKCAQEA", "x9", end, "b"])
    assert [shown[0], shown[-1]] == ["a", "b"]
    assert not {"MIIEpAIBAAKCAQEA", "x9"} & {*shown}


def test_messages_and_tails_of_executions_are_looked_through() -> None:
    address = "postgres://app:" + "Xk9vQ2mLw7Rt@db.example.com/orders"
    last = Execution("run", "FAILED", START, START, (), "Error", address, "Load", (Tail("Load", "/g", ("ok", address)),))
    (shown,) = redacted(Path(), Executions("main", (last,), 1), ()).last
    assert "Xk9vQ2mLw7Rt" not in f"{shown.cause} {shown.tails}"
    assert shown.tails[0].lines[0] == "ok"
    assert shown.states == "Load"


def test_of_a_key_whose_begin_is_not_seen_nothing_is_shown() -> None:
    end = "-----END RSA " + "PRIVATE KEY-----"
    assert "x9" not in "".join(without_secrets(["x9", end, "b"]))
    assert without_secrets(["x9", end, "b"])[2] == "b"


def test_half_a_character_does_no_harm() -> None:
    assert without_secrets(["\ud800 x"]) == ["\ud800 x"]


def test_tracebacks_name_the_files_of_the_repository(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate")')
    resources = [resource for pipeline in repository.declared("acres") for resource in pipeline.rendered()]
    tail = Tail("Check", "/g", ('  File "/var/task/handler.py", line 2, in handler',), "t-dev-acres-Validate")
    last = Execution("run", "FAILED", START, START, tails=(tail,))
    (shown,) = redacted(repository.root, Executions("main", (last,), 1), resources).last
    assert shown.tails[0].lines == ('  File "projects/acres/lambda/Validate/handler.py", line 2, in handler',)
