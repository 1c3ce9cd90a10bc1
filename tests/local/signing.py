"""Requests to the embedded AWS as they go over the wire: signed, half signed, or changed once they were signed."""

import hashlib
import hmac
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from common import local

JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Reply:
    """An answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    aws: local.Embedded, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", host: str = ""
) -> Reply:
    """One request, with these headers and no others but Host (unless they have one) and the length."""
    connection = http.client.HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent_headers = {"Host": host or urlsplit(aws.endpoint).netloc, **(headers or {})}
        for name, value in {**sent_headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def signed(
    aws: local.Embedded,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    service: str = "lambda",
    secret: str | None = None,
    key: str | None = None,
    token: str | None = None,
    host: str = "",
) -> dict[str, str]:
    """The headers of a signed request, those that were given among them."""
    url = f"http://{host or urlsplit(aws.endpoint).netloc}{path}"
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    credentials = Credentials(key or aws.account_id, aws.secret if secret is None else secret, token)
    signer(credentials, service, aws.region).add_auth(request)
    return {name: value for name, value in request.headers.items() if name.lower() != "content-length"}


def presigned(aws: local.Embedded, method: str, path: str, expires: int = 60) -> str:
    """Path and query of a signed URL of S3."""
    request = AWSRequest(method, f"{aws.endpoint}{path}")
    S3SigV4QueryAuth(Credentials(aws.account_id, aws.secret), "s3", aws.region, expires=expires).add_auth(request)
    parts = urlsplit(request.url)
    return f"{parts.path}?{parts.query}"


def at(monkeypatch: pytest.MonkeyPatch, ago: timedelta) -> None:
    """Lets botocore sign as if it were so long ago."""
    monkeypatch.setattr(auth, "get_current_datetime", lambda **_: datetime.now(UTC).replace(tzinfo=None) - ago)


def chunked(aws: local.Embedded, path: str, chunks: list[bytes], trailer: bytes = b"") -> tuple[dict[str, str], bytes]:
    """Headers and body of an upload to S3 in chunks, each of them signed; so do the SDKs for Java, Go and JavaScript.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    length = str(sum(map(len, chunks)))
    extra = {"x-amz-content-sha256": kind, "x-amz-decoded-content-length": length, "content-encoding": "aws-chunked"}
    extra |= {"x-amz-trailer": trailer.partition(b":")[0].decode()} if trailer else {}

    class Streaming(S3SigV4Auth):  # type: ignore[misc]  # botocore is not typed
        def payload(self, request: Any) -> str:
            del request
            return kind

    request = AWSRequest("PUT", f"{aws.endpoint}{path}", headers=extra)
    Streaming(Credentials(aws.account_id, aws.secret), "s3", aws.region).add_auth(request)
    headers = dict(request.headers.items())
    previous, time = headers["Authorization"].rpartition("Signature=")[2], headers["X-Amz-Date"]
    scope = f"{time[:8]}/{aws.region}/s3/aws4_request"
    signing = f"AWS4{aws.secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    empty, body = hashlib.sha256(b"").hexdigest(), b""

    def next_signature(what: str, *digests: str) -> str:
        text = "\n".join((f"AWS4-HMAC-SHA256-{what}", time, scope, previous, *digests))
        return hmac.digest(signing, text.encode(), "sha256").hex()

    for chunk in [*chunks, b""]:
        previous = next_signature("PAYLOAD", empty, hashlib.sha256(chunk).hexdigest())
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    if not trailer:
        return headers, body + b"\r\n"
    last = next_signature("TRAILER", hashlib.sha256(trailer + b"\n").hexdigest())
    return headers, body + trailer + b"\r\nx-amz-trailer-signature:" + last.encode() + b"\r\n\r\n"
