"""Collects the declarations of a project, each under the reference that other declarations use."""

from collections.abc import Iterable, Mapping

from common.base.errors import DeclarationError
from common.declare import configuration, dead_letters, validation
from common.declare.allowed_actions import Permission
from common.declare.asl.problem import LocatedProblem
from common.declare.naming import NO_NAMES, Exact, PhysicalNames
from common.declare.project_resources import Declaration, ProjectResources
from common.declare.validation import Reason
from common.environment.config import Environment
from common.model.reference import Names, Ref
from common.model.resource import Key, Resource
from common.resources import function_versions, kind_of
from common.resources.function import Function

AWAY = frozenset({"lambda", "state-machine", "rule", "table", "queue", "topic"})
"""The kinds that a project in another region than its environment's may declare."""
AT_HOME = {
    "glue-job": "Glue reads the scripts of jobs from the artifact bucket",
    "crawler": "a crawler keeps the tables of a shared database",
    "layer": "Lambda reads layers from the artifact bucket",
}
"""Why a project in another region cannot declare these kinds."""


class Declarations:
    """The declarations of a project.

    Args:
        project: the name of the project.
        env: the environment.
        names: the names that texts of the project may refer to; every declaration is added to them.

    Attributes:
        physical: what the resources of the project are called in AWS.
    """

    def __init__(self, project: str, env: Environment, names: Names) -> None:
        self._project, self._env, self._names = project, env, names
        self.physical = PhysicalNames(env, project, names)
        self._resources = ProjectResources(project, env, names, self.physical)
        self._by_ref: dict[Ref, Declaration] = {}
        self._names_of: dict[str, set[str]] = {}

    def names(self, kind: str) -> set[str]:
        """Returns the declared names of a kind."""
        return self._names_of.setdefault(kind, set())

    def refs(self, kind: str) -> list[Ref]:
        """Returns the references to declarations of a kind, in their order."""
        return [ref for ref in self._by_ref if ref.key.kind == kind]

    def every_ref(self) -> list[Ref]:
        """Returns the references to all declarations, in their order."""
        return [*self._by_ref]

    def add(
        self,
        kind: str,
        name: str,
        declaration: Declaration,
        accept_secret: Reason = None,
        exact: Exact = NO_NAMES,
        role: Ref | None = None,
    ) -> Ref:
        """Adds a declaration, and computes the name of its resource in AWS.

        Args:
            kind: the kind of its resource.
            name: what references and configuration call it.
            declaration: the declaration.
            accept_secret: why it may hold what looks like a secret.
            exact: exact names in AWS.
            role: the role of others that it runs with, instead of one of its own.

        Raises:
            DeclarationError: it was declared before, or AWS does not allow the name.
            TypeError: `role` is not a role of others.
        """
        if kind not in AWAY and self._env.is_away:
            where, home, place = self._env.where(self._project), self._env.home_region, self._env.place(self._project, "region")
            reason = AT_HOME.get(kind, f"a {kind} can be in the region of the environment alone")
            raise DeclarationError(
                f"{where}: {kind}/{name}: the project is in {self._env.region}, and {reason}, which is in {home}. "
                f"Take the region away in {place}, or describe an environment of its own for {self._env.region}."
            )
        settings = getattr(declaration, "settings", None)
        if (settings.get("name") if isinstance(settings, Mapping) else getattr(settings, "name", None)) is not None:
            where = f"{self._env.where(self._project)}: {kind}/{name}"
            raise DeclarationError(f'{where}: its settings give it a name. Give it beside them, as in name="…".')
        if exact != NO_NAMES:
            for key, exact_name in exact.keys(Key(self._project, kind, name)).items():
                self.physical.declare(key, exact_name)
        physical = self.physical.of(kind_of(kind), name)
        ref = self._names.add(Ref(Key(self._project, kind, name), physical, kind_of(kind).arn_of(self._env, physical)))
        if role is not None:
            self._resources.roles[ref.key] = validation.check_role(role, exact.role)
        self.keep(ref, declaration, accept_secret)
        return ref

    def keep(self, ref: Ref, declaration: Declaration, accept_secret: Reason = None) -> None:
        """Adds a declaration under a reference.

        Raises:
            DeclarationError: it was declared before.
        """
        if ref.key.name in self.names(ref.key.kind):
            hint = " A folder is kept at one place; a/b and a-b have one name." if ref.key.kind == "directory" else ""
            raise DeclarationError(f"projects/{self._env.folder(self._project)}/deploy.py declares {ref.key} twice.{hint}")
        self.names(ref.key.kind).add(ref.key.name)
        self._by_ref[ref] = declaration
        self._resources.accepted[ref.key] = validation.check_reason(accept_secret)

    def keep_named(self, ref: Ref, declaration: Declaration) -> None:
        """Adds a declaration under a reference that texts of the project may name.

        Raises:
            DeclarationError: it was declared before, or another resource has its name.
        """
        self.keep(ref, declaration)
        self._names.add(ref)

    @property
    def entries(self) -> set[str]:
        """The entries of `existing` in configuration that resources use though no declaration names them, by their places."""
        return self._resources.shared.entries

    @property
    def warnings(self) -> list[LocatedProblem]:
        """What may be wrong in the definitions of state machines, and is not refused; known once they are rendered."""
        return self._resources.warnings

    def allow(self, ref: Ref, permission: Permission) -> None:
        """Allows the role of a resource of the project something that another declaration needs of it."""
        self._resources.further[ref.key].append(permission)

    def collect_undelivered(self, queue: Ref, trigger: Ref | None = None) -> None:
        """Lets a queue take what a schedule could not start, or all schedules that have no other queue for that."""
        self._resources.undelivered[trigger.key if trigger is not None else None] = queue

    def collects_undelivered(self, trigger: Ref) -> bool:
        """Whether a queue takes what this schedule could not start."""
        return trigger.key in self._resources.undelivered

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Receives the resources of root `deploy.py`."""
        for resource in shared:
            self._resources.borrowed[resource.key] = resource
            self._resources.names.offer(resource.key)

    def rendered(self) -> tuple[Resource, ...]:
        """Returns the resources of all declarations.

        Raises:
            DeclarationError: a reference leads to nothing, or AWS would not accept a resource.
            ConfigError: configuration of something that does not exist, a parameter that nothing uses, or that has no value.
        """
        ordered = sorted(self._by_ref.items(), key=lambda item: getattr(item[1], "after_others", False))
        configuration.render(self._resources, dict(ordered))
        dead_letters.allow_rules(self._resources)
        if self._env.project(self._project).subscriptions:
            from common.declare import subscriptions  # reads the schema of their type

            for subscription in subscriptions.of_project(self._resources):
                self._resources.add(subscription)
        declared = dict.fromkeys(
            (*(ref.key for ref in self._by_ref), *(resource.key for resource in self._resources.resources()))
        )
        configuration.check(self._env, self._project, declared, self._names.used)
        self._check_aliases()
        return self._resources.resources()

    def _check_aliases(self) -> None:
        """Checks that each function whose alias is used has one.

        Raises:
            DeclarationError: it publishes no versions.
        """
        for (key, attribute), where in self._names.attributes_used.items():
            function = self._resources.known().get(key) if attribute == function_versions.ALIAS else None
            if isinstance(function, Function) and not function.settings.publish:
                raise DeclarationError(
                    f"{where}: {key} has no alias {attribute}, because it publishes no versions. Set publish to true for it, "
                    f"or say ${{{key.name}.arn}}."
                )
