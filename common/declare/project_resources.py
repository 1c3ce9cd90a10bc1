"""Renders the resources of a project: each gets its identity, its needs, and its own role.

A role has exactly the statements that follow from the references of its resource, unless configuration names an existing role.
"""

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from common.base.errors import DeclarationError
from common.base.lean_dataclass import dataclass
from common.declare.allowed_actions import NO_FURTHER_ACCESS, FurtherAccess, Permission
from common.declare.asl.definition_check import CheckedDefinition
from common.declare.asl.problem import LocatedProblem
from common.declare.asl.remembered import Remembered
from common.declare.declaration import Configured
from common.declare.naming import VENDED_LOGS, PhysicalNames
from common.declare.permissions import Statement
from common.declare.shared_references import Shared
from common.environment import partitions
from common.environment.config import Environment
from common.environment.setting_types import Verify
from common.model.declared import Identity
from common.model.existing import ExistingRef, apart
from common.model.generated import marked_keys
from common.model.reference import Location, Names, Ref
from common.model.resource import Key, Resource
from common.model.role_needs import RoleNeeds
from common.resources import kind_of
from common.resources.log_group import LogGroup
from common.resources.role import Role


@dataclass(frozen=True)
class UsedRole:
    """The role that a resource runs with.

    Args:
        arn: the role.
        needs: the resources that must exist first, and a role of others that the declaration names.
        needed: what the resource needs of a role that exists.
    """

    arn: str
    needs: tuple[Key | Ref, ...] = ()
    needed: RoleNeeds | None = None


class Declaration(Protocol):
    """The declaration of a resource, before configuration and conventions are applied."""

    def render(self, project: "ProjectResources", ref: Ref, configured: Configured) -> None:
        """Adds the resource `ref`, and what belongs to it alone (its role, its log group), to the project's resources.

        Raises:
            DeclarationError: AWS would not accept the resource, or a reference leads to nothing.
        """


