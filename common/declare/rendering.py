"""From declarations to resources: configuration is merged, tokens are replaced, roles, log groups and packages are added.

Every resource gets its needs from what its declaration refers to, and a role of its own with just the statements that follow
from it, unless configuration names an existing role.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial, singledispatchmethod
from itertools import chain
from typing import Any, TypeVar

from pydantic import ValidationError

from common.base.errors import DeclarationError
from common.base.suggestions import did_you_mean
from common.declare import glue_libraries, layers, permissions
from common.declare.asl import definition as definitions
from common.declare.asl import express, integrations
from common.declare.asl.field_types import with_field_types
from common.declare.declaration import (
    CrawlerDeclaration,
    Declaration,
    DirectoryDeclaration,
    FunctionDeclaration,
    JobDeclaration,
    LayerDeclaration,
    MachineDeclaration,
    RuleDeclaration,
    Said,
    TableDeclaration,
)
from common.declare.shared import Shared, check_events
from common.environment import aws_versions, partitions
from common.environment.config import Environment
from common.environment.naming import PRINCIPALS, check_variables, physical_name
from common.environment.resource_settings import (
    CrawlerSettings,
    FunctionSettings,
    JobSettings,
    Settings,
    StateMachineSettings,
    TriggerSettings,
    explained,
)
from common.model.reference import Location, Names, Ref, spelled_out
from common.model.resource import Key, Resource
from common.packaging import tree
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package
from common.resources.crawler import Crawler
from common.resources.directory import Content, Directory
from common.resources.function import Function
from common.resources.job import Job
from common.resources.log_group import LogGroup
from common.resources.role import Role
from common.resources.rule import Rule, object_created
from common.resources.state_machine import StateMachine
from common.resources.table import Table

S = TypeVar("S", bound=Settings)
Merged = tuple[Settings | None, Settings | None]
"""What configuration says of one resource, and of all of its kind."""


class Renderer:
    """Collects the resources of one project."""

    def __init__(self, project: str, env: Environment, names: Names) -> None:
        self._project, self._env, self._names = project, env, names
        self._shared = Shared(env)
        self._here = env.embedded is not None  # which runs everything on this machine
        self._resources: dict[Key, Resource] = {}
        self.borrowed: dict[Key, Resource] = {}
        """What root `deploy.py` declares."""
        self.accepted: defaultdict[Key, str] = defaultdict(str)
        """Why declarations take what looks like a secret in them."""

    def resources(self) -> tuple[Resource, ...]:
        """All that was rendered."""
        return tuple(self._resources.values())

    @singledispatchmethod
    def render(self, declaration: Declaration, ref: Ref, configured: Merged) -> None:  # noqa: ARG002 - the registered ones use it
        """Adds the resource `ref` and what belongs to it alone."""
        raise TypeError(f"{ref.key}: {declaration!r} is no declaration")

    @render.register
    def _function(self, declaration: FunctionDeclaration, ref: Ref, configured: Merged) -> None:
        settings = _merged(FunctionSettings, configured, declaration.said, self._where(ref))
        where = self._where(ref)
        if not declaration.folder.is_dir():
            guess = did_you_mean(declaration.folder.name, [path.name for path in declaration.folder.parent.glob("*/")])
            raise DeclarationError(f"{where}: there is no folder {tree.shown(declaration.folder)}/.{guess}")
        environment, refs = self._names.substitute(check_variables(settings.environment, where), where, texts=True)
        partitions.expected(settings.layers, self._env.account, where)
        network = settings.network or (self._env.network if settings.vpc else None)
        group = self._log_group(ref, settings)
        granted = permissions.grants(self._env, declaration.reads, declaration.writes)
        in_network = permissions.network_interfaces(ref.arn) if network else []
        role, needs = self._role(ref, settings.role, [*granted, permissions.logs([group.arn]), *in_network])
        python = settings.runtime.startswith("python")
        handler = declaration.handler or ("handler.handler" if python else "index.handler")
        key = self._key("artifact", ref.key.name)
        built = (declaration.libraries, declaration.includes, declaration.command)
        beside = layers.used(declaration.layers, {**self.borrowed, **self._resources}, settings, where)
        packages = layers.packages(beside)
        runs = (declaration.folder, handler, settings.runtime, settings.architecture)
        foreign, accepted = bool(settings.layers), self.accepted[ref.key]
        code = Package(key, self._prefix, *runs, *built, packages, foreign, accept_secret=accepted, here=self._here)
        code.check_handler()
        for package in packages:
            package.users.append(code)
        used = permissions.references(declaration.reads, declaration.writes)
        brought = (one.key for layer in beside for one in (layer, layer.code))
        common = self._common(ref, [*needs, group.key, key, *brought, *(one.key for one in (*refs, *used))])
        self._add(
            Function(
                **common,
                role_arn=role,
                handler=handler,
                code=code,
                bucket=self._env.artifact_bucket,
                settings=settings,
                environment=environment,
                network=network,
                log_group=group.name,
                layers=beside,
            )
        )

    @render.register
    def _layer(self, declaration: LayerDeclaration, ref: Ref, configured: Merged) -> None:  # noqa: ARG002 - see _table
        fits, built = (declaration.runtime, declaration.architecture), (declaration.libraries, declaration.includes)
        self._add(layers.layer(self._env, self._common(ref, ()), declaration.folder, fits, *built, declaration.command))

    @render.register
    def _job(self, declaration: JobDeclaration, ref: Ref, configured: Merged) -> None:
        settings = _merged(JobSettings, configured, declaration.said, self._where(ref))
        if not declaration.script.is_file():
            raise DeclarationError(f"{self._where(ref)}: there is no file {declaration.script.name}.")
        key = self._key("artifact", ref.key.name)
        script = Script(key, self._prefix, declaration.script, accept_secret=self.accepted[ref.key])
        groups = [
            self._shared.log_group(name) for name in aws_versions.log_groups(settings.glue_version, shell=declaration.shell)
        ]
        arguments, refs = self._names.substitute(dict(settings.arguments), self._where(ref), texts=True)
        granted = permissions.grants(self._env, declaration.reads, declaration.writes)
        own = permissions.artifacts(self._env, f"{self._prefix}artifacts/{ref.key.name}")
        connected = permissions.connections(self._env, settings.connections) if settings.connections else []
        logs = permissions.logs(group.arn for group in groups) if groups else permissions.shell_logs(self._env)
        metastore = [] if declaration.shell else permissions.metastore(self._env, arguments)
        role, needs = self._role(ref, settings.role, [*granted, own, logs, *connected, *metastore])
        used = permissions.references(declaration.reads, declaration.writes)
        imported = glue_libraries.imports(
            key, self._prefix, declaration, settings.glue_version, self.accepted[ref.key], here=self._here
        )
        common = self._common(ref, [*needs, key, *imported.keys(), *(one.key for one in (*groups, *refs, *used))])
        bucket = self._env.artifact_bucket
        self._add(
            Job(
                **common,
                role_arn=role,
                script=script,
                bucket=bucket,
                settings=settings,
                arguments=arguments,
                shell=declaration.shell,
                log_group=self._shared.log_group("glue").name,
                shared_code=imported.shared_code,
                wheels=imported.wheels,
            )
        )

    @render.register
    def _directory(self, declaration: DirectoryDeclaration, ref: Ref, configured: Merged) -> None:  # noqa: ARG002 - see _table
        folder = declaration.folder
        found = tree.walk(folder, tree.Ignoring(folder, ("/.deployignore",))) if folder.is_dir() else {}
        if not found:
            raise DeclarationError(f"{self._where(ref)}: the folder {declaration.folder.name}/ is empty, or not there.")
        accepted = self.accepted[ref.key]
        files = {name: Content(*one, partial(tree.searched_md5, name, one, accepted)) for name, one in found.items()}
        self._add(Directory(**self._common(ref, [declaration.location.bucket.key]), files=files))

    @render.register
    def _crawler(self, declaration: CrawlerDeclaration, ref: Ref, configured: Merged) -> None:
        settings = _merged(CrawlerSettings, configured, declaration.said, self._where(ref))
        logs = permissions.glue_logs(self._env, "crawlers")
        configured_targets = [self._elsewhere(uri) for uri in settings.targets]
        granted = permissions.grants(self._env, configured_targets or declaration.targets, [declaration.database])
        role, needs = self._role(ref, settings.role, [*granted, logs])
        used = permissions.references(() if configured_targets else declaration.targets, [declaration.database])
        targets = settings.targets or tuple(f"{target.uri}/" for target in declaration.targets)
        if not targets:
            raise DeclarationError(f"{self._where(ref)}: a crawler needs targets, here or in configuration.")
        common = self._common(ref, [*needs, *(one.key for one in used)])
        self._add(Crawler(**common, role_arn=role, database=declaration.database.name, targets=targets, settings=settings))

    @render.register
    def _machine(self, declaration: MachineDeclaration, ref: Ref, configured: Merged) -> None:
        settings = _merged(StateMachineSettings, configured, declaration.said, self._where(ref))
        where = self._where(ref)
        loaded = with_field_types(
            spelled_out(definitions.load(declaration.source, where), declaration.tokens), self._names, where
        )
        definition, refs = self._names.substitute(loaded, where)
        express.check(definition, settings.type, where)
        statements = integrations.state_machine(self._env, ref, loaded, self._names, where)
        observing = [permissions.log_delivery(), *([permissions.tracing()] if settings.tracing else [])]
        role, needs = self._role(ref, settings.role, chain(statements, observing))
        group = self._shared.log_group("states")
        common = self._common(ref, [*needs, group.key, *(one.key for one in refs)])
        self._add(StateMachine(**common, role_arn=role, definition=definition, settings=settings, log_group_arn=f"{group.arn}:*"))

    @render.register
    def _rule(self, declaration: RuleDeclaration, ref: Ref, configured: Merged) -> None:
        settings = _merged(TriggerSettings, configured, None, self._where(ref))
        machine = declaration.machine
        role, needs = self._role(ref, settings.role, [permissions.allow(["states:StartExecution"], [machine.arn])])
        common = self._common(ref, [*needs, machine.key, *([declaration.location.bucket.key] if declaration.location else [])])
        common |= {"enabled": settings.enabled, "target_arn": machine.arn, "role_arn": role}
        if declaration.location and getattr(configured[0], "expression", None):
            raise DeclarationError(
                f"{self._where(ref)}: it waits for new objects, so it has no schedule. Take `expression` away."
            )
        if declaration.location:
            check_events(self.borrowed.get(declaration.location.bucket.key), self._where(ref))
            paths = {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"}
            pattern = object_created(declaration.location.bucket.name, f"{declaration.location.prefix}*{declaration.suffix}")
            transformer = (paths, '{"bucket": <bucket>, "key": <key>}')
            self._add(Rule(**common, pattern=pattern, input_transformer=transformer))
        else:
            constant, refs = self._names.substitute(dict(declaration.input), self._where(ref))
            common["needs"] = tuple(dict.fromkeys([*common["needs"], *(one.key for one in refs)]))
            self._add(Rule(**common, schedule=settings.expression or declaration.schedule, input=constant))

    @render.register
    def _table(self, declaration: TableDeclaration, ref: Ref, configured: Merged) -> None:  # noqa: ARG002 - nothing is configured
        self._add(Table(**self._common(ref, ()), partition_key=declaration.partition_key))

    def _role(self, ref: Ref, given: str | None, statements: Iterable[permissions.Statement]) -> tuple[str, tuple[Key, ...]]:
        """The ARN of the role for `ref`, and what must exist for it: nothing when configuration names one."""
        arns, kind = self._env.roles.arns, "trigger" if ref.key.kind == "rule" else ref.key.kind
        configured = given or arns.get(f"{kind}/{ref.key.name}") or arns.get(kind)
        if configured:
            partitions.expected([configured], self._env.account, self._where(ref))
            return configured, ()
        key = self._key("role", f"{ref.key.name}-{kind}")
        name = physical_name(self._env, self._project, "role", key.name)
        arn = self._env.role_arn(self._project, name)
        self._add(
            Role(
                **self._common(Ref(key, name, arn), ()),
                path=self._env.role_path(self._project),
                service=PRINCIPALS[ref.key.kind],
                statements=tuple(statements),
                boundary=self._env.roles.permissions_boundary,
            )
        )
        return arn, (key,)

    def _elsewhere(self, uri: str) -> Location:
        """A location that only configuration knows."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return Location(Ref(self._key("bucket", bucket), bucket, self._env.bucket_arn(bucket)), prefix)

    def _log_group(self, ref: Ref, settings: FunctionSettings) -> LogGroup:
        name = f"/aws/lambda/{ref.name}"
        group_ref = Ref(self._key("log-group", ref.key.name), name, self._env.arn("logs", f"log-group:{name}"))
        days, unnamed = settings.log_retention_days, "log_retention_days" not in settings.model_fields_set
        self._add(group := LogGroup(**self._common(group_ref, ()), retention_days=days, by_default=unnamed))
        return group

    def _add(self, resource: Resource) -> None:
        self._resources[resource.key] = resource

    def _key(self, kind: str, name: str) -> Key:
        return Key(self._project, kind, name)

    @property
    def _prefix(self) -> str:
        return f"{self._env.name}/{self._project}/"

    def _where(self, ref: Ref) -> str:
        return f"projects/{self._project}: {ref.key}"

    def _common(self, ref: Ref, needs: Iterable[Key]) -> dict[str, Any]:
        tags = self._env.ownership(self._project)
        others = dict.fromkeys(need for need in needs if need != ref.key)  # names are computed, so it may name itself
        named = {"key": ref.key, "name": ref.name, "arn": ref.arn, "tags": tags, "needs": tuple(others)}
        return {**named, "accept_secret": self.accepted[ref.key]}


def _merged(model: type[S], configured: Merged, said: Said, where: str) -> S:
    nearest, default = configured
    try:
        return (nearest if isinstance(nearest, model) else model()).over(said, default)
    except ValidationError as error:
        raise DeclarationError(f"{where}: {explained(error)}") from None
