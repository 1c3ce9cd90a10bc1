"""What files tell uv of packages: honoured, or refused by name; nothing is taken from another place than was said.

See https://docs.astral.sh/uv/concepts/indexes/ and https://docs.astral.sh/uv/reference/settings/.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging import dependencies, uv, uv_settings
from common.packaging.dependencies import Dependencies
from common.packaging.requirements import Requirements
from common.packaging.source_files import IgnoreRules
from common.packaging.target import function_target
from tests.packaging.index import wheel

X86 = function_target("python3.11", "x86_64")
PROJECT = '[project]\nname = "load"\nversion = "1"\ndependencies = ["grain", "husk"]\n'


@pytest.fixture
def internal(index: Path, tmp_path: Path) -> str:
    """The company's index: it has a `grain` of its own, and an older `husk` that nobody should take."""
    folder = tmp_path / "internal"
    wheel(folder, "grain", "0.9", needs=("husk",), files={"grain/ours.py": ""})
    wheel(folder, "husk", "0.1", files={"husk/ours.py": ""})
    return folder.as_uri()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A function's folder in a repository."""
    (tmp_path / "tasks.py").write_text("")
    made = tmp_path / "projects/acres/lambda/Load"
    made.mkdir(parents=True)
    return made


def fill(folder: Path, **texts: str) -> Requirements:
    """Writes files, named as in ``pyproject_toml``; what they ask for."""
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Requirements(folder / ("requirements.txt" if (folder / "requirements.txt").exists() else "pyproject.toml"))


def locked(requirements: Requirements) -> list[str]:
    dependencies.lock(requirements, {X86})
    return list(Dependencies(requirements, X86).names())


def refused(requirements: Requirements) -> str:
    with pytest.raises(ArtifactError) as caught:
        requirements.digest()
    return str(caught.value)


def installed(requirements: Requirements, build: Path) -> Iterable[str]:
    return Dependencies(requirements, X86).members(build, IgnoreRules(build, ()))


def test_a_package_comes_from_the_index_that_its_source_names(folder: Path, internal: str, tmp_path: Path) -> None:
    index = f'[[tool.uv.index]]\nname = "ours"\nurl = "{internal}"\nexplicit = true\n'
    requirements = fill(folder, pyproject_toml=f'{PROJECT}[tool.uv.sources]\ngrain = {{ index = "ours" }}\n{index}')
    assert locked(requirements) == ["grain==0.9", "husk==1.2"], "husk is not taken from an explicit index"
    assert {"grain/ours.py", "husk/check.py"} <= set(installed(requirements, tmp_path / "build"))
    assert [
        component.name for component in Dependencies(requirements, X86).components(tmp_path / "build", IgnoreRules(folder, ()))
    ]


def test_an_index_of_the_project_comes_first(folder: Path, internal: str, tmp_path: Path) -> None:
    for text in (f'[[tool.uv.index]]\nurl = "{internal}"\n', f'[tool.uv]\nextra-index-url = ["{internal}"]\n'):
        requirements = fill(folder, pyproject_toml=PROJECT + text)
        assert locked(requirements) == ["grain==0.9", "husk==0.1"]
        assert "husk/ours.py" in installed(requirements, tmp_path / "build")
        requirements.lock.unlink()


@pytest.mark.parametrize("above", ["", "projects/acres"])
@pytest.mark.parametrize("name", ["uv.toml", "pyproject.toml"])
def test_indexes_of_the_repository_count(folder: Path, internal: str, tmp_path: Path, name: str, above: str) -> None:
    requirements = fill(folder, requirements_txt="grain\nhusk\n")
    assert locked(requirements) == ["grain==1.0", "husk==1.2"]
    table = "tool.uv." if name == "pyproject.toml" else ""
    other = "[tool.uv]\nconstraint-dependencies = ['husk<1']\n" if name == "pyproject.toml" else ""
    (tmp_path / above / name).write_text(f'{other}[[{table}index]]\nurl = "{internal}"\ndefault = true\n')
    again = Requirements(requirements.path)
    with pytest.raises(ArtifactError, match=r"requirements\.lock is stale"):
        again.pins(X86)
    again.lock.unlink()
    assert locked(again) == ["grain==0.9", "husk==0.1"]


