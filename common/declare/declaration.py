"""The parts of a declared pipeline: settings, their configuration, and how `run` starts it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.declare.asl.problem import LocatedProblem
from common.environment.resource_settings import Settings
from common.model.reference import Location, Ref
from common.model.resource import Resource

DeclaredSettings = Settings | JsonMapping | None
"""The settings in a declaration, if it has any."""


@dataclass(frozen=True)
class Configured:
    """The configured settings of a resource: its own, and the defaults of its kind.

    Both are None for a kind without settings, and if the environment's files have none.
    """

    own: Settings | None = None
    default: Settings | None = None


@dataclass(frozen=True)
class Entry:
    """How `run` starts a pipeline, and which table it shows at the end.

    Args:
        machine: the state machine to start.
        input: the default input of the execution, or the JSON file that contains it.
        sample: local files and where they go first on the embedded AWS: a location, or a queue that gets their lines.
        preview: the location of the final table's Parquet files.
    """

    machine: Ref
    input: JsonMapping | Path
    sample: tuple[tuple[Path, Location | Ref], ...] = ()
    preview: Location | None = None


class Declares(Protocol):
    """The interface of a declared pipeline for the engine."""

    name: str
    entry: Entry | None

    def rendered(self) -> tuple[Resource, ...]:
        """Returns every resource of the pipeline."""
        ...


@runtime_checkable
class UsesEntries(Protocol):
    """What may refer to things of others by the names that configuration gives them."""

    @property
    def entries(self) -> set[str]:
        """The entries of `existing` in configuration that are used, by their places."""
        ...


@runtime_checkable
class Warns(Protocol):
    """A pipeline with state machines."""

    @property
    def warnings(self) -> Sequence[LocatedProblem]:
        """What may be wrong in their definitions, and is not refused; known once they are rendered."""
        ...


@runtime_checkable
class Borrows(Protocol):
    """A pipeline that needs more of the shared resources than their names."""

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Receives the resources of root `deploy.py`, before `rendered` is called."""
        ...
