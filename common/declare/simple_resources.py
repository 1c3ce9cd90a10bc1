"""Resources that need nothing but what their declaration says: no configuration, no role, nothing beside them.

A pipeline may have such a resource of its own, and all pipelines may share one. Both are declared by the same methods.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from common.declare import validation
from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.model.declared import Identity
from common.model.reference import Ref
from common.model.resource import Resource
from common.resources.table import Table


class Make(Protocol):
    """A type of resources with all but the identity filled in, as `functools.partial` does it."""

    def __call__(self, *, identity: Identity) -> Resource:
        """The resource of that identity."""


@dataclass(frozen=True)
class SimpleDeclaration:
    """A resource that `make` makes of its identity alone, and that refers to the resources `uses`."""

    make: Make
    uses: tuple[Ref, ...] = ()

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # noqa: ARG002 - nothing is configured
        """Adds the resource."""
        project.add(self.make(identity=project.identity(ref, [used.key for used in self.uses])))


class SimpleResources(ABC):
    """The methods by which root `deploy.py` and pipelines declare such resources."""

    @abstractmethod
    def _declare(self, kind: str, name: str, make: Make, uses: Iterable[Ref] = ()) -> Ref:
        """Declares a resource that refers to the resources `uses`."""

    def table(self, name: str, *, partition_key: str) -> Ref:
        """A DynamoDB table with a string partition key, paid by request, with point-in-time recovery."""
        return self._declare("table", name, partial(Table, partition_key=validation.partition_key(partition_key)))
