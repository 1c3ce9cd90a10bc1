"""What a report shows, as it was read."""

from collections.abc import Mapping
from datetime import datetime

from common.base.lean_dataclass import dataclass, field
from common.declare.flows import Flow
from common.engine.drift import DriftResult
from common.engine.status import Status
from common.environment.config import Environment
from common.execution.cost import Item
from common.execution.recent import Executions
from common.model.resource import Resource
from common.resources.state_machine import StateMachine
from common.state.releases import Release


@dataclass(frozen=True)
class Project:
    """One project, or what all share.

    Args:
        status: its release and its lease.
        resources: what is declared.
        deployed: the keys of what is deployed.
        flows: who starts, reads and writes what.
        machines: its state machines with their executions; a message where these could not be read.
    """

    status: Status
    resources: tuple[Resource, ...]
    deployed: frozenset[str] = frozenset()
    flows: tuple[Flow, ...] = ()
    machines: tuple[tuple[StateMachine, Executions | str], ...] = ()

    @property
    def name(self) -> str:
        """Its name."""
        return self.status.project


@dataclass(frozen=True)
class Content:
    """Everything that a report shows.

    Args:
        env: the environment.
        made: when it was read.
        caller: the ARN of who read it.
        projects: the projects, the shared resources first.
        releases: the last releases, the newest first; a message if they could not be read.
        drift: what has drifted; a message if that could not be read, None if nobody asked.
        costs: what resources cost.
        unread: what else could not be read, by what it is about.
        commits: the subjects of the commits that a release brought, by its project and time.
    """

    env: Environment
    made: datetime
    caller: str
    projects: tuple[Project, ...]
    releases: tuple[Release, ...] | str
    drift: DriftResult | str | None
    costs: tuple[Item, ...]
    unread: Mapping[str, str] = field(default_factory=dict)
    commits: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All that is declared."""
        return tuple(resource for project in self.projects for resource in project.resources)
