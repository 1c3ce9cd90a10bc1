"""Which settings of pip are told to be unheard."""

from pathlib import Path

import pytest

from common.packaging.pip_settings import ignored_index

ADVICE = "is a setting of pip, which uv does not read: set UV_DEFAULT_INDEX if packages come from that index"


@pytest.mark.parametrize("place", ["home/.pip/pip.conf", "home/.config/pip/pip.conf", "etc/pip.conf", "named.conf"])
def test_an_index_that_only_pip_knows_is_told_without_its_address(tmp_path: Path, place: str) -> None:
    folders = (tmp_path / "home", tmp_path / "etc")
    variables = {"PIP_CONFIG_FILE": str(tmp_path / "named.conf")}
    assert ignored_index(variables, *folders) is None
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[global]\ntimeout = 60\n")
    assert ignored_index(variables, *folders) is None
    path.write_text("[global]\nindex-url = https://me:word@host/packages\n")
    assert ignored_index(variables, *folders) == f"index-url in {path} {ADVICE}"
    assert ignored_index({**variables, "UV_DEFAULT_INDEX": "https://host/packages"}, *folders) is None


def test_variables_of_pip_are_told_unless_uv_is_configured(tmp_path: Path) -> None:
    variables = {"PIP_EXTRA_INDEX_URL": "https://host/packages", "PIP_TIMEOUT": "3"}
    assert ignored_index(variables, tmp_path, tmp_path) == f"PIP_EXTRA_INDEX_URL {ADVICE}"
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/uv/uv.toml").write_text("")
    assert ignored_index(variables, tmp_path, tmp_path) is None
