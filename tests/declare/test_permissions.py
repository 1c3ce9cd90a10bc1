"""The statements that follow from what is declared."""

import pytest

from common.base.errors import DeclarationError
from common.declare import grants, permissions
from common.declare.named_access import Access
from common.declare.naming import PhysicalNames
from common.declare.permissions import Statement
from common.declare.project_resources import ProjectResources
from common.model.reference import Grantable, Location, Names
from common.resources import every_kind
from tests.support.machines import BUCKET, DATABASE, ENV, REGION, TABLE, TOPIC, ref

FUNCTION = f"arn:aws:lambda:{REGION}:function:f"


def allowed(reads: list[Grantable], writes: list[Grantable]) -> list[Statement]:
    names = Names({}, every_kind())
    project = ProjectResources("acres", ENV, names, PhysicalNames(ENV, "acres", names))
    return list(grants.grants(project, "acres: lambda/f", Access(tuple(reads), tuple(writes))))


def test_reading_a_folder_is_not_reading_the_bucket() -> None:
    objects, listing = allowed([BUCKET / "fpac"], [])
    folder = ["arn:aws:s3:::landing/fpac", "arn:aws:s3:::landing/fpac/*"]
    assert objects == {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": folder}
    assert (listing["Action"], listing["Resource"]) == (["s3:ListBucket"], ["arn:aws:s3:::landing"])
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["fpac/*", "fpac"]}}
    objects, listing = allowed([BUCKET], [])
    assert objects["Resource"] == ["arn:aws:s3:::landing/*"]
    assert "Condition" not in listing


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        (BUCKET, ["*"]),
        (BUCKET / "in", ["in", "in/*"]),
        (BUCKET / "in/of/all", ["in/of/all", "in/of/all/*"]),
        (Location(BUCKET, "in/one.csv"), ["in/one.csv", "in/one.csv/*"]),
        (Location(BUCKET, "in/*/a?${aws:username}"), ["in/${*}/a${?}${$}{aws:username}", "in/${*}/a${?}${$}{aws:username}/*"]),
        (Location(BUCKET, ""), ["*"]),
    ],
)
def test_a_folder_may_be_asked_for_by_its_name_alone_and_those_above_may_not(place: Grantable, keys: list[str]) -> None:
    objects, _ = allowed([place], [])
    assert objects["Resource"] == [f"{BUCKET.arn}/{key}" for key in keys]


def test_a_table_is_read_and_written_by_one_item_by_many_and_as_a_whole() -> None:
    (read,), (written,) = allowed([TABLE], []), allowed([], [TABLE])
    reading = {f"dynamodb:{verb}" for verb in ("BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan")}
    writing = {f"dynamodb:{verb}" for verb in ("BatchWriteItem", "ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem")}
    assert ({*read["Action"]}, {*written["Action"]}) == (reading, reading | writing)


def test_writing_includes_reading() -> None:
    for target in (TABLE, DATABASE, BUCKET / "fpac"):
        read = {action for statement in allowed([target], []) for action in statement["Action"]}
        written = {action for statement in allowed([], [target]) for action in statement["Action"]}
        assert read < written
    assert allowed([], [TOPIC]) == [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [TOPIC.arn]}]


def test_no_grant_reaches_beyond_what_it_names() -> None:
    everything = allowed([BUCKET, TABLE, DATABASE], [BUCKET / "out", TABLE, DATABASE, TOPIC])
    assert all("*" not in statement["Resource"] for statement in everything)
    assert all(":" in action and not action.endswith("*") for statement in everything for action in statement["Action"])


def test_what_cannot_be_granted_is_told_by_its_name() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^acres: lambda/f: topic/alerts cannot be read: this can be granted for buckets, databases, .*tables\.$",
    ):
        allowed([TOPIC], [])
    with pytest.raises(DeclarationError, match=r"^acres: lambda/f: lambda/f cannot be written"):
        allowed([], [ref("lambda", "f", FUNCTION)])


def test_logs_are_written_to_groups_that_exist() -> None:
    statement = permissions.logs(["arn:b", "arn:a", "arn:b"])
    assert statement["Resource"] == ["arn:a:*", "arn:b:*"]
    assert "logs:CreateLogGroup" not in statement["Action"]


def test_a_connection_is_one_whatever_it_is_called() -> None:
    reading, *_ = permissions.connections(ENV, ["*"])
    assert reading["Resource"] == [f"arn:aws:glue:{REGION}:catalog", f"arn:aws:glue:{REGION}:connection/${{*}}"]


def test_the_code_of_a_function_in_a_network_makes_no_interfaces() -> None:
    placing, denied = permissions.network_interfaces(FUNCTION)
    assert (placing["Effect"], denied["Effect"]) == ("Allow", "Deny")
    assert placing["Action"] == denied["Action"]
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [FUNCTION]}}


def test_connections_may_tag_only_what_glue_makes() -> None:
    reading, placing, tagging = permissions.connections(ENV, ["warehouse"])
    assert reading["Resource"] == [f"arn:aws:glue:{REGION}:catalog", f"arn:aws:glue:{REGION}:connection/warehouse"]
    described = ("NetworkInterfaces", "RouteTables", "SecurityGroups", "Subnets", "VpcAttribute", "VpcEndpoints")
    made = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
    # What AWS's own policy for the role of a job has: AWSGlueServiceRole, and what a connection is read with.
    assert (reading["Action"], placing["Action"]) == (
        ["glue:GetConnection"],
        made + [f"ec2:Describe{noun}" for noun in described],
    )
    assert tagging["Condition"] == {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}}
