"""Where and what a state machine logs, for comparison.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_LoggingConfiguration.html
"""

from common.base.json_types import JsonMapping
from common.environment.resource_settings import StateMachineSettings
from common.model.resource import State


def desired_logging(settings: StateMachineSettings, log_group_arn: str) -> State:
    """The logging configuration that is declared."""
    if settings.log_level == "OFF":
        return logged({})
    group = {"logGroupArn": f"{log_group_arn.removesuffix(':*')}:*"}
    return {
        "level": settings.log_level,
        "includeExecutionData": settings.log_execution_data,
        "destinations": [{"cloudWatchLogsLogGroup": group}],
    }


def logged(live: JsonMapping) -> State:
    """A live logging configuration: with the level OFF, its other fields do not count."""
    if live.get("level", "OFF") == "OFF":
        return {"level": "OFF", "includeExecutionData": False, "destinations": []}
    return {
        "level": live["level"],
        "includeExecutionData": live.get("includeExecutionData", False),
        "destinations": live.get("destinations", []),
    }
