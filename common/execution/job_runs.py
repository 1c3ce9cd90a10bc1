"""Starts one run of a Glue job, or of a crawler, and follows it to its end. If following stops, the run continues.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html and
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from common.aws.protocol import Aws
from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.execution import log_sources
from common.execution.calls import SUCCEEDED, Arguments, Called, Logged, Returned, TellCall, Working
from common.execution.failure import LOG_ATTEMPTS, PAUSE_SECONDS, Failure
from common.execution.function_logs import Usage
from common.execution.log_sources import CLOCKS_DIFFER, CRAWLERS, Source
from common.execution.logs import LogReader, in_order

RUNNING = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
"""The states of a job run that has not ended."""
FIRST_PAUSE_SECONDS, PAUSE_GROWTH = 1.0, 1.25
"""The first pause between polls in seconds, and the factor by which it grows."""
_EXCEPTION = re.compile(r"([\w.]*(?:Error|Exception|Exit|Interrupt)): (.*)", re.DOTALL)
"""Matches the message of a run that an exception of its script has ended."""
LEAST_SECONDS = 60
"""A job run is billed for this many seconds at least: https://aws.amazon.com/glue/pricing/"""


@dataclass(frozen=True)
class GlueRun:
    """Starts and follows runs of one job or crawler.

    Args:
        aws: AWS in its region.
        tell: receives every event.
        project, key, name: of the job or crawler; `name` is that in AWS.
        longest_pause: the longest pause between two polls, in seconds.
        in_repository: replaces the paths of packaged files in a text by those in the repository.
    """

    aws: Aws
    tell: TellCall
    project: str
    key: str
    name: str
    longest_pause: float
    in_repository: Callable[[str], str]

    def run_job(self, arguments: Arguments) -> Returned:
        """Starts a run of the job and follows it.

        Raises:
            UsageError: as many runs are under way as the job allows.
            AwsError: Glue did not start it, or cannot be asked any more.
        """
        sent = {f"--{name}": value for name, value in arguments.items()}
        try:
            run_id = str(self.aws.call("glue", "StartJobRun", JobName=self.name, Arguments=sent)["JobRunId"])
        except AwsError as error:
            if error.code == "ConcurrentRunsExceededException":
                most = "as often at once as its max_concurrent_runs allows"
                raise UsageError(f"{self.key} is running already, {most}. Wait for its end.") from None
            raise
        self.tell(Called(self.project, self.key, f"{self.name} {run_id}"))
        job = self.aws.call("glue", "GetJob", JobName=self.name)["Job"]
        reader, sources, pause = LogReader(self.aws), list[Source](), FIRST_PAUSE_SECONDS
        while True:
            run = self.aws.call("glue", "GetJobRun", JobName=self.name, RunId=run_id)["JobRun"]
            sources = sources or log_sources.of_run(job, run)
            has_lines = self._show(reader, sources)
            if run["JobRunState"] not in RUNNING:
                break
            self.tell(Working(f"{self.key} is {run['JobRunState'].lower()} for {_age(run.get('StartedOn'))}"))
            self.aws.sleep(min(pause, self.longest_pause))
            pause = FIRST_PAUSE_SECONDS if has_lines else pause * PAUSE_GROWTH
        return self._ended(run["JobRunState"], run, reader, sources, _usage(run), f"{self.name} {run_id}")

    def run_crawler(self) -> Returned:
        """Starts the crawler and follows it.

        Raises:
            UsageError: it is running already.
            AwsError: Glue did not start it, or cannot be asked any more.
        """
        began = datetime.now(UTC)
        try:
            self.aws.call("glue", "StartCrawler", Name=self.name)
        except AwsError as error:
            if error.code == "CrawlerRunningException":
                raise UsageError(f"{self.key} is running already. Wait for its end.") from None
            raise
        self.tell(Called(self.project, self.key, self.name))
        reader, pause = LogReader(self.aws), FIRST_PAUSE_SECONDS
        sources = [Source(CRAWLERS, self.name, log_sources.from_now_on(began - CLOCKS_DIFFER))]
        while True:
            crawler = self.aws.call("glue", "GetCrawler", Name=self.name)["Crawler"]
            self._show(reader, sources)
            if crawler["State"] == "READY":
                break
            self.tell(Working(f"{self.key} is {crawler['State'].lower()} for {_age(began)}"))
            self.aws.sleep(min(pause, self.longest_pause))
            pause *= PAUSE_GROWTH
        crawl = crawler.get("LastCrawl", {})
        usage = {"seconds": (datetime.now(UTC) - began).total_seconds()}
        return self._ended(crawl.get("Status", "FAILED"), crawl, reader, sources, usage, self.name)

    def _show(self, reader: LogReader, sources: Iterable[Source]) -> bool:
        """Shows new lines, and returns whether there are any. Logs that cannot be read are left out."""
        lines = []
        for source in sources:
            try:
                lines += reader.new_lines(source)
            except AwsError:
                continue
        own = [replace(line, text=self.in_repository(line.text)) for line in in_order(lines) if line.text.strip()]
        if own:
            self.tell(Logged(tuple(own)))
        return bool(own)

    def _ended(
        self, status: str, end: JsonMapping, reader: LogReader, sources: list[Source], usage: Usage, name: str
    ) -> Returned:
        """Waits for the last lines of a run that failed, and reports its end."""
        reason = None
        if status != SUCCEEDED:
            for _ in range(LOG_ATTEMPTS - 1):
                if self._show(reader, sources):
                    break
                self.aws.sleep(PAUSE_SECONDS / 2)
            message = self.in_repository(str(end.get("ErrorMessage") or ""))
            named = _EXCEPTION.match(message)
            error, message = (named[1], named[2]) if named else (status, message)
            reason = Failure((), error, message, " ".join(filter(None, (sources[0].group, sources[0].stream))))
        returned = Returned(self.project, self.key, name, status, usage.get("seconds", 0.0), None, reason, usage)
        self.tell(returned)
        return returned


def _usage(run: JsonObject) -> Usage:
    """What a run has used: the seconds that Glue counts, and DPU seconds as billed."""
    used, billed = {"seconds": float(run.get("ExecutionTime") or 0)}, dpu_seconds(run)
    return used if billed is None else {**used, "dpu_seconds": billed}


def dpu_seconds(run: JsonMapping) -> float | None:
    """Returns the DPU seconds for which a run is billed, as in GetJobRun; None if they cannot be told."""
    if (reported := run.get("DPUSeconds")) is not None:  # of auto scaling and FLEX, where the capacity changes
        return float(reported)
    seconds, capacity = float(run.get("ExecutionTime") or 0), float(run.get("MaxCapacity") or 0)
    return capacity * max(seconds, LEAST_SECONDS) if capacity and seconds else None


def _age(since: datetime | None) -> str:
    return f"{(datetime.now(UTC) - since).total_seconds():.0f} s" if since else "0 s"
