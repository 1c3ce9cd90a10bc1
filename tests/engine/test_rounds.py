"""Which attributes of a resource are known while a plan decides for what refers to them."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, cast

from common.engine.decisions import Decider
from common.engine.reads import Reads
from common.engine.rounds import Rounds
from common.model.resource import Key, Resource
from tests.support.deploying import things

RECORDED, ADOPTED, THERE = "recorded", "adopted", {"Arn": "arn:there"}


class Known:
    """What is read: a record with outputs, a resource without a record that exists, and nothing else."""

    def body(self, key: Key) -> "Future[Mapping[str, Any]]":
        answer: Future[Mapping[str, Any]] = Future()
        answer.set_result({"outputs": {"Arn": "arn:recorded"}} if key.name == RECORDED else {})
        return answer

    def outputs(self, resource: Resource) -> Mapping[str, str] | None:
        return THERE if resource.key.name == ADOPTED else None


def test_what_is_adopted_has_its_attributes_before_it_has_a_record() -> None:
    _, recorded, adopted, absent = things({RECORDED: {}, ADOPTED: {}, "absent": {}})
    rounds = Rounds(cast(Reads, Known()), {}, {})
    rounds.decide([], [recorded, adopted, absent], [], cast(Decider, None))
    assert rounds.attributes(recorded.key) == {"Arn": "arn:recorded"}
    assert rounds.attributes(adopted.key) == THERE
    assert rounds.attributes(absent.key) is None
    assert rounds.attributes(Key("p", "thing", "elsewhere")) is None
