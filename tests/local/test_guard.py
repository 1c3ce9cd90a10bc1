"""The embedded AWS runs code for its user, and for nobody else: no web page, no other user of the machine, no other interface."""

import base64
import hashlib
import json
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from common import local
from tests.local.fixtures import ROLE, Client
from tests.local.signing import JSON, Reply, at, chunked, presigned, send, signed

FUNCTIONS = "/2015-03-31/functions"
FUNCTION = json.dumps({"FunctionName": "evil", "Runtime": "python3.11", "Role": ROLE, "Handler": "x.y", "Code": {"ZipFile": ""}})
BODY = FUNCTION.encode()
PAGE = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="}
TARGET = {"X-Amz-Target": "AWSGlue.GetJobs", "Content-Type": JSON}
FOREIGN = (
    *("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example@127.0.0.1"),
    *(
        "evil.localhost",
        "0.0.0.0",
        "[::1].evil.example",
        "127.0.0.1:80:80",
        "127.0.0.2",
        "127.1",
        "",
        "localhost.",
        "LOCALHOST\t",
    ),
)


def refused(reply: Reply) -> bool:
    """Whether nothing was told but why."""
    assert not any(name.startswith("access-control-") for name in reply.headers), reply
    return reply.status in {400, 403} and len(reply.body) < 500 and b"arn:" not in reply.body


def functions(client: Client) -> list[str]:
    return [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", FUNCTIONS, {}),
        ("POST", FUNCTIONS, PAGE),
        ("POST", FUNCTIONS, {"Authorization": "Basic dXNlcjpwYXNz"}),
        (
            "POST",
            FUNCTIONS,
            {"Authorization": "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-central-1/lambda/aws4_request"},
        ),
        ("POST", FUNCTIONS, {"Authorization": "AWS 123456789012:c2ln"}),
        ("POST", FUNCTIONS, {"Authorization": ""}),
        ("POST", f"{FUNCTIONS}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Signature=f", {}),
        ("OPTIONS", FUNCTIONS, {**PAGE, "Access-Control-Request-Method": "POST"}),
        ("GET", "/", {}),
        ("GET", "/tests-bucket/key", {}),
        ("POST", "/", TARGET),
        ("POST", "/_ministack/reset", {}),
        ("POST", "/_ministack/config", {}),
        ("GET", "/_ministack/ready", {}),
        ("GET", "/_localstack/health", {}),
        ("GET", "/health", {}),
        ("POST", "/_ministack/health", {}),
        ("GET", "/latest/meta-data/iam/security-credentials/", {}),
        ("PUT", "/_ministack/cfn-response/x", {}),
        ("GET", "/_aws/execute-api/a/b", {}),
        ("GET", "/_ministack/health", {"Origin": "https://evil.example"}),
        ("GET", "/_ministack/health", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "/_ministack/health/../reset", {}),
        ("GET", "/%5fministack/rds/iam-auth", {}),
        (
            "GET",
            "/",
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="},
        ),
    ],
)
def test_nothing_answers_who_has_not_signed(
    embedded: local.Embedded, client: Client, method: str, path: str, headers: Mapping[str, str]
) -> None:
    assert refused(send(embedded, method, path, headers, BODY if method == "POST" else b""))
    assert "evil" not in functions(client)


def test_a_health_answer_tells_nothing(embedded: local.Embedded) -> None:
    reply = send(embedded, "GET", "/_ministack/health")
    assert (reply.status, reply.body) == (200, b"{}")


def test_what_is_signed_is_answered_without_a_word_to_web_pages(embedded: local.Embedded) -> None:
    reply = send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3"))
    assert reply.status == 200
    assert not any(name.startswith("access-control-") for name in reply.headers)


@pytest.mark.parametrize(
    "headers", [PAGE, {"Origin": "null"}, {"origin": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}]
)
def test_a_page_is_refused_even_if_it_can_sign(embedded: local.Embedded, client: Client, headers: Mapping[str, str]) -> None:
    assert refused(send(embedded, "POST", FUNCTIONS, {**signed(embedded, "POST", FUNCTIONS, {}, BODY), **headers}, BODY))
    assert refused(send(embedded, "GET", presigned(embedded, "GET", "/tests-bucket/key"), headers))
    assert "evil" not in functions(client)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_even_if_it_is_signed(embedded: local.Embedded, host: str) -> None:
    """A page may let its own name point to 127.0.0.1 (DNS rebinding), and is then of the same origin."""
    headers = {**signed(embedded, "GET", "/", service="s3"), "Host": host}
    assert refused(send(embedded, "GET", "/", headers))
    assert refused(send(embedded, "GET", "/_ministack/health", {"Host": host}))


