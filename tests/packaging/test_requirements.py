"""What is asked for, and whether it is locked."""

from pathlib import Path

import pytest

from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.packaging.dependencies import Dependencies
from common.packaging.lock_file import Lock, merge_targets
from common.packaging.requirements import RUNTIME_PACKAGES, Requirements
from common.packaging.target import PYTHON_SHELL_TARGET, Target, function_target, job_target

HASH = f"--hash=sha256:{'0' * 64}"
X86, ARM = function_target("python3.11", "x86_64"), function_target("python3.11", "arm64")
LATER = function_target("python3.13", "arm64")


def asked(folder: Path, text: str, name: str = "requirements.txt") -> Requirements:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return Requirements(folder / name)


def test_targets_follow_aws() -> None:
    assert str(X86) == "python3.11 x86_64-manylinux2014"
    assert str(ARM) == "python3.11 aarch64-manylinux2014"
    assert str(LATER) == "python3.13 aarch64-manylinux_2_34", "Amazon Linux 2023"
    assert str(job_target("5.0")) == "python3.11 x86_64-manylinux_2_34"
    assert str(job_target("3.0")) == "python3.7 x86_64-manylinux2014"
    assert str(job_target("4.0")) == "python3.10 x86_64-manylinux2014"
    assert PYTHON_SHELL_TARGET.python == "3.9"


def test_comments_order_and_line_breaks_are_not_asked_for(tmp_path: Path) -> None:
    requirements = asked(tmp_path / "a", "# all\nnumpy >= 2  # fast\n\npydantic\\\n  ==2.1\n")
    other = asked(tmp_path / "b", "pydantic ==2.1\nnumpy >= 2\n")
    assert requirements.lines == ("numpy >= 2", "pydantic ==2.1")
    assert requirements.digest() == other.digest() != asked(tmp_path / "c", "numpy >= 2\n").digest()
    assert asked(tmp_path / "d", "# nothing\n").is_empty


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# see C:\\tools\\\ngrain\n", ("grain",)),
        ("grain # see C:\\tools\\\nhusk\n", ("grain", "husk")),
        ("grain # a\u2028husk \x85 husk \x0c husk\n", ("grain",)),
        ("grain==1.0 \\\r\n    --hash=sha256:0 \\\r\n    # via husk\r\n", ("grain==1.0 --hash=sha256:0",)),
        ("grain\\", ("grain",)),
    ],
)
def test_a_comment_ends_with_its_line(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    """As in uv's own reader; uv was asked with `uv pip compile`."""
    assert asked(tmp_path, text).lines == lines


def test_what_is_included_is_in_the_repository(tmp_path: Path) -> None:
    asked(tmp_path, "husk\n", "outside.txt")
    asked(tmp_path / "here", "husk\n", "other file.txt")
    (tmp_path / "here/invoke.yaml").touch()
    assert asked(tmp_path / "here/lambda/f", '-r "../../other file.txt"\n').lines == ("husk",)
    for option in ("-r", "-c"):
        with pytest.raises(ArtifactError, match=r"includes \.\./\.\./\.\./outside\.txt, which is outside of the repository"):
            _ = asked(tmp_path / "here/lambda/f", f"{option} ../../../outside.txt\n").lines


def test_included_files_and_projects_are_read(tmp_path: Path) -> None:
    asked(tmp_path, "grain\n-r requirements.txt\n", "base.txt")
    assert asked(tmp_path, "-r base.txt\nhusk\n").lines == ("grain", "husk")
    project = asked(tmp_path / "p", '[project]\nname = "x"\ndependencies = ["grain>1", "husk"]\n', "pyproject.toml")
    assert project.lines == ("grain>1", "husk")
    assert project.lock.name == "requirements.lock"
    assert asked(tmp_path / "q", "[tool.ruff]\n", "pyproject.toml").is_empty
    assert Requirements(tmp_path / "load.requirements.txt").lock.name == "load.requirements.lock"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-e ../lib", "is a folder or file of this machine, not a package. Put the code into shared/"),
        ("./lib", "is a folder"),
        ("lib @ file:///lib", "is a folder"),
        ("~/lib", "is a folder"),
        (".\\lib", "is a folder"),
        ("C:\\wheels\\grain-1.0-py3-none-any.whl", "is a folder"),
        ("wheels/grain-1.0-py3-none-any.whl", "is a folder or file of this machine, not a package"),
        ("libs/schema", "'libs/schema' is a folder or file of this machine, not a package"),
        ("libs/schema[fast]", "is a folder"),
        ("-r https://host/more.txt", "includes https://host/more.txt, which may change any day. Put the file into the"),
        ("--index-url https://me:secret@host/index", "holds a password"),
        ("-r nothing.txt", "cannot be read"),
        ("-r a\0b.txt", "requirements.txt cannot be read: it holds a null byte."),
    ],
)
def test_what_only_this_machine_has_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        asked(tmp_path, text).digest()
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_the_runtime_brings_is_left_out_unless_it_is_pinned(tmp_path: Path) -> None:
    assert asked(tmp_path, "boto3>=1.30\ngrain==1.0\n").runtime_packages == RUNTIME_PACKAGES
    assert asked(tmp_path, "boto3==1.40.0\n").runtime_packages == ()
    assert asked(tmp_path, "boto3[crt] == 1.40.0 ; python_version > '3'\n").runtime_packages == ()


