"""A gate before the embedded AWS that lets only through what a policy allows, for the embedded AWS allows everything."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from common.environment.config import Environment
from tests.account.requests import Request, request_of
from tests.faults.proxy import QUERY, Call, Fault, Proxy, Refused
from tests.support.iam import Asked, allows, asked


class Gate:
    """Judges every call of the commands as `tests.support.iam` does. What that does not know is refused.

    Args:
        env: whose account and region are asked.
        path_of: gives the path of a role. IAM knows it; requests name roles without it.
    """

    def __init__(self, env: Environment, path_of: Callable[[str], str]) -> None:
        self._env, self._path_of, self._lock = env, path_of, threading.Lock()
        self.statements: list[Mapping[str, Any]] = []
        """Of the policy."""
        self.needed: dict[str, Asked] = {}
        """Every action on a resource that was asked for, by its words."""
        self.refusals: list[str] = []

    def judge(self, call: Call) -> Fault:
        """Refuses a call of which anything is not allowed, or not known."""
        try:
            questions = [question for part in self._parts(request_of(call)) for question in self._asked(part)]
            refused = [question for question in questions if not allows(self.statements, question, {})]
            why = [f"is not authorized to perform {question}" for question in refused]
        except (ValueError, LookupError) as error:
            questions, why = [], [f"cannot be judged: {error!r}"]
        with self._lock:
            self.needed |= {str(question): question for question in questions}
            self.refusals += [f"{call} {reason}" for reason in why]
        code = "AccessDenied" if call.service in {*QUERY, "s3"} else "AccessDeniedException"
        return Refused(403, code, f"{call} {why[0]}") if why else None

    def _asked(self, request: Request) -> Iterator[Asked]:
        parameters = {**request.parameters}
        if "RoleName" in parameters:
            parameters.setdefault("Path", self._path_of(parameters["RoleName"]))
        questions = asked(request.call, parameters, f"{self._env.region}:{self._env.account_id}")
        if request.call != "iam:GetRole":
            return questions
        arn = f":role{parameters['Path']}{parameters['RoleName']}"  # whoever writes a policy cannot know whether the role exists
        return (question for question in questions if question.arn.endswith(arn))

    @staticmethod
    def _parts(request: Request) -> Iterator[Request]:
        """Each object is judged that a request deletes."""
        if request.call != "s3:DeleteObjects":
            yield request
            return
        for entry in request.parameters["Delete"]["Objects"]:
            yield Request(request.call, {**request.parameters, "Delete": {"Objects": [entry]}})


def put_before(folder: Path, gate: Gate) -> Proxy:
    """Lets whoever looks for the embedded AWS of a repository find the gate; it serves once it is run."""
    announcement = folder / "build" / "local" / "embedded.json"
    about = json.loads(announcement.read_text())
    proxy = Proxy(int(about["endpoint"].rpartition(":")[2]), gate.judge)
    announcement.write_text(json.dumps({**about, "endpoint": proxy.endpoint}))
    return proxy
