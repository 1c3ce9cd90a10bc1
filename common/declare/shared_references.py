"""How pipelines refer to the shared resources of their environment.

Names follow from the environment alone, so that a pipeline can refer to a shared resource without loading its declaration; that
what is referred to is declared is checked once all declarations are loaded.
"""

from collections.abc import Callable

from common.environment.config import Environment
from common.model.reference import Ref
from common.model.resource import SHARED, Key
from common.resources import kind_of
from common.resources.queue import QueueRef

ARTIFACTS = "artifacts"
"""The bucket that holds artifacts and records; its name is configured, the others' are computed."""


class Shared:
    """References to shared resources, by name."""

    def __init__(self, env: Environment, known: Callable[[Ref], Ref] = lambda ref: ref) -> None:
        self._env = env
        self._known = known

    def bucket(self, name: str) -> Ref:
        """A bucket; bucket names are unique in the world, so the account is part of them."""
        env = self._env
        physical = env.artifact_bucket if name == ARTIFACTS else f"{env.name_prefix}-{name}-{env.account_id}"
        return self.of("bucket", name, physical)

    def database(self, name: str) -> Ref:
        """A Glue database; Athena wants letters, digits and underscores."""
        physical = f"{self._env.name_prefix}_{name}".replace("-", "_")
        return self.of("database", name, physical)

    def table(self, name: str) -> Ref:
        """A DynamoDB table."""
        return self.of("table", name)

    def topic(self, name: str) -> Ref:
        """An SNS topic."""
        return self.of("topic", name)

    def queue(self, name: str) -> QueueRef:
        """An SQS queue."""
        ref = self.of("queue", name)
        return QueueRef(ref.key, ref.name, ref.arn)

    def log_group(self, name: str) -> Ref:
        """A log group. State machines and jobs of an environment log to shared ones, below the prefix AWS reserves for it."""
        physical = {"states": f"/aws/vendedlogs/states/{self._env.name_prefix}"}.get(name, f"/{self._env.name_prefix}/{name}")
        return self.of("log-group", name, physical)

    def layer(self, name: str) -> Ref:
        """A layer of functions."""
        return self.of("layer", name)

    def of(self, kind: str, name: str, physical: str = "") -> Ref:
        """A resource of any kind; its name begins with the environment's prefix, unless its kind wants it otherwise."""
        physical = physical or f"{self._env.name_prefix}-{name}"
        return self._known(Ref(Key(SHARED, kind, name), physical, kind_of(kind).arn_of(self._env, physical)))
