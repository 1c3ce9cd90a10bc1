"""What a declaration says of each kind of resource, before configuration and conventions are added to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from common.declare.asl.definition import Source
from common.environment.resource_settings import Settings
from common.model.reference import Grantable, Location, Ref
from common.model.resource import Resource
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.node import Command

Said = Settings | dict[str, Any] | None
"""Settings as far as the declaration gives them."""


@dataclass(frozen=True)
class FunctionDeclaration:
    """A Lambda function."""

    folder: Path
    handler: str | None = None
    reads: tuple[Grantable, ...] = ()
    writes: tuple[Grantable, ...] = ()
    said: Said = None
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None
    layers: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class LayerDeclaration:
    """A layer of functions."""

    folder: Path
    runtime: str | None = None
    architecture: str | None = None
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None


@dataclass(frozen=True)
class JobDeclaration:
    """A Glue job."""

    script: Path
    reads: tuple[Grantable, ...] = ()
    writes: tuple[Grantable, ...] = ()
    said: Said = None
    shell: bool = False
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    requirements: Path | None = None


@dataclass(frozen=True)
class DirectoryDeclaration:
    """A folder of the project that is kept at a place in a bucket."""

    folder: Path
    location: Location


@dataclass(frozen=True)
class CrawlerDeclaration:
    """A Glue crawler."""

    targets: tuple[Location, ...]
    database: Ref
    said: Said = None


@dataclass(frozen=True)
class MachineDeclaration:
    """A state machine."""

    source: Source
    tokens: Mapping[str, str] = field(default_factory=dict)
    said: Said = None


@dataclass(frozen=True)
class RuleDeclaration:
    """What starts a state machine: a schedule with a constant input, or new objects below a location."""

    machine: Ref
    schedule: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    location: Location | None = None
    suffix: str = ""


@dataclass(frozen=True)
class TableDeclaration:
    """A DynamoDB table of the pipeline's own."""

    partition_key: str


Declaration = (
    FunctionDeclaration
    | LayerDeclaration
    | JobDeclaration
    | DirectoryDeclaration
    | CrawlerDeclaration
    | MachineDeclaration
    | RuleDeclaration
    | TableDeclaration
)


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
    input: Mapping[str, Any] | Path
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