@pytest.mark.parametrize("table", ["constraint-dependencies", "override-dependencies"])
def test_versions_of_the_repository_do_not_bind_a_function(index: Path, folder: Path, tmp_path: Path, table: str) -> None:
    """Those of the deployer are for what the deployer runs with."""
    wheel(index, "husk", "1.1")
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv]\n{table} = ["husk==1.1"]\n')
    assert locked(fill(folder, requirements_txt="grain\nhusk\n")) == ["grain==1.0", "husk==1.2"]


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ('constraint-dependencies = ["husk<1.2"]', ["grain==1.0", "husk==1.1"]),
        ('override-dependencies = ["husk==1.1"]', ["grain==1.0", "husk==1.1"]),
        ('exclude-dependencies = ["husk"]', ["grain==1.0"]),
        ('resolution = "lowest"', ["grain==1.0", "husk==1.1"]),
        ('prerelease = "allow"', ["grain==1.1rc1", "husk==1.2"]),
        ("dev-dependencies = ['straw']", ["grain==1.0", "husk==1.2"]),
    ],
)
@pytest.mark.parametrize("where", ["pyproject.toml", "uv.toml", "beside requirements.txt"])
def test_settings_of_resolving_are_honoured(index: Path, folder: Path, text: str, pins: list[str], where: str) -> None:
    wheel(index, "husk", "1.1")
    wheel(index, "grain", "1.1rc1", needs=("husk>=1",))
    project = '[project]\nname = "load"\nversion = "1"\ndependencies = ["grain"]\n'
    if where == "uv.toml":
        requirements = fill(folder, pyproject_toml=project, uv_toml=text)
    elif where == "pyproject.toml":
        requirements = fill(folder, pyproject_toml=f"{project}[tool.uv]\n{text}\n")
    else:
        requirements = fill(folder, requirements_txt="grain\n", pyproject_toml=f"[tool.uv]\n{text}\n")
    assert locked(requirements) == pins


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            '{ path = "../../libs/grain" }',
            "sources` says that grain comes from a path, but only packages of an index",
        ),
        (
            '{ path = "../grain", editable = true }',
            "Put its code into shared/, or name it by p.library(…)",
        ),
        ("{ workspace = true }", "comes from a workspace"),
        ('{ git = "https://example.com/grain" }', "comes from a git"),
        ('{ url = "https://example.com/grain" }', "comes from a url"),
        ('[{ index = "x" }, { path = "y", marker = "sys_platform == \'linux\'" }]', "comes from a path"),
    ],
)
def test_a_source_that_is_no_index_is_refused(folder: Path, source: str, message: str) -> None:
    text = refused(fill(folder, pyproject_toml=f"{PROJECT}[tool.uv.sources]\nGrain = {source}\n".replace("Grain", "grain")))
    assert "projects/acres/lambda/Load/pyproject.toml: [tool.uv]: `" in text
    assert message in text
    other = fill(folder, pyproject_toml=f"{PROJECT}[tool.uv.sources]\nstraw = {source}\n")
    assert other.digest(), "nobody asks for straw"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[tool.uv.workspace]\nmembers = ['a']\n", "`workspace` is not honoured here. Members of a workspace are folders"),
        ("[tool.uv]\nno-binary = true\n", "`no-binary` is not honoured here. Nothing is compiled here"),
        ("[tool.uv.pip]\nno-deps = true\n", "`pip` is not honoured here. Put its indexes"),
        ("[tool.uv]\nsome-new-setting = true\n", "`some-new-setting` is not honoured here. Remove it"),
        ("[[tool.uv.index]]\nurl = 'wheels'\n", "the index 'wheels' is a folder, which other machines do not have"),
        ("[tool.uv]\nfind-links = ['../wheels']\n", "the index '../wheels' is a folder"),
        ("[[tool.uv.index]]\nurl = 'https://me:" + "pass@host/simple'\n", "the settings of uv hold a password"),
        ("[[tool.poetry.source]]\nname = 'ours'\nurl = 'https://host'\n", "[tool.poetry.source] is not honoured here"),
        ("[[tool.pdm.source]]\nname = 'ours'\nurl = 'https://host'\n", "[tool.pdm.source] is not honoured here"),
        ("[tool.pdm.resolution.overrides]\nhusk = '1.0'\n", "[tool.pdm.resolution] is not honoured here"),
        ("[tool.uv]\nindex = 'https://host/simple'\n", "`index` must be a list of tables with a text `url` each"),
        ("[tool.uv]\nindex = ['https://host/simple']\n", "`index` must be a list of tables"),
        ("[[tool.uv.index]]\nname = 'ours'\n", "`index` must be a list of tables"),
        ("[tool.uv]\nindex-url = 5\n", "`index-url` must be a text."),
        ("[tool.uv]\nextra-index-url = [5]\n", "`extra-index-url` must be a list of texts."),
        ("[tool.uv]\nfind-links = { a = 'https://host' }\n", "`find-links` must be a list of texts."),
        ("[[tool.uv.sources]]\ngrain = { index = 'ours' }\n", "`sources` must be a table: write it as [tool.uv.sources]."),
        (f"[tool.uv]\nconcurrent-builds = {'9' * 5000}\n", "pyproject.toml cannot be read: Exceeds the limit"),
        (f"[tool.uv]\nconflicts = {'[' * 5000}{']' * 5000}\n", "pyproject.toml cannot be read: "),
        ("[tool.poetry]\ndependencies = ['grain']\n", "only Poetry, or a build, knows its dependencies"),
        ("[tool.poetry.dependencies]\ngrain = { path = '../grain' }\n", "only Poetry, or a build, knows its dependencies"),
        (
            "[tool.poetry.dependencies]\ngrain = { version = '*', source = 'ours' }\n",
            "only Poetry, or a build, knows its dependencies",
        ),
    ],
)
def test_what_is_not_honoured_is_refused_by_name(folder: Path, table: str, message: str) -> None:
    assert message in refused(fill(folder, pyproject_toml=PROJECT + table))


