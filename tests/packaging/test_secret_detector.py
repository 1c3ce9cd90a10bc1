"""Secrets in files: every well-known format, wherever in a file and however it is written or packed; and nothing else."""

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging import archive_reader, secret_detector
from common.packaging.source_files import check_secrets, list_files
from tests.packaging.secrets_of import ALNUM, HARMLESS, SECRETS, some
from tests.support.repository import ROOT

TOKEN = SECRETS["GitHub"].encode()


def in_file(path: Path, data: bytes, name: str = "data.bin") -> list[str]:
    (path / name).write_bytes(data)
    return secret_detector.find_in_file(path / name)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_at_its_line_and_not_told(kind: str, tmp_path: Path) -> None:
    findings = in_file(tmp_path, f"# one\n# two\n{SECRETS[kind]}\nlast = 1\n".encode(), "settings.txt")
    assert findings, kind
    assert all(finding.startswith(tuple(f":{line} holds " for line in range(3, 8))) for finding in findings)
    assert SECRETS[kind][8:] not in "".join(findings)


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_none_is_taken(kind: str, tmp_path: Path) -> None:
    assert in_file(tmp_path, HARMLESS[kind].encode(), "data.txt") == []


def test_what_is_here_is_taken() -> None:
    """Pipelines, locks and configuration as people write them."""
    places = [ROOT / "projects", ROOT / "config", ROOT / "uv.lock", ROOT / "requirements.txt", ROOT / "common/local"]
    files = [path for place in places for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
    assert len(files) > 50
    searched = [path for path in files if "node_modules" not in path.parts]
    assert {str(path): findings for path in searched if (findings := secret_detector.find_in_file(path))} == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    assert in_file(tmp_path, f"# año\r\nkey = '{TOKEN.decode()}'\r\n".encode(encoding)) == [":2 holds a secret (github pat)"]


def test_text_among_other_bytes_is_read(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 40
    assert in_file(tmp_path, noise + b" " + TOKEN + b" " + noise)
    assert in_file(tmp_path, noise + b"\0\0 \0" + TOKEN.decode().encode("utf-16-le") + b" \0" + noise)
    assert in_file(tmp_path, b"\xff\xfe" + b"\x80\x81" * 9 + b" " + TOKEN), "no UTF-16, though it begins like that"
    assert in_file(tmp_path, base64.b64encode(b"token = '" + TOKEN + b"'"))


def test_what_lies_far_behind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b"a,b,c\n" * 400_000
    assert in_file(tmp_path, lines + TOKEN + b"\n") == [":400001 holds a secret (github pat)"]
    monkeypatch.setattr(secret_detector, "CHUNK", 10_000)
    monkeypatch.setattr(secret_detector, "OVERLAP", 500)
    for size in range(9_960, 10_080, 20):  # across the end of a chunk
        data = b"x" * 19 + b"\n"
        findings = in_file(tmp_path, data * (size // 20) + TOKEN + b"\n" + data * 1000, f"at-{size}.txt")
        assert findings == [f":{size // 20 + 1} holds a secret (github pat)"]


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.txt", "x")
        archive.writestr(name, data)
    return file.getvalue()


def tarred(mode: str) -> Callable[[str, bytes], bytes]:
    def tar(name: str, data: bytes) -> bytes:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload] # one of its modes
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        return file.getvalue()

    return tar


PACKED: dict[str, Callable[[str, bytes], bytes]] = {
    "zip": zipped,
    "zip behind a script": lambda name, data: b"#!/usr/bin/env python\n" + zipped(name, data),
    "tar": tarred("w"),
    "tar.gz": tarred("w:gz"),
    "tar.bz2": tarred("w:bz2"),
    "tar.xz": tarred("w:xz"),
    "gz": lambda _, data: gzip.compress(data),
    "bz2": lambda _, data: bz2.compress(data),
    "xz": lambda _, data: lzma.compress(data),
}


@pytest.mark.parametrize("outer", PACKED)
@pytest.mark.parametrize("inner", ["zip", "tar.gz", "gz"])
def test_archives_are_opened_and_those_in_them_whatever_they_are_called(outer: str, inner: str, tmp_path: Path) -> None:
    text = b"a = 1\nkey = '" + TOKEN + b"'\n"
    findings = in_file(tmp_path, PACKED[outer]("lib/inner.dat", PACKED[inner]("app/keys.py", text)))[-1]
    assert findings.startswith(" holds a secret (github pat) in ")
    assert findings.endswith(":2")


def test_names_in_archives_count(tmp_path: Path) -> None:
    findings = in_file(tmp_path, zipped("home/.pgpass", b"db:5432:orders:scott:tiger"), "lib.whl")
    assert findings == [" holds home/.pgpass, which holds secrets by its name"]


def test_what_is_no_archive_after_all_is_read_as_it_is(tmp_path: Path) -> None:
    assert in_file(tmp_path, b"PK\x03\x04 nothing of the kind " + TOKEN)
    assert in_file(tmp_path, zipped("a", b"x")[:-9]) == []
    assert in_file(tmp_path, b"\x1f\x8b no gzip") == []


def test_an_archive_that_expands_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_reader, "MAX_EXPANDED_BYTES", 1_000_000)
    refused = [" is an archive that is too large to be searched for secrets"]
    assert in_file(tmp_path, zipped("zeros", bytes(1_000_001))) == refused
    data = b"x"
    for _ in range(archive_reader.MAX_DEPTH + 2):
        data = zipped("x.zip", data)
    assert in_file(tmp_path, data, "deep.zip") == refused


@pytest.mark.parametrize(
    "name",
    [
        ".npmrc",
        ".pgpass",
        ".docker/config.json",
        ".netrc",
        "_netrc",
        ".pypirc",
        ".aws/credentials",
        "lib/.env.prod",
        "x/.kube/config",
    ],
)
def test_files_that_people_keep_secrets_in(name: str, tmp_path: Path) -> None:
    texts = {".npmrc": SECRETS["npmrc _auth"]}
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(texts.get(name, "x"))
    with pytest.raises(ArtifactError, match=r" holds .*, and would be in the package"):
        check_secrets(list_files(tmp_path))
    check_secrets(list_files(tmp_path), accepted="these are the demo's")


def test_all_that_is_found_is_one_message(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"key_{number}.py").write_text(f"\nkey = 'ghp_{some(36, ALNUM)}'\n")
    with pytest.raises(ArtifactError) as caught:
        check_secrets(list_files(tmp_path))
    assert "key_0.py:2 holds a secret (github pat), " in str(caught.value)
    assert "and there are 3 more" in str(caught.value)
    assert 'accept_secret="why"' in str(caught.value)
    assert "ghp_" not in str(caught.value)
