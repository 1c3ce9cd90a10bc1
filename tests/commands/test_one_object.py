"""With --json standard output holds one object, however early a command ends."""

import json

import pytest

from tests.support.repository import Repository


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--env", "dev", "--jobs", "x"),
        ("plan", "--env", "dev", "--project", ","),
        ("deploy", "--env", "nowhere"),
        ("drift", "--env", "dev", "--jobs", "0"),
        ("history", "--env", "dev", "--last", "x"),
        ("gc", "--env", "dev", "--days", "1"),
        ("run", "--env", "dev", "--input", "[", "--jobs", "x"),
        ("status", "--env", "dev", "--project", "nothing"),
        ("destroy", "--env", "nowhere"),
        ("package-lambdas", "--project", "nothing"),
    ],
    ids=" ".join,
)
def test_whatever_is_wrong_programs_get_their_one_object(repository: Repository, words: tuple[str, ...]) -> None:
    ended = repository.invoke(*words, "--json")
    output = json.loads(ended.out)
    assert ended.code == 1
    assert output["outcome"] == "failed"
    assert ended.err == f"error: {output['error']}\n"
