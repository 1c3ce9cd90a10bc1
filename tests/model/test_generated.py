"""Marks that stand for what AWS is yet to give."""

import pytest

from common.model.generated import GeneratedRef, filled_in, mark_of, marked_keys, shown
from common.model.resource import Key

QUEUE, TOPIC = Key("acres", "resource", "work"), Key("shared", "resource", "alerts")
STATE = {
    "Url": mark_of(QUEUE, "QueueUrl"),
    "Policy": [f"on {mark_of(TOPIC, 'TopicArn')}!"],
    "Size": 1,
    mark_of(QUEUE, "Arn"): None,
}


def test_a_state_tells_whose_attributes_it_needs() -> None:
    assert marked_keys(STATE) == {QUEUE, TOPIC}
    assert marked_keys({"Url": "https://queue", "Size": 1}) == set()


def test_what_is_known_is_filled_in_and_the_rest_stays() -> None:
    attributes = {QUEUE: {"QueueUrl": "https://queue", "Arn": "arn:q"}}
    filled = filled_in(STATE, attributes.get)
    assert filled == {"Url": "https://queue", "Policy": STATE["Policy"], "Size": 1, "arn:q": None}
    assert marked_keys(filled) == {TOPIC}


def test_people_read_in_words_what_is_not_known_yet() -> None:
    assert shown(f"Url none → {mark_of(QUEUE, 'QueueUrl')}") == "Url none → (QueueUrl is known after resource/work is created)"


def test_a_reference_has_the_attributes_of_its_type_alone() -> None:
    ref = GeneratedRef(QUEUE, "q", mark_of(QUEUE, "Arn"), frozenset({"Arn", "QueueUrl"}), frozenset({"sqs"}))
    assert ref.attribute("QueueUrl") == ref.generated["QueueUrl"] == mark_of(QUEUE, "QueueUrl")
    with pytest.raises(ValueError, match="has no attribute 'Url'; it has Arn, QueueUrl"):
        ref.attribute("Url")
