"""State machines that publish: a version on each change, the alias, and what is pruned.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html: moto has neither, so AWS is scripted.
"""

from typing import Any

import pytest

from common.environment.resource_settings import StateMachineSettings
from common.resources.state_machine import StateMachine
from tests.resources.builders import TAGS, Place, brought, final, live_state, updated
from tests.resources.scripted import Answer, ScriptedAws, refused
from tests.support.iam import same

NEEDS = {
    **same(
        *("stepfunctions", "PublishStateMachineVersion ListStateMachineVersions ListStateMachineAliases"),
        "{stateMachineArn}",
    ),
    **same("stepfunctions", "UpdateStateMachineAlias DescribeStateMachineAlias", "{stateMachineAliasArn}"),
    **same("stepfunctions", "DeleteStateMachineVersion", "{stateMachineVersionArn}"),
    **same("stepfunctions", "CreateStateMachineAlias", "{routingConfiguration[0][stateMachineVersionArn]}"),
}
"""What the calls for versions and aliases need; see `tests.support.iam`."""
SETTINGS = StateMachineSettings(publish=True, alias="live", keep_versions=2)
MACHINE: StateMachine = Place().state_machine(settings=SETTINGS)
ARN = MACHINE.arn
CREATE, UPDATE = "stepfunctions:CreateStateMachine", "stepfunctions:UpdateStateMachine"
PUBLISH, MOVE = "stepfunctions:PublishStateMachineVersion", "stepfunctions:UpdateStateMachineAlias"
ADD, SHOW = "stepfunctions:CreateStateMachineAlias", "stepfunctions:DescribeStateMachineAlias"
VERSIONS, ALIASES = "stepfunctions:ListStateMachineVersions", "stepfunctions:ListStateMachineAliases"
DROP, DESCRIBE = "stepfunctions:DeleteStateMachineVersion", "stepfunctions:DescribeStateMachine"
TAG = "stepfunctions:TagResource"
NO_ALIAS = refused("UpdateStateMachineAlias", "ResourceNotFound")


def version(number: int) -> str:
    return f"{ARN}:{number}"


def listed(*numbers: int) -> dict[str, Any]:
    return {"stateMachineVersions": [{"stateMachineVersionArn": version(number)} for number in numbers]}


def routed(*numbers: int) -> dict[str, Any]:
    weight = 100 // len(numbers)
    return {"routingConfiguration": [{"stateMachineVersionArn": version(number), "weight": weight} for number in numbers]}


def test_a_machine_is_created_with_a_version_and_the_alias() -> None:
    gone = refused("DescribeStateMachine", "StateMachineDoesNotExist")
    script: dict[str, Answer | list[Answer]] = {DESCRIBE: gone, CREATE: {"stateMachineVersionArn": version(1)}, MOVE: NO_ALIAS}
    aws = ScriptedAws({**script, ADD: {}, VERSIONS: listed(1)})
    assert MACHINE.create(aws, final(MACHINE)) == {"stateMachineVersionArn": version(1)}
    assert aws.sent(CREATE)["publish"] is True
    assert aws.sent(ADD) == {"name": "live", **routed(1)}
    assert aws.operations == [DESCRIBE, CREATE, MOVE, ADD, VERSIONS]


def test_a_change_is_published_in_the_same_call_and_the_alias_moves_before_old_versions_go() -> None:
    aliases = {"stateMachineAliases": [{"stateMachineAliasArn": f"{ARN}:live"}, {"stateMachineAliasArn": f"{ARN}:old"}]}
    aws = ScriptedAws(
        {
            UPDATE: {"revisionId": "r", "stateMachineVersionArn": version(10)},
            MOVE: {},
            VERSIONS: listed(9, 10, 8, 2),
            ALIASES: aliases,
            SHOW: [routed(10), routed(2)],
            DROP: {},
        }
    )
    assert updated(aws, MACHINE, {"definition"}) == {"revisionId": "r", "stateMachineVersionArn": version(10)}
    assert aws.sent(UPDATE)["publish"] is True
    assert aws.sent(MOVE) == {"stateMachineAliasArn": f"{ARN}:live", **routed(10)}
    assert aws.sent(DROP) == {"stateMachineVersionArn": version(8)}, "10 and 9 are the newest two, and 2 is in use"
    assert aws.operations.index(MOVE) < aws.operations.index(DROP)


def test_an_alias_alone_is_moved_without_an_update_of_the_machine() -> None:
    """After a deploy that died in between, or when a machine begins to publish: AWS publishes no revision twice."""
    aws = ScriptedAws({PUBLISH: {"stateMachineVersionArn": version(3)}, MOVE: {}, VERSIONS: listed(3)})
    assert updated(aws, MACHINE, {"alias"}) == {"stateMachineVersionArn": version(3)}
    assert aws.operations == [PUBLISH, MOVE, VERSIONS]


