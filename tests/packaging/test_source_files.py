"""Which files belong into a package, and which must never get there."""

import os
import re
from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging.source_files import IgnoreRules, check_case, check_secrets, list_files
from tests.support.repository import Repository

KEY = b"-----BEGIN " + b"RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0"


def fill(folder: Path, *names: str, text: bytes = b"x") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    return folder


def names(folder: Path) -> list[str]:
    return list(list_files(folder, IgnoreRules(folder)))


def test_tests_and_what_says_what_to_install_stay_out(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "handler.py",
        "tests/test_a.py",
        "lib/tests/data.json",
        "requirements.txt",
        "requirements.lock",
        "pyproject.toml",
    )
    fill(tmp_path, "lib/requirements.txt", "lib/__pycache__/a.pyc", "tests.py")
    assert names(tmp_path) == ["handler.py", "lib/requirements.txt", "tests.py"]


def test_deployignore_leaves_out_and_takes_back_in(tmp_path: Path) -> None:
    fill(tmp_path, "handler.py", "tests/a.py", "notes.md", "docs/a.txt", "lib/docs/a.txt", "requirements.txt", "lib/keep.md")
    fill(tmp_path, ".deployignore", text=b"# notes\n*.md\n!keep.md\n/docs/\n!tests/\n")
    assert names(tmp_path) == ["handler.py", "lib/docs/a.txt", "lib/keep.md", "tests/a.py"]


SECRETS = {
    ".env": b"A=1",
    "conf/.env.prod": b"A=1",
    "server.key": b"",
    "id_rsa": b"",
    "lib/store.JKS": b"",
    ".netrc": b"",
    "lib/cert.pem": b"text\n" + KEY,
    "settings.py": b"KEY = 'AKIA" + b"QWERTYUIOPASDFGH'",
    "credentials": b"aws_secret_access_key = " + b"abcd0123" * 5,
    ".npmrc": b"x=1\n//host/:_authToken=" + b"abc",
    "keys.py": b"'" + KEY.strip().replace(b"\n", rb"\n") + b"'",
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "handler.py")
    fill(tmp_path, name, text=SECRETS[name])
    with pytest.raises(
        ArtifactError,
        match=rf"{re.escape(name)}(:\d+)? holds .*, and would be in the package. Delete it, or name it in .deployignore",
    ):
        check_secrets(list_files(tmp_path))
    fill(tmp_path, ".deployignore", text=f"/{name}".encode())
    check_secrets(list_files(tmp_path, IgnoreRules(tmp_path)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env.example", b"A="),
        ("lib/ca.pem", b"-----BEGIN CERTIFICATE-----"),
        ("environment.py", b"aws_secret_access_key = os.environ['X']"),
        ("readme.py", b"AKIAIOSFODNN7EXAMPLE"),
        (".npmrc", b"//host/:_authToken=${NPM_TOKEN}"),
        ("client.js", b"this._authToken = token;\n  self._authToken = t"),
        ("pem.js", b"'-----BEGIN " + b"PRIVATE KEY-----\\n' + body"),
    ],
)
def test_what_is_no_secret_is_taken(tmp_path: Path, name: str, text: bytes) -> None:
    fill(tmp_path, name, text=text)
    check_secrets(list_files(tmp_path))


def test_names_that_differ_in_case_alone_are_refused() -> None:
    check_case(["a/b.py", "a/c.py"], "lambda/Load")
    with pytest.raises(ArtifactError, match=r"lambda/Load: a/Codes.py and a/codes.py differ in upper and lower case alone"):
        check_case(["a/Codes.py", "a/codes.py"], "lambda/Load")
    check_case(["caf\u00e9.py", "cafe.py"], "lambda/Load")
    with pytest.raises(ArtifactError, match=r"lambda/Load: there are two files caf\S+, which differ in how accents are encoded"):
        check_case(["caf\u00e9.py", "cafe\u0301.py"], "lambda/Load")


def test_a_deployignore_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    fill(tmp_path, ".deployignore", text=b"caf\xe9\n")
    with pytest.raises(ArtifactError, match=r"/\.deployignore cannot be read: line 1 is not UTF-8: it has the byte 0xe9"):
        IgnoreRules(tmp_path)
    fill(tmp_path, ".deployignore", text=b"*.md\n!\n")
    with pytest.raises(ArtifactError, match=r"/\.deployignore: Invalid git pattern: '!'\."):
        names(tmp_path)


def test_a_name_that_is_no_text_is_told_in_one_that_is(tmp_path: Path) -> None:
    fill(tmp_path, "donn\u00e9es.csv")
    assert names(tmp_path) == ["donn\u00e9es.csv"]
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(ArtifactError) as caught:
        names(tmp_path)
    assert str(caught.value).endswith(
        "caf\\udce9.txt: the file name is not UTF-8, so other machines would see another name. Rename the file."
    )


def test_names_are_read_as_utf_8_or_not_at_all(repository: Repository) -> None:
    """Where Python reads them as something else, a package would hold other names than on other machines."""
    repository.project("acres")
    repository.write("projects/acres/lambda/Validate/plain.csv", "x")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert repository.shell("invoke", "package-lambdas", **plain).code == 0
    repository.write("projects/acres/lambda/Validate/donn\u00e9es.csv", "x")
    ended = repository.shell("invoke", "package-lambdas", **plain)
    assert ended.code == 1
    assert "Python reads file names as ascii here, so other machines would see another name. Set PYTHONUTF8=1." in ended.err
    assert repository.shell("invoke", "package-lambdas", **{**plain, "PYTHONUTF8": "1"}).code == 0


def test_what_editors_leave_stays_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "a.py~", ".a.py.swp", ".a.py.swo", "#a.py#", ".#a.py", "b.swp", "c#.txt", "#temp.sql")
    assert names(tmp_path) == ["#temp.sql", "a.py", "b.swp", "c#.txt"]