def test_pins_with_hashes_need_no_lock(tmp_path: Path) -> None:
    pinned = asked(tmp_path, f"grain==1.0 \\\n    {HASH}\nhusk==1.2 {HASH}\n")
    assert pinned.is_pinned
    assert pinned.pins(X86) == pinned.pins(ARM) == (f"grain==1.0 {HASH}", f"husk==1.2 {HASH}")
    assert not asked(tmp_path, f"grain==1.0 {HASH}\nhusk\n").is_pinned
    assert not asked(tmp_path, "grain==1.0\n").is_pinned, "what grain needs is not said"


def test_without_a_lock_that_fits_nothing_is_installed(tmp_path: Path) -> None:
    requirements = asked(tmp_path, "grain\n")
    advice = "Run `invoke package-lambdas --lock` and commit requirements.lock."

    def told(target: Target = X86) -> str:
        with pytest.raises(ArtifactError) as caught:
            requirements.pins(target)
        assert advice in str(caught.value)
        return str(caught.value)

    assert "requirements.txt has no lock file, so installs would not be reproducible" in told()
    requirements.lock.write_text(str(Lock.of(requirements.digest(), [str(X86)], [f"grain==1.0 {HASH}"])))
    assert requirements.pins(X86) == (f"grain==1.0 {HASH}",)
    assert "was not made for python3.11 aarch64-manylinux2014" in told(ARM)
    requirements = asked(tmp_path, "grain<2\n")
    assert "is stale: requirements.txt has changed since" in told()
    requirements.lock.write_text("grain==1.0\n")
    assert "is stale" in told()


def test_a_lock_holds_several_targets(tmp_path: Path) -> None:
    made = merge_targets(
        Digest("d"),
        {X86: [f"a==1 {HASH}", f"b==1 {HASH}"], ARM: [f"a==1 {HASH}", f"b==2 {HASH}"], LATER: [f"a==1 {HASH}", f"b==2 {HASH}"]},
    )
    assert Lock.parse(str(made)) == made
    assert made.pins == (
        f"a==1 {HASH}",
        f"b==1 ; (python_version == '3.11' and platform_machine == 'x86_64') {HASH}",
        f"b==2 ; ({ARM.marker}) or ({LATER.marker}) {HASH}",
    )
    glue = job_target("5.0")
    with pytest.raises(
        ArtifactError, match=r"b==1 differs between python3.11 x86_64-manylinux2014 and another target with the same markers"
    ):
        merge_targets(Digest("d"), {X86: [f"b==1 {HASH}"], glue: [f"b==2 {HASH}"]})


@pytest.mark.parametrize("text", ['project = "x"\n', '[project]\ndependencies = "six"\n', "[project]\ndependencies = [1]\n"])
def test_a_project_of_another_shape_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        ArtifactError, match=r"pyproject\.toml: \[project\] must be a table, and its `dependencies` a list of texts\."
    ):
        _ = asked(tmp_path, text, "pyproject.toml").lines


def test_a_lock_that_is_no_text_is_told(tmp_path: Path) -> None:
    requirements = asked(tmp_path, "six\n")
    requirements.lock.write_bytes(b"# caf\xe9")
    with pytest.raises(ArtifactError, match=r"requirements\.lock cannot be read: line 1 is not UTF-8: it has the byte 0xe9"):
        requirements.pins(X86)


def test_a_marker_that_is_none_is_told_with_its_file(tmp_path: Path) -> None:
    requirements = asked(tmp_path, f"six==1.17.0 ; python_verson > '3' {HASH}\n", "load.requirements.txt")
    with pytest.raises(
        ArtifactError, match=r"load\.requirements\.txt: \"six==1.17.0 ; python_verson > '3'\" has an invalid environment marker: "
    ):
        _ = Dependencies(requirements, X86).pins


