"""The embedded CloudWatch Logs: lines of jobs and crawlers where AWS puts them, and as many as there are in pages of 10,000."""

import time
from bisect import bisect_left, bisect_right
from http import HTTPStatus

import seams
import settings as launch_settings
from json_types import JsonObject, Operation, Response
from ministack.services import cloudwatch_logs

_PAGE = 10_000


def install(_: launch_settings.Settings) -> None:
    """Check the calls that a stream makes."""
    for name in ("_create_log_group", "_create_log_stream", "_put_log_events"):
        seams.use(cloudwatch_logs, name, "data")
    for name, parameters in (
        ("_resolve_log_group_name", "data"),
        ("_compile_filter_pattern", "raw"),
        ("_event_timestamp", "event"),
    ):
        seams.use(cloudwatch_logs, name, parameters)
    seams.table(cloudwatch_logs, "_log_groups")
    filter_events = seams.use(cloudwatch_logs, "_filter_log_events", "data")
    seams.replace(cloudwatch_logs, "_filter_log_events", "data", lambda data: _page(filter_events, data))


def _page(filter_events: Operation, data: JsonObject) -> Response:
    """A page of FilterLogEvents. ministack has the first one alone.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    response = filter_events({**data, "limit": 1})
    if response[0] != HTTPStatus.OK:
        return response
    first, size = int(data.get("nextToken") or 0), min(data.get("limit", _PAGE), _PAGE)
    matching = _matching(data)
    page: JsonObject = {"events": matching[first : first + size], "searchedLogStreams": []}
    if len(matching) > first + size:
        page["nextToken"] = str(first + size)
    return cloudwatch_logs.json_response(page)


def _matching(data: JsonObject) -> list[JsonObject]:
    """The events of the streams and the time that are asked for, in the order of time."""
    matches = cloudwatch_logs._compile_filter_pattern(data.get("filterPattern", ""))
    streams = cloudwatch_logs._log_groups[cloudwatch_logs._resolve_log_group_name(data)]["streams"]
    begin, end, when = data.get("startTime", 0), data.get("endTime", float("inf")), cloudwatch_logs._event_timestamp
    events = []
    for name in data.get("logStreamNames") or list(streams):
        history = list(streams.get(name, {}).get("events", ()))
        part = history[bisect_left(history, begin, key=when) : bisect_right(history, end, key=when)]
        events += [{**event, "logStreamName": name} for event in part if matches(event.get("message", ""))]
    return sorted(events, key=lambda event: (event["timestamp"], event.get("ingestionTime", 0)))


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
