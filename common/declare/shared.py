"""The resources that the pipelines of an environment share, and how pipelines refer to them.

Their names follow from the environment alone, so that a pipeline can refer to one without loading the declaration of all; the
session checks that what is referred to is declared.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common.base.errors import DeclarationError
from common.base.text_rules import bucket_name, plain
from common.declare import layers, validation
from common.declare.declaration import Entry
from common.environment.config import Environment
from common.model.reference import Ref
from common.model.resource import SHARED, Key, Resource
from common.resources.bucket import Bucket
from common.resources.database import Database
from common.resources.log_group import LogGroup
from common.resources.table import Table
from common.resources.topic import Topic

ARTIFACTS = "artifacts"
"""The bucket that holds artifacts and records; its name is configured, the others' are computed."""
ANY = (re.compile(r"[A-Za-z0-9_./#-]+"), 512, "letters, digits and _./#-")
NAMES = {
    "bucket": (re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*(?<!-)"), 63, "lower-case letters, digits and hyphens"),
    "database": (re.compile(r"[a-z0-9_]+"), 255, "lower-case letters, digits and _"),
    "table": (re.compile(r"[A-Za-z0-9_.-]+"), 255, "letters, digits and _.-"),
    "topic": (re.compile(r"[A-Za-z0-9_-]+"), 256, "letters, digits, - and _"),
    "layer": (re.compile(r"[A-Za-z0-9_-]+"), 140, "letters, digits, - and _"),
}
"""What names may be in AWS, by kind: a pattern, the most characters, and the pattern in words. Glue makes upper case lower."""


class Shared:
    """References to shared resources, by name."""

    def __init__(self, env: Environment, known: Callable[[Ref], Ref] = lambda ref: ref) -> None:
        self._env = env
        self._known = known

    def bucket(self, name: str) -> Ref:
        """A bucket; bucket names are unique in the world, so the account is part of them."""
        env = self._env
        physical = env.artifact_bucket if name == ARTIFACTS else f"{env.name_prefix}-{name}-{env.account_id}"
        return self._ref("bucket", name, physical, env.bucket_arn(physical))

    def database(self, name: str) -> Ref:
        """A Glue database; Athena wants letters, digits and underscores."""
        physical = f"{self._env.name_prefix}_{name}".replace("-", "_")
        return self._ref("database", name, physical, self._env.arn("glue", f"database/{physical}"))

    def table(self, name: str) -> Ref:
        """A DynamoDB table."""
        physical = f"{self._env.name_prefix}-{name}"
        return self._ref("table", name, physical, self._env.arn("dynamodb", f"table/{physical}"))

    def topic(self, name: str) -> Ref:
        """An SNS topic."""
        physical = f"{self._env.name_prefix}-{name}"
        return self._ref("topic", name, physical, self._env.arn("sns", physical))

    def log_group(self, name: str) -> Ref:
        """A log group. State machines and jobs of an environment log to shared ones, below the prefix AWS reserves for it."""
        physical = {"states": f"/aws/vendedlogs/states/{self._env.name_prefix}"}.get(name, f"/{self._env.name_prefix}/{name}")
        return self._ref("log-group", name, physical, self._env.arn("logs", f"log-group:{physical}"))

    def layer(self, name: str) -> Ref:
        """A layer of functions."""
        physical = f"{self._env.name_prefix}-{name}"
        return self._ref("layer", name, physical, self._env.arn("lambda", f"layer:{physical}"))

    def _ref(self, kind: str, name: str, physical: str, arn: str) -> Ref:
        return self._known(Ref(Key(SHARED, kind, name), physical, arn))


class SharedResources:
    """What root `deploy.py` declares: the shared resources of one environment."""

    name = SHARED
    entry: Entry | None = None

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._refs = Shared(env)
        self._resources: dict[Key, Resource] = {}

    def bucket(self, name: str, *, event_bridge: bool = False) -> None:
        """A versioned, encrypted bucket without public access; `event_bridge` tells EventBridge of every new object."""
        common = self._common(self._refs.bucket(name))
        self._add(Bucket(**common, region=self._env.region, account_id=self._env.account_id, event_bridge=event_bridge))

    def database(self, name: str, description: str = "") -> None:
        """A Glue database."""
        self._add(Database(**self._common(self._refs.database(name)), description=plain(description)))

    def table(self, name: str, *, partition_key: str) -> None:
        """A DynamoDB table with a string partition key, paid by request, with point-in-time recovery."""
        self._add(Table(**self._common(self._refs.table(name)), partition_key=plain(partition_key)))

    def topic(self, name: str) -> None:
        """An SNS topic."""
        self._add(Topic(**self._common(self._refs.topic(name))))

    def log_group(self, name: str) -> None:
        """A log group with the environment's retention."""
        defaults = self._env.defaults
        by_default = "log_retention_days" not in defaults.model_fields_set
        common = self._common(self._refs.log_group(name))
        self._add(LogGroup(**common, retention_days=defaults.log_retention_days, by_default=by_default))

    def layer(
        self,
        name: str,
        folder: Path,
        *,
        runtime: str | None = None,
        architecture: str | None = None,
        accept_secret: str | None = None,
    ) -> None:
        """A layer of the dependencies and files of a folder, for the runtime and architecture of functions by default."""
        common = {**self._common(self._refs.layer(name)), "accept_secret": validation.reason(accept_secret)}
        self._add(layers.layer(self._env, common, folder, (runtime, architecture)))

    def resources(self) -> tuple[Resource, ...]:
        """Everything declared, the artifact bucket included.

        Raises:
            DeclarationError: the artifact bucket is not declared.
        """
        if Key(SHARED, "bucket", ARTIFACTS) not in self._resources:
            raise DeclarationError(f'deploy.py must declare the artifact bucket: shared.bucket("{ARTIFACTS}").')
        return tuple(self._resources.values())

    def _add(self, resource: Resource) -> None:
        if resource.key in self._resources:
            raise DeclarationError(f"deploy.py declares {resource.key} twice.")
        pattern, limit, allowed = NAMES.get(resource.key.kind, ANY)
        if not pattern.fullmatch(resource.name) or len(resource.name) > limit or len(resource.name) < 3:
            raise DeclarationError(
                f"deploy.py: {resource.key} would be called {resource.name!r}; AWS allows 3 to {limit} characters: {allowed}. "
                f"Change its name, or name_prefix in config/{self._env.name}.json."
            )
        if resource.key.kind == "bucket":
            try:
                bucket_name(resource.name)
            except ValueError as error:
                raise DeclarationError(f"deploy.py: {resource.key} would be called {resource.name!r}: {error}.") from None
        self._resources[resource.key] = resource

    def _common(self, ref: Ref) -> Mapping[str, Any]:
        return {"key": ref.key, "name": ref.name, "arn": ref.arn, "tags": self._env.ownership(SHARED)}


def check_events(bucket: Resource | None, where: str) -> None:
    """Looks whether a bucket tells of its new objects: a rule waits for ever for one that does not.

    Raises:
        DeclarationError: it does not.
    """
    if isinstance(bucket, Bucket) and not bucket.event_bridge:
        name = bucket.key.name
        raise DeclarationError(
            f"{where}: {bucket.key} tells nobody of new objects. Declare it with shared.bucket({name!r}, event_bridge=True)."
        )
