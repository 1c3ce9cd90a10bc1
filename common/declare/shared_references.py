"""References of pipelines to the shared resources of their environment.

Names follow from the environment, so that a pipeline can refer to a shared resource without loading its declaration; exact ones
that the declaration gives are added to the environment once it is loaded. That what is referred to is declared is checked once
all declarations are loaded. In an environment whose configuration says that it exists, it is somebody else's.
"""

from collections.abc import Callable, Iterable

from common.base.errors import DeclarationError
from common.declare import existing
from common.declare.naming import PhysicalNames
from common.declare.verbs import Verbs
from common.environment.config import Environment
from common.model.generated import GeneratedRef
from common.model.reference import Ref
from common.model.resource import SHARED, Key, Resource
from common.resources import kind_of

SHAREABLE = frozenset({"bucket", "database", "table", "topic", "queue", "log-group", "layer"})
"""Root `deploy.py` can declare these kinds; of others there are only those that exist."""


class Shared(Verbs):
    """References to shared resources, by name. Where configuration says that one exists, it is that one.

    Args:
        env: the environment.
        register: is called with each reference.
        project: who refers to them.

    Attributes:
        entries: the entries of configuration that were referred to, by their places.
        types: the types of the resources of any type that were referred to.
    """

    def __init__(self, env: Environment, register: Callable[[Ref], Ref] = lambda ref: ref, project: str = SHARED) -> None:
        self._home = env.in_region(env.home_region)
        self.physical = PhysicalNames(self._home, SHARED)
        self.entries: set[str] = set()
        self.types: dict[Key, str] = {}
        self._by_kind_and_name: dict[tuple[str, str], Ref] = {}
        self._env, self._register, self._project = env, register, project

    def of(self, kind: str, name: str) -> Ref:
        """A resource of any kind.

        Raises:
            DeclarationError: AWS does not allow the name; or root `deploy.py` cannot declare the kind, and configuration has no
                entry for it; or the resource cannot be used from the region of the project.
        """
        if (kind, name) not in self._by_kind_and_name:  # each job refers to the same log groups
            self._by_kind_and_name[kind, name] = self._found(kind, name)
        return self._by_kind_and_name[kind, name]

    def _found(self, kind: str, name: str) -> Ref:
        if (ref := self.configured(kind, name)) is not None:
            return ref
        if kind not in SHAREABLE:
            raise existing.missing_entry(self._env, self._project, kind_of(kind), name)
        if kind != "bucket":
            self.check_region(f"{kind}/{name}")
        physical = self.physical.of(kind_of(kind), name)
        return self._register(Ref(Key(SHARED, kind, name), physical, kind_of(kind).arn_of(self._home, physical)))

    def configured(self, kind: str, name: str) -> Ref | None:
        """The thing of others that configuration has under a name; None if it has none."""
        ref = existing.configured(self._env, self._project, kind_of(kind), name)
        if ref is None:
            return None
        self.entries.add(ref.place)
        return self._register(ref)

    def resource(self, name: str, type_name: str) -> GeneratedRef:
        """A resource of any type, which root `deploy.py` declares with ``shared.resource(name, type_name, …)``.

        Raises:
            DeclarationError: it cannot be used from the region of the project.
            ValueError: there is no such type.
        """
        from common.aws.resource_schemas import schema_of  # only what names a type needs the schemas
        from common.declare.resource_references import KIND, reference_to

        schema, key = schema_of(type_name, self._home.region), Key(SHARED, KIND, name)
        self.check_region(str(key))
        self.types[key] = type_name
        ref = reference_to(self._home, key, schema, self.physical.of(kind_of(KIND), name) if schema.name_property else "")
        self._register(ref)
        return ref

    def check_types(self, shared: Iterable[Resource]) -> None:
        """Checks that the resources of any type that were referred to are of the type that was named.

        Raises:
            DeclarationError: one is of another type.
        """
        for resource in shared:
            declared, named = getattr(resource, "type_name", ""), self.types.get(resource.key)
            if named is not None and named != declared:
                raise DeclarationError(
                    f"{self._env.where(self._project)}: p.shared.resource({resource.key.name!r}, {named!r}): deploy.py declares "
                    f"it as {declared}."
                )

    def check_region(self, key: str) -> None:
        """Checks that the project is where shared resources are.

        Raises:
            DeclarationError: it is in another region.
        """
        if self._env.is_away:
            raise DeclarationError(
                f"The shared {key} is in {self._home.region}, the project in {self._env.region}. Of what is shared, projects in "
                f"another region than their environment use buckets alone. Declare one of the project's own."
            )