def test_what_others_build_by_a_hook_is_refused(folder: Path) -> None:
    both = PROJECT.replace("version", 'dynamic = ["dependencies"]\nversion')
    assert "only Poetry, or a build, knows its dependencies" in refused(fill(folder, pyproject_toml=both))
    direct = PROJECT.replace('"grain"', '"grain @ {root:uri}/../grain"')
    assert "is a folder or file of this machine" in refused(fill(folder, pyproject_toml=f"{direct}[tool.hatch.metadata]\n"))


def test_a_source_for_a_package_that_requirements_ask_for_is_refused(folder: Path) -> None:
    sources = '[tool.uv.sources]\ngrain = { index = "ours" }\n'
    text = refused(fill(folder, requirements_txt="grain\n", pyproject_toml=sources))
    assert "`sources` names an index for grain, but does not apply to requirements.txt, which requires it" in text


def test_a_source_is_refused_where_nothing_is_locked_or_everything_is_pinned(folder: Path) -> None:
    source = '[tool.uv.sources]\ngrain = { path = "../grain" }\n'
    with pytest.raises(ArtifactError, match="`sources` says that grain comes from a path"):
        fill(folder, pyproject_toml=PROJECT + source).pins(X86)
    pinned = f"grain==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(ArtifactError, match="`sources` says that grain comes from a path"):
        fill(folder, requirements_txt=pinned).pins(X86)


def test_one_file_of_settings_counts(folder: Path) -> None:
    text = refused(fill(folder, pyproject_toml=f"{PROJECT}[tool.uv]\nresolution = 'lowest'\n", uv_toml="offline = true\n"))
    assert "uv.toml: [tool.uv] of pyproject.toml beside it has settings, too, and uv reads one of them" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--no-binary :all:", "the option '--no-binary :all:' is not honoured here. Packages are installed as wheels"),
        ("--find-links wheels", "the option '--find-links wheels' is not honoured here. Other machines do not have that folder"),
        ("-f ./wheels", "Other machines do not have that folder"),
        ("--trusted-host example.com", "the option '--trusted-host example.com' is not honoured here. Remove it"),
        ("--use-feature=fast-deps", "is not honoured here"),
        ("grain --config-settings x=y", "the option '--config-settings' of a package is not honoured here. Remove it."),
        ("grain --global-option=x", "the option '--global-option' of a package"),
    ],
)
def test_options_of_requirements_are_honoured_or_refused(folder: Path, line: str, message: str) -> None:
    assert message in refused(fill(folder, requirements_txt=f"husk\n{line}\n"))


def test_options_that_are_honoured(index: Path, internal: str, folder: Path) -> None:
    wheel(index, "grain", "1.1rc1", needs=("husk>=1",))
    assert locked(fill(folder, requirements_txt="grain\n--pre\n")) == ["grain==1.1rc1", "husk==1.2"]
    (folder / "requirements.lock").unlink()
    for option in (f"--index-url {internal}", f"-i {internal}", f"--extra-index-url={internal}"):
        requirements = fill(folder, requirements_txt=f"{option}\ngrain\n")
        assert locked(requirements) == ["grain==0.9", "husk==0.1"], option
        assert installed(requirements, folder.parent / "build")
        requirements.lock.unlink()


def test_variables_that_change_what_is_installed_are_not_heard(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(index, "husk", "1.1")
    (folder / "limits.txt").write_text("husk<1.2\n")
    for name, value in (("CONSTRAINT", str(folder / "limits.txt")), ("RESOLUTION", "lowest"), ("EXCLUDE_NEWER", "2001-01-01")):
        monkeypatch.setenv(f"UV_{name}", value)
        assert f"UV_{name}" in uv.HIDDEN_VARIABLES
    assert locked(fill(folder, requirements_txt="grain\n")) == ["grain==1.0", "husk==1.2"]


def test_what_uv_knows_and_nobody_has_thought_of_is_refused() -> None:
    assert not uv_settings.HONOURED & uv_settings.IGNORED
    assert not (uv_settings.HONOURED | uv_settings.IGNORED) & uv_settings.ADVICE.keys()
