"""A version of the deployer comes from a folder, an archive or git; nothing in it is trusted."""

import datetime as dt
import hashlib
import io
import random
import re
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common.base.errors import DeployError, UsageError
from common.setup import sources

CONTENT: dict[str, bytes] = {}
"""What the server answers, by path."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        target = CONTENT.get(self.path)
        self.send_response(404 if target is None else 302 if target.startswith(b"http") else 200)
        if target is not None and target.startswith(b"http"):
            self.send_header("Location", target.decode())
        self.end_headers()
        self.wfile.write(target or b"")

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an https server on this machine, whose certificate is trusted."""
    folder = tmp_path_factory.mktemp("https")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
        yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def tar(*members: tuple[str, bytes | str]) -> bytes:
    """An archive; a text is the target of a link."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def without_content(value: bytes | str) -> str | None:
    """A test's name has no archive in it: that holds the time when it was made, which is another one for each worker of xdist."""
    return "archive" if isinstance(value, bytes) else None


def packed(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def test_archives_are_fetched_and_unpacked(address: str, tmp_path: Path) -> None:
    CONTENT.update({"/d.tar.gz": tar(("d-1/tasks.py", b"tar")), "/d.zip": packed(("d-1/tasks.py", b"zip")), "/e.zip": b""})
    CONTENT["/e.zip"] = f"{address}/d.zip".encode()
    for name, content in (("d.tar.gz", b"tar"), ("d.zip", b"zip"), ("e.zip", b"zip")):
        (tmp_path / name).mkdir()
        folder = sources.fetch(f"{address}/{name}", tmp_path / name)
        assert (folder / "tasks.py").read_bytes() == content


def test_the_digest_of_an_archive_is_compared(address: str, tmp_path: Path) -> None:
    content = tar(("d-1/tasks.py", b"tar"))
    digest = hashlib.sha256(content).hexdigest()
    CONTENT.update({"/f.tar.gz": content, "/g.zip": f"{address}/f.tar.gz".encode()})
    for place, (name, shown) in enumerate((("f.tar.gz", digest), ("f.tar.gz", digest.upper()), ("g.zip?a=b", digest))):
        CONTENT["/g.zip?a=b"] = CONTENT["/g.zip"]
        (tmp_path / str(place)).mkdir()
        assert (sources.fetch(f"{address}/{name}#sha256={shown}", tmp_path / str(place)) / "tasks.py").is_file()
    for fragment, error in {
        f"sha256={'0' * 64}": f"has the SHA-256 {digest}, not {'0' * 64}. Nothing was changed.",
        f"sha256={digest[1:]}": "That is sha256= and 64 hex digits",
        f"sha1={digest}": "That is sha256= and 64 hex digits",
        "egg=deployer": "That is sha256= and 64 hex digits",
    }.items():
        with pytest.raises((UsageError, DeployError), match=re.escape(error)):
            sources.fetch(f"{address}/f.tar.gz#{fragment}", tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tar.gz", tar(("../outside", b"x"))),
        ("a.tar.gz", tar(("/tmp/outside", b"x"))),
        ("a.tar.gz", tar(("d/link", "/etc/passwd"))),
        ("a.tar.gz", tar(("d/link", "../.."), ("d/link/outside", b"x"))),
        ("a.zip", packed(("../outside", b"x"))),
        ("a.zip", packed(("/outside", b"x"))),
        ("a.zip", packed(("d\\..\\outside", b"x"))),
    ],
    ids=without_content,
)
def test_no_path_leads_out_of_an_archive(address: str, tmp_path: Path, name: str, content: bytes) -> None:
    CONTENT[f"/{name}"] = content
    (tmp_path / "in").mkdir()
    with pytest.raises(DeployError, match="leads out of the archive or is not a plain file"):
        sources.fetch(f"{address}/{name}", tmp_path / "in")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_sizes_are_limited(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CONTENT.update({"/d.tar.gz": tar(("a", b"x" * 3000), ("b", b"")), "/d.zip": packed(("a", b"x" * 3000), ("b", b""))})
    for number, (limit, value, message) in enumerate(
        (("MOST_BYTES", 10, "is larger than"), ("MOST_UNPACKED", 2000, "unpacks to more"), ("MOST_FILES", 1, "unpacks to more"))
    ):
        for name in ("d.tar.gz", "d.zip"):
            place = tmp_path / f"{number}{name}"
            place.mkdir()
            with monkeypatch.context() as patched:
                patched.setattr(sources, limit, value)
                with pytest.raises(DeployError, match=message):
                    sources.fetch(f"{address}/{name}", place)


@pytest.mark.parametrize(
    "source", ["http://x/d.zip", "ftp://x/d.zip", "file:///d.zip", "https://x/d.exe", "git://x/d.git", "nowhere"]
)
def test_other_addresses_are_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError, match="--from is"):
        sources.fetch(source, tmp_path)


