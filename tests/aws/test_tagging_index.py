"""Parts of the tagging index: nothing is left out, no page is asked for twice."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.aws.tagging_index import Sizes, resource_type, split_parts
from common.model.resource import Resource
from tests.bench.generated import Size, generate
from tests.support.repository import ACCOUNT, Repository

TYPES = ["lambda:function", "glue:job", "glue:crawler", "logs:log-group", "states:stateMachine", "s3", "sns"]


def pages(*sizes: int) -> int:
    return sum(-(-size // 100) for size in sizes)


@given(st.dictionaries(st.sampled_from(TYPES), st.integers(1, 3000)))
def test_parts_have_no_more_pages_than_the_whole_and_leave_nothing_out(sizes: dict[str, int]) -> None:
    parts = split_parts(sizes)
    if parts == [()]:
        return
    held = [[name for name in sizes if name in part or name.partition(":")[0] in part] for part in parts]
    assert sorted(name for names in held for name in names) == sorted(sizes)
    assert pages(*(sum(sizes[name] for name in names) for names in held)) <= pages(sum(sizes.values()))


def test_a_small_environment_is_asked_for_at_once() -> None:
    assert (
        split_parts({}) == split_parts({"lambda:function": 40, "glue:job": 40}) == split_parts({"lambda:function": 400}) == [()]
    )


def test_a_large_one_is_asked_for_by_type() -> None:
    sizes = {"lambda:function": 500, "glue:job": 500, "logs:log-group": 503, "glue:crawler": 100, "s3": 2}
    assert split_parts(sizes) == [("logs", "s3"), ("glue:job",), ("lambda",), ("glue:crawler",)]


def test_every_resource_is_in_the_part_of_its_type(repository: Repository) -> None:
    generate(repository, Size.of(10), ACCOUNT)
    resources: list[Resource] = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    types = {resource.key.kind: resource_type(resource.arn) for resource in resources}
    assert types["lambda"] == "lambda:function"
    assert types["glue-job"] == "glue:job"
    assert types["crawler"] == "glue:crawler"
    assert types["state-machine"] == "states:stateMachine"
    assert types["log-group"] == "logs:log-group"
    assert types["bucket"] == "s3"


def test_sizes_are_kept_and_what_is_no_size_is_not_believed(tmp_path: Path) -> None:
    kept = tmp_path / "build" / "dev.json"
    arns = [f"arn:aws:lambda:r:a:function:f{number}" for number in range(100)]
    arns += [f"arn:aws:glue:r:a:job/j{number}" for number in range(100)]
    assert Sizes(kept).parts() == [()]
    Sizes(kept).keep(arns)
    assert Sizes(kept).parts() == [("glue",), ("lambda",)]
    written = kept.stat().st_mtime_ns
    Sizes(kept).keep(arns)
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize("text", ["", "{", "[]", '{"glue:job": "many"}', '{"glue:job": -5}', "\x00", '{"glue:job": null}'])
def test_damage_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "dev.json").write_text(text)
    assert Sizes(tmp_path / "dev.json").parts() == [()]


def test_a_folder_that_cannot_be_written_costs_speed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Sizes(tmp_path / "file" / "dev.json").keep(["arn:aws:glue:r:a:job/j"])
    assert Sizes(tmp_path / "file" / "dev.json").parts() == [()]
