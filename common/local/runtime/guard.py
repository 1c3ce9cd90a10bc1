"""Lets nobody in but who signs with this server's secret: whoever may ask for a function to be run may run anything.

Other users of the machine reach a loopback port, and so does every page that a browser shows: by a request of its own, or under a
name of its own that it lets point to 127.0.0.1. So a request needs a loopback Host, comes from no page (pages cannot leave out
Origin and Sec-Fetch-Site), and is signed as AWS wants it, with the secret that is made at each start.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable

import seams
import settings as launch_settings
import signatures
from json_types import JsonObject
from ministack import app
from ministack.services import iam, sts

Scope, Message = JsonObject, JsonObject
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_ministack/health"
"""Answers whether the server is up, and nothing else, without a signature."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_QUERY = frozenset({"iam", "sts", "sns", "sqs", "monitoring", "cloudformation"})


def install(settings: launch_settings.Settings) -> None:
    """Put the guard before ministack's application."""
    seams.table(sts, "_sessions")
    seams.table(iam, "_access_keys")
    parameters = "scope, receive, send"
    application = seams.use(app, "app", parameters)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal := _stranger(scope):
            await answer(send, 403, *_error("", "AccessDenied", refusal))
        elif scope["path"] == HEALTH and scope["method"] in {"GET", "HEAD"}:
            await answer(send, 200, "application/json", b"{}")
        else:
            await _signed(application, settings.secret, scope, receive, send)

    seams.replace(app, "app", parameters, guarded)


def is_foreign(host: str | None, others: dict[str, str]) -> str:
    """Why a request with this Host and these other headers (names in lower case) may come from a web page; "" if it does not."""
    if host is None or not _LOOPBACK.fullmatch(host):
        return "The Host header must name this machine: 127.0.0.1 or localhost."
    if "origin" in others or others.get("sec-fetch-site", "none") != "none":
        return "Web pages may not ask the embedded AWS."
    return ""


def _stranger(scope: Scope) -> str:
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    hosts = [value for name, value in headers if name == "host"]
    return is_foreign(hosts[0] if len(hosts) == 1 else None, dict(headers))


async def _signed(application: Application, secret: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request on if its signature is right; what was not signed at all is refused before its body is read."""
    service = ""
    try:
        signature = signatures.of(scope)
        service = signature.service
        key = _secret_of(signature, secret)
        body = await _body(receive)
        signatures.check(signature, key, scope, body)
    except signatures.WrongSignatureError as error:
        await answer(send, 403, *_error(service, error.code, str(error)))
        return
    unread = [{"type": "http.request", "body": body, "more_body": False}]
    del body  # ministack keeps what it needs

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    async def without_cors(message: Message) -> None:
        headers = message.get("headers")
        if headers is not None:
            kept = [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    await application(scope, replay, without_cors)


def _secret_of(signature: signatures.Signature, secret: str) -> str:
    """The secret of an access key: this server's for every account, else what ministack has handed out itself."""
    access_key = signature.access_key
    if _ACCOUNT.fullmatch(access_key):
        return secret
    session = sts._sessions.get(access_key)
    if session is not None and session.get("SecretAccessKey"):
        same = hmac.compare_digest(session.get("SessionToken", "").encode(), signature.token.encode())
        if not same or time.time() > session.get("Expiration", 0):
            raise signatures.WrongSignatureError("ExpiredToken", "The session has expired, or its token is not the right one.")
        return str(session["SecretAccessKey"])
    for record in iam._access_keys.to_dict().values():
        if record["AccessKeyId"] == access_key and record["Status"] == "Active":
            return str(record["SecretAccessKey"])
    raise signatures.WrongSignatureError("InvalidClientTokenId", signatures.WHERE)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise signatures.WrongSignatureError("IncompleteBody", "The client went away before its request was whole.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _error(service: str, code: str, text: str) -> tuple[str, bytes]:
    """Content type and body of an error as a service writes it."""
    if service == "s3":
        return "application/xml", f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()
    if service in _QUERY:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
        return "text/xml", f"<ErrorResponse>{inner}</ErrorResponse>".encode()
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": text}).encode()


async def answer(send: Send, status: int, kind: str, body: bytes) -> None:
    """Send a whole response."""
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
