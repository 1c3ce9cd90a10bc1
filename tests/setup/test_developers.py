"""Two developers deploy to an environment of one name in one account, and neither sees what is the other's."""

import json

import pytest

from tests.support.repository import Repository

MINE = {"name": "mine", "like": "dev", "name_prefix": "t-${user}"}


def test_each_developer_has_an_environment_and_destroys_it_alone(
    repository: Repository, moto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.project("acres")
    repository.write("config/mine.json", MINE)
    created = {}
    for user in ("ana", "ben"):
        monkeypatch.setenv("DEPLOY_USER", user)
        done = repository.invoke("deploy", "--env", "mine", "--json")
        assert done.code == 0, done.err
        created[user] = [change["action"] for change in json.loads(done.out)["changes"]]
    assert created["ana"] == created["ben"], "ben created all that ana did"
    monkeypatch.setenv("DEPLOY_USER", "ana")
    assert repository.invoke("plan", "--env", "mine").code == 0
    done = repository.invoke("destroy", "--env", "mine", "--data", "--yes", "mine")
    assert done.code == 0, done.err + done.out
    assert repository.invoke("plan", "--env", "mine").code == 2, "nothing is left of ana's"
    monkeypatch.setenv("DEPLOY_USER", "ben")
    assert repository.invoke("plan", "--env", "mine", "--verify").code == 0, "all of ben's is as it was"
