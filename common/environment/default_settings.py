"""The settings of every resource of a type, unless something nearer says otherwise."""

from typing import Self

from pydantic import model_validator

from common.environment.resource_settings import (
    CrawlerSettings,
    FunctionSettings,
    JobSettings,
    StateMachineSettings,
    TriggerSettings,
)
from common.environment.setting_types import Retention
from common.environment.settings_model import Model


class Defaults(Model):
    """Settings of every resource of a type, unless something nearer says otherwise."""

    function: FunctionSettings = FunctionSettings()
    """The defaults of all functions."""
    job: JobSettings = JobSettings()
    """The defaults of all Glue jobs."""
    crawler: CrawlerSettings = CrawlerSettings()
    """The defaults of all crawlers."""
    state_machine: StateMachineSettings = StateMachineSettings()
    """The defaults of all state machines."""
    trigger: TriggerSettings = TriggerSettings()
    """The defaults of all schedules and rules."""
    log_retention_days: Retention = 30
    """How many days the log groups keep their lines that state machines and jobs share."""

    @model_validator(mode="after")
    def _is_of_no_single_resource(self) -> Self:
        for section in type(self).model_fields:
            if getattr(getattr(self, section), "name", None) is not None:
                raise ValueError(f"{section}.name is of a single resource; a template in `names` is for all of a kind")
            if getattr(getattr(self, section), "package", None) is not None:
                raise ValueError(f"{section}.package is of a single resource; set it there")
        return self
