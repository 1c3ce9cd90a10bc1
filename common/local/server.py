"""Starts, finds, stops and empties the embedded AWS of a root folder.

It stores everything in ``build/local`` of the root. Its process holds a lock on ``embedded.lock`` while it runs, because a
process id alone may be reused. Requests are signed with a secret that is created at each start and is stored in ``credentials``,
which only this user can read.
"""

import configparser
import json
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from common.aws import published
from common.aws_common import sign_request
from common.base import digest, programs
from common.base.command_text import typed
from common.base.errors import LocalError
from common.base.lean_dataclass import dataclass, field
from common.environment.endpoints import DEFAULT, Endpoints
from common.local import environments, ports
from common.local.environments import Say, quiet
from common.local.server_end import end_server, is_alive, wait_until

_LAUNCHER = Path(__file__).resolve().parent / "runtime" / "launcher.py"
_NO_IAM, _OTHER = "does not enforce IAM yet", "another version of the deployer has started"
PROFILE = "embedded"
"""The section of the credentials file."""
_STATE = ("state", "s3", "tmp", "jobs")
ANSWER_SECONDS = 30.0
"""How long to wait for a server that runs and does not answer, in seconds: it may be starting, ending or busy."""
PORT_ATTEMPTS = 3
"""How often to start the server, if other programs take the port that was free a moment before."""


