"""The credentials that functions, jobs, crawlers and state machines run with, and what IAM says of a call that they make.

Where IAM is enforced, each has a session of its own role, as if AWS had assumed the role for it; otherwise each has those of the
account. ministack's evaluator decides whether the policies of a role allow a call.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import secrets
import sys
import threading
import time
from dataclasses import dataclass

import seams
import settings as launch_settings
from iam_needs import Asked
from json_types import Function
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sts
from settings import Credentials

_LIFE_SECONDS = 12 * 3600
"""How long a session lasts; in its second half, whoever starts has a new one."""
_sessions: dict[tuple[str, str], tuple[float, Credentials]] = {}
_LOCK = threading.Lock()
_ministack: dict[str, Function] = {}
"""ministack's own evaluator, which `enforcement` replaces."""


@dataclass(frozen=True)
class Denial:
    """What IAM does not allow, to whom, and whether a statement forbids it. The log of the embedded AWS has a line of each."""

    question: Asked
    principal: str
    explicit: bool

    def __post_init__(self) -> None:
        """Write it into the log."""
        sys.stderr.write(f"IAM denied: {self}\n")

    def __str__(self) -> str:
        """The sentence that AWS says."""
        arn = self.question.arn
        named = f'"{arn}"' if arn.startswith("arn:aws:s3:::") else arn  # as S3 writes it
        return str(iam_actions.identity_denial_message(self.question.action, self.principal, named, self.explicit))


def install(_: launch_settings.Settings) -> None:
    """Check what this module calls."""
    seams.use(sts, "register_session", "access_key, session")
    seams.use(iam_actions, "identity_denial_message", "action, principal_arn, resource, explicit_deny")
    _ministack["enforce"] = seams.use(
        iam_evaluator, "enforce", "access_key_id, iam_action, service, region, resource_arn, service_context"
    )
    seams.table(iam, "_roles")


def of_role(settings: launch_settings.Settings, role: str, session_name: str) -> Credentials:
    """The credentials of what runs with a role, which is given by its ARN or its name."""
    account = role.split(":")[4] if role.startswith("arn:") else get_account_id()
    if not settings.enforces_iam:
        return settings.account_credentials(account)
    name, now = role.rsplit("/", 1)[-1], time.time()
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name[:64]}"
    with _LOCK:
        expires, credentials = _sessions.get((account, arn), (0.0, None))
        if credentials is None or expires < now + _LIFE_SECONDS / 2 or credentials.access_key not in sts._sessions:
            credentials = Credentials(f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(60))
            expires = now + _LIFE_SECONDS
            _sessions[account, arn] = expires, credentials
            session = {"Arn": arn, "AccountId": account, "PrincipalType": "AssumedRole", "Expiration": expires}
            own = {
                "UserId": f"{name}:{session_name[:64]}",
                "SecretAccessKey": credentials.secret,
                "SessionToken": credentials.token,
            }
            sts.register_session(credentials.access_key, {**session, **own})
    return credentials


def denial(credentials: Credentials, questions: list[Asked]) -> Denial | None:
    """The first of these questions that IAM answers with no."""
    for question in questions:
        service = question.action.partition(":")[0]
        refused = _ministack["enforce"](
            credentials.access_key, question.action, service, get_region(), question.arn, dict(question.context)
        )
        if refused is not None:
            decision = getattr(refused, "decision", "")  # else it says that nobody has these credentials
            return Denial(question, getattr(refused, "principal_arn", ""), decision == "Deny")
    return None
