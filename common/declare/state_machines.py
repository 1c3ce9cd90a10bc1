"""State machines as pipelines declare them: the definition is loaded and checked, and its role follows from what it calls."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import configuration, grants, permissions, properties, validation
from common.declare.allowed_actions import Permission
from common.declare.asl import definition as definitions
from common.declare.asl import integrations
from common.declare.asl.accepted import Accepted
from common.declare.asl.definition import Source
from common.declare.asl.definition_check import CheckedDefinition, DefinitionCheck
from common.declare.asl.express import express_problems
from common.declare.asl.field_types import with_field_types
from common.declare.asl.may_call import MayCall, MayCallEntry, check_entries
from common.declare.asl.references import reference_problems
from common.declare.asl.remembered import Remembered
from common.declare.asl.walk import Place
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.named_access import Access, Granted, NamedThing
from common.declare.naming import Exact
from common.declare.permissions import Statement
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.validation import Reason
from common.environment import partitions
from common.environment.resource_settings import StateMachineSettings
from common.model.reference import Ref
from common.resources.state_machine import StateMachine


@dataclass(frozen=True, kw_only=True)
class StateMachineDeclaration:
    """A state machine; `Pipeline.state_machine` explains every field but `root`, the folder of the repository."""

    source: Source
    root: Path
    accepted: Accepted
    tokens: Mapping[str, str]
    may_call: tuple[MayCallEntry, ...]
    access: Access
    settings: DeclaredSettings

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the state machine and its role."""
        where = project.where(ref)
        settings = configuration.merged(StateMachineSettings, configured, self.settings, where)
        typed = self._checked(project, ref, settings.type, self._accepted_in(project, ref, configured, settings))
        definition, refs = project.names.substitute(typed, where)
        called = MayCall(project.env, self.may_call, project.names, where)
        permits, allowed = self.access.further.permits, list[Statement]()
        calls = integrations.state_machine(project.env, ref, typed, project.names, where, called, permits)
        granted = grants.grants(project, where, self.access)
        is_logged = settings.log_level != "OFF"
        observing = [*([permissions.log_delivery()] if is_logged else []), *([permissions.tracing()] if settings.tracing else [])]
        fields, named = properties.render(project, ref, settings.properties, settings)
        keys = _keys(project, [*refs, *called.refs], allowed)
        own = [permissions.own_key(fields["encryptionConfiguration"]["kmsKeyId"])] if settings.kms_key else []
        uses = [*refs, *named, *called.refs, *self.access.refs]
        statements = chain(_kept(calls, allowed), keys, granted, own, observing)
        role = project.role(ref, settings.role, statements, self.access.further, uses)
        if settings.log_group:
            partitions.require_usable_arns([settings.log_group], project.env.account, where)
        logs = settings.log_group is None and is_logged
        group = project.machine_logs(used=logs)
        groups = [group] if logs else []
        machine = StateMachine(
            identity=project.identity(ref, [*role.needs, *groups, *uses], settings.verify, role),
            role_arn=role.arn,
            definition=definition,
            settings=settings,
            properties=fields,
            log_group_arn=settings.log_group or f"{group.arn}:*",
        )
        project.add(machine)

    def _checked(self, project: ProjectResources, ref: Ref, kind: str, accepted: Accepted) -> JsonObject:
        """Returns the definition with parameters in fields with a fixed type; all its problems are reported in the end, at once.

        Raises:
            DefinitionError: so that nothing is made of it.
        """
        where = project.where(ref)
        file = self.source if isinstance(self.source, Path) else None
        if project.remembered is None:
            project.remembered = Remembered(self.root / "build" / "checked-definitions" / f"{project.project}.json")
        declared = f"projects/{project.folder}/deploy.py"
        check = DefinitionCheck(where, declared, file, self.root, accepted, project.remembered)
        definition = definitions.read(self.source, where, self.tokens)
        check.look_at(definition)
        checked = project.checked[ref.key] = CheckedDefinition(check)
        if check.is_whole:
            definition, problems = with_field_types(definition, project.names)
            check.add(problems)
            try:
                checked.definition = project.names.substitute(definition, where)[0]
                check.add(express_problems(checked.definition, kind))
            except DeclarationError:
                check.add(reference_problems(definition, project.names, Place()))
        if error := check.error():
            raise error
        return definition

    def _accepted_in(
        self, project: ProjectResources, ref: Ref, configured: Configured, settings: StateMachineSettings
    ) -> Accepted:
        """Returns what the declaration accepts, and what settings accept besides.

        Raises:
            DeclarationError: settings accept what cannot be accepted.
        """
        own = "accept" in (configured.own.model_fields_set if configured.own is not None else ())
        try:
            further = Accepted.of(settings.accept).reasons
        except ValueError as error:
            place = project.env.place(project.project, "state_machines", ref.key.name)
            raise DeclarationError(f"{place if own else project.where(ref)}: {error}") from None
        by_default = frozenset(further) if not own and configured.default is not None else frozenset[str]()
        return Accepted({**self.accepted.reasons, **further}, by_default - self.accepted.reasons.keys())


