"""AWS signatures, version 4, from the server's side: in a header or in the URL, of a body as a whole or of its chunks.

What a signature should be is computed by botocore's own signer, from the request as it came.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from json_types import JsonObject

WHERE = "Sign with the credentials of this embedded AWS: invoke local.start says where they are."
_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_CHUNKED = frozenset({f"STREAMING-{_ALGORITHM}-PAYLOAD", f"STREAMING-{_ALGORITHM}-PAYLOAD-TRAILER"})
_SKEW = timedelta(minutes=15)
_WEEK = 7 * 24 * 3600
_EMPTY = hashlib.sha256(b"").hexdigest()
_S3 = frozenset({"s3", "s3express", "s3-object-lambda"})


class WrongSignatureError(Exception):
    """A request that is not signed as it must be; `code` is what AWS would say."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Signature:
    """What a request says of its signature."""

    access_key: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    value: str
    time: str
    token: str
    expires: int | None
    """Seconds for which a signed URL is good; None of a signature in a header."""

    @property
    def scope(self) -> str:
        """What the signing key is for."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def of(scope: JsonObject) -> Signature:
    """The signature of a request, none the wiser whether it is right.

    Raises:
        WrongSignatureError: there is none, or it is too old, or from the future.
    """
    headers = _headers(scope)
    if "authorization" in headers:
        algorithm, _, rest = headers["authorization"][0].partition(" ")
        fields = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
        token, time, expires = headers.get("x-amz-security-token", [""])[0], headers.get("x-amz-date", [""])[0], None
    else:
        query = dict(_query(scope))
        algorithm = query.get("X-Amz-Algorithm", "")
        fields = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
        token, time, expires = query.get("X-Amz-Security-Token", ""), query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "0")
    credential = fields.get("Credential", "").split("/")
    if algorithm != _ALGORITHM or len(credential) != 5 or not fields.get("Signature"):
        raise WrongSignatureError("MissingAuthenticationToken", WHERE)
    access_key, date, region, service, _ = credential
    names = tuple(fields.get("SignedHeaders", "").split(";"))
    seconds = None if expires is None else int(expires) if re.fullmatch(r"[0-9]{1,6}", expires) else 0
    signature = Signature(access_key, date, region, service, names, fields["Signature"], time, token, seconds)
    _check_time(signature)
    if "host" not in names:
        raise WrongSignatureError("SignatureDoesNotMatch", "The Host header is not signed.")
    return signature


def check(signature: Signature, secret: str, scope: JsonObject, body: bytes) -> None:
    """Compare a signature with what it should be.

    Raises:
        WrongSignatureError: it is of another secret, another request or another body.
    """
    headers = _headers(scope)
    payload = _payload(signature, headers, body)
    signed = [(name, value) for name in signature.headers for value in headers.get(name, [])]
    target = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    request = AWSRequest(scope["method"], f"http://host{target}")
    for name, value in signed:
        request.headers[name] = value
    request.context.update(timestamp=signature.time, payload=payload, query=_canonical(_query(scope)))
    signer = _Signer(Credentials(signature.access_key, secret), signature.service, signature.region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    right = hmac.compare_digest(expected.encode(), signature.value.encode())
    if right and payload in _CHUNKED:
        right = _chunks_are_signed(signature, secret, body)
    if not right:
        raise WrongSignatureError("SignatureDoesNotMatch", WHERE)


class _Signer(SigV4Auth):  # type: ignore[misc]  # botocore is not typed
    """Signs what came instead of what is about to be sent."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers

    def canonical_query_string(self, request: AWSRequest) -> str:
        return str(request.context["query"])

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])

    def _normalize_url_path(self, path: str) -> str:
        return path if self._service_name in _S3 else str(super()._normalize_url_path(path))


def _check_time(signature: Signature) -> None:
    try:
        signed = datetime.strptime(signature.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise WrongSignatureError("IncompleteSignature", "X-Amz-Date is missing, or no time.") from None
    age = datetime.now(UTC) - signed
    longest = _SKEW if signature.expires is None else timedelta(seconds=min(signature.expires, _WEEK))
    if not -_SKEW <= age <= longest or not signature.time.startswith(signature.date):
        raise WrongSignatureError("RequestTimeTooSkewed", "The signature has expired, or is of a time to come.")


def _payload(signature: Signature, headers: dict[str, list[str]], body: bytes) -> str:
    """What stands for the body in what is signed, sure to be of this body."""
    if signature.expires is not None and signature.service in _S3:
        return "UNSIGNED-PAYLOAD"
    digest = hashlib.sha256(body).hexdigest()
    declared = headers.get("x-amz-content-sha256", [digest])[0]
    if declared == digest or (signature.service in _S3 and declared in _UNSIGNED | _CHUNKED):
        return declared
    raise WrongSignatureError("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")


def _chunks_are_signed(signature: Signature, secret: str, body: bytes) -> bool:
    """Whether each chunk of a body carries the signature that follows from the one before it, to the last, empty one."""
    key = ("AWS4" + secret).encode()
    for part in signature.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    previous, position = signature.value, 0

    def follows(kind: str, signed: bytes, *digests: str) -> bool:
        nonlocal previous
        text = "\n".join((f"{_ALGORITHM}-{kind}", signature.time, signature.scope, previous, *digests))
        previous = hmac.digest(key, text.encode(), "sha256").hex()
        return hmac.compare_digest(previous.encode(), signed.strip())

    while (end := body.find(b"\r\n", position)) >= 0:
        length, _, signed = body[position:end].partition(b";chunk-signature=")
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", length):
            return False
        chunk = body[end + 2 : end + 2 + int(length, 16)]
        if len(chunk) != int(length, 16) or not follows("PAYLOAD", signed, _EMPTY, hashlib.sha256(chunk).hexdigest()):
            return False
        position = end + 2 + len(chunk) + (2 if chunk else 0)
        if not chunk:
            trailer, sent, signed = body[position:].partition(b"x-amz-trailer-signature:")
            lines = trailer.replace(b"\r\n", b"\n")
            return not lines.strip() or (bool(sent) and follows("TRAILER", signed, hashlib.sha256(lines).hexdigest()))
    return False


def _headers(scope: JsonObject) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("utf-8", "replace"))
    return headers


def _query(scope: JsonObject) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in scope.get("query_string", b"").decode("latin-1").split("&") if part)
    return [(unquote(name.replace("+", "%20")), unquote(value.replace("+", "%20"))) for name, _, value in pairs]


def _canonical(query: list[tuple[str, str]]) -> str:
    encoded = ((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query if name != "X-Amz-Signature")
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))
