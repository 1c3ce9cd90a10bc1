"""What must come before a change."""

from pathlib import Path

from common.base.errors import DeployError
from tests.support.deploying import deploy, things
from tests.support.fake_aws import World


def test_what_is_needed_is_found_behind_what_does_not_change(tmp_path: Path) -> None:
    """`c` needs `b`, which does not change, and that needs `a`, which fails: `c` stays as it is until the next deploy."""
    world = World()
    deploy(world, things({"a": {"Size": 1}, "b": {"Size": 1}, "c": {"Size": 1}}), tmp_path)
    changed = things({"a": {"Size": 2}, "b": {"Size": 1}, "c": {"Size": 2}})

    def refuse(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "Put"):
            raise DeployError("refused")

    failing = deploy(world, changed, tmp_path, fault=refuse)
    assert ({key.name for key in failing.failed}, {key.name for key in failing.untried}) == ({"a"}, {"c"})
    assert deploy(world, changed, tmp_path).actions() == {"thing/a": "update", "thing/c": "update"}
