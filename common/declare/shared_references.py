"""References of pipelines to the shared resources of their environment.

Names follow from the environment, so that a pipeline can refer to a shared resource without loading its declaration; exact ones
that the declaration gives are added to the environment once it is loaded. That what is referred to is declared is checked once
all declarations are loaded. In an environment whose configuration says that it exists, it is somebody else's.
"""

from collections.abc import Callable

from common.base.errors import DeclarationError
from common.declare import existing
from common.declare.naming import PhysicalNames
from common.declare.verbs import Verbs
from common.environment.config import Environment
from common.model.reference import Ref
from common.model.resource import SHARED, Key
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
    """

    def __init__(self, env: Environment, register: Callable[[Ref], Ref] = lambda ref: ref, project: str = SHARED) -> None:
        self._home = env.in_region(env.home_region)
        self.physical = PhysicalNames(self._home, SHARED)
        self.entries: set[str] = set()
        self._env, self._register, self._project = env, register, project

    def of(self, kind: str, name: str) -> Ref:
        """A resource of any kind.

        Raises:
            DeclarationError: AWS does not allow the name; or root `deploy.py` cannot declare the kind, and configuration has no
                entry for it; or the resource cannot be used from the region of the project.
        """
        if (ref := existing.configured(self._env, self._project, kind_of(kind), name)) is not None:
            self.entries.add(ref.place)
            return self._register(ref)
        if kind not in SHAREABLE:
            raise existing.missing_entry(self._env, self._project, kind_of(kind), name)
        if kind != "bucket" and self._env.is_away:
            raise DeclarationError(
                f"The shared {kind}/{name} is in {self._home.region}, the project in {self._env.region}. Of what is shared, "
                f"projects in another region than their environment use buckets alone. Declare one of the project's own."
            )
        physical = self.physical.of(kind_of(kind), name)
        return self._register(Ref(Key(SHARED, kind, name), physical, kind_of(kind).arn_of(self._home, physical)))