@dataclass(frozen=True)
class Embedded:
    """A running embedded AWS.

    Clients take ``endpoint`` as their endpoint and ``account_id`` as their access key, and sign with ``secret``, which the file
    ``credentials`` holds as the profile ``embedded``. Where it ``enforces_iam``, every call is judged by the policies of whoever
    makes it; the account itself may do everything.
    """

    endpoint: str
    pid: int
    account_id: str
    region: str
    credentials: str
    secret: str = field(repr=False)
    enforces_iam: bool = False
    code: str = ""
    """The digest of the program that runs; empty if an earlier version of the deployer has started it."""

    @property
    def endpoints(self) -> Endpoints:
        """The address of all its services, and the secret with which clients sign."""
        return Endpoints({DEFAULT: self.endpoint}, self.secret)

    @property
    def exports(self) -> str:
        """The shell commands after which other tools use it."""
        where = {"AWS_SHARED_CREDENTIALS_FILE": self.credentials, "AWS_PROFILE": PROFILE, "AWS_ENDPOINT_URL": self.endpoint}
        where |= {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        unset = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"  # they take precedence over the profile
        return f"{unset}; export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in where.items())


def running(root: Path) -> Embedded | None:
    """Returns the embedded AWS of this root if it runs and answers."""
    folder = _folder(root)
    if not is_alive(folder):
        return None
    server = _read_announcement(folder)
    return server if server and _is_healthy(server.endpoint) else None


def start(
    root: Path,
    *,
    account_id: str,
    region: str,
    port: int | None = None,
    enforce_iam: bool = False,
    current: bool = False,
    say: Say = quiet,
    show: Say = quiet,
) -> Embedded:
    """Returns the embedded AWS of this root, after starting it if it does not run.

    Args:
        root: the root folder.
        account_id: the account that it is.
        region: the region that it is in.
        port: where it listens; None for the port of the last time, or a free one.
        enforce_iam: it must enforce IAM, so one that runs without is started again. One that enforces it goes on to do so.
        current: it must run the program of this version of the deployer, so another one is started again.
        say: tells the user a line.
        show: shows how far a first start is.

    Raises:
        LocalError: the port is in use, a package cannot be fetched, the server ends at once, or it runs and does not answer.
    """
    folder = _folder(root)
    with environments.locked(folder / "start.lock"):
        folder.chmod(0o700)  # no other user may read it
        if server := _answering(root, folder):
            _check_same(server, account_id, region, port)
            is_other = current and server.code != _code()
            if server.enforces_iam >= enforce_iam and not is_other:
                return server
            say(f"restarting the embedded AWS, which {_OTHER if is_other else _NO_IAM} ...")
            enforce_iam = enforce_iam or server.enforces_iam
            end_server(_LAUNCHER.name, folder)
        elif is_alive(folder):
            say("restarting the embedded AWS, which has no credentials yet ...")
            end_server(_LAUNCHER.name, folder)
        python = environments.python("ministack", say, show=show)
        environments.python("lambda", say, show=show)
        for name in ("tmp", "jobs"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "tmp").mkdir(parents=True)
        whose: dict[str, str | bool] = {"account_id": account_id, "region": region, "enforces_iam": enforce_iam}
        for _ in range(PORT_ATTEMPTS):
            chosen = ports.choose(folder, port)
            say("starting the embedded AWS ...")
            _write_credentials(folder / "credentials", account_id)
            _launch(python, folder, {**whose, "port": chosen, "code": _code()})
            wait_until(lambda: running(root) is not None or not is_alive(folder), 60)
            if started := running(root):
                return started
            if is_alive(folder) or ports.free(chosen):
                break
        log = folder / "embedded.log"
        last = "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-12:])
        raise LocalError(f"the embedded AWS did not start; the end of {log}:\n{last}")


def stop(root: Path) -> bool:
    """Stops it, saves its state and leaves no process behind. Returns False if it did not run.

    Raises:
        LocalError: it does not end.
    """
    folder = _folder(root)
    if not folder.exists():
        return False
    with environments.locked(folder / "start.lock"):
        announcement = folder / "embedded.json"
        if not is_alive(folder):
            announcement.unlink(missing_ok=True)
            return False
        wait_until(lambda: announcement.exists() or not is_alive(folder), 10)
        if is_alive(folder):
            end_server(_LAUNCHER.name, folder)
        return True


def reset(root: Path) -> None:
    """Deletes every resource, object and log. If it runs, it continues, empty.

    Raises:
        LocalError: it runs and does not do so.
    """
    folder = _folder(root)
    if server := _answering(root, folder):
        try:
            post(server, "/_ministack/reset")
        except (OSError, HTTPException) as error:
            raise LocalError(f"the embedded AWS could not be emptied: {error}. Stop it, then reset again.") from error
        return
    for name in _STATE:
        shutil.rmtree(folder / name, ignore_errors=True)


def _answering(root: Path, folder: Path) -> Embedded | None:
    """Returns the server if it runs and answers; None if it does not run, or is too old to have credentials.

    Raises:
        LocalError: it runs and does not answer. A new one beside it would take its credentials away.
    """
    if server := running(root):
        return server
    if not is_alive(folder) or ((folder / "embedded.json").exists() and not _read_announcement(folder)):
        return None
    wait_until(lambda: running(root) is not None or not is_alive(folder), ANSWER_SECONDS)
    server = running(root)
    if server is None and is_alive(folder):
        raise LocalError(f"the embedded AWS in {folder} runs and does not answer. Stop it first: {typed('local.stop')}")
    return server


def _code() -> str:
    """The digest of the program that the server runs."""
    files = _LAUNCHER.parent.rglob("*.py")
    return digest.of_files({path.relative_to(_LAUNCHER.parent).as_posix(): digest.of_file(path) for path in files})


def _read_announcement(folder: Path) -> Embedded | None:
    """Reads the server's announcement; None while it starts or ends, or if it is too old to have credentials."""
    credentials = configparser.RawConfigParser()
    try:
        about = json.loads((folder / "embedded.json").read_text())
        if not about["endpoint"].startswith("http://127.0.0.1:"):  # the file was edited; signed requests must not go elsewhere
            return None
        credentials.read_string(Path(about["credentials"]).read_text())
        return Embedded(**about, secret=credentials[PROFILE]["aws_secret_access_key"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, configparser.Error):
        return None


def _write_credentials(path: Path, account_id: str) -> None:
    """Writes a new secret to a file that no other user can read at any time."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"[{PROFILE}]\naws_access_key_id = {account_id}\naws_secret_access_key = {secrets.token_urlsafe(30)}\n")
    fresh.replace(path)


def _folder(root: Path) -> Path:
    return root.resolve() / "build" / "local"


def _is_healthy(endpoint: str) -> bool:
    try:
        return _send("GET", f"{endpoint}/_ministack/health", {}, timeout_seconds=5)[0] == HTTPStatus.OK
    except (OSError, HTTPException):
        return False


def post(server: Embedded, path: str) -> bytes:
    """Sends a signed request and returns the body of the answer.

    Raises:
        OSError, HTTPException: there is no answer, or not one with 200.
    """
    url = f"{server.endpoint}{path}"
    headers = sign_request("POST", url, server.region, server.account_id, server.secret)
    status, body = _send("POST", url, headers, timeout_seconds=60)
    if status != HTTPStatus.OK:
        raise HTTPException(f"it answered {status}")
    return body


def _send(verb: str, url: str, headers: Mapping[str, str], timeout_seconds: int) -> tuple[int, bytes]:
    """Sends a request to this machine, which is never behind a proxy, and returns the status and body of the answer."""
    place = urlsplit(url)
    with closing(HTTPConnection(place.netloc, timeout=timeout_seconds)) as connection:
        connection.request(verb, place.path, headers=dict(headers))
        return (response := connection.getresponse()).status, response.read()


def _check_same(server: Embedded, account_id: str, region: str, port: int | None) -> None:
    requested = (account_id, region, port or _port_of(server))
    has = (server.account_id, server.region, _port_of(server))
    if requested != has:
        raise LocalError(
            f"the embedded AWS already runs for account {has[0]} in {has[1]} on port {has[2]}, "
            f"not for account {requested[0]} in {requested[1]} on port {requested[2]}. Stop it first: {typed('local.stop')}"
        )


def _port_of(server: Embedded) -> int:
    return int(server.endpoint.rsplit(":", 1)[1])


def _launch(python: Path, folder: Path, whose: dict[str, str | int | bool]) -> None:
    """Runs the launcher until it is in the background, without the shell's AWS settings and Python paths."""
    provider = programs.python_program("from common.local.__main__ import main; sys.exit(main())")
    settings = folder / "settings.json"
    schemas = published.find_folder()
    places = {"folder": str(folder), "provider": provider, "schemas": str(schemas or "")}
    settings.write_text(json.dumps({**whose, **places}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    with (folder / "embedded.log").open("w") as log:
        command = [str(python), str(_LAUNCHER), str(settings)]
        quiet = subprocess.DEVNULL
        subprocess.run(
            command, env=environment, cwd=folder, check=False, stdin=quiet, stdout=log, stderr=log
        )  # runs the launcher
