"""What a pipeline is made of, as its authors declare it: settings, what configuration adds, and how `run` starts it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from common.base.json_types import JsonMapping
from common.environment.resource_settings import Settings
from common.model.reference import Location, Ref
from common.model.resource import Resource

DeclaredSettings = Settings | JsonMapping | None
"""Settings as far as the declaration gives them."""


@dataclass(frozen=True)
class Configured:
    """What configuration says of one resource: of itself, and of all of its kind.

    Both are None for a kind that is not configured, and where the environment's files say nothing.
    """

    own: Settings | None = None
    default: Settings | None = None


@dataclass(frozen=True)
class Entry:
    """How `run` starts a pipeline, and what it shows in the end.

    Args:
        machine: the state machine to start.
        input: the execution's input when the user gives none, or the JSON file that holds it.
        sample: local files and the places to which the embedded AWS gets them first.
        preview: where the final table's Parquet files are.
    """

    machine: Ref
    input: JsonMapping | Path
    sample: tuple[tuple[Path, Location], ...] = ()
    preview: Location | None = None


class Declares(Protocol):
    """What the engine sees of a declared pipeline."""

    name: str
    entry: Entry | None

    def resources(self) -> tuple[Resource, ...]:
        """Every resource of the pipeline."""
        ...


@runtime_checkable
class Borrows(Protocol):
    """A pipeline whose resources stand on more of the shared ones than their names."""

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Makes known what root `deploy.py` declares, before this pipeline's resources are asked for."""
        ...
