"""Asks AWS the first questions of a deploy in another process, while this one loads what it needs to know to ask the rest.

Loading botocore and its clients takes as long as everything else that an unchanged deploy does, and neither waits for the other.
The other process starts before anything large is imported, and gets its questions once configuration tells them. An answer
is taken once, for exactly the question that was asked; what is not answered, for whatever reason, is asked here. Where something
was edited, it also reads what this process has no client yet to read by. So this is speed and nothing else, and
``DEPLOY_ASK_AHEAD=0`` does without.
"""

import io
import json
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from common import interpreter, profile
from common.errors import AwsError
from common.resource import Aws

PROGRAM = "import gc; gc.disable(); from common import asking; asking.main()"
Answer = list[dict[str, Any]]
"""The pages of a response; of an operation without pages, one."""
TIME, BODY = "$ahead.time", "$ahead.body"
MARK = b'{"$ahead.'


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
            interpreter.program(PROGRAM),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._untaken: list[tuple[Question, Future[Answer | AwsError | None]]] = []
        self._asked: list[Future[Answer | AwsError | None]] = []
        self._lock, self._sent, self._ended = threading.Lock(), False, False

    def ask(self, where: dict[str, Any], questions: Sequence[Question], cache: Path) -> None:
        """Sends the questions. Those of a second plan are left to this process: what was true before the first may not be now.

        Args:
            where: the arguments of the other process's `AwsSession`.
            questions: what to ask.
            cache: what is known of files, by which it sees what was edited.
        """
        with self._lock:
            if self._sent:
                self._untaken = []
                return
            self._sent = True
            if self._say([where, questions, str(cache)]):
                self._asked = [Future() for _ in questions]
                self._untaken = list(zip(questions, self._asked, strict=True))
                threading.Thread(target=self._read, name="ahead", daemon=True).start()
            else:
                self._ended = True

    def answer(self, question: Question) -> Answer | None:
        """The answer, waited for if it is under way; None if there is none, or it was taken already.

        Raises:
            AwsError: AWS has refused the question.
        """
        with self._lock:
            number = next((number for number, (one, _) in enumerate(self._untaken) if one == question), None)
            asked = self._untaken.pop(number)[1] if number is not None else None
        return _result(asked) if asked is not None else None

    def ask_now(self, question: Question) -> Answer | None:
        """The answer to one question more; None if there is none.

        Raises:
            AwsError: AWS has refused the question.
        """
        with self._lock:
            if not self._sent or self._ended or not self._say(question):
                return None
            asked: Future[Answer | AwsError | None] = Future()
            self._asked.append(asked)
        return _result(asked)

    def end(self) -> None:
        """Asks nothing more: the other process ends with its last answer."""
        with self._lock:
            self._ended = True
            self._kill_idle()

    def close(self) -> None:
        """Ends the other process, which only reads."""
        self._child.kill()
        self._child.communicate()

    def _say(self, told: object) -> bool:
        """False if the other process has ended already."""
        try:
            assert self._child.stdin is not None  # noqa: S101 - it is a pipe
            self._child.stdin.write(json.dumps(told).encode() + b"\n")
            self._child.stdin.flush()
        except (OSError, ValueError, TypeError):  # or nobody could be told: bytes, for one
            return False
        return True

    def _read(self) -> None:
        assert self._child.stdout is not None  # noqa: S101 - it is a pipe
        pages: dict[int, Answer] = {}
        try:
            for line in self._child.stdout:
                number, page, *end = json.loads(line, object_hook=_from_json) if MARK in line else json.loads(line)
                if page is not None:
                    pages.setdefault(number, []).append(page)
                    continue
                whole, refusal = end
                with self._lock:
                    self._asked[number].set_result(_refused(*refusal) if refusal else pages.pop(number, []) if whole else None)
                    self._kill_idle()
        except ValueError:  # the last line of a process that was ended
            pass
        finally:
            with self._lock:
                self._ended = True
                for future in self._asked:
                    if not future.done():
                        future.set_result(None)

    def _kill_idle(self) -> None:
        if self._ended and all(future.done() for future in self._asked):
            self._child.kill()  # it has nothing more to do, and would tidy up first
            self._child.wait()


def _refused(service: str, operation: str, code: str, said: str, deleted: bool) -> AwsError:
    return AwsError(service, operation, code, said, deleted=deleted)


def _result(asked: Future[Answer | AwsError | None]) -> Answer | None:
    found = asked.result()
    if isinstance(found, AwsError):
        raise found
    return found


def as_json(value: object) -> object:
    """What stands in a line for a value that JSON does not know."""
    if isinstance(value, datetime):
        return {TIME: value.isoformat()}
    return {BODY: value.getvalue().decode("latin-1")} if isinstance(value, io.BytesIO) else str(value)


def _from_json(found: dict[str, Any]) -> object:
    if TIME in found:
        return datetime.fromisoformat(found[TIME])
    return io.BytesIO(found[BODY].encode("latin-1")) if BODY in found else found


def started() -> Ahead | None:
    """The other process, unless the user does without, or a program that gives credentials would be run by both."""
    return None if os.environ.get("DEPLOY_ASK_AHEAD") == "0" or profile.runs_program() else Ahead()


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
        raise NotImplementedError(f"{waiter} is no first question: nobody waits before asking")

    def sleep(self, seconds: float) -> NoReturn:
        raise NotImplementedError(f"{seconds} s: nobody waits before asking")


def first_question(asking: Callable[[Aws], object]) -> Question:
    """What a function asks AWS first."""
    try:
        asking(_Notes())
    except _Noted as noted:
        return noted.question
    raise ValueError(f"{asking} asks nothing")
