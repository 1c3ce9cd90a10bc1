"""State machines as pipelines declare them: the definition is loaded and checked, and its role follows from what it calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from common.declare import configuration, permissions
from common.declare.asl import definition as definitions
from common.declare.asl import express, integrations
from common.declare.asl.definition import Source
from common.declare.asl.field_types import with_field_types
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.project_resources import ProjectResources
from common.environment.resource_settings import StateMachineSettings
from common.model.reference import Ref, spelled_out
from common.resources.state_machine import StateMachine


@dataclass(frozen=True, kw_only=True)
class StateMachineDeclaration:
    """A state machine; `Pipeline.state_machine` explains every field."""

    source: Source
    tokens: Mapping[str, str]
    settings: DeclaredSettings

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the state machine and its role."""
        where = project.where(ref)
        settings = configuration.merged(StateMachineSettings, configured, self.settings, where)
        source = spelled_out(definitions.load(self.source, where), self.tokens)
        typed = with_field_types(source, project.names, where)
        definition, refs = project.names.substitute(typed, where)
        express.check(definition, settings.type, where)
        calls = integrations.state_machine(project.env, ref, typed, project.names, where)
        observing = [permissions.log_delivery(), *([permissions.tracing()] if settings.tracing else [])]
        role = project.role(ref, settings.role, chain(calls, observing))
        group = project.shared.log_group("states")
        machine = StateMachine(
            identity=project.identity(ref, [*role.needs, group.key, *(other.key for other in refs)]),
            role_arn=role.arn,
            definition=definition,
            settings=settings,
            log_group_arn=f"{group.arn}:*",
        )
        project.add(machine)
