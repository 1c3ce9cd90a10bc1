"""Text files as tools of Windows write them: what is understood means the same, and what is not is told."""

import codecs
from pathlib import Path

import pytest

from common.base.encoding import decode_text
from common.base.errors import ArtifactError
from common.packaging.dependencies import Dependencies
from common.packaging.imports import Libraries
from common.packaging.node import NodeModules
from common.packaging.python_source import check_defines, check_syntax
from common.packaging.requirements import Requirements
from common.packaging.source_files import IgnoreRules
from common.packaging.target import function_target
from tests.support.repository import HANDLER, Repository

MARK = codecs.BOM_UTF8
HASH = f"--hash=sha256:{'0' * 64}"
MACHINE = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
YAML = "StartAt: A\nStates:\n  A:\n    Type: Succeed\n"
FUNCTION = "projects/acres/lambda/Validate"


def windows(text: str) -> bytes:
    return MARK + text.replace("\n", "\r\n").encode()


def utf_16(text: str) -> bytes:
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


@pytest.mark.parametrize(
    "data", [b"a\nb\n", MARK + b"a\nb\n", b"a\r\nb\r\n", MARK + b"a\rb\r"], ids=["plain", "mark", "crlf", "mark and cr"]
)
def test_marks_and_ends_of_lines_are_no_text(data: bytes) -> None:
    assert decode_text(data) == "a\nb\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_told(encoding: str) -> None:
    with pytest.raises(ValueError, match=r"it is UTF-16 or UTF-32, as some tools of Windows write it\. Save it as UTF-8"):
        decode_text("boto3\n".encode(encoding))


def test_the_first_requirement_is_installed(tmp_path: Path) -> None:
    """Pip reads such files, too: https://pip.pypa.io/en/stable/reference/requirements-file-format/#encoding."""
    (tmp_path / "limits.txt").write_bytes(windows("husk<2\n"))
    (tmp_path / "requirements.txt").write_bytes(windows(f"boto3==1.40.0 \\\n    {HASH}\n-c limits.txt\n"))
    requirements = Requirements(tmp_path / "requirements.txt")
    assert (requirements.packages, requirements.constraints) == ([f"boto3==1.40.0 {HASH}"], ["husk<2"])
    assert list(Dependencies(requirements, function_target("python3.12", "x86_64")).pins) == ["boto3"]


def test_locks_and_projects_are_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(windows('[project]\nname = "a"\ndependencies = ["grain"]\n'))
    requirements = Requirements(tmp_path / "pyproject.toml")
    assert requirements.packages == ["grain"]
    (tmp_path / "package.json").write_bytes(windows('{"dependencies": {"scales": "1.0.0"}}'))
    (tmp_path / "package-lock.json").write_bytes(windows('{"packages": {"node_modules/scales": {"version": "1.0.0"}}}'))
    assert NodeModules(tmp_path, "x86_64").names() == ("scales@1.0.0",)


def test_the_first_pattern_leaves_out_what_it_names(tmp_path: Path) -> None:
    (tmp_path / ".deployignore").write_bytes(windows("notes.md\n*.sql\n"))
    ignoring = IgnoreRules(tmp_path)
    assert ("notes.md" in ignoring, "a.sql" in ignoring, "a.py" in ignoring) == (True, True, False)


def test_npm_would_take_a_mark_for_a_part_of_a_name(tmp_path: Path) -> None:
    """It hands the text to `ini`, which keeps the mark: https://github.com/npm/cli/tree/latest/workspaces/config."""
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / ".npmrc").write_bytes(b"registry=https://npm.example.com/\r\n")
    before = NodeModules(tmp_path, "x86_64").digest()
    (tmp_path / ".npmrc").write_bytes(windows("registry=https://npm.example.com/\n"))
    with pytest.raises(
        ArtifactError, match=r"\.npmrc begins with a byte-order mark, which npm reads .* Save the file without it\."
    ):
        NodeModules(tmp_path, "x86_64").digest()
    assert before


def test_python_with_a_mark_is_python(tmp_path: Path) -> None:
    path = tmp_path / "handler.py"
    path.write_bytes(windows(f"import shared.codes\n{HANDLER}"))
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/codes.py").write_bytes(windows("X = 1\n"))
    check_syntax(path)
    check_defines(path, "handler.handler", "python3.11")
    assert list(Libraries({"shared": tmp_path / "shared"}).reachable_files([path])) == ["shared/codes.py"]


def test_a_repository_written_on_windows_is_deployed_as_any_other(repository: Repository) -> None:
    lines = ('p.state_machine("a", "a.asl.json")', 'p.state_machine("b", "b.asl.yaml")')
    repository.project("acres", *lines)
    repository.write("projects/acres/a.asl.json", MACHINE)
    repository.write("projects/acres/b.asl.yaml", YAML)
    repository.write(f"{FUNCTION}/.deployignore", "notes.md\n")
    repository.write(f"{FUNCTION}/notes.md", "")
    plain = {str(resource.key): resource.desired() for pipeline in repository.declared() for resource in pipeline.rendered()}
    names = ("config/dev.json", "deploy.py", "projects/acres/deploy.py", "projects/acres/a.asl.json", "projects/acres/b.asl.yaml")
    for name in (*names, f"{FUNCTION}/.deployignore"):
        path = repository.root / name
        path.write_bytes(windows(path.read_text()))
    assert {
        str(resource.key): resource.desired() for pipeline in repository.declared() for resource in pipeline.rendered()
    } == plain


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config/dev.json", "{}"),
        ("deploy.py", "def pipeline(env): ...\n"),
        ("projects/acres/deploy.py", "def pipeline(env): ...\n"),
        ("projects/acres/a.asl.json", MACHINE),
        ("projects/acres/b.asl.yaml", YAML),
        (f"{FUNCTION}/handler.py", HANDLER),
        (f"{FUNCTION}/more.py", "x = 1\n"),
        ("projects/acres/glue/landing/load.py", "x = 1\n"),
        (f"{FUNCTION}/requirements.txt", "six\n"),
        (f"{FUNCTION}/pyproject.toml", "[project]\n"),
        (f"{FUNCTION}/.deployignore", "a\n"),
    ],
)
def test_utf_16_is_told_with_its_file_before_anything_is_asked(
    repository: Repository, moto: None, name: str, text: str, aws_calls: list[str]
) -> None:
    repository.project("acres", 'p.state_machine("a", "a.asl.json")', 'p.state_machine("b", "b.asl.yaml")')
    repository.write("projects/acres/a.asl.json", MACHINE)
    repository.write("projects/acres/b.asl.yaml", YAML)
    repository.write(name, utf_16(text))
    ended = repository.invoke("deploy", "--env", "dev")
    assert ended.code == 1
    assert (name.removeprefix("projects/acres/") if ".asl." in name else name) in ended.err
    assert "it is UTF-16 or UTF-32, as some tools of Windows write it. Save it as UTF-8." in ended.err
    assert "Traceback" not in ended.err
    assert not [call for call in aws_calls if ":Put" in call or ":Create" in call]


@pytest.mark.parametrize(
    ("source", "problem"),
    [(b"x = 1\0\n", "source code string cannot contain null bytes"), (b"# coding: nope\n", "unknown encoding: nope")],
)
def test_what_has_no_line_is_told_with_its_file(tmp_path: Path, source: bytes, problem: str) -> None:
    (tmp_path / "handler.py").write_bytes(source)
    with pytest.raises(ArtifactError, match=rf"handler\.py: {problem}\.$|handler\.py is not Python: {problem}\.$"):
        check_syntax(tmp_path / "handler.py")