def test_a_lock_that_has_lost_a_pin_is_told(tmp_path: Path) -> None:
    requirements = asked(tmp_path, "grain\n")
    text = str(Lock.of(requirements.digest(), [str(X86)], [f"grain==1.0 {HASH}", f"husk==1.2 {HASH}"]))
    requirements.lock.write_text(text)
    assert len(requirements.pins(X86)) == 2
    requirements.lock.write_text(text.partition("husk")[0])
    with pytest.raises(ArtifactError, match=r"requirements\.lock was edited or merged: a pin has changed or is missing\. Run"):
        requirements.pins(X86)


def test_constraints_are_read_from_beside_the_file_that_names_them(tmp_path: Path) -> None:
    asked(tmp_path / "f/more", "husk<1.2 # for now\n-r ../other.txt\n", "limits.txt")
    asked(tmp_path / "f", "straw<3\n--pre\n", "other.txt")
    requirements = asked(tmp_path / "f", "-c more/limits.txt\ngrain\n-c https://host/limits.txt\n")
    assert (requirements.packages, requirements.constraints) == (["grain"], ["husk<1.2", "straw<3"])
    assert requirements.options == ["--pre", "-c https://host/limits.txt"]
    before = requirements.digest()
    asked(tmp_path / "f/more", "husk<1.3\n", "limits.txt")
    assert Requirements(requirements.path).digest() != before
    assert asked(tmp_path / "g", "-c ../f/more/limits.txt\n").is_empty
    assert asked(tmp_path / "h", f"-c ../f/more/limits.txt\ngrain==1.0 {HASH}\n").pins(X86) == (f"grain==1.0 {HASH}",)


def test_a_file_may_be_asked_for_and_limit_others(tmp_path: Path) -> None:
    asked(tmp_path, "husk==1.2\n", "base.txt")
    asked(tmp_path, "-c base.txt\ngrain\n", "more.txt")
    for text in ("-c base.txt\n-r base.txt\n", "-r base.txt\n-c base.txt\n"):
        requirements = asked(tmp_path, text)
        assert (requirements.packages, requirements.constraints) == (["husk==1.2"], ["husk==1.2"])
    both = asked(tmp_path, "-r more.txt\n-r base.txt\n")
    assert (sorted(both.packages), both.constraints) == (["grain", "husk==1.2"], ["husk==1.2"])


def test_a_lock_of_addresses_is_one_for_each(tmp_path: Path) -> None:
    """None is written any more; one that was written by hand, or before, must not stand for another."""
    requirements = asked(tmp_path, "grain\n")
    names = set()
    for version in ("1.0", "1.1"):
        pins = [f"grain @ https://host/grain-{version}-py3-none-any.whl {HASH}"]
        requirements.lock.write_text(str(Lock.of(requirements.digest(), [str(X86)], pins)))
        names.add(Dependencies(Requirements(requirements.path), X86).digest())
    assert len(names) == 2


def test_a_password_may_be_a_variable(tmp_path: Path) -> None:
    assert asked(tmp_path, "--index-url https://me:${TOKEN}@host/index\ngrain\n").packages == ["grain"]
    with pytest.raises(ArtifactError, match="holds a password"):
        _ = asked(tmp_path, "--index-url https://me:${TOKEN}x@host/index\ngrain\n").packages


@pytest.mark.parametrize(
    "text",
    [
        "[tool.poetry.dependencies]\npython = '^3.11'\nsix = '*'\n",
        "[project]\nname = 'x'\ndynamic = ['dependencies']\n",
        "[project]\nname = 'x'\n[tool.poetry.dependencies]\nsix = '*'\n",
    ],
)
def test_what_only_others_know_is_not_taken_for_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ArtifactError, match=r"pyproject\.toml: only Poetry, or a build, knows its dependencies\. Put them"):
        _ = asked(tmp_path, text, "pyproject.toml").lines
    (tmp_path / "requirements.txt").write_text("# nothing that the runtime has not\n")
    assert Requirements(tmp_path / "pyproject.toml").is_empty
    both = "[project]\ndependencies = ['six']\n[tool.poetry.dependencies]\nsix = '*'\n"
    assert asked(tmp_path / "a", both, "pyproject.toml").lines == ("six",)
    assert asked(tmp_path / "b", "[tool.poetry.dependencies]\npython = '^3.11'\n", "pyproject.toml").is_empty
