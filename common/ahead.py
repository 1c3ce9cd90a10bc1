"""Asks AWS the first questions of a deploy in another process, while this one loads what it needs to know to ask the rest.

Loading botocore and its clients takes as long as everything else that an unchanged deploy does, and neither waits for the other.
The other process starts before anything large is imported, and gets its questions once configuration tells them. An answer
is taken once, for exactly the question that was asked; what is not answered, for whatever reason, is asked here. So this is
speed and nothing else, and ``DEPLOY_ASK_AHEAD=0`` does without.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from common.errors import AwsError
from common.resource import Aws

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = f"import gc, sys; gc.disable(); sys.path.insert(0, {str(ROOT)!r}); from common import asking; asking.main()"
Answer = list[dict[str, Any]]
"""The pages of a response; of an operation without pages, one."""


class Question(NamedTuple):
    """One API operation with its parameters; `paged` asks for all its pages."""

    service: str
    operation: str
    parameters: dict[str, Any]
    paged: bool = False


class Ahead:
    """The other process, as this one sees it."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._asked: list[tuple[Question, Future[Answer | AwsError | None]]] = []
        self._lock, self._sent = threading.Lock(), False

    def ask(self, where: dict[str, Any], questions: Sequence[Question]) -> None:
        """Sends the questions. Those of a second plan are left to this process: what was true before the first may not be now.

        Args:
            where: the arguments of the other process's `AwsSession`.
            questions: what to ask.
        """
        with self._lock:
            if self._sent:
                self._asked = []
                return
            self._sent = True
        asked: list[tuple[Question, Future[Answer | AwsError | None]]] = [(one, Future()) for one in questions]
        try:
            assert self._child.stdin is not None  # noqa: S101 - it is a pipe
            self._child.stdin.write(json.dumps([where, questions]).encode() + b"\n")
            self._child.stdin.flush()
        except (OSError, ValueError):  # the other process has ended already
            return
        self._asked = list(asked)
        threading.Thread(target=self._read, args=([future for _, future in asked],), name="ahead", daemon=True).start()

    def answer(self, question: Question) -> Answer | None:
        """The answer, waited for if it is under way; None if there is none, or it was taken already.

        Raises:
            AwsError: AWS has refused the question.
        """
        with self._lock:
            number = next((number for number, (one, _) in enumerate(self._asked) if one == question), None)
            asked = self._asked.pop(number)[1] if number is not None else None
        found = asked.result() if asked is not None else None
        if isinstance(found, AwsError):
            raise found
        return found

    def close(self) -> None:
        """Ends the other process, which only reads."""
        self._child.kill()
        self._child.communicate()

    def _read(self, waiting: list[Future[Answer | AwsError | None]]) -> None:
        assert self._child.stdout is not None  # noqa: S101 - it is a pipe
        pages: list[Answer] = [[] for _ in waiting]
        with suppress(ValueError):  # the last line of a process that was ended
            for line in self._child.stdout:
                number, page, refusal = json.loads(line)
                if page is not None:
                    pages[number].append(page)
                    continue
                waiting[number].set_result(AwsError(*refusal) if refusal else pages[number])
                if all(future.done() for future in waiting):
                    self._child.kill()  # it has nothing more to do, and would tidy up first
                    self._child.wait()
        for future in waiting:
            if not future.done():
                future.set_result(None)


def started() -> Ahead | None:
    """The other process, unless the user does without."""
    return None if os.environ.get("DEPLOY_ASK_AHEAD") == "0" else Ahead()


def closed(asking: Ahead | None) -> None:
    """Ends the other process if there is one."""
    if asking is not None:
        asking.close()


class _Noted(Exception):  # noqa: N818 - says what was asked; nothing is wrong
    def __init__(self, question: Question) -> None:
        self.question = question


class _Notes:
    """An `Aws` that is asked one question, and answers with it."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> NoReturn:
        raise _Noted(Question(service, operation, parameters))

    def pages(self, service: str, operation: str, /, **parameters: Any) -> NoReturn:
        raise _Noted(Question(service, operation, parameters, paged=True))

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> NoReturn:
        del absent
        self.call(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> NoReturn:
        raise NotImplementedError

    def tags(self, arn: str) -> NoReturn:
        raise NotImplementedError

    def sleep(self, seconds: float) -> NoReturn:
        raise NotImplementedError


def first_question(asking: Callable[[Aws], object]) -> Question:
    """What a function asks AWS first."""
    try:
        asking(_Notes())
    except _Noted as noted:
        return noted.question
    raise ValueError(f"{asking} asks nothing")