def test_what_cannot_be_fetched_is_told(address: str, tmp_path: Path) -> None:
    CONTENT.update({"/r.zip": b"http://127.0.0.1:1/d.zip", "/b.zip": b"no archive"})
    for name, message in (("gone.zip", "404"), ("r.zip", "which is not https"), ("b.zip", "cannot be unpacked")):
        (tmp_path / name).mkdir()
        with pytest.raises(DeployError, match=message):
            sources.fetch(f"{address}/{name}", tmp_path / name)


def damaged(archive: bytes, at: int) -> bytes:
    return archive[:at] + bytes([archive[at] ^ 255]) + archive[at + 1 :]


def marked(archive: bytes, flags: int, method: int) -> bytes:
    """A zip whose only member says that it is encrypted, or how it is compressed."""
    changed = bytearray(archive)
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = archive.index(header) + offset
        changed[at], changed[at + 2] = flags, method
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tar.gz", damaged(tar(("d/a", random.Random(1).randbytes(9000))), 5000), "CRC check failed"),
        ("a.tar.gz", damaged(tar(("d/a", b"x")), -6), "CRC check failed"),
        ("a.tar.gz", tar(("d/a", random.Random(1).randbytes(9000)))[:5000], "ended before"),
        ("a.zip", marked(packed(("d/a", b"x")), 1, 0), "encrypted"),
        ("a.zip", marked(packed(("d/a", b"x")), 0, 99), "compression"),
        ("a.tar.gz", b"<html>", "not a gzip file"),
    ],
    ids=without_content,
)
def test_a_damaged_archive_is_told(address: str, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    CONTENT[f"/{name}"] = content
    with pytest.raises(DeployError, match=f"{name} cannot be unpacked: .*{message}"):
        sources.fetch(f"{address}/{name}", tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "https://ann:t0ken@127.0.0.1:1/d.git",
        "https://t0ken@127.0.0.1:1/d.git@v1",
        "https://127.0.0.1:1/d.zip?X-Amz-Signature=t0ken",
        "https://ann:t0ken@127.0.0.1:1/d.tar.gz",
        "https://127.0.0.1:1/t\xf6ken d.zip?t0ken",
        "https://[::1/d.zip#t0ken",
    ],
)
def test_no_message_shows_a_token(tmp_path: Path, source: str) -> None:
    with pytest.raises((DeployError, UsageError), match=r"cannot be fetched|not a valid address|something behind #") as caught:
        sources.fetch(source, tmp_path)
    assert "t0ken" not in str(caught.value)


def test_a_repository_of_git_is_cloned_at_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By ssh, whose program here runs what git would run on the server."""
    origin, who = tmp_path / "d.git", ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (("init", "--quiet"), (*who, "commit", "--quiet", "--allow-empty", "--message", "1"), ("tag", "v1")):
        subprocess.run(
            ["git", *(("-C", str(origin)) if origin.exists() else ()), *words, *([str(origin)] if "init" in words else [])],
            check=True,
        )
    (tmp_path / "ssh").write_text('#!/bin/sh\neval "exec $(printf %s "$*" | sed "s/.*git-upload-pack/git-upload-pack/")"\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "ssh"))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    (tmp_path / "in").mkdir()
    folder = sources.fetch(f"ssh://host{origin}@v1", tmp_path / "in")
    assert (folder / ".git").is_dir()
    (tmp_path / "again").mkdir()
    with pytest.raises(DeployError, match=r"cannot be fetched: .*v2"):
        sources.fetch(f"ssh://host{origin}@v2", tmp_path / "again")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    archive = tmp_path / "deployer.tar.gz"
    archive.touch()
    with pytest.raises(UsageError, match=r"deployer\.tar\.gz', which is a file\. Unpack it, and name the folder"):
        sources.fetch(str(archive), tmp_path)
