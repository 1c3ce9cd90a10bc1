"""The models of the configuration of environments, from which all names and ARNs are derived.

Each environment has a file `config/<env>.json`; `config/<project>/<env>.json` may override that project's section. The files hold
everything that differs between environments, so the same code deploys each. Names and ARNs are computed before anything exists,
so no declaration depends on a response of AWS.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from common.base import text_rules
from common.base.json_types import JsonMapping, JsonObject
from common.base.text_rules import PolicyArn, ResourceName, RoleArn, TagKey, TagValue
from common.environment import aws_versions, partitions
from common.environment.endpoints import Service, Url
from common.environment.names import ExactNames, Names
from common.environment.parameter_values import ParameterValue
from common.environment.partitions import Account
from common.environment.resource_settings import (
    CrawlerSettings,
    Defaults,
    Embedded,
    FunctionSettings,
    JobSettings,
    Model,
    Network,
    StateMachineSettings,
    TriggerSettings,
)

OWNER_TAG = "deployer:environment"
PROJECT_TAG = "deployer:project"


class Project(Model):
    """One project's section; also the whole of `config/<project>/<env>.json`."""

    schema_: str | None = Field(default=None, alias="$schema")
    enabled: bool = True
    """Whether the project is for this environment. What was deployed of a project that is not counts as no longer declared."""
    parameters: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ParameterValue] = Field(default_factory=dict)
    """Values for `${name}`: texts, numbers, booleans, or lists of these. `ssm:/path` is read from Parameter Store."""
    functions: dict[ResourceName, FunctionSettings] = Field(default_factory=dict)
    """Settings of single functions, by name."""
    jobs: dict[ResourceName, JobSettings] = Field(default_factory=dict)
    """Settings of single Glue jobs, by name."""
    crawlers: dict[ResourceName, CrawlerSettings] = Field(default_factory=dict)
    """Settings of single crawlers, by name."""
    state_machines: dict[ResourceName, StateMachineSettings] = Field(default_factory=dict)
    """Settings of single state machines, by name."""
    triggers: dict[ResourceName, TriggerSettings] = Field(default_factory=dict)
    """Settings of single schedules and rules, by name."""
    names: ExactNames = Field(default_factory=dict)
    """Exact names in AWS of what has no section here, by `kind/name`, as in `table/runs`. A role's may begin with its path."""


class Roles(Model):
    """How roles are managed. A role ARN on a resource, or in `arns`, replaces the managed role."""

    arns: dict[
        Annotated[str, Field(pattern=r"^(lambda|glue-job|crawler|state-machine|trigger)(/[A-Za-z_][A-Za-z0-9_-]*)?$")], RoleArn
    ] = Field(default_factory=dict)
    """Existing roles by `kind` or `kind/Name`, for organisations in which deployers may not create roles."""
    permissions_boundary: PolicyArn | None = None
    """The policy that bounds every role that the deployer creates."""


class Environment(Model):
    """One environment: an account, a region, a name prefix, and what is particular to them."""

    schema_: str | None = Field(default=None, alias="$schema")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$"), AfterValidator(text_rules.check_file_name)]
    """The name of the environment: the file is called `config/<name>.json`."""
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    """The AWS account. Credentials of another one are refused."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
    """The AWS region."""
    name_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$"), AfterValidator(text_rules.check_prefix)]
    """Begins the name of every resource. Two environments of one account need two prefixes."""
    artifact_bucket: Annotated[str, AfterValidator(text_rules.check_bucket_name)]
    """The name of the bucket that holds the artifacts and the records of what is deployed. The first deploy creates it."""
    tags: Annotated[dict[TagKey, TagValue], AfterValidator(text_rules.check_tag_keys)] = Field(
        default_factory=dict, max_length=40
    )
    """Tags of every resource, besides the deployer's own."""
    names: Names = Field(default_factory=dict)
    """Templates of names in AWS by kind, or `default`; exact names of shared resources by `kind/name`, as in `bucket/landing`."""
    protected: bool = False
    """Deploy only what is committed, ask for the environment's name before anything is changed, and refuse `destroy`."""
    default: bool = False
    """Commands without --env are about this environment, unless DEPLOY_ENV names another. A protected one cannot be it."""
    embedded: Embedded | None = None
    """The environment is in the embedded AWS on this machine, and not in a real account."""
    endpoints: dict[Service, Url] = Field(default_factory=dict)
    """Other addresses of AWS services, as of VPC endpoints, by service; `default` is for all that are not named."""
    network: Network = Network()
    """The network in which functions with `vpc` run."""
    roles: Roles = Roles()
    """How roles are managed."""
    defaults: Defaults = Defaults()
    """Settings of all resources of a type."""
    projects: dict[ResourceName, Project] = Field(default_factory=dict)
    """The projects, by name: their parameters, and settings of single resources."""
    _overlays: JsonObject = PrivateAttr(default_factory=dict)

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, region: str) -> str:
        if aws_versions.partition_of(region) is None:
            raise ValueError(
                f"AWS has no region {region}; regions have names such as eu-central-1, us-gov-west-1 or eusc-de-east-1"
            )
        return region

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.default and self.protected:
            raise ValueError("a protected environment cannot be the default: it must be named in each command")
        if self.embedded is not None and self.endpoints:
            raise ValueError("endpoints cannot be combined with embedded: all services of the embedded AWS have one address")
        if self.embedded is not None and self.partition != "aws":
            raise ValueError(f"the embedded AWS has no region {self.region}: choose one of the partition aws, such as us-east-1")
        partitions.check_arns(filter(None, (*self.roles.arns.values(), self.roles.permissions_boundary)), self.account)
        return self

    @property
    def account(self) -> Account:
        """The partition, region and account of the environment."""
        return Account(self.partition, self.region, self.account_id)

    @property
    def partition(self) -> str:
        """The ARN partition of the region."""
        return aws_versions.partition_of(self.region) or "aws"

    @property
    def owner(self) -> str:
        """The value of the ownership tag, which all resources of this environment have and no others."""
        return f"{self.name_prefix}/{self.name}"

    def ownership(self, project: str) -> dict[str, str]:
        """Returns the ownership tags of a project's resources, and the environment's own tags."""
        return {**self.tags, OWNER_TAG: self.owner, PROJECT_TAG: project}

    def resource_name(self, project: str, name: str) -> str:
        """Returns the physical name of a project's resource."""
        return f"{self.name_prefix}-{project}-{name}"

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

    def project(self, name: str) -> Project:
        """Returns the project's section; an empty section if the configuration has none."""
        return self.projects.get(name, Project())

    def remember(self, overlays: JsonMapping) -> None:
        """Remembers the contents of the projects' own files, so that messages name the right file."""
        self._overlays.update(overlays)

    def place(self, project: str, section: str, name: str) -> str:
        """Returns the configuration file that holds a setting of a project, and the JSON path in it."""
        if name in self._overlays.get(project, {}).get(section, {}):
            return f"config/{project}/{self.name}.json: $.{section}.{name}"
        return f"config/{self.name}.json: $.projects.{project}.{section}.{name}"
