"""The verbs by which pipelines refer to what they do not declare themselves: one for each kind of thing."""

from abc import ABC, abstractmethod

from common.model.reference import Ref
from common.resources.queue import QueueRef


class Verbs(ABC):
    """References by kind and name."""

    @abstractmethod
    def of(self, kind: str, name: str) -> Ref:
        """A thing of any kind."""

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
        return ref if isinstance(ref, QueueRef) else QueueRef(ref.key, ref.name, ref.arn)

    def log_group(self, name: str) -> Ref:
        """A log group. State machines and jobs of an environment log to shared ones."""
        return self.of("log-group", name)

    def layer(self, name: str) -> Ref:
        """A layer of functions."""
        return self.of("layer", name)

    def function(self, name: str) -> Ref:
        """A Lambda function of somebody else."""
        return self.of("lambda", name)

    def state_machine(self, name: str) -> Ref:
        """A state machine of somebody else."""
        return self.of("state-machine", name)

    def job(self, name: str) -> Ref:
        """A Glue job of somebody else."""
        return self.of("glue-job", name)

    def crawler(self, name: str) -> Ref:
        """A Glue crawler of somebody else."""
        return self.of("crawler", name)

    def role(self, name: str) -> Ref:
        """An IAM role of somebody else."""
        return self.of("role", name)

    def secret(self, name: str) -> Ref:
        """A secret of Secrets Manager."""
        return self.of("secret", name)

    def parameter(self, name: str) -> Ref:
        """A parameter of Parameter Store."""
        return self.of("parameter", name)

    def key(self, name: str) -> Ref:
        """A KMS key."""
        return self.of("key", name)

    def connection(self, name: str) -> Ref:
        """A Glue connection."""
        return self.of("connection", name)
