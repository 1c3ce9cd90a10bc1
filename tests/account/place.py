"""Where the checks ask: commands in the generated repository, and single calls whose answers are kept as they came."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from common import local
from common.aws.session import AwsSession
from common.aws_common import method_name
from common.engine import opening
from common.environment.config import Environment
from common.model.resource import Resource
from tests.account.findings import publishable
from tests.account.gate import Gate, put_before
from tests.account.generated import ENVIRONMENT, generate, resources
from tests.support.repository import Repository

REST_SECONDS = 60.0
"""How long something is left alone to see whether it changes by itself."""
POLL_SECONDS = 5.0
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True)
class Answer:
    """What AWS answered to one call."""

    status: int
    code: str
    """The error's; empty if there is none."""
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """How a command ended, and the object that it printed."""

    code: int
    told: Mapping[str, Any]
    error: str

    def changes(self) -> dict[str, str]:
        """What it did or would do, by key."""
        return {change["key"]: change["action"] for change in self.told.get("changes", ()) if change["action"] != "noop"}

    def calls(self) -> dict[str, int]:
        """How often it called each operation."""
        return dict(self.told.get("api_calls", {}).get("by_operation", {}))


class Place:
    """One run: a repository of its own with names of its own, in the account of an environment.

    Args:
        folder: is empty, and this run's alone.
        env: whose account and region are asked.
        prefix: begins all names.
        patience: so many seconds are waited at most for one thing.
        mfa: somebody is at the terminal, and counts how often a code is asked for.
        sleep: how to wait.
    """

    def __init__(
        self,
        folder: Path,
        env: Environment,
        prefix: str,
        patience: float,
        *,
        mfa: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source, self.prefix, self.patience, self.mfa, self._sleep = env, prefix, patience, mfa, sleep
        self.repository: Repository = generate(folder, env, prefix)
        self.env = self.repository.environment(ENVIRONMENT)
        self.aws: AwsSession = opening.connect(folder, self.env, 4, print)
        self.raw: list[dict[str, Any]] = []
        """What was asked and answered, in order."""
        self.keys: Callable[[], Mapping[str, str]] = dict
        """Gives the credentials of the commands, if these are not the user's own."""
        self.gate: Gate | None = None
        """Judges what the commands call, on the embedded AWS."""
        self._running = ExitStack()

    @property
    def embedded(self) -> bool:
        return self.env.embedded is not None

    def close(self) -> None:
        """Stops the embedded AWS, if that is what was asked."""
        self._running.close()
        if self.embedded:
            local.stop(self.repository.root)

    def guard(self, policy: Mapping[str, Any]) -> None:
        """From here on the embedded AWS lets commands do what this policy allows, and nothing else."""
        if self.gate is None:
            self.gate = Gate(self.env, self._path_of)
            self._running.enter_context(put_before(self.repository.root, self.gate).running())
        self.gate.statements = policy["Statement"]

    def _path_of(self, role: str) -> str:
        """The path of a role. One that does not exist has none, whatever path it is to have."""
        return str(self.peek("iam", "GetRole", RoleName=role).body.get("Role", {}).get("Path", "/"))

    def refused(self) -> list[str]:
        """What was refused to commands since this was asked last."""
        refusals = self.gate.refusals if self.gate else []
        reasons = list(dict.fromkeys(refusals))
        refusals.clear()
        return reasons

    def declared(self) -> dict[str, Resource]:
        """All that the repository declares, by key."""
        return {str(resource.key): resource for resource in resources(self.repository)}

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One call with the user's own credentials; an error is an answer, too, and what was answered is kept."""
        answer = self.peek(service, operation, **parameters)
        self.note(call=f"{service}:{operation}", parameters=parameters, status=answer.status, answer=answer.body)
        return answer

    def peek(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """The same, and nothing is kept."""
        try:
            body, code = getattr(self.aws.clients.of(service), method_name(operation))(**parameters), ""
        except ClientError as error:
            body, code = dict(error.response), str(error.response["Error"]["Code"])
        heard = body.pop("ResponseMetadata", {})
        body = {name: value.read() if isinstance(value, StreamingBody) else value for name, value in body.items()}
        return Answer(int(heard.get("HTTPStatusCode", 0)), code, body, heard.get("HTTPHeaders", {}))

    def invoke(self, *words: str) -> Command:
        """`invoke … --env dev --json` in a process of its own, which Ctrl-C lets finish what is under way."""
        return self.run(*words, "--env", ENVIRONMENT, "--json")

    def run(self, *words: str) -> Command:
        """`invoke …` in a process of its own; what it prints should be one object."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = [sys.executable, "-m", "invoke", *words]
            child = subprocess.Popen(
                command,
                cwd=self.repository.root,
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,  # else Ctrl-C reaches it twice, and a second one ends it where it stands
            )
            try:
                child.wait()
            except BaseException:
                child.send_signal(signal.SIGINT)
                child.wait()
                raise
            printed, error = (_read(file) for file in (out, err))
        output = _parsed(printed)
        self.note(
            command=" ".join(words), code=child.returncode, seconds=round(time.monotonic() - began, 1), told=output, error=error
        )
        return Command(child.returncode, output if isinstance(output, dict) else {}, error.strip())

    def until(self, holds: Callable[[], bool]) -> float | None:
        """How many seconds it took until it held; None if it never did."""
        began, pause = time.monotonic(), 0.2 if self.embedded else POLL_SECONDS
        while not holds():
            if time.monotonic() - began > self.patience:
                return None
            self._sleep(pause)
        return round(time.monotonic() - began, 1)

    def rest(self) -> float:
        """Lets a while pass; how many seconds."""
        seconds = 1.0 if self.embedded else REST_SECONDS
        self._sleep(seconds)
        return seconds

    def note(self, **what: Any) -> None:
        """Keeps what was asked and answered."""
        self.raw.append(publishable(what, self.env.account_id))

    def _variables(self) -> dict[str, str]:
        keys = self.keys()
        hidden = (*KEYS, *PROFILES) if keys else ()
        variables = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**variables, **keys, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _read(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