def test_tags_alone_publish_nothing() -> None:
    aws = ScriptedAws({"stepfunctions:TagResource": {}})
    updated(aws, MACHINE, {"Tags"})
    assert aws.operations == ["stepfunctions:TagResource"]


@pytest.mark.parametrize(
    ("alias", "revision", "state"),
    [
        (routed(4), "r4", "the current revision"),
        (routed(4), "r3", "version 4"),
        (routed(4, 3), "r4", "version 4, version 3"),
        (refused("DescribeStateMachineAlias", "ResourceNotFound"), "r4", None),
    ],
)
def test_the_alias_is_current_if_it_leads_to_the_revision_of_the_machine(alias: Answer, revision: str, state: str | None) -> None:
    live = {**final(MACHINE), "status": "ACTIVE", "revisionId": "r4"}
    tags = {"stepfunctions:ListTagsForResource": {"tags": [{"key": name, "value": text} for name, text in TAGS.items()]}}
    aws = ScriptedAws({DESCRIBE: [live, {**live, "revisionId": revision}], SHOW: alias, **tags})
    assert (live_state(aws, MACHINE) or {})["alias"] == {"live": state}


def test_a_machine_that_publishes_nothing_has_no_alias_and_asks_for_none() -> None:
    plain = Place().state_machine()
    assert "alias" not in final(plain)
    assert plain.start_arn == plain.arn
    aws = ScriptedAws({UPDATE: {}})
    updated(aws, plain, {"definition"})
    assert "publish" not in aws.sent(UPDATE)
    assert aws.operations == [UPDATE]


def test_the_deployer_may_do_what_it_does_on_the_machine_and_on_what_is_below_it() -> None:
    needs = MACHINE.deployer_needs()
    assert needs.keys() == {ARN, f"{ARN}:*"}
    assert "states:PublishStateMachineVersion" in needs[ARN]
    assert {"states:UpdateStateMachineAlias", "states:DeleteStateMachineVersion"} <= {*needs[f"{ARN}:*"]}
    assert Place().state_machine().deployer_needs() == {}


def others(alias: int, **changed: Any) -> dict[str, Answer | list[Answer]]:
    """AWS's answers about somebody else's machine, whose alias `live` leads to this version, and `old` to version 2."""
    live = {**final(MACHINE), "status": "ACTIVE", "revisionId": "r4", **changed}
    tags = {"stepfunctions:ListTagsForResource": {"tags": [{"key": "team", "value": "others"}]}}
    aliases = {"stateMachineAliases": [{"stateMachineAliasArn": f"{ARN}:live"}, {"stateMachineAliasArn": f"{ARN}:old"}]}
    shown: list[Answer] = [routed(alias), routed(5), routed(2)]
    described: list[Answer] = [live, {**live, "revisionId": f"r{alias}"}]
    return {DESCRIBE: described, SHOW: shown, ALIASES: aliases, TAG: {}, **tags}


def test_a_machine_that_is_adopted_keeps_its_versions_in_use_and_other_aliases() -> None:
    published = {
        UPDATE: {"revisionId": "r5", "stateMachineVersionArn": version(5)},
        MOVE: {},
        VERSIONS: listed(5, 4, 3, 2, 1),
        DROP: {},
    }
    aws = ScriptedAws({**others(4, definition='{"StartAt": "Old", "States": {"Old": {"Type": "Succeed"}}}'), **published})
    assert brought(aws, MACHINE) == {"definition", "Tags"}
    assert aws.sent(UPDATE)["publish"] is True
    assert aws.sent(MOVE) == {"stateMachineAliasArn": f"{ARN}:live", **routed(5)}
    dropped = [parameters["stateMachineVersionArn"] for operation, parameters in aws.calls if operation == DROP]
    assert dropped == [version(3), version(1)], "5 and 4 are the newest two, and the alias of others leads to 2"


def test_a_machine_that_is_adopted_as_it_is_gets_tags_alone() -> None:
    aws = ScriptedAws(others(4))
    assert brought(aws, MACHINE) == {"Tags"}
    assert aws.operations[-1] == TAG
    assert not {UPDATE, PUBLISH, MOVE, DROP} & {*aws.operations}


def test_an_adopted_machine_whose_alias_leads_elsewhere_publishes_what_it_is() -> None:
    published = {PUBLISH: {"stateMachineVersionArn": version(5)}, MOVE: {}, VERSIONS: listed(5, 4)}
    aws = ScriptedAws({**others(3), **published})
    assert brought(aws, MACHINE) == {"alias", "Tags"}
    assert aws.sent(MOVE) == {"stateMachineAliasArn": f"{ARN}:live", **routed(5)}
    assert UPDATE not in aws.operations
