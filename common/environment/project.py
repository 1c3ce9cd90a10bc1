"""The configuration of one project: its parameters, the settings of its resources, and its instances.

A project is a folder. With `instances`, it is deployed several times, once for each of them, as if it were several projects that
have their declaration and their code in common: each has names, tags, records and a lease of its own.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, field_validator

from common.base.json_types import Json, JsonMapping
from common.base.text_rules import InstanceName, ResourceName
from common.environment import aws_versions
from common.environment.existing import Existing
from common.environment.names import ExactNames
from common.environment.parameter_values import ParameterValue
from common.environment.resource_settings import (
    CrawlerSettings,
    FunctionSettings,
    JobSettings,
    StateMachineSettings,
    TriggerSettings,
)
from common.environment.setting_types import Verify
from common.environment.settings_model import Model
from common.environment.subscriptions import Subscriptions


def check_region(region: str) -> str:
    """Returns the region if AWS has regions with such names.

    Raises:
        ValueError: AWS has none.
    """
    if aws_versions.partition_of(region) is None:
        raise ValueError(f"AWS has no region {region}; regions have names such as eu-central-1, us-gov-west-1 or eusc-de-east-1")
    return region


Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$"), AfterValidator(check_region)]


class Project(Model):
    """One project's section; also the whole of `config/<project>/<env>.json`."""

    schema_: str | None = Field(default=None, alias="$schema")
    enabled: bool = True
    """Whether the project is for this environment. What was deployed of a disabled project counts as no longer declared."""
    verify: Verify | None = None
    """`always`: each plan reads how the project is in AWS, and says what others changed. Without it the environment's."""
    region: Region | None = None
    """Another region than the environment's, for its functions, state machines, schedules, tables and queues."""
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
    existing: Existing = Existing()
    """What others own and this project uses, besides what the environment says of all projects. What stands here wins."""
    subscriptions: Subscriptions = Field(default_factory=dict)
    """Who gets the messages of topics, by topic: topics of the project, shared ones, and those that `existing` names."""
    names: ExactNames = Field(default_factory=dict)
    """Exact names in AWS of what has no section here, by `kind/name`, as in `table/runs`. A role's may begin with its path."""
    instances: dict[InstanceName, "Project"] = Field(default_factory=dict)
    """Deploys the project once for each of these names, as `<project>-<name>`, with the settings of the project and its own."""

    @field_validator("instances")
    @classmethod
    def _is_not_nested(cls, instances: dict[str, "Project"]) -> dict[str, "Project"]:
        nested = [name for name, section in instances.items() if section.instances]
        if nested:
            raise ValueError(f"{nested[0]} is an instance, and has none of its own: name all instances in the project's section")
        return instances


class Instance(NamedTuple):
    """One of several deployments of a project's folder."""

    folder: str
    name: str


class WrittenSections(NamedTuple):
    """The sections of projects in one file, as they stand there.

    Args:
        place_of_section: the file and the JSON path of a section, with `{folder}` for the project.
        sections: the sections, by folder.
    """

    place_of_section: str
    sections: JsonMapping

    def place(self, folder: str, path: Sequence[str]) -> str | None:
        """Returns the file and the JSON path of a setting in a project's section; None if it is not in this file."""
        section: Json = self.sections
        for key in (folder, *path):
            if not isinstance(section, Mapping) or key not in section:
                return None
            section = section[key]
        return ".".join((self.place_of_section.format(folder=folder), *path))


@cache
def empty_section() -> Project:
    """The section of a project that configuration does not name."""
    return Project()
