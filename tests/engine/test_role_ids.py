"""Which ids of roles a release root records, so that the next deploy gives a role anew to what has run with the former one."""

from collections.abc import Mapping

import pytest

from common.engine.first_reads import FirstReads
from common.engine.renewed_roles import ids_after
from common.model.declared import Identity
from common.model.resource import Key
from common.state.records import Records
from tests.resources.builders import Place
from tests.resources.scripted import Answer, ScriptedAws
from tests.support.deploying import ENV, Sequential
from tests.support.fake_aws import Thing

PLACE = Place()
ROLE = PLACE.role(key=Key("p", "role", "worker"))
USER = Thing(identity=Identity(key=Key("p", "thing", "user"), name="user", arn="arn:user", tags={}, needs=(ROLE.key,)), fields={})


@pytest.mark.parametrize(
    ("before", "is_made_again", "is_settled", "after"),
    [
        ({}, False, False, {"role/worker": "new"}),
        ({}, True, True, {"role/worker": "new"}),
        ({}, True, False, {"role/worker": ""}),
        ({"role/worker": "old"}, True, False, {"role/worker": "old"}),
        ({"role/worker": "old"}, False, False, {"role/worker": "old"}),
        ({"role/worker": "old"}, False, True, {"role/worker": "new"}),
    ],
)
def test_a_new_id_is_recorded_once_all_that_runs_with_the_role_has_it(
    before: Mapping[str, str], is_made_again: bool, is_settled: bool, after: Mapping[str, str]
) -> None:
    again, settled = [ROLE.key] if is_made_again else [], [USER.key] if is_settled else []
    assert ids_after([ROLE, USER], before, {ROLE.key: "new"}, again, settled) == after


def test_a_declared_role_at_a_path_of_its_own_is_of_its_project_and_others_are_by_their_path() -> None:
    names = ("test/dev/p/own", "test/dev/gone/left", "team/named", "team/theirs")
    own, undeclared, elsewhere, of_others = (f"arn:aws:iam::123456789012:role/{name}" for name in names)
    listed: list[Answer] = [
        {"Roles": [{"Arn": arn, "RoleId": arn[-3:]} for arn in arns]} for arns in ([own, undeclared], [elsewhere, of_others])
    ]
    aws = ScriptedAws({"iam:ListRoles": listed, "resourcegroupstaggingapi:GetResources": {"ResourceTagMappingList": []}})
    with Sequential() as pool:
        reads = FirstReads(aws, Records(aws, ENV), ENV, (), ((),), pool)
        reads.look_for(
            [PLACE.role(key=Key("q", "role", "named"), arn=elsewhere), PLACE.role(key=Key("p", "role", "own"), arn=own)]
        )
        assert reads.present() == {own: "p", undeclared: "gone", elsewhere: "q"}
