"""Where an environment is: its account, region and artifact bucket, and the names and ARNs that follow from these.

What only asks AWS needs no more than this of an environment. So it loads no models of configuration, which take a quarter of the
time of an unchanged deploy.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from common.base.lean_dataclass import dataclass, field
from common.environment import owner_tags


class HasPort(Protocol):
    """Where the embedded AWS listens."""

    @property
    def port(self) -> int | None:
        """The fixed port; None if a free one is taken."""
        ...


class Port(NamedTuple):
    """See `HasPort`."""

    port: int | None


class Site:
    """Where an environment is. `Environment` is one that has everything else, too."""

    if TYPE_CHECKING:  # each kind of site has these in a way of its own

        @property
        def name(self) -> str:
            """The name of the environment."""

        @property
        def account_id(self) -> str:
            """The AWS account."""

        @property
        def region(self) -> str:
            """The AWS region."""

        @property
        def partition(self) -> str:
            """The ARN partition of the region."""

        @property
        def name_prefix(self) -> str:
            """Begins the names of resources."""

        @property
        def tag_prefix(self) -> str:
            """Begins the keys of the deployer's own tags."""

        @property
        def artifact_bucket(self) -> str:
            """The name of the bucket with the artifacts and records."""

        @property
        def bucket_account(self) -> str:
            """The account that must own the artifact bucket."""

        @property
        def store_prefix(self) -> str:
            """Begins the keys of all objects of all environments that share this place in the artifact bucket."""

        @property
        def endpoints(self) -> Mapping[str, str]:
            """Other addresses of AWS services than AWS's own, by service."""

        @property
        def embedded(self) -> HasPort | None:
            """Where the embedded AWS listens; None if the environment is in a real account."""

        @property
        def protected(self) -> bool:
            """Whether a deploy asks before it changes something."""

        def regions(self, projects: Iterable[str]) -> list[str]:
            """Returns the regions of these projects, the environment's own first."""

    @property
    def owner(self) -> str:
        """The value of the ownership tag, which all resources of this environment have and no others."""
        return f"{self.name_prefix}/{self.name}"

    @property
    def store(self) -> dict[str, str]:
        """The parameters of every call on the artifact bucket: its name, and the account that must own it."""
        return {"Bucket": self.artifact_bucket, "ExpectedBucketOwner": self.bucket_account}

    def stored(self, project: str) -> str:
        """Begins the keys of a project's objects in the artifact bucket; it ends with a slash."""
        return f"{self.store_prefix}{self.name}/{project}/"

    @property
    def owner_tag(self) -> str:
        """The key of the ownership tag."""
        return owner_tags.environment_key(self.tag_prefix)

    @property
    def resource_tag(self) -> str:
        """The key of the tag that names a resource whose ARN is not known before it exists."""
        return owner_tags.resource_key(self.tag_prefix)

    @property
    def project_tag(self) -> str:
        """The key of the tag that says the project of a resource."""
        return owner_tags.project_key(self.tag_prefix)

    def arn(self, service: str, resource: str) -> str:
        """Returns the ARN of a regional resource of this account, as in ``arn("lambda", "function:x")``."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def role_path(self, project: str) -> str:
        """Returns the IAM path of a project's roles. Its beginning is that of all roles of the environment, for ListRoles."""
        return f"/{self.name_prefix}/{self.name}/{project}/"

    def role_arn(self, path: str, role_name: str) -> str:
        """Returns the ARN of a role below a path."""
        return f"arn:{self.partition}:iam::{self.account_id}:role{path}{role_name}"

    def bucket_arn(self, bucket: str, key: str = "") -> str:
        """Returns the ARN of a bucket, or of objects in it."""
        return f"arn:{self.partition}:s3:::{bucket}" + (f"/{key}" if key else "")


@dataclass(frozen=True)
class RememberedSite(Site):
    """Where an environment was when its files were as they are now: see `declare.trace`. Its projects are in one region."""

    name: str
    account_id: str
    region: str
    partition: str
    name_prefix: str
    tag_prefix: str
    artifact_bucket: str
    bucket_account: str
    store_prefix: str
    protected: bool
    endpoints: Mapping[str, str] = field(default_factory=dict)
    embedded: Port | None = None

    def regions(self, projects: Iterable[str]) -> list[str]:
        """See `Site`."""
        del projects
        return [self.region]
