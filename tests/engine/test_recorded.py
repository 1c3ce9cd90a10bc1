"""What is recorded gives resources their identifiers and requests their tokens."""

from pathlib import Path

import pytest

from common.base.digest import Digest
from common.base.errors import DeployError
from common.engine.plan_data import Outcome
from common.engine.recorded import completed, with_request
from common.engine.root_updates import RootUpdates
from common.model.generated import TOKEN, mark_of
from common.model.resource import Action, Change, Key, Live, Plan, Resource
from common.state.records import Records
from common.state.release_root import Baseline
from tests.support.repository import Repository

QUEUE = Key("acres", "resource", "work")


@pytest.fixture
def queue(tmp_path: Path) -> Resource:
    repository = Repository(tmp_path)
    repository.project("acres", 'p.resource("work", "AWS::SQS::Queue", {})')
    return repository.resources()["resource/work"]


def updates(queue: Resource, baseline: Baseline) -> RootUpdates:
    change = Change(QUEUE, Action.CREATE, "", queue.desired())
    outcome = Outcome(Plan((change,)), {"acres": baseline}, {QUEUE: Digest("d")})
    return RootUpdates(outcome, {QUEUE: queue}, {})


def test_the_root_has_the_token_of_a_request_before_it_is_sent(queue: Resource) -> None:
    before = updates(queue, Baseline())
    token = before.before("acres", {QUEUE}).pending["resource/work"][TOKEN]
    assert token == before.tokens[QUEUE]
    assert token != updates(queue, Baseline()).tokens[QUEUE]  # another deploy makes another request


def test_a_deploy_after_one_that_died_sends_the_same_request(queue: Resource) -> None:
    root = updates(queue, Baseline()).before("acres", {QUEUE})
    died = Baseline(pending={QUEUE: root.pending["resource/work"]})
    assert updates(queue, died).tokens[QUEUE] == root.pending["resource/work"][TOKEN]


def test_a_clean_root_has_no_token(queue: Resource) -> None:
    after = updates(queue, Baseline()).after("acres", {QUEUE: {"Identifier": "x"}}, ())
    assert after.pending == {}
    assert after.digests == {"resource/work": "d"}


def test_a_replacement_deletes_what_was_read(queue: Resource) -> None:
    change = Change(QUEUE, Action.REPLACE, "", queue.desired(), Live({}, "https://queue"))
    resource = with_request(queue, change, {QUEUE: "t"})
    assert vars(resource)["record"] == {TOKEN: "t", "outputs": {"Identifier": "https://queue"}}


class Recorded(Records):
    """Records with outputs."""

    def __init__(self, outputs: dict[str, str]) -> None:
        self._outputs = outputs

    def read(self, key: Key) -> dict[str, dict[str, str]]:
        assert key == QUEUE
        return {"outputs": self._outputs} if self._outputs else {}


def test_a_change_gets_the_attributes_of_this_deploy_or_those_that_are_recorded() -> None:
    change = Change(Key("acres", "lambda", "Work"), Action.UPDATE, "", {"Url": mark_of(QUEUE, "QueueUrl"), "Size": 1})
    recorded = Recorded({"QueueUrl": "https://old"})
    assert completed(change, recorded, {}).desired == {"Url": "https://old", "Size": 1}
    new = {QUEUE: {"QueueUrl": "https://new"}}
    assert completed(change, recorded, new).desired["Url"] == "https://new"


def test_what_is_not_recorded_is_told() -> None:
    change = Change(Key("acres", "lambda", "Work"), Action.CREATE, "", {"Url": mark_of(QUEUE, "QueueUrl")})
    with pytest.raises(DeployError, match="lambda/Work needs what AWS gives to acres: resource/work"):
        completed(change, Recorded({}), {})
