"""Starts the Java process of Spark jobs before the first job needs it, when the command line asks for it.

A signed request to ``PATH`` starts it unless it runs, and says how far that is: another request is how one waits.
"""

import contextvars
import json
import threading

import errors
import guard
import job_program
import seams
import settings as launch_settings
from json_types import JsonObject
from ministack import app

PATH = "/_ministack/spark"


class Starter:
    """Starts the process once at a time.

    Args:
        programs: what runs jobs.
    """

    def __init__(self, programs: job_program.Programs) -> None:
        self._programs = programs
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failure = ""

    def state(self) -> JsonObject:
        """Start it unless it runs: ``{"state": "starting" | "running" | "failed", "message": …}``."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return {"state": "starting", "message": ""}
            failure, self._failure = self._failure, ""
            if failure:
                return {"state": "failed", "message": failure}
            if self._programs.spark.is_running:
                return {"state": "running", "message": ""}
            context = contextvars.copy_context()  # account and region are in the context
            self._thread = threading.Thread(target=context.run, args=(self._start,), daemon=True)
            self._thread.start()
            return {"state": "starting", "message": ""}

    def _start(self) -> None:
        try:
            self._programs.start_spark()
        except (errors.JobError, launch_settings.EnvironmentMissingError, OSError) as error:
            self._failure = str(error)


def install(programs: job_program.Programs) -> None:
    """Answer requests to the path; the guard has checked them."""
    parameters = "scope, receive, send"
    application, starter = seams.use(app, "app", parameters), Starter(programs)

    async def with_spark(scope: guard.Scope, receive: guard.Receive, send: guard.Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await guard.answer(send, 200, "application/json", json.dumps(starter.state()).encode())
        else:
            await application(scope, receive, send)

    seams.replace(app, "app", parameters, with_spark)