def test_so_are_two_hosts_and_none(embedded: local.Embedded) -> None:
    for hosts in ("Host: 127.0.0.1\r\nHost: evil.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", urlsplit(embedded.endpoint).port or 0), timeout=10) as raw:
            raw.sendall(f"GET /_ministack/health HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert raw.recv(4096).split(b" ")[1] in {b"400", b"403"}


@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_other_names_of_this_machine_are_its_own(embedded: local.Embedded, host: str) -> None:
    name = f"{host}:{urlsplit(embedded.endpoint).port}"
    assert send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3", host=name), host=name).status == 200


@pytest.mark.parametrize("secret", ["", "local", "test", "embedded", "any", "x" * 40])
def test_a_wrong_secret_is_refused(embedded: local.Embedded, client: Client, secret: str) -> None:
    assert refused(send(embedded, "POST", FUNCTIONS, signed(embedded, "POST", FUNCTIONS, {}, BODY, secret=secret), BODY))
    assert "evil" not in functions(client)


@pytest.mark.parametrize("key", ["test", "AKIAIOSFODNN7EXAMPLE", "12345678901", "1234567890123", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_access_key_that_is_no_account_is_refused(embedded: local.Embedded, key: str) -> None:
    headers = signed(embedded, "GET", "/", service="s3", key=key)
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert refused(send(embedded, "GET", "/", encoded))


@pytest.mark.parametrize("ago", [timedelta(minutes=16), timedelta(minutes=-16), timedelta(days=400)])
def test_an_old_signature_is_refused(embedded: local.Embedded, monkeypatch: pytest.MonkeyPatch, ago: timedelta) -> None:
    at(monkeypatch, ago)
    assert refused(send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3")))


def test_one_of_ten_minutes_ago_is_taken(embedded: local.Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, timedelta(minutes=10))
    assert send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3")).status == 200


@pytest.mark.parametrize("date", ["", "yesterday", "20260101T000000", "99999999T999999Z"])
def test_a_date_that_is_none_is_refused(embedded: local.Embedded, date: str) -> None:
    assert refused(send(embedded, "GET", "/", {**signed(embedded, "GET", "/", service="s3"), "X-Amz-Date": date}))


def test_what_was_changed_after_it_was_signed_is_refused(embedded: local.Embedded, client: Client) -> None:
    headers = signed(embedded, "POST", FUNCTIONS, {}, BODY)
    assert refused(send(embedded, "POST", FUNCTIONS, headers, BODY.replace(b"x.y", b"z.y")))
    assert refused(send(embedded, "POST", f"{FUNCTIONS}/evil/code", headers, BODY))
    assert refused(send(embedded, "POST", f"{FUNCTIONS}?a=b", headers, BODY))
    assert refused(send(embedded, "PUT", FUNCTIONS, headers, BODY))
    unsigned = {**headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert refused(send(embedded, "POST", FUNCTIONS, unsigned, BODY))
    body = b"{}"
    headers = signed(embedded, "POST", "/", TARGET, body, service="glue")
    assert send(embedded, "POST", "/", headers, body).status == 200
    assert refused(send(embedded, "POST", "/", {**headers, "X-Amz-Target": "AWSGlue.DeleteJob"}, body))
    assert "evil" not in functions(client)


def test_so_is_a_signature_that_leaves_out_the_host(embedded: local.Embedded) -> None:
    headers = signed(embedded, "GET", "/", service="s3")
    assert refused(send(embedded, "GET", "/", {**headers, "Authorization": headers["Authorization"].replace("host;", "")}))


def test_an_object_is_the_one_that_was_signed(embedded: local.Embedded, client: Client, bucket: str) -> None:
    path = f"/{bucket}/guarded"
    headers = signed(embedded, "PUT", path, {}, b"right", service="s3")
    assert refused(send(embedded, "PUT", path, headers, b"wrong"))
    assert refused(send(embedded, "PUT", f"/{bucket}/other", headers, b"right"))
    assert send(embedded, "PUT", path, headers, b"right").status == 200
    odd = f"/{bucket}/a%20b/%C3%BC%2Bx/..~"
    assert send(embedded, "PUT", odd, signed(embedded, "PUT", odd, {}, b"odd", service="s3"), b"odd").status == 200
    assert client("s3").get_object(Bucket=bucket, Key="a b/ü+x/..~")["Body"].read() == b"odd"
    assert client("s3").list_objects_v2(Bucket=bucket, Prefix="a b/ü+", MaxKeys=2)["KeyCount"] == 1


@pytest.mark.parametrize("trailer", [b"", b"x-amz-checksum-sha256:"])
def test_so_is_one_that_comes_in_chunks(embedded: local.Embedded, client: Client, bucket: str, trailer: bytes) -> None:
    chunks = [b"a" * 70_000, b"b" * 5]
    checksum = base64.b64encode(hashlib.sha256(b"".join(chunks)).digest())
    path = f"/{bucket}/chunked{len(trailer)}"
    headers, body = chunked(embedded, path, chunks, trailer + checksum if trailer else b"")
    for changed in (
        body.replace(b"bbbbb", b"bbbbc"),
        body.replace(b"bbbbb", b"bbbb"),
        body.replace(b"chunk-signature=", b"chunk-signature=0", 1),
        body[: body.rindex(b"0;chunk-signature")],
        b"".join(chunks),
        b"",
        *([body.replace(checksum, checksum[::-1]), body.replace(b"x-amz-trailer-signature:", b"x:")] if trailer else []),
    ):
        assert refused(send(embedded, "PUT", path, headers, changed))
    assert send(embedded, "PUT", path, headers, body).status == 200
    assert client("s3").get_object(Bucket=bucket, Key=path.rpartition("/")[2])["Body"].read() == b"".join(chunks)


def test_a_signed_url_is_good_for_its_request_and_its_time(
    embedded: local.Embedded, client: Client, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client("s3").put_object(Bucket=bucket, Key="shared", Body=b"content")
    client("s3").put_object(Bucket=bucket, Key="secret", Body=b"content")
    url = presigned(embedded, "GET", f"/{bucket}/shared")
    assert send(embedded, "GET", url).body == b"content"
    assert refused(send(embedded, "GET", url.replace("shared", "secret")))
    assert refused(send(embedded, "DELETE", url))
    assert refused(send(embedded, "GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")))
    assert refused(send(embedded, "GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=-1")))
    assert refused(send(embedded, "GET", f"{url}&versionId=x"))
    at(monkeypatch, timedelta(seconds=90))
    assert refused(send(embedded, "GET", presigned(embedded, "GET", f"/{bucket}/shared")))
    assert send(embedded, "GET", presigned(embedded, "GET", f"/{bucket}/shared", expires=3600)).status == 200


def test_credentials_that_it_hands_out_are_taken(embedded: local.Embedded, client: Client) -> None:
    session = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")["Credentials"]
    credentials = {"key": session["AccessKeyId"], "secret": session["SecretAccessKey"]}
    get = {"service": "s3", **credentials}
    assert send(embedded, "GET", "/", signed(embedded, "GET", "/", token=session["SessionToken"], **get)).status == 200
    assert refused(send(embedded, "GET", "/", signed(embedded, "GET", "/", **get)))
    assert refused(send(embedded, "GET", "/", signed(embedded, "GET", "/", token="x", **get)))
    assert refused(send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3", key=session["AccessKeyId"])))
    client("iam").create_user(UserName="u")
    key = client("iam").create_access_key(UserName="u")["AccessKey"]
    credentials = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    assert send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3", **credentials)).status == 200
    client("iam").update_access_key(UserName="u", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(send(embedded, "GET", "/", signed(embedded, "GET", "/", service="s3", **credentials)))


def test_the_code_of_a_function_is_downloaded_from_the_address_that_is_given_out(
    embedded: local.Embedded, client: Client, function: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html."""
    function("downloaded", "def handler(event, context): return 7")
    answer = client("lambda").get_function(FunctionName="downloaded")
    parts = urlsplit(answer["Code"]["Location"])
    code = send(embedded, "GET", f"{parts.path}?{parts.query}")
    assert base64.b64encode(hashlib.sha256(code.body).digest()).decode() == answer["Configuration"]["CodeSha256"]
    assert refused(send(embedded, "GET", parts.path))
    assert refused(send(embedded, "GET", f"{parts.path.replace('downloaded', 'other')}?{parts.query}"))
