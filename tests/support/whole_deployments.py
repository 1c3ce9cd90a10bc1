"""Whole deployments into a world in memory: a function, which may have code, and a state machine that needs it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from common.base.lean_dataclass import dataclass
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine.apply import Engine
from common.engine.connection import Connection
from common.engine.deployment import Deployment
from common.engine.plan_data import Outcome
from common.model import steps
from common.model.choices import Choices
from common.model.declared import Identity
from common.model.events import Event, Finished
from common.model.resource import Key, Resource
from common.state.lease import Lock
from tests.support.deploying import BUCKET, ENV, bucket
from tests.support.fake_aws import ArtifactBucket, FakeAws, Text, Thing, World

Fault = Callable[[int, str, str], None]


@dataclass(frozen=True, kw_only=True)
class Function(Thing):
    """Belongs to the step of functions."""

    kind = "lambda"


@dataclass(frozen=True, kw_only=True)
class Machine(Thing):
    """Belongs to the step of state machines."""

    kind = "state-machine"


def declared(of: type[Thing], name: str, value: int, *needs: Key, code: str | None = None) -> Thing:
    artifact = Text(key=Key("p", "artifact", name), text=code) if code else None
    return of(
        identity=Identity(
            key=Key("p", of.kind, name),
            name=name,
            arn=f"arn:aws:fake:eu-central-1:123456789012:p/{name}",
            tags=ENV.ownership("p"),
            needs=(BUCKET, *needs, *([artifact.key] if artifact else [])),
        ),
        fields={"V": value},
        code=artifact,
    )


FUNCTION = Key("p", "lambda", "fn")


def pipeline(function: int | None, machine: int) -> list[Resource]:
    """A state machine and, if wanted, the function that it needs."""
    if function is None:
        return [bucket(), declared(Machine, "sm", machine)]
    return [bucket(), declared(Function, "fn", function), declared(Machine, "sm", machine, FUNCTION)]


class OnWorld(Deployment):
    """A deployment into a world, of resources that are given."""

    def __init__(
        self,
        root: Path,
        world: World,
        resources: list[Resource],
        choices: Choices,
        fault: Fault = lambda *_: None,
        planning: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.events: list[Event] = []
        self._world, self._planning, self.plans = world, planning, 0
        aws, pool = FakeAws(world, fault), ThreadPoolExecutor(1)
        consumers = {artifact.key: resource.key for resource in resources for artifact in resource.artifacts}
        workspace = Workspace(root, choices)
        workspace.environment = ENV
        connection, declarations = Connection(ENV, aws, pool, pool), DeclaredPipelines(ENV, [], resources, consumers)
        self.records = connection.records
        super().__init__(workspace, connection, declarations, [], steps.STEPS, self.events.append, types=types)

    @property
    def engine(self) -> Engine | None:
        return self._applying.engine

    def _make_plan(self) -> Outcome:
        self.plans += 1
        self._planning(self.plans)
        return super()._make_plan()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._connection.pool.shutdown()

    def new_lease(self, project: str) -> Lock:
        return Lock(self._connection.aws, ENV, project, {"holder": "B"}, self._say, clock=lambda: self._world.seconds)

    def run(self) -> None:
        """All steps, and --prune."""
        for name in steps.STEPS:
            self.step(name)
        if self._choices.prune:
            self.prune()


def types(kind: str) -> Any:
    return {type_.kind: type_ for type_ in (Thing, Function, Machine, ArtifactBucket)}.get(kind)


def deployment(
    root: Path,
    world: World,
    resources: list[Resource],
    *,
    fault: Fault = lambda *_: None,
    planning: Callable[[int], None] = lambda _: None,
    wait: bool = False,
    prune: bool = False,
) -> OnWorld:
    return OnWorld(root, world, resources, Choices(env="dev", jobs=1, wait=wait, prune=prune), fault, planning)


def live(world: World) -> dict[str, Any]:
    return {arn.rpartition("/")[2]: state["V"] for arn, state in world.live.items() if ":fake:" in arn}


def finished(events: list[Event]) -> list[str]:
    return [f"{event.change.action} {event.change.key}" for event in events if isinstance(event, Finished)]
