"""References of pipelines to the shared resources of their environment.

Names follow from the environment, so that a pipeline can refer to a shared resource without loading its declaration; exact ones
that the declaration gives are added to the environment once it is loaded. That what is referred to is declared is checked once
all declarations are loaded.
"""

from collections.abc import Callable

from common.declare.naming import PhysicalNames
from common.environment.config import Environment
from common.model.reference import Ref
from common.model.resource import SHARED, Key
from common.resources import kind_of
from common.resources.queue import QueueRef


class Shared:
    """References to shared resources, by name."""

    def __init__(self, env: Environment, known: Callable[[Ref], Ref] = lambda ref: ref) -> None:
        self.physical = PhysicalNames(env, SHARED)
        self._env, self._known = env, known

    def bucket(self, name: str) -> Ref:
        """A bucket."""
        return self.of("bucket", name)

    def database(self, name: str) -> Ref:
        """A Glue database."""
        return self.of("database", name)

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
        """A log group. State machines and jobs of an environment log to shared ones."""
        return self.of("log-group", name)

    def layer(self, name: str) -> Ref:
        """A layer of functions."""
        return self.of("layer", name)

    def of(self, kind: str, name: str) -> Ref:
        """A resource of any kind."""
        physical = self.physical.of(kind_of(kind), name)
        return self._known(Ref(Key(SHARED, kind, name), physical, kind_of(kind).arn_of(self._env, physical)))
