"""What cannot be done to a crawler while it is running: what is done then is a setting.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

from common.aws.protocol import Aws
from common.base.errors import AwsError, SkippedError
from common.base.json_types import JsonObject
from common.model.orphan import Named
from common.model.resource import State

_POLL_SECONDS, _POLLS = 10.0, 180


def live(aws: Aws, resource: Named) -> JsonObject | None:
    """The live crawler; None if it does not exist."""
    response = aws.find("glue", "GetCrawler", "EntityNotFoundException", Name=resource.name)
    return response and response["Crawler"]


def delete(aws: Aws, resource: Named, while_running: str) -> None:
    """Deletes the crawler if it exists."""
    try:
        when_ready(aws, resource, while_running, "DeleteCrawler", {})
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise


def when_ready(aws: Aws, resource: Named, while_running: str, operation: str, parameters: State) -> None:
    """Calls an operation that Glue refuses while the crawler is running.

    Raises:
        SkippedError: it is running, and is to be left alone then.
        AwsError: for example CrawlerRunningException: it has not ended in time.
    """
    try:
        aws.call("glue", operation, Name=resource.name, **parameters)
    except AwsError as error:
        if error.code != "CrawlerRunningException":
            raise
        _end_run(aws, resource, while_running, operation)
        aws.call("glue", operation, Name=resource.name, **parameters)


def _end_run(aws: Aws, resource: Named, while_running: str, operation: str) -> None:
    if while_running == "skip":
        raise SkippedError(
            f'The crawler {resource.name} is running, and while_running is "skip": it was left as it is. '
            f"Deploy again when it has finished."
        )
    if while_running == "stop":
        _stop(aws, resource)
    for _ in range(_POLLS):
        crawler = live(aws, resource)
        if crawler is None or crawler["State"] == "READY":
            return
        aws.sleep(_POLL_SECONDS)
    message = (
        f"the crawler {resource.name} is running for more than {_POLLS * _POLL_SECONDS / 60:.0f} minutes: it was left as it is."
    )
    raise AwsError("glue", operation, "CrawlerRunningException", f"{message} Deploy again later.")


def _stop(aws: Aws, resource: Named) -> None:
    try:
        aws.call("glue", "StopCrawler", Name=resource.name)
    except AwsError as error:
        if error.code not in {"CrawlerNotRunningException", "CrawlerStoppingException"}:
            raise
