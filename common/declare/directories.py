"""Folders of projects whose files are stored at a place in a bucket."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.lean_dataclass import dataclass
from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.environment.config import Environment
from common.model.reference import Location, Ref
from common.model.resource import Key
from common.packaging import source_files
from common.resources.directory import Content, Directory


@dataclass(frozen=True, kw_only=True)
class DirectoryDeclaration:
    """A folder of the project whose files are stored at a place in a bucket."""

    folder: Path
    location: Location

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the directory with every file that is not ignored."""
        ignoring = source_files.IgnoreRules(self.folder, ("/.deployignore",))
        files = source_files.list_files(self.folder, ignoring) if self.folder.is_dir() else {}
        if not files:
            raise DeclarationError(
                f"{project.where(ref)}: the folder {self.folder.name}/ is empty or does not exist. Add files to it."
            )
        accepted = project.accepted[ref.key]
        contents = {
            name: Content(file.path, file.status, partial(source_files.scan_and_hash, name, file, accepted))
            for name, file in files.items()
        }
        identity = project.identity(ref, [self.location.bucket])
        project.add(Directory(identity=identity, account_id=project.env.account_id, files=contents))


def reference(project: str, env: Environment, folder: str, at: Location, others: Iterable[Ref]) -> Ref:
    """The reference to a folder that is kept at a place.

    Args:
        project: whose folder.
        env: the environment.
        folder: relative to the project.
        at: the place.
        others: the project's other directories.

    Raises:
        DeclarationError: it is all of a bucket, or one of them would be within the other.
    """
    key = Key(project, "directory", folder.strip("/").replace("/", "-"))
    if not at.prefix:
        raise DeclarationError(f"{env.where(project)}: {key} needs a place within {at.uri}, as in bucket / 'configs'.")
    ref = Ref(key, f"{at.bucket.name}/{at.prefix}", env.bucket_arn(at.bucket.name, at.prefix))
    for other in others:
        if other != ref and (other.name.startswith(ref.name) or ref.name.startswith(other.name)):
            raise DeclarationError(f"{env.where(project)}: {other.key} and {key} would be one within the other at {at.uri}.")
    return ref