def _kept(statements: Iterable[Statement], kept: list[Statement]) -> Iterator[Statement]:
    """Yields statements, and keeps them for those who come after."""
    for statement in statements:
        kept.append(statement)
        yield statement


def _keys(project: ProjectResources, refs: Iterable[Ref], allowed: Iterable[Statement]) -> Iterator[Statement]:
    """Yields the statements for the keys of what tasks act on, once it is known what they are allowed; data needs no key."""
    for ref in refs:
        on_ref = [statement for statement in allowed if any(_is_of(ref, arn) for arn in statement["Resource"])]
        actions = {action for statement in on_ref for action in statement["Action"]}
        if actions:
            yield from grants.encryption(project, [ref], writing=not actions <= {*grants.actions_of(ref, writing=False)})


def _is_of(ref: Ref, arn: str) -> bool:
    return arn in {ref.arn, ref.in_policies} or arn.startswith((f"{ref.arn}/", f"{ref.arn}:", f"{ref.arn}-"))


class StateMachines(PipelineParts):
    """State machines of a pipeline."""

    def state_machine(
        self,
        reference: str,
        /,
        definition: Source | str,
        *,
        tokens: Mapping[str, str] | None = None,
        may_call: Iterable[MayCallEntry] = (),
        reads: Iterable[Granted] = (),
        writes: Iterable[Granted] = (),
        permissions: Iterable[Permission | NamedThing] = (),
        managed_policies: Iterable[str] = (),
        settings: StateMachineSettings | None = None,
        properties: JsonMapping | None = None,
        accept: Iterable[str] = (),
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """A state machine from Python, from an ASL object, or from an ASL file (JSON or YAML) of the project.

        Args:
            reference: what references and configuration call it.
            definition: the definition, or its path relative to the project.
            tokens: other spellings in the definition, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``.
            may_call: what targets may be that are known only when it runs, as with `FunctionName.$`: references and exact ARNs;
                for HTTP tasks also URLs, which may end with ``*``.
            reads: what its role may read besides what the definition calls, as a key of its own needs or a Map of objects in S3.
            writes: what its role may read and write besides.
            permissions: what its role is allowed besides, action by action: ``[allow("athena:GetWorkGroup", on="arn:…")]``.
            managed_policies: the ARNs of policies that its role gets as well.
            settings: what the declaration wants different from the defaults.
            properties: fields in AWS's own spelling without a setting, such as ``encryptionConfiguration``; tokens are replaced.
            accept: rules that the definition may break, each with the reason, as in ``["ENDLESS_STATE: it runs until stopped"]``.
            accept_secret: the reason for accepting what looks like a secret in it.
            name: as of a function; so are `role_name` and `role`.
            role_name: see above.
            role: see above.
        """
        source = self._inside.within(definition) if isinstance(definition, str) else definition
        declaration = StateMachineDeclaration(
            source=source,
            root=self._inside.path.parents[1],
            accepted=Accepted.of(accept),
            tokens=tokens or {},
            may_call=check_entries(may_call),
            access=self._access(permissions, managed_policies, reads, writes),
            settings=validation.with_properties(settings, properties),
        )
        return self._declarations.add("state-machine", reference, declaration, accept_secret, Exact(name, role_name), role)
