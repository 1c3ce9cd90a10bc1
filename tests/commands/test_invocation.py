"""What the tasks of one command line share."""

import shlex

from common.commands.invocation import Invocation


def test_a_command_is_typed_again_with_every_value_of_an_option_that_is_repeated() -> None:
    options = {"match": ["odd-*", "it's"], "tag": [], "env": "dev", "json": False, "dry_run": True}
    invocation = Invocation([("import", options)])
    invocation.begin(options)
    assert shlex.split(invocation.again()) == ["import", "--match", "odd-*", "--match", "it's", "--env", "dev"]
