"""What makes an environment a variant of another one: whose settings it takes, and what is turned down in it.

`inheritance` merges the files. An environment whose names contain ``${user}`` is one for each developer: unless its file says
otherwise, its schedules are paused and its logs are kept for a few days.
"""

from typing import Annotated, Literal, Protocol

from pydantic import Field

from common.environment.setting_types import Retention
from common.environment.settings_model import Model


class KeepsLogs(Protocol):
    """Settings that say how long log lines are kept."""

    @property
    def log_retention_days(self) -> Retention:
        """The number of days."""
        ...

    @property
    def model_fields_set(self) -> set[str]:
        """The settings that somebody gave a value."""
        ...


class Variant(Model):
    """The settings of an environment that are about its relation to others."""

    like: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")] | None = None
    """Another environment, whose settings hold here where this file has none. What names single things in AWS is not taken."""
    schedules: Literal["running", "paused"] = "running"
    """With `paused` no schedule starts anything, whatever its own settings say; the default where names contain `${user}`."""
    max_log_retention_days: Retention | None = None
    """No log group keeps its lines longer, whatever its own settings say. The default is 3 where names contain `${user}`."""

    @property
    def pauses_schedules(self) -> bool:
        """Whether no schedule may start anything."""
        return self.schedules == "paused"

    def log_retention(self, settings: KeepsLogs) -> tuple[Retention, bool]:
        """Returns how many days a log group keeps its lines, and whether that is so because nobody says anything else."""
        days, most = settings.log_retention_days, self.max_log_retention_days
        if isinstance(most, int) and not (isinstance(days, int) and days <= most):
            return most, False
        return days, "log_retention_days" not in settings.model_fields_set
