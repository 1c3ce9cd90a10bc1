"""The models of the configuration of environments, from which all names and ARNs are derived.

Each environment has a file `config/<env>.json`; `config/<project>/<env>.json` may override that project's section. The files hold
everything that differs between environments, so the same code deploys each. Names and ARNs are computed before anything exists,
so no declaration depends on a response of AWS.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from common.base import text_rules
from common.base.errors import ConfigError
from common.environment import aws_versions, owner_tags, partitions
from common.environment.default_settings import Defaults
from common.environment.existing import AnyArtifactBucket, ArtifactBucket, Existing
from common.environment.names import Names
from common.environment.parameter_values import ParameterValue
from common.environment.partitions import Account
from common.environment.project import Instance, Project, Region, WrittenSections, empty_section
from common.environment.resource_settings import Embedded, Network
from common.environment.roles import Roles
from common.environment.setting_types import Service, TagPrefix, Url, Verify
from common.environment.site import Site
from common.environment.subscriptions import Subscriptions
from common.environment.variant import Variant


class Environment(Variant, Site):
    """One environment: an account, a region, a name prefix, and what is particular to them."""

    schema_: str | None = Field(default=None, alias="$schema")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$"), AfterValidator(text_rules.check_file_name)]
    """The name of the environment: the file is called `config/<name>.json`."""
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    """The AWS account. Credentials of another one are refused."""
    region: Region
    """The AWS region."""
    name_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$"), AfterValidator(text_rules.check_prefix)]
    """Begins the name of every resource. Two environments of one account need two prefixes."""
    artifact_bucket_: AnyArtifactBucket = Field(alias="artifact_bucket")
    """The name of the bucket that holds the artifacts and the records of what is deployed: the first deploy creates it. Or an
    object that describes one that exists."""
    tags: Annotated[dict[text_rules.TagKey, text_rules.TagValue], AfterValidator(text_rules.check_tag_keys)] = Field(
        default_factory=dict, max_length=40
    )
    """Tags of every resource, besides the deployer's own."""
    tag_prefix: TagPrefix = owner_tags.DEFAULT_PREFIX
    """Begins the keys of the deployer's own tags, `environment` and `project`, as in `acme:deployer:`, for tag policies."""
    names: Names = Field(default_factory=dict)
    """Templates of names in AWS by kind, or `default`; exact names of shared resources by `kind/name`, as in `bucket/landing`."""
    protected: bool = False
    """Deploy only what is committed, ask for the environment's name before anything is changed, and refuse `destroy`."""
    default: bool = False
    """Commands without --env are about this environment, unless DEPLOY_ENV names another. A protected one cannot be it."""
    embedded: Embedded | None = None
    """The environment is in the embedded AWS on this machine, and not in a real account."""
    verify: Verify = "on_request"
    """`always`: each plan reads how everything is in AWS, and says what others changed; otherwise with --verify alone."""
    endpoints: dict[Service, Url] = Field(default_factory=dict)
    """Other addresses of AWS services, as of VPC endpoints, by service; `default` is for all that are not named."""
    network: Network = Network()
    """The network in which functions with `vpc` run."""
    roles: Roles = Roles()
    """How roles are managed."""
    defaults: Defaults = Defaults()
    """Settings of all resources of a type."""
    existing: Existing = Existing()
    """What others own and the pipelines use."""
    subscriptions: Subscriptions = Field(default_factory=dict)
    """Who gets the messages of shared topics, by topic: `email:team@example.com`, `https://…`, `sms:+…`. They confirm it."""
    projects: dict[text_rules.ResourceName, Project] = Field(default_factory=dict)
    """The projects, by name: their parameters, and settings of single resources."""
    _instances: dict[str, Instance] = PrivateAttr(default_factory=dict)
    """The instances of projects, by the names under which they are deployed."""
    _written: tuple[WrittenSections, ...] = PrivateAttr(default=())
    """The sections of projects as the files have them, the file that wins first."""
    _declared: str = PrivateAttr(default="")
    """The instance that a declaration is being called for, by the name under which it is deployed; empty if for none."""
    _home: str = PrivateAttr(default="")
    """The environment's own region, if this is a project's view of it from another one."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.default and self.protected:
            raise ValueError("a protected environment cannot be the default: it must be named in each command")
        own = {key.casefold() for key in (self.owner_tag, self.project_tag, self.resource_tag)}
        if taken := next((key for key in self.tags if key.casefold() in own), None):
            raise ValueError(f"tags: {taken} is the deployer's own tag, as tag_prefix is {self.tag_prefix}. Choose another key")
        if self.embedded is not None and self.endpoints:
            raise ValueError("endpoints cannot be combined with embedded: all services of the embedded AWS have one address")
        if self.embedded is not None and self.partition != "aws":
            raise ValueError(f"the embedded AWS has no region {self.region}: choose one of the partition aws, such as us-east-1")
        sections = [section for project in self.projects.values() for section in (project, *project.instances.values())]
        away = sorted({section.region for section in sections if section.region} - {self.region})
        if away and self.endpoints:
            raise ValueError(f"endpoints are of {self.region}: a project cannot be in another region, as {away[0]}, beside them")
        if foreign := next((region for region in away if aws_versions.partition_of(region) != self.partition), None):
            raise ValueError(f"{foreign} is in another partition than {self.region}, so its accounts are others")
        partitions.check_arns(filter(None, (*self.roles.arns.values(), self.roles.permissions_boundary)), self.account)
        return self

    @cached_property
    def account(self) -> Account:
        """The partition, region and account of the environment."""
        return Account(self.partition, self.region, self.account_id)

    @cached_property
    def partition(self) -> str:
        """The ARN partition of the region."""
        return aws_versions.partition_of(self.region) or "aws"

    @property
    def artifact_bucket(self) -> str:
        """The name of the bucket with the artifacts and records."""
        return self.artifact_bucket_ if isinstance(self.artifact_bucket_, str) else self.artifact_bucket_.name

    @property
    def others_bucket(self) -> ArtifactBucket | None:
        """The artifact bucket, if others made it; None if it is ours."""
        return self.artifact_bucket_ if isinstance(self.artifact_bucket_, ArtifactBucket) else None

    @property
    def bucket_account(self) -> str:
        """The account that must own the artifact bucket."""
        return (self.others_bucket and self.others_bucket.account_id) or self.account_id

    @property
    def store_prefix(self) -> str:
        """Begins the keys of all objects of all environments that share this place in the artifact bucket."""
        return self.others_bucket.prefix if self.others_bucket else ""

    def ownership(self, project: str) -> dict[str, str]:
        """Returns the ownership tags of a project's resources, and the environment's own tags."""
        return {**self.tags, self.owner_tag: self.owner, self.project_tag: project}

    def resource_name(self, project: str, name: str) -> str:
        """Returns the physical name of a project's resource."""
        return f"{self.name_prefix}-{project}-{name}"

    def project(self, name: str) -> Project:
        """Returns the project's section; an empty section if the configuration has none."""
        return self.projects[name] if name in self.projects else empty_section()

    def expanded(self, written: Iterable[WrittenSections]) -> "Environment":
        """Returns the environment with every instance as a project of its own, `<folder>-<instance>`, in place of its folder.

        Args:
            written: the sections as the files have them, for messages; the file that wins first.

        Raises:
            ConfigError: two of these would have one name.
        """
        projects, all_instances = dict[str, Project](), dict[str, Instance]()
        for folder, section in self.projects.items():
            instances = {f"{folder}-{name}": Instance(folder, name) for name in section.instances}
            for project, own in (instances or {folder: Instance(folder, "")}).items():
                if project in projects:
                    instance = own if own.name else all_instances[project]
                    raise ConfigError(
                        f"config/{self.name}.json: two projects would be deployed as {project}: an instance is called as its "
                        f"folder, a hyphen, and its own name. Rename the instance {instance.name} of {instance.folder}."
                    )
                projects[project] = section.instances[own.name] if own.name else section
            all_instances |= instances
        return self._changed({"projects": projects}, _written=tuple(written), _instances=all_instances)

    def declaring(self, project: str, parameters: Mapping[str, ParameterValue]) -> "Environment":
        """Returns the environment as the declaration of a project sees it, where its folder's name stands for the project.

        Args:
            project: the name under which it is deployed.
            parameters: its parameters, which remember which of them are read.
        """
        section = self.project(project).model_copy(update={"parameters": parameters})
        projects = {**self.projects, project: section, self.folder(project): section}
        return self._changed({"projects": projects}, _declared=project).of_project(project)

    @cached_property
    def home_region(self) -> str:
        """The environment's own region, in which the artifact bucket and all shared resources are."""
        return self._home or self.region

    @cached_property
    def is_away(self) -> bool:
        """Whether this is a project's view from another region than the environment's own."""
        return self.region != self.home_region

    def region_of(self, project: str) -> str:
        """Returns the region of a project."""
        return (self.projects[project].region if project in self.projects else None) or self.home_region

    def regions(self, projects: Iterable[str]) -> list[str]:
        """Returns the regions of these projects, the environment's own first."""
        return list(dict.fromkeys((self.home_region, *(self.region_of(project) for project in projects))))

    def in_region(self, region: str) -> "Environment":
        """Returns the environment as a project in a region sees it."""
        return self if region == self.region else self._changed({"region": region}, _home=self.home_region)

    def _changed(self, fields: Mapping[str, object], **private: object) -> "Environment":
        """A copy with other fields and private attributes. A copy that pydantic makes has the private ones of the original."""
        environment = self.model_copy(update={**fields})
        for name, value in private.items():
            setattr(environment, name, value)
        return environment

    def of_project(self, project: str) -> "Environment":
        """Returns the environment as a project sees it: names and ARNs are those of the project's region."""
        return self.in_region(self.region_of(project))

    @property
    def instance(self) -> str:
        """The instance that a declaration is called for; empty for a project without instances."""
        return self.instance_of(self._declared)

    def deployed_name(self, folder: str) -> str:
        """Returns the name under which the project that is being declared is deployed."""
        return self._declared if folder == self.folder(self._declared) else folder

    def folder(self, project: str) -> str:
        """Returns the folder of a deployed project."""
        return self._instances[project].folder if project in self._instances else project

    def instance_of(self, project: str) -> str:
        """Returns the name of the instance that is deployed under this name; empty if it is none."""
        return self._instances[project].name if project in self._instances else ""

    def instances_of(self, folder: str) -> list[str]:
        """Returns the names under which the instances of a folder are deployed; none if it is deployed as it is."""
        return [project for project, instance in self._instances.items() if instance.folder == folder]

    def instances(self) -> Mapping[str, Instance]:
        """Returns all instances, by the names under which they are deployed."""
        return self._instances

    def where(self, project: str) -> str:
        """Returns how messages name the declaration of a project: by its folder, and the instance if it is one."""
        instance = self.instance_of(project)
        return f"projects/{self.folder(project)}{f' ({instance})' if instance else ''}"

    def section_path(self, project: str) -> tuple[str, ...]:
        """Returns the keys of a project's section below `projects`."""
        instance = self.instance_of(project)
        return (self.folder(project), "instances", instance) if instance else (project,)

    def place(self, project: str, *keys: str) -> str:
        """Returns the configuration file that holds a setting of a project, and the JSON path in it."""
        folder, *inner = self.section_path(project)
        for path in dict.fromkeys(((*inner, *keys), keys)):  # what an instance says wins
            for written in self._written:
                if (place := written.place(folder, path)) is not None:
                    return place
        return ".".join((f"config/{self.name}.json: $.projects.{folder}", *inner, *keys))
