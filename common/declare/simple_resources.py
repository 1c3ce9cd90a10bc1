"""Resources that need nothing but what their declaration says: no configuration, no role, nothing beside them."""

from dataclasses import dataclass
from typing import Protocol

from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.model.declared import Identity
from common.model.reference import Ref
from common.model.resource import Resource


class Make(Protocol):
    """A type of resources with all but the identity filled in, as `functools.partial` does it."""

    def __call__(self, *, identity: Identity) -> Resource:
        """The resource of that identity."""


@dataclass(frozen=True)
class SimpleDeclaration:
    """A resource that `make` makes of its identity alone."""

    make: Make

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # noqa: ARG002 - nothing is configured
        """Adds the resource."""
        project.add(self.make(identity=project.identity(ref)))
