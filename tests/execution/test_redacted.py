"""Lines of logs that hold secrets are not shown."""

from datetime import UTC, datetime

from common.execution import redacted
from common.execution.recent import Execution, Executions, Tail

START = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_line_with_a_secret_is_left_out_and_says_of_which_kind() -> None:
    token = "ghp_" + "a8Kq2LmZx7Rt4Vn0Wc5Yb9Df3Gh6Js1Pu8Eo"
    shown = redacted.lines(["begin", f"token={token}", "end"])
    assert shown[0] == "begin"
    assert shown[2] == "end"
    assert token not in shown[1]
    assert "is left out" in shown[1]


def test_a_private_key_is_left_out_whole() -> None:
    begin, end = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    shown = redacted.lines(["a", begin, "MIIEpAIBAAKCAQEA", "x9", end, "b"])
    assert [shown[0], shown[-1]] == ["a", "b"]
    assert not {"MIIEpAIBAAKCAQEA", "x9"} & {*shown}


def test_messages_and_tails_of_executions_are_looked_through() -> None:
    address = "postgres://app:" + "Xk9vQ2mLw7Rt@db.example.com/orders"
    last = Execution("run", "FAILED", START, START, (), "Error", address, "Load", (Tail("Load", "/g", ("ok", address)),))
    (shown,) = redacted.executions(Executions("main", (last,), 1), ()).last
    assert "Xk9vQ2mLw7Rt" not in f"{shown.cause} {shown.tails}"
    assert shown.tails[0].lines[0] == "ok"
    assert shown.states == "Load"
