"""A database of the Glue data catalog.

UpdateDatabase replaces the whole description of a database, so what we do not own (location, parameters, permissions) is sent
back as it was read.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html
"""

from dataclasses import dataclass
from typing import Any

from common.errors import AwsError
from common.resource import Aws, Declared, Outputs, State, owned_tags

_NOT_OURS = ("LocationUri", "Parameters", "CreateTableDefaultPermissions", "TargetDatabase")


@dataclass(frozen=True, kw_only=True)
class Database(Declared):
    """A database in the account's own catalog."""

    description: str = ""

    def desired(self) -> State:
        """Description and tags."""
        return {"Description": self.description, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> State | None:
        """The live state."""
        live = self._live(aws)
        if live is None:
            return None
        tags = aws.call("glue", "GetTags", ResourceArn=self.arn).get("Tags")
        return {"Description": live.get("Description", ""), "Tags": owned_tags(tags, self.tags)}

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the database with its tags in one call."""
        wanted = {"Name": self.name, "Description": desired["Description"]}
        try:
            aws.call("glue", "CreateDatabase", DatabaseInput=wanted, Tags=desired["Tags"])
        except AwsError as error:
            if error.code != "AlreadyExistsException":
                raise
            return self.update(aws, desired, frozenset(desired))
        return {}

    def update(self, aws: Aws, desired: State, changed: frozenset[str]) -> Outputs:
        """Changes the description, the tags, or both."""
        if "Description" in changed:
            live = self._live(aws) or {}
            kept = {name: live[name] for name in _NOT_OURS if name in live}
            wanted = {**kept, "Name": self.name, "Description": desired["Description"]}
            aws.call("glue", "UpdateDatabase", Name=self.name, DatabaseInput=wanted)
        if "Tags" in changed:
            aws.call("glue", "TagResource", ResourceArn=self.arn, TagsToAdd=desired["Tags"])
        return {}

    def delete(self, aws: Aws) -> None:
        """Deletes the database and the description of its tables; their data in S3 stays."""
        aws.find("glue", "DeleteDatabase", "EntityNotFoundException", Name=self.name)

    def _live(self, aws: Aws) -> dict[str, Any] | None:
        found = aws.find("glue", "GetDatabase", "EntityNotFoundException", Name=self.name)
        return found and found["Database"]
