"""Everything that a deploy of the repository takes but AWS, loaded once: for processes that are forked to deploy, and killed."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from common.aws.session import AwsSession
from common.commands.deployment_command import DeploymentCommand
from common.commands.environment_command import EnvironmentCommand
from common.declare import projects
from common.declare.declaration import Declares, Entry
from common.declare.workspace import DeclaredPipelines
from common.engine.destruction import Destruction
from common.environment import config_files
from common.environment.config import Environment
from common.environment.endpoints import DEFAULT, Endpoints
from common.model import steps
from common.model.choices import Choices
from common.model.resource import SHARED, Plan, Resource
from common.resources import refusals
from tests.faults.emulator import free_port

PROJECT = "fpac_pipeline"
SCRIPT = f"projects/{PROJECT}/glue/landingFiles/landing_job.py"
HANDLER = f"projects/{PROJECT}/lambda/Validate/handler.py"
SERVICES = [
    "s3",
    "iam",
    "sts",
    "lambda",
    "glue",
    "dynamodb",
    "sns",
    "events",
    "logs",
    "stepfunctions",
    "resourcegroupstaggingapi",
]
CHANGED: Mapping[str, Any] = {
    "tags": {"team": "another-team"},
    "defaults": {
        "function": {"timeout_seconds": 77},
        "job": {"timeout_minutes": 11},
        "crawler": {"exclusions": ["**/_*"]},
        "state_machine": {"log_level": "ALL"},
        "trigger": {"enabled": False},
        "log_retention_days": 90,
    },
}
"""A change of every resource of every type."""


@dataclass(frozen=True)
class Variant:
    """One state of the repository: declarations loaded, artifacts built.

    Args:
        prune: delete what is gone from it.
        data: and what holds data, of all projects.
        destroy: delete everything, data and the artifact bucket, too.
        jobs: how many calls may be under way at once.
    """

    env: Environment
    pipelines: Sequence[Declares]
    prune: bool = False
    data: bool = False
    destroy: bool = False
    jobs: int = 1

    @property
    def resources(self) -> list[Resource]:
        return [resource for pipeline in self.pipelines for resource in pipeline.rendered()]

    def reduced(self) -> "Variant":
        """With no more than one function in the project, and what that stands on."""
        return Variant(self.env, [Reduced(pipeline.name, pipeline) for pipeline in self.pipelines], prune=True)

    def gone(self) -> "Variant":
        """Destroyed."""
        return Variant(self.env, (), prune=True, destroy=True)


@dataclass
class Reduced:
    """A pipeline, of which little is left unless it is the shared one."""

    name: str
    whole: Declares
    entry: Entry | None = None

    def rendered(self) -> tuple[Resource, ...]:
        kept = [resource for resource in self.whole.rendered() if resource.key.name.partition("-")[0] == "Validate"]
        return tuple(self.whole.rendered() if self.name == SHARED else kept)


class Deployer:
    """A deploy that is given all that does not depend on AWS."""

    def __init__(self, root: Path, variant: Variant, aws: AwsSession) -> None:
        chosen = None if variant.data else PROJECT
        choices = Choices(env="local", project=chosen, jobs=variant.jobs, prune=variant.prune, data=variant.data)
        covered = (*steps.STEPS, steps.PRUNE)
        self._command = Command(root, choices, covered, lambda _: None, aws=lambda: aws)
        self._command.variant = variant
        self._command.workspace.environment = variant.env

    def deploy(self) -> Plan:
        deployment = self._command.deployment()
        for name in steps.STEPS:
            deployment.step(name)
        deployment.prune()
        self._command.close()
        return deployment.plan()

    def plan(self) -> Plan:
        return self._command.deployment().plan()


class Command(DeploymentCommand):
    """A command whose declarations are loaded already."""

    variant: Variant

    def declarations(self) -> DeclaredPipelines:
        return DeclaredPipelines.of(self.variant.env, self.variant.pipelines)


class Deploys(Protocol):
    """Brings AWS to a variant."""

    def deploy(self) -> object:
        """To its end."""
        ...

    def plan(self) -> Plan:
        """What it would do."""
        ...


class Destroyer:
    """`invoke destroy --data` of the whole environment, with an AWS that is given."""

    def __init__(self, root: Path, env: Environment, aws: AwsSession) -> None:
        choices = Choices(env="local", data=True, jobs=1)
        self._command = EnvironmentCommand(root, choices, lambda _: None, aws=lambda: aws)
        self._command.workspace.environment = env

    def deploy(self) -> None:
        self._command.work = destruction = self._destruction()
        destruction.carry_out(destruction.plan())
        self._command.close()

    def plan(self) -> Plan:
        try:
            return Plan(self._destruction().plan().changes)
        finally:
            self._command.close()

    def _destruction(self) -> Destruction:
        command = self._command
        return Destruction(command.connection(), command.workspace.build_dir, command.about, command.report, command.choices)


@dataclass
class Site:
    """A clone of the repository, and the port at which every deploy finds AWS.

    The clients are made once, for processes that are forked later.
    """

    root: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.env = config_files.load(self.root, "local")
        self.aws = AwsSession(
            self.env.region,
            self.env.account_id,
            endpoints=Endpoints({DEFAULT: f"http://127.0.0.1:{self.port}"}, "any"),
            connections=1,
            refusals=refusals,
            sleep=lambda seconds: time.sleep(min(seconds, 0.01)),  # this AWS is never busy long
        )
        for service in SERVICES:
            self.aws.clients.of(service)
        self.quiet = self.root / "build" / "child.log"
        self.quiet.parent.mkdir(exist_ok=True)

    def variant(self, *, changed: bool) -> Variant:
        env = self.env
        if changed:
            config = json.loads((self.root / "config/local.json").read_text())
            env = Environment.model_validate({**config, **CHANGED, "embedded": {}}, strict=False)
            self._edit()
        return self._built(env)

    def edited(self) -> Variant:
        """With another script and another handler, and deployed with several calls at once."""
        self._edit()
        return replace(self._built(self.env), jobs=4)

    def _edit(self) -> None:
        for path in (SCRIPT, HANDLER):
            text = (self.root / path).read_text()
            (self.root / path).write_text(text + "\n# edited\n")

    def _built(self, env: Environment) -> Variant:
        made = Variant(env, projects.load(self.root, env, [PROJECT]))
        for resource in made.resources:
            if resource.artifact is not None:
                resource.artifact.build(self.root / "build" / "artifacts")
        return made

    def renamed(self) -> Variant:
        """With another name for every resource; of the old ones nothing is to be kept."""
        config = json.loads((self.root / "config/local.json").read_text())
        env = Environment.model_validate({**config, "name_prefix": "moved", "embedded": {}}, strict=False)
        return Variant(env, projects.load(self.root, env, [PROJECT]), prune=True, data=True)

    def deployer(self, variant: Variant) -> Deploys:
        if variant.destroy:
            return Destroyer(self.root, variant.env, self.aws)
        return Deployer(self.root, variant, self.aws)
