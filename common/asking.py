"""The other process of `ahead`: reads questions, asks AWS all of them at once, writes each page of an answer when it is there.

What takes the most round trips is asked first, and the client of the next question is made while that waits.
"""

import json
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from common.ahead import Question
from common.aws import AwsSession
from common.aws_common import preload
from common.errors import AccountError, AwsError
from common.resource import Aws

SERVICES = ("resourcegroupstaggingapi", "s3", "iam", "sts")
"""Of the first questions, in the order in which their clients are wanted."""


def main() -> None:
    """One line in, a line for each page out; one without a page ends an answer."""
    sys.setswitchinterval(0.0005)
    said: Future[str] = Future()
    threading.Thread(target=lambda: said.set_result(sys.stdin.readline()), name="stdin", daemon=True).start()
    session = None
    with suppress(Exception):  # whatever is wrong will be met again, by who can tell it
        session = preload(SERVICES, said.done)  # while the questions are still being thought of
    where, asked = json.loads(said.result())
    questions = [Question(*one) for one in asked]
    aws = AwsSession(**where, session=session)

    def say(number: int, page: dict[str, Any] | None, refusal: list[str] | None = None) -> None:
        sys.stdout.write(json.dumps([number, page, refusal], default=str) + "\n")
        sys.stdout.flush()

    def tell(number: int, question: Question) -> None:
        with suppress(AccountError):  # nothing was asked for want of credentials
            try:
                for page in _asked(aws, question):
                    saying.submit(say, number, page)  # while the next page is asked for
                saying.submit(say, number, None)
            except AwsError as error:
                saying.submit(say, number, None, [error.service, error.operation, error.code, error.said])

    with ThreadPoolExecutor(1) as saying, ThreadPoolExecutor(len(questions)) as pool:
        list(pool.map(tell, range(len(questions)), questions))


def _asked(aws: Aws, question: Question) -> Iterable[dict[str, Any]]:
    service, operation, parameters, paged = question
    return aws.pages(service, operation, **parameters) if paged else [aws.call(service, operation, **parameters)]