class ProjectResources:
    """The resources of a project that have been rendered so far.

    Args:
        project: the name of the project.
        env: the environment.
        names: the names that texts of the project may refer to.
        physical: what its resources are called in AWS.
    """

    def __init__(self, project: str, env: Environment, names: Names, physical: PhysicalNames) -> None:
        self.project, self.env, self.names, self.physical = project, env, names, physical
        self.shared = Shared(env, project=project)
        self.borrowed: dict[Key, Resource] = {}
        """What root `deploy.py` declares."""
        self.accepted: defaultdict[Key, str] = defaultdict(str)
        """The reasons for accepting secrets, by key."""
        self.roles: dict[Key, ExistingRef] = {}
        """The roles of others that declarations name, by the keys of what runs with them."""
        self.further: defaultdict[Key, list[Permission]] = defaultdict(list)
        """What other declarations need the role of a resource to be allowed, by key."""
        self.undelivered: dict[Key | None, Ref] = {}
        """The queues that take what schedules could not start, by their keys; under None that of all which have no other."""
        self.dead_letters: dict[Key, Ref] = {}
        """The queues that schedules really have for that, by the keys of their declarations."""
        self.checked: dict[Key, CheckedDefinition] = {}
        """The definitions of state machines, whose problems are reported once everything is rendered."""
        self.remembered: Remembered | None = None
        """What was found in definitions of the project before; None before the first one is rendered."""
        self.warnings: list[LocatedProblem] = []
        """What may be wrong in definitions of state machines, and is not refused."""
        self.rules_of_queues: defaultdict[Ref, list[Ref]] = defaultdict(list)
        """The rules that send what they could not deliver to a queue, by the queue."""
        self._resources: dict[Key, Resource] = {}
        self._usable_roles: set[str] = set()

    @property
    def runs_here(self) -> bool:
        """Whether everything runs on this machine, on the embedded AWS."""
        return self.env.embedded is not None

    @cached_property
    def prefix(self) -> str:
        """The prefix of the project's objects in the artifact bucket."""
        return self.env.stored(self.project)

    @cached_property
    def folder(self) -> str:
        """The name of the project's folder."""
        return self.env.folder(self.project)

    def resources(self) -> tuple[Resource, ...]:
        """Returns all rendered resources."""
        return tuple(self._resources.values())

    def known(self) -> Mapping[Key, Resource]:
        """Returns the rendered resources and those of root `deploy.py`."""
        return ChainMap(self._resources, self.borrowed)

    def add(self, resource: Resource) -> None:
        """Adds a resource."""
        self._resources[resource.key] = resource

    def key(self, kind: str, name: str) -> Key:
        """Returns the key of something of this project."""
        return Key(self.project, kind, name)

    def where(self, ref: Ref) -> str:
        """Returns the subject of messages about a declaration."""
        return f"{self._where}: {ref.key}"

    @cached_property
    def _where(self) -> str:
        return self.env.where(self.project)

    @cached_property
    def _tags(self) -> Mapping[str, str]:
        return self.env.ownership(self.project)

    def identity(
        self, ref: Ref, needs: Iterable[Key | Ref] = (), verify: Verify | None = None, role: UsedRole | None = None
    ) -> Identity:
        """Returns the identity of `ref`. A resource may refer to itself, because names are computed.

        Args:
            ref: the resource.
            needs: what must exist first, and what it uses of others.
            verify: what its settings say of verification.
            role: the role that it runs with, if it has one.
        """
        ours, others = apart(needs)
        return Identity(
            key=ref.key,
            name=ref.name,
            arn=ref.arn,
            tags=self._tags,
            tag_prefix=self.env.tag_prefix,
            is_away=self.env.is_away,
            needs=tuple(need for need in ours if need != ref.key),
            uses=others,
            accept_secret=self.accepted[ref.key],
            role_needs=role.needed if role is not None else None,
            always_verified=(verify or self.env.project(self.project).verify or self.env.verify) == "always",
        )

    def role(
        self,
        ref: Ref,
        configured: str | None,
        statements: Iterable[Statement],
        further: FurtherAccess = NO_FURTHER_ACCESS,
        uses: Iterable[Ref] = (),
        runs_as: tuple[str, str] | None = None,
    ) -> UsedRole:
        """Returns the role for `ref`: one that exists, or its own role with these statements and `further` access.

        Args:
            ref: what runs with the role.
            configured: the role in the settings of `ref`.
            statements: what the role allows.
            further: what it allows besides.
            uses: what the statements are about.
            runs_as: the service that assumes it, and the end of its name, if these are not those of the kind of `ref`.

        Raises:
            DeclarationError: something cannot be granted.
        """
        if more := self.further.get(ref.key):
            further = replace(further, permissions=(*further.permissions, *more))
        kind = kind_of(ref.key.kind)
        service, word = runs_as or (kind.principal, kind.role_name)
        arns = self.env.roles.arns
        declared = self.roles.get(ref.key)
        existing = (
            configured or (declared and declared.arn) or arns.get(f"{kind.role_name}/{ref.key.name}") or arns.get(kind.role_name)
        )
        if existing:
            if existing not in self._usable_roles:  # most projects have one or two for all
                partitions.require_usable_arns([existing], self.env.account, self.where(ref))
                self._usable_roles.add(existing)
            used_role = (declared,) if declared and declared.arn == existing else ()
            return UsedRole(existing, used_role, self._needed_of(existing, ref, statements, further, service))
        key = self.key("role", f"{ref.key.name}-{word}")
        path, slash, name = self.physical.of(kind_of("role"), key.name).rpartition("/")
        path = f"{path}/" if slash else self.env.role_path(self.project)
        arn = self.env.role_arn(path, name)
        further_statements, used = further.statements(self.names, self.where(ref))
        all_statements = (*statements, *further_statements)
        role = Role(
            identity=self.identity(Ref(key, name, arn), [*sorted(marked_keys(all_statements)), *apart([*uses, *used])[1]]),
            path=path,
            service=service,
            statements=all_statements,
            managed_policies=further.managed(self.names, self.env.account, self.where(ref)),
            boundary=self.env.roles.permissions_boundary,
        )
        self.add(role)
        return UsedRole(arn, (key, *used))

    def _needed_of(self, arn: str, ref: Ref, statements: Iterable[Statement], further: FurtherAccess, service: str) -> RoleNeeds:
        """What `ref` needs of an existing role. What cannot be told is not a reason to refuse it: the role may allow it."""
        where = self.where(ref)
        needed: list[Statement] = []
        unknown: list[str] = []
        remaining = iter(statements)
        while True:  # a chain goes on behind the part that has failed
            try:
                needed.append(next(remaining))
            except StopIteration:
                break
            except DeclarationError as error:
                unknown.append(str(error))
        more, _ = further.statements(self.names, where)
        policies = further.managed(self.names, self.env.account, where)
        return RoleNeeds(arn, service, (*needed, *more), policies, tuple(unknown))

    def machine_logs(self, *, used: bool) -> Ref:
        """Returns the log group of state machines: the shared one, or in another region the project's own, added if used."""
        if not self.env.is_away:
            return self.shared.log_group("states")
        kind, name = kind_of("log-group"), f"{VENDED_LOGS}states/{self.env.name_prefix}-{self.project}"
        ref = Ref(self.key(kind.name, f"states-{self.env.region}"), name, kind.arn_of(self.env, name))
        days, by_default = self.env.log_retention(self.env.defaults)
        if used:
            self.add(LogGroup(identity=self.identity(ref), retention_days=days, by_default=by_default))
        return ref

    def location(self, uri: str) -> Location:
        """Returns the location of a URI in configuration, ``s3://bucket/prefix``."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return Location(Ref(self.key("bucket", bucket), bucket, self.env.bucket_arn(bucket)), prefix)
