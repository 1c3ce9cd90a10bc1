"""A database of the Glue data catalog.

Its tables may have been made by crawlers, jobs or people, and they are deleted with it. So a database counts as data.

UpdateDatabase replaces the whole description of a database, so its undeclared fields (location, parameters, permissions) are sent
back as they were read.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, NameRule, Passing, Policy, Properties, Quota
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags

ACCEPTED = comparison.fields(
    *("LocationUri", "Parameters", "CreateTableDefaultPermissions"),
    TargetDatabase=comparison.fields("CatalogId", "DatabaseName", "Region"),
    FederatedDatabase=comparison.fields("Identifier", "ConnectionName", "ConnectionType"),
)
"""UpdateDatabase accepts these fields besides the description, and empties those that are left out."""


_READ = ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables")
KIND = Kind(
    name="database",
    word="database",
    service="glue",
    step=steps.SHARED,
    console="glue/home?region={region}#/v2/data-catalog/databases/view/{name}",
    arn=ArnForm("glue", "database/"),
    names=NameRule(255, re.compile(r"[a-z0-9_-]+"), "lower-case letters, digits, _ and -"),
    reads=_READ,
    writes=(
        *_READ,
        *("glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:BatchGetPartition", "glue:CreatePartition"),
        *("glue:CreateTable", "glue:DeletePartition", "glue:DeleteTable", "glue:UpdatePartition", "glue:UpdateTable"),
    ),
    granted=lambda arn: (_catalog(arn), _within(arn, "table")),
    listing=Listing("GetDatabases", "DatabaseList", "Name"),
    quota=Quota("Glue databases", "glue", "L-F953935E", 10_000),
    calls=Calls(("CreateDatabase",)),
    properties=Properties("UpdateDatabase", ("DatabaseInput",), {"Name": "name", "Description": "description"}),
    passing=Passing(
        codes={
            "ConcurrentModificationException": AT_ONCE,
            "FederationSourceRetryableException": "the source of a federated database is busy",
        }
    ),
    policy=Policy(
        operations=(
            *("CreateDatabase", "UpdateDatabase", "DeleteDatabase", "GetDatabase", "GetTags", "TagResource", "UntagResource"),
        ),
        everywhere=("GetDatabases",),
        actions={"CreateDatabase": ("glue:CreateDatabase", "glue:TagResource")},
        parts=lambda arn: (_catalog(arn), _within(arn, "table"), _within(arn, "userDefinedFunction")),  # it goes with these
        beside=lambda arn: (_catalog(arn),),
        patterns=("{underscored}_*",),
    ),
    lookup=Lookup(
        "GetDatabase",
        lambda database: {"Name": database.name, "CatalogId": database.arn.split(":")[4]},
        ("EntityNotFoundException",),
        covers=lambda arn: (_catalog(arn), arn),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Database(Declared):
    """A database in the account's own catalog."""

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"Description", "Tags", *ACCEPTED})
    usual: ClassVar[State] = {
        "CreateTableDefaultPermissions": [
            {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
        ]
    }
    description: str = ""

    def desired(self) -> State:
        """Description, the declared properties and tags."""
        return {"Description": self.description, **self.properties, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state."""
        live = _live(aws, self)
        if live is None:
            return None
        tags = aws.call("glue", "GetTags", ResourceArn=self.arn).get("Tags")
        state = {"Description": live.get("Description", ""), "Tags": owned_tags(tags, self.tags)}
        state = comparison.with_selected(state, live, self.properties)
        kept = comparison.undeclared(live, self.properties, ACCEPTED) | other_tags(tags, self.tags)
        if not self.description and state["Description"]:
            kept["Description"], state["Description"] = state["Description"], ""
        return Live(state, undeclared=kept)

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the database with its tags in one call."""
        fields = {"Name": self.name, **{name: value for name, value in desired.items() if name != "Tags"}}
        try:
            aws.call("glue", "CreateDatabase", DatabaseInput=fields, Tags=desired["Tags"])
        except AwsError as error:
            if error.code != "AlreadyExistsException":
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Replaces what is not a tag, with its undeclared fields as they are now, and changes the tags, each if it changed."""
        if change.changed - {"Tags"}:
            live = _live(aws, self) or {}
            kept = comparison.without(comparison.undeclared(live, self.properties, ACCEPTED), change.stale)
            described = change.desired["Description"] or ("" if "Description" in change.stale else live.get("Description", ""))
            declared = {name: change.desired[name] for name in self.properties}
            fields = {**comparison.merged(declared, kept), "Name": self.name, "Description": described}
            aws.call("glue", "UpdateDatabase", Name=self.name, DatabaseInput=fields)
        if "Tags" in change.changed:
            aws.call("glue", "TagResource", ResourceArn=self.arn, TagsToAdd=change.desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        return aws.call("glue", "GetTags", ResourceArn=resource.arn).get("Tags", {}) if _live(aws, resource) else None

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("glue", "UntagResource", ResourceArn=resource.arn, TagsToRemove=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the database and the descriptions of its tables. Their data in S3 stays."""
        aws.find("glue", "DeleteDatabase", "EntityNotFoundException", Name=resource.name)


def _live(aws: Aws, resource: Named) -> JsonObject | None:
    response = aws.find("glue", "GetDatabase", "EntityNotFoundException", Name=resource.name)
    return response and response["Database"]


def _catalog(arn: str) -> str:
    """The ARN of the catalog that a database is in."""
    return f"{arn.partition(':database/')[0]}:catalog"


def _within(arn: str, what: str) -> str:
    """A pattern for the ARNs of everything of one type in a database, such as its tables."""
    return f"{arn.replace(':database/', f':{what}/')}/*"
