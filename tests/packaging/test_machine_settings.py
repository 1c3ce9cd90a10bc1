"""The settings files of uv on this machine: they may name an index, and change nothing else.

See https://docs.astral.sh/uv/concepts/configuration-files/.
"""

from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from tests.packaging.test_uv_settings import PROJECT, fill, folder, installed, internal, locked

__all__ = ["folder", "internal"]


@pytest.mark.parametrize("own", ["", "index", "sources"])
def test_no_settings_file_of_this_machine_hides_the_own_ones(
    folder: Path, internal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    """Uv reads the file that UV_CONFIG_FILE names in place of all others.

    https://docs.astral.sh/uv/reference/cli/#uv-pip-compile--config-file
    """
    (tmp_path / "machine.toml").write_text('index-url = "index"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "machine.toml"))
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    index = f'[[tool.uv.index]]\nname = "ours"\nurl = "{internal}"\n{"explicit = true" if own == "sources" else ""}\n'
    sources = '[tool.uv.sources]\ngrain = { index = "ours" }\n' if own == "sources" else ""
    requirements = fill(folder, pyproject_toml=f"{PROJECT}{sources}{index if own else ''}")
    assert locked(requirements) == [
        "grain==0.9" if own else "grain==1.0",
        "husk==0.1" if own == "index" else "husk==1.2",
    ], "the index of the machine counts, by its path below its file"
    assert installed(requirements, tmp_path / "build")


@pytest.mark.parametrize(
    "setting",
    [
        "[pip]\nno-deps = true",
        '[pip]\nno-emit-package = ["husk"]',
        'exclude-dependencies = ["husk"]',
        'override-dependencies = ["husk<0.5"]',
        'constraint-dependencies = ["husk<0.5"]',
        'dependency-metadata = [{ name = "grain", version = "1.0", requires-dist = [] }]',
        'exclude-newer = "2001-01-01"',
        '[pip]\nextra = ["fast"]',
    ],
)
def test_no_settings_file_of_this_machine_changes_what_is_locked(
    folder: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    for file in ("config/uv/uv.toml", "system/uv/uv.toml"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(f"{setting}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    assert locked(fill(folder, pyproject_toml=PROJECT)) == ["grain==1.0", "husk==1.2"]


@pytest.mark.parametrize("table", ["", "[pip]\n"])
def test_the_own_index_wins_over_that_of_this_machine(
    folder: Path, internal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    (tmp_path / "config/uv").mkdir(parents=True)
    (tmp_path / "config/uv/uv.toml").write_text(f'{table}index-url = "{(tmp_path / "index").as_uri()}"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    index = f'[[tool.uv.index]]\nurl = "{internal}"\ndefault = true\n'
    assert locked(fill(folder, pyproject_toml=PROJECT + index)) == ["grain==0.9", "husk==0.1"]


def test_a_settings_file_of_this_machine_that_cannot_be_read_is_told(
    folder: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "no.toml"))
    with pytest.raises(ArtifactError, match=r"no\.toml cannot be read: .*No such file"):
        locked(fill(folder, pyproject_toml=PROJECT))
    (tmp_path / "no.toml").write_text("index = 5 5\n")
    with pytest.raises(ArtifactError, match=r"no\.toml cannot be read: "):
        locked(fill(folder, pyproject_toml=PROJECT))
