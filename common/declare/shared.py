"""The resources that all pipelines of an environment share, which root `deploy.py` declares."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare import buckets, validation
from common.declare.cloud_resources import CloudResources, ResourceDeclaration
from common.declare.declaration import Entry
from common.declare.layers import LayerDeclaration
from common.declare.naming import ARTIFACT_BUCKET, ARTIFACTS
from common.declare.properties import check as check_properties
from common.declare.shared_references import Shared
from common.declare.simple_resources import SimpleDeclaration, SimpleResources
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.existing import EXISTING, apart
from common.model.generated import GeneratedRef, marked_keys
from common.model.reference import Ref
from common.model.resource import SHARED, Key, Resource
from common.resources import bucket_settings, kind_of
from common.resources.bucket import Bucket
from common.resources.database import Database
from common.resources.log_group import LogGroup


class SharedResources(SimpleResources, CloudResources):
    """The shared resources of an environment, as root `deploy.py` declares them."""

    name = SHARED
    entry: Entry | None = None

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._refs = Shared(env)
        self._physical = self._refs.physical
        self._resources: dict[Key, Resource] = {}

    def bucket(
        self,
        reference: str,
        /,
        *,
        event_bridge: bool = False,
        kms_key: str | None = None,
        versioned: bool = True,
        expire_days: Mapping[str, int] | None = None,
        access_logs: str | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
    ) -> None:
        """A versioned, encrypted bucket without public access.

        Args:
            reference: what references call it.
            event_bridge: tell EventBridge of every new object.
            kms_key: the ARN, id or alias of the key that encrypts new objects; who is granted the bucket may use the key, too.
            versioned: keep what is overwritten or deleted, as older versions.
            expire_days: after how many days objects are deleted, by the beginning of their keys, as in ``{"tmp/": 7}``; ``""``
                stands for all. Older versions are deleted as many days after that.
            access_logs: the shared bucket declared above, by its reference, that gets a line for each request, below a prefix
                with the name of this bucket.
            properties: settings in AWS's own spelling, as in ``{"CORSConfiguration": {"CORSRules": […]}}``.
            name: its exact name in AWS, instead of one that follows from a template.
        """
        region, account_id = self.env.region, self.env.account_id
        log_bucket = None if access_logs is None else self._refs.of("bucket", access_logs)
        if log_bucket is not None and log_bucket.key.project != EXISTING and log_bucket.key not in self._resources:
            raise ValueError(f"access_logs: there is no bucket {access_logs!r} above. Declare it before {reference!r}")
        own = self._named("bucket", reference, name)
        days = buckets.check_expiry(reference, expire_days or {}, self.env)
        fields = validation.with_fields(
            properties,
            kms_key=None if kms_key is None else bucket_settings.encrypted_by(kms_key),
            expire_days=bucket_settings.expiring(days) if days else None,
            access_logs=None if log_bucket is None else bucket_settings.logged_to(log_bucket.name, f"{own.name}/"),
        )
        make = partial(Bucket, region=region, account_id=account_id, event_bridge=event_bridge, versioned=versioned)
        uses = [] if log_bucket is None else [log_bucket]
        self._declare("bucket", reference, SimpleDeclaration.of(make, fields, uses), name)

    def database(
        self, reference: str, /, description: str = "", *, properties: JsonMapping | None = None, name: str | None = None
    ) -> None:
        """A Glue database; `properties`, such as ``{"LocationUri": "s3://…"}``, and `name` as of a bucket."""
        make = partial(Database, description=validation.check_length("description", description, longest=2048))
        self._declare("database", reference, SimpleDeclaration.of(make, properties), name)

    def _declare(self, kind: str, reference: str, declaration: SimpleDeclaration, name: str | None) -> Ref:
        """Declares a shared resource; its kind's own method is for authors."""
        ref = self._named(kind, reference, name)
        properties = declaration.properties
        check_properties(kind_of(kind), properties, f"deploy.py: {ref.key}")
        identity = self._identity(ref, uses=[*declaration.uses, *sorted(marked_keys([properties, declaration.texts]))])
        self._add(declaration.make(identity=identity, properties=properties, **declaration.texts))
        return ref

    def _keep_resource(self, ref: GeneratedRef, declaration: ResourceDeclaration) -> None:
        """Declares a shared resource of any type; `resource` is for authors."""
        identity = self._identity(declaration.stands_for(self.env, ref.key), uses=sorted(marked_keys(declaration.properties)))
        self._add(declaration.resource(identity, declaration.properties, self.env, f"deploy.py: {ref.key}"))

    def _files(self, pattern: str) -> list[Path]:
        """Shared resources are declared in root `deploy.py` itself.

        Raises:
            DeclarationError: always.
        """
        raise DeclarationError(f"deploy.py: {pattern}: only projects have files of resources. Declare shared ones here.")

    def log_group(self, reference: str, /, *, properties: JsonMapping | None = None, name: str | None = None) -> None:
        """A log group with the environment's retention; `properties`, as in ``{"kmsKeyId": "…"}``, and `name` as of a bucket."""
        days, by_default = self.env.log_retention(self.env.defaults)
        make = partial(LogGroup, retention_days=days, by_default=by_default)
        self._declare("log-group", reference, SimpleDeclaration.of(make, properties), name)

    def layer(
        self,
        reference: str,
        /,
        folder: Path,
        *,
        runtime: str | None = None,
        architecture: str | None = None,
        properties: JsonMapping | None = None,
        accept_secret: str | None = None,
        name: str | None = None,
    ) -> None:
        """A layer of the dependencies and files of a folder, for the runtime and architecture of functions by default.

        `properties`, as in ``{"LicenseInfo": "MIT"}``, and `name` as of a bucket.
        """
        identity = self._identity(self._named("layer", reference, name), validation.check_reason(accept_secret))
        fields = validation.check_object("properties", properties or {})
        check_properties(kind_of("layer"), fields, f"deploy.py: {identity.key}")
        declaration = LayerDeclaration(folder=folder, runtime=runtime, architecture=architecture, properties=fields)
        self._add(declaration.layer(self.env, identity))

    @property
    def entries(self) -> set[str]:
        """The entries of `existing` in configuration that stand for something declared here, by their places."""
        return self._refs.entries

    def rendered(self) -> tuple[Resource, ...]:
        """Everything declared, the artifact bucket included.

        Raises:
            DeclarationError: the artifact bucket is not declared.
        """
        if ARTIFACT_BUCKET not in self._resources and self.env.others_bucket is None:
            raise DeclarationError(f'deploy.py must declare the artifact bucket: shared.bucket("{ARTIFACTS}").')
        return (*buckets.with_access_logs(self._resources.values()), *self._subscriptions())

    def _subscriptions(self) -> Iterator[Resource]:
        if self.env.subscriptions:
            from common.declare import subscriptions  # reads the schema of their type

            yield from subscriptions.of_environment(
                self.env, self._resources, self._refs, lambda ref, topic: self._identity(ref, uses=[topic])
            )

    def _add(self, resource: Resource) -> None:
        if resource.key.project == EXISTING:
            return  # in this environment it is somebody else's
        if resource.key in self._resources:
            raise DeclarationError(f"deploy.py declares {resource.key} twice.")
        self._resources[resource.key] = resource

    def _named(self, kind: str, reference: str, name: str | None) -> Ref:
        """The reference to a resource that is being declared, with the exact name that its declaration gives it."""
        self._physical.declare(Key(SHARED, kind, reference), name)
        return self._refs.of(kind, reference)

    def _identity(self, ref: Ref, accept_secret: str = "", uses: Iterable[Key | Ref] = ()) -> Identity:
        needs, others = apart(uses)
        return Identity(
            key=ref.key,
            name=ref.name,
            arn=ref.arn,
            tags=self.env.ownership(SHARED),
            tag_prefix=self.env.tag_prefix,
            needs=needs,
            uses=others,
            accept_secret=accept_secret,
            always_verified=self.env.verify == "always",
        )
