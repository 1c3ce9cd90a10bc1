"""Definitions with one mistake each are refused: of the machines of this repository, and of one that has what those do not."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from common.commands.invocation import ROOT
from common.declare.asl import definition
from tests.declare.asl.mutants import misspelled, mutants, problems_of

ARN = "arn:aws:states:::"
WHOLE: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "Read",
    "States": {
        "Read": {
            "Type": "Task",
            "Resource": f"{ARN}aws-sdk:s3:listObjectsV2",
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "MaxKeys": 5},
            "Retry": [
                {"ErrorEquals": ["S3.NoSuchBucketException"], "MaxAttempts": 2, "BackoffRate": 2, "JitterStrategy": "FULL"}
            ],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Failed"}, {"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
            "Assign": {"count": "{% $count($states.result.Contents) %}"},
            "TimeoutSeconds": 60,
            "Next": "Any",
        },
        "Any": {"Type": "Choice", "Choices": [{"Condition": "{% $count > 0 %}", "Next": "Load"}], "Default": "Failed"},
        "Load": {
            "Type": "Task",
            "Resource": f"{ARN}glue:startJobRun.sync",
            "Arguments": {"JobName": "load", "Arguments": {"--count": "{% $string($count) %}"}},
            "End": True,
        },
        "Failed": {"Type": "Fail", "Error": "Nothing", "Cause": "There is nothing to load."},
    },
}
SOURCES: list[Any] = [WHOLE, *sorted((ROOT / "projects").glob("*/*.asl.*"))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name if isinstance(source, Path) else "whole")
def test_what_has_one_mistake_is_refused(source: Any) -> None:
    original = definition.read(source, "here")
    assert problems_of(original) == []
    made, kinds = Counter[bool](), set()
    for kind, _, mutant in mutants(original, random.Random(7), each=2):
        made[bool(problems_of(mutant))] += 1
        kinds.add(kind)
    assert len(kinds) > 6
    assert made[True] >= 0.98 * made.total(), made


def test_a_typing_error_is_never_the_word_itself() -> None:
    chance = random.Random(1)
    assert all(
        misspelled(chance, word).casefold() != word.casefold() for word in ("Next", "ab", "aaaa", "x-1") for _ in range(200)
    )
