"""What resources are called in AWS where nobody gives them names, so that reports show only what people would not expect."""

from common.declare.naming import PhysicalNames
from common.environment.config import Environment
from common.model.resource import Key
from common.resources import kinds


class UsualNames:
    """What resources are called in AWS where neither configuration nor a declaration gives names.

    Args:
        env: the environment.
    """

    def __init__(self, env: Environment) -> None:
        self._env, self._bare = env, env.model_copy(update={"names": {}, "projects": {}})
        self._by_project: dict[str, PhysicalNames] = {}

    def _of(self, key: Key) -> str:
        if key.project not in self._by_project:
            self._by_project[key.project] = PhysicalNames(self._bare, key.project)
        return self._by_project[key.project].named(kinds()[key.kind], key.name)

    def differs(self, key: Key, arn: str) -> bool:
        """Whether a resource has another name, or a role another path, than it would have without given names and templates."""
        kind, env = kinds().get(key.kind), self._env
        if kind is None or (kind.arn is None and key.kind != "role"):
            return False
        name = self._of(key)
        usual = env.role_arn(env.role_path(key.project), name)
        return arn != (usual if kind.arn is None else kind.arn_of(env.of_project(key.project), name))

    def other_name(self, key: Key, name: str, arn: str) -> str:
        """Returns a name that people would not expect, with the path of a role if that is not the usual one.

        Returns:
            The name; empty if they would expect it.
        """
        if not self.differs(key, arn):
            return ""
        path = arn.partition(":role/")[2].removesuffix(name)
        own = self._env.role_path(key.project)
        return f"/{path}{name}" if ":role/" in arn and f"/{path}" != own else name
