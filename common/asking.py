"""The other process of `ahead`: reads questions, asks AWS all of them at once, writes each page of an answer when it is there.

What takes the most round trips is asked first, and the client of the next question is made while that waits. So is, where a file
was edited, that of the service which its resource will be read from.
"""

import json
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from common.ahead import Question, as_json
from common.aws import AwsSession
from common.aws_common import preload
from common.endpoints import Endpoints
from common.errors import AccountError, AwsError
from common.resource import Aws

SERVICES = ("resourcegroupstaggingapi", "s3", "iam", "sts")
"""Of the first questions, in the order in which their clients are wanted."""
FOLDERS = {"lambda": "lambda", "glue": "glue"}
"""What a project keeps files in, and the service of the resources that are made of them."""


def main() -> None:
    """One line of questions in, then a line for each; a line for each page out, and one that ends an answer."""
    sys.setswitchinterval(0.0005)
    said: Future[str] = Future()
    threading.Thread(target=lambda: said.set_result(sys.stdin.readline()), name="stdin", daemon=True).start()
    session = None
    with suppress(Exception):  # whatever is wrong will be met again, by who can tell it
        session = preload(SERVICES, said.done)  # while the questions are still being thought of
    where, asked, cache = json.loads(said.result())
    aws = AwsSession(**{**where, "endpoints": Endpoints(*where["endpoints"])}, session=session)

    def say(*told: Any) -> None:
        sys.stdout.write(json.dumps(told, default=as_json) + "\n")
        sys.stdout.flush()

    def tell(number: int, question: Question) -> None:
        whole, refusal = False, None
        try:
            for page in _asked(aws, question):
                saying.submit(say, number, page)  # while the next page is asked for
            whole = True
        except AwsError as error:
            whole, refusal = True, [error.service, error.operation, error.code, error.said, error.deleted]
        finally:
            saying.submit(say, number, None, whole, refusal)

    with ThreadPoolExecutor(1) as saying, ThreadPoolExecutor(max(16, len(asked))) as pool:
        for number, one in enumerate(asked):
            pool.submit(tell, number, Question(*one))
        pool.submit(prepare, aws, Path(cache))
        for number, line in enumerate(sys.stdin, len(asked)):
            pool.submit(tell, number, Question(*json.loads(line)))


def prepare(aws: AwsSession, cache: Path) -> None:
    """Makes the clients that what was edited will be read by."""
    from common.stat_cache import touched  # noqa: PLC0415 - the first questions do not wait for it

    for service in {service for path in touched(cache) for folder, service in FOLDERS.items() if f"/{folder}/" in path}:
        with suppress(AccountError):
            aws.clients.of(service)


def _asked(aws: Aws, question: Question) -> Iterable[dict[str, Any]]:
    service, operation, parameters, paged = question
    return aws.pages(service, operation, **parameters) if paged else [aws.call(service, operation, **parameters)]
