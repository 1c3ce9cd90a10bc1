"""The resources that the pipelines of an environment share, as root `deploy.py` declares them."""

from collections.abc import Iterable
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.text_rules import check_bucket_name
from common.declare import validation
from common.declare.declaration import Entry
from common.declare.layers import LayerDeclaration
from common.declare.shared_references import ARTIFACTS, Shared
from common.declare.simple_resources import Make, SimpleResources
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.reference import Ref
from common.model.resource import SHARED, Key, Resource
from common.resources import kind_of
from common.resources.bucket import Bucket
from common.resources.database import Database
from common.resources.log_group import LogGroup
from common.resources.topic import Topic


class SharedResources(SimpleResources):
    """What root `deploy.py` declares: the shared resources of one environment."""

    name = SHARED
    entry: Entry | None = None

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._refs = Shared(env)
        self._resources: dict[Key, Resource] = {}

    def bucket(self, name: str, *, event_bridge: bool = False) -> None:
        """A versioned, encrypted bucket without public access; `event_bridge` tells EventBridge of every new object."""
        bucket = Bucket(
            identity=self._identity(self._refs.bucket(name)),
            region=self._env.region,
            account_id=self._env.account_id,
            event_bridge=event_bridge,
        )
        self._add(bucket)

    def database(self, name: str, description: str = "") -> None:
        """A Glue database."""
        self._add(
            Database(
                identity=self._identity(self._refs.database(name)),
                description=validation.text("description", description, longest=2048),
            )
        )

    def _declare(self, kind: str, name: str, make: Make, uses: Iterable[Ref] = ()) -> Ref:
        """Declares a shared resource whose name follows from its kind; its kind's own method is for authors."""
        ref = self._refs.of(kind, name)
        self._add(make(identity=self._identity(ref, uses=uses)))
        return ref

    def topic(self, name: str) -> None:
        """An SNS topic."""
        self._add(Topic(identity=self._identity(self._refs.topic(name))))

    def log_group(self, name: str) -> None:
        """A log group with the environment's retention."""
        defaults = self._env.defaults
        by_default = "log_retention_days" not in defaults.model_fields_set
        identity = self._identity(self._refs.log_group(name))
        self._add(LogGroup(identity=identity, retention_days=defaults.log_retention_days, by_default=by_default))

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
        identity = self._identity(self._refs.layer(name), validation.reason(accept_secret))
        declaration = LayerDeclaration(folder=folder, runtime=runtime, architecture=architecture)
        self._add(declaration.layer(self._env, identity))

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
        limit, pattern, allowed = kind_of(resource.key.kind).names
        if not pattern.fullmatch(resource.name) or len(resource.name) > limit or len(resource.name) < 3:
            raise DeclarationError(
                f"deploy.py: {resource.key} would be called {resource.name!r}; AWS allows 3 to {limit} characters: {allowed}. "
                f"Change its name, or name_prefix in config/{self._env.name}.json."
            )
        if resource.key.kind == "bucket":
            try:
                check_bucket_name(resource.name)
            except ValueError as error:
                raise DeclarationError(f"deploy.py: {resource.key} would be called {resource.name!r}: {error}.") from None
        self._resources[resource.key] = resource

    def _identity(self, ref: Ref, accept_secret: str = "", uses: Iterable[Ref] = ()) -> Identity:
        return Identity(
            key=ref.key,
            name=ref.name,
            arn=ref.arn,
            tags=self._env.ownership(SHARED),
            needs=tuple(used.key for used in uses),
            accept_secret=accept_secret,
        )
