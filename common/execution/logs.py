"""Reads lines of CloudWatch Logs. A group or stream that does not exist yet has no lines: it is made with the first one.

FilterLogEvents is used for all of it, because it reads groups and streams, in real accounts and in the embedded AWS alike.

Follows https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.execution.log_sources import Source

ABSENT = "ResourceNotFoundException"
"""AWS answers with this code if a group or stream does not exist."""
LATE = timedelta(seconds=15)
"""Lines may arrive this much later than newer ones of another stream, so a poll reads so far back again."""


@dataclass(frozen=True)
class LogLine:
    """One log event; its text may have several lines, such as a traceback.

    Args:
        at: when it was written.
        text: the message, without white space at its end.
        group: the log group.
        stream: the log stream.
        state: the state that called the function or job; empty if the line is not one of an execution.
    """

    at: datetime
    text: str
    group: str
    stream: str
    state: str = ""


class LogReader:
    """Reads sources again and again, and returns each line once.

    Args:
        aws: AWS in the region of the groups.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._returned: set[object] = set()
        self._newest: dict[Source, datetime] = {}

    def new_lines(self, source: Source) -> list[LogLine]:
        """Returns the lines of a source that were not returned before, oldest first; none while it does not exist.

        Raises:
            AwsError: AWS refused to read them.
        """
        since, until = source.between
        if source in self._newest:
            since = max(since, int((self._newest[source] - LATE).timestamp() * 1000))
        times = ({"startTime": since} if since else {}) | ({"endTime": until} if until else {})
        stream = {"logStreamNames": [source.stream]} if source.stream else {}
        try:
            pages = self._aws.pages("logs", "FilterLogEvents", logGroupName=source.group, **stream, **times)
            events = [event for page in pages for event in page["events"]]
        except AwsError as error:
            if error.code == ABSENT:
                return []
            raise
        lines, alike = [], Counter[object]()
        for event in events:
            line = _line(source, event)
            same = (line.group, line.stream, line.at, line.text)
            alike[same] += 1
            identity = event.get("eventId") or (*same, alike[same])
            if identity not in self._returned:
                self._returned.add(identity)
                lines.append(line)
                self._newest[source] = max(line.at, self._newest.get(source, line.at))
        return in_order(lines)


def read(aws: Aws, source: Source) -> list[LogLine]:
    """Returns all lines of a source, oldest first; none if it does not exist.

    Raises:
        AwsError: AWS refused to read them.
    """
    return LogReader(aws).new_lines(source)


def in_order(lines: Iterable[LogLine]) -> list[LogLine]:
    """Returns lines in the order of time; those of the same time stay as they are."""
    return sorted(lines, key=lambda line: line.at)


def _line(source: Source, event: JsonMapping) -> LogLine:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return LogLine(at, str(event["message"]).rstrip(), source.group, event.get("logStreamName") or source.stream or "")
