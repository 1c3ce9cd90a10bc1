"""The other process of `ahead`: reads questions, asks AWS all of them at once, writes each answer when it is there.

What takes the most round trips is asked first, and the client of the next question is made while that waits.
"""

import json
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from common.ahead import Answer, Question
from common.aws import AwsSession
from common.aws_common import preload
from common.errors import AccountError, AwsError
from common.resource import Aws

SERVICES = ("resourcegroupstaggingapi", "s3", "iam", "sts")
"""Of the first questions, in the order in which their clients are wanted."""


def main() -> None:
    """One line in, a line for each answer out."""
    sys.setswitchinterval(0.0005)
    said: Future[str] = Future()
    threading.Thread(target=lambda: said.set_result(sys.stdin.readline()), name="stdin", daemon=True).start()
    session = None
    with suppress(Exception):  # whatever is wrong will be met again, by who can tell it
        session = preload(SERVICES, said.done)  # while the questions are still being thought of
    where, asked = json.loads(said.result())
    questions = [Question(*one) for one in asked]
    aws, lock = AwsSession(**where, session=session), threading.Lock()

    def tell(number: int, question: Question) -> None:
        try:
            pages, refusal = _asked(aws, question), None
        except AwsError as error:
            pages, refusal = None, [error.service, error.operation, error.code, error.said]
        except AccountError:  # nothing was asked for want of credentials
            return
        with lock:
            sys.stdout.write(json.dumps([number, pages, refusal], default=str) + "\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(len(questions)) as pool:
        list(pool.map(tell, range(len(questions)), questions))


def _asked(aws: Aws, question: Question) -> Answer:
    service, operation, parameters, paged = question
    return list(aws.pages(service, operation, **parameters)) if paged else [aws.call(service, operation, **parameters)]
