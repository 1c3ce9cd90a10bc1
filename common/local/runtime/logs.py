"""Log lines of jobs and crawlers, into the embedded CloudWatch Logs where AWS puts them."""

import time

import seams
import settings as launch_settings
from ministack.services import cloudwatch_logs


def install(_: launch_settings.Settings) -> None:
    """Check the calls that a stream makes."""
    for name in ("_create_log_group", "_create_log_stream", "_put_log_events"):
        seams.use(cloudwatch_logs, name, "data")


class Stream:
    """One log stream of the account and region of the current context; made, with its group, where it is missing."""

    def __init__(self, group: str, stream: str) -> None:
        self._where = {"logGroupName": group, "logStreamName": stream}
        cloudwatch_logs._create_log_group({"logGroupName": group})
        cloudwatch_logs._create_log_stream(self._where)

    def write(self, message: str) -> None:
        """Append one line."""
        event = {"timestamp": int(time.time() * 1000), "message": message}
        cloudwatch_logs._put_log_events({**self._where, "logEvents": [event]})
