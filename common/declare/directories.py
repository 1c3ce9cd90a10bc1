"""Folders that pipelines keep at a place in a bucket."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common.base.errors import DeclarationError
from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.model.reference import Location, Ref
from common.packaging import source_files
from common.resources.directory import Content, Directory


@dataclass(frozen=True, kw_only=True)
class DirectoryDeclaration:
    """A folder of the project that is kept at a place in a bucket."""

    folder: Path
    location: Location

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the directory with every file that is not ignored."""
        ignoring = source_files.IgnoreRules(self.folder, ("/.deployignore",))
        files = source_files.list_files(self.folder, ignoring) if self.folder.is_dir() else {}
        if not files:
            raise DeclarationError(f"{project.where(ref)}: the folder {self.folder.name}/ is empty, or not there.")
        accepted = project.accepted[ref.key]
        contents = {
            name: Content(file.path, file.status, partial(source_files.scan_and_hash, name, file, accepted))
            for name, file in files.items()
        }
        project.add(Directory(identity=project.identity(ref, [self.location.bucket.key]), files=contents))
