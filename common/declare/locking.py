"""Writes the lock files of everything that functions and jobs of any environment install."""

from collections.abc import Iterator
from pathlib import Path

from common.declare import packages
from common.declare.packages import Say
from common.declare.workspace import Workspace
from common.model.resource import Resource
from common.packaging import dependencies, pip_settings
from common.packaging.dependencies import Dependencies
from common.packaging.requirements import Requirements
from common.packaging.source_files import display_path
from common.packaging.target import Target


def write_locks(workspace: Workspace, say: Say) -> None:
    """Writes each lock file for all targets of all environments. It ignores --only, which would leave targets out.

    Raises:
        ArtifactError: requirements cannot be resolved, or a package has no wheel for a target.
    """
    locks: dict[Path, tuple[Requirements, set[Target]]] = {}
    for name in packages.environments(workspace, every=True):
        for resource in packages.declared(workspace, name, say):
            for installed in _installed(resource):
                requirements = installed.requirements
                path = requirements.lock.parent.resolve() / requirements.lock.name
                _, targets = locks.setdefault(path, (requirements, set()))
                targets.add(installed.target)
    if locks and (note := pip_settings.ignored_index_here()):
        say(note)
    for requirements, targets in locks.values():
        if not requirements.is_pinned:
            changed = dependencies.lock(requirements, targets)
            say(f"{display_path(requirements.lock)} {'written' if changed else 'is up to date'}")


def _installed(resource: Resource) -> Iterator[Dependencies]:
    """Yields the dependencies of a resource and of its artifacts."""
    candidates = [getattr(artifact, "dependencies", None) for artifact in resource.artifacts]
    yield from (installed for installed in candidates if isinstance(installed, Dependencies))
