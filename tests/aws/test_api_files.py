"""botocore's descriptions are the same, but for their documentation, whether they are read from it or from the build folder."""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader

from common.aws import api_files


def _described(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _described(inner) for name, inner in value.items() if not (name == "documentation" and inner == "")}
    return [_described(inner) for inner in value] if isinstance(value, list) else value


def _undocumented(value: Any) -> Any:
    if isinstance(value, dict):
        texts = {name for name, inner in value.items() if name == "documentation" and isinstance(inner, str)}
        return {name: _undocumented(inner) for name, inner in value.items() if name not in texts}
    return [_undocumented(inner) for inner in value] if isinstance(value, list) else value


class Anew:
    """Reads botocore's files anew: clients change what is loaded of them, and all tests of a process share that."""

    def exists(self, file_path: str) -> bool:
        return self.load_file(file_path) is not None

    def load_file(self, file_path: str) -> Any:
        for path, opened in ((f"{file_path}.json", open), (f"{file_path}.json.gz", gzip.open)):
            if Path(path).is_file():
                with opened(path, "rb") as file:
                    return json.load(file)
        return None


@pytest.mark.parametrize("service", ["s3", "lambda", "glue", "stepfunctions", "iam", "resourcegroupstaggingapi"])
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_what_is_kept_is_what_botocore_has(tmp_path: Path, service: str, kind: str) -> None:
    own = Loader(file_loader=Anew(), include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    expected = _undocumented(own.load_service_model(service, kind))
    for _ in ("read from botocore", "read from the folder"):
        api_files.loader.cache_clear()
        model = api_files.loader(tmp_path).load_service_model(service, kind)
        assert _described(model) == expected
        assert list(model) == list(own.load_service_model(service, kind)), "the order is kept, too"
    assert any(tmp_path.iterdir())


def test_a_client_is_made_from_what_is_kept(tmp_path: Path) -> None:
    for _ in ("read from botocore", "read from the folder"):
        api_files.loader.cache_clear()
        session = botocore.session.Session()
        session.register_component("data_loader", api_files.loader(tmp_path))
        client = session.create_client("s3", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
        address = client.generate_presigned_url("get_object", {"Bucket": "landing", "Key": "a.csv"})
        assert address.startswith("https://landing.s3.amazonaws.com/a.csv?")
        assert client.get_paginator("list_objects_v2")
        assert client.get_waiter("bucket_exists")


def test_what_changed_or_is_damaged_is_read_again(tmp_path: Path) -> None:
    source, kept = tmp_path / "source", tmp_path / "kept"
    source.mkdir()
    read = api_files.loader(kept).file_loader.load_file
    (source / "api.json").write_text(json.dumps({"documentation": "Many words.", "shapes": {"documentation": {"type": "x"}}}))
    assert read(str(source / "api")) == {"documentation": "", "shapes": {"documentation": {"type": "x"}}}
    (source / "api.json").write_text(json.dumps({"shapes": [1]}))
    assert read(str(source / "api")) == {"shapes": [1]}
    for path in kept.iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert read(str(source / "api")) == {"shapes": [1]}
    for path in kept.iterdir():
        path.write_bytes(b"\xff")
    assert type(read(str(source / "api"))) is dict
    assert read(str(source / "other")) is None


def test_the_first_read_costs_one_call_for_each_object(tmp_path: Path) -> None:
    """A first deploy in a new clone reads a dozen of these files, with many texts and lists, before its first calls."""
    (tmp_path / "api.json").write_text(json.dumps({"shapes": [{"enum": ["a"] * 1_000, "required": ["b"] * 1_000}] * 10}))
    read, calls = api_files.loader(tmp_path / "kept").file_loader.load_file, Counter[str]()
    sys.setprofile(lambda frame, event, _: calls.update([frame.f_code.co_name] if event == "call" else []))
    try:
        read(str(tmp_path / "api"))
    finally:
        sys.setprofile(None)
    assert calls["_without_documentation"] == 11
    assert calls.total() < 200


def test_where_nothing_can_be_kept_botocore_s_own_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    model = api_files.loader(tmp_path / "file").load_service_model("sts", "service-2")
    assert model["metadata"]["serviceId"] == "STS"


def test_only_folders_are_services(tmp_path: Path) -> None:
    api_files.loader.cache_clear()
    own = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    assert sorted(api_files.loader(tmp_path).list_available_services("service-2")) == own.list_available_services("service-2")


def test_what_is_derived_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> list[str]:
        made.append("made")
        return [*made]

    assert [api_files.derived("a", make, tmp_path) for _ in range(2)] == [["made"], ["made"]]
    assert api_files.derived("b", make, tmp_path) == ["made", "made"]
    (tmp_path / "file").write_text("")
    assert api_files.derived("a", make, tmp_path / "file") == ["made", "made", "made"], "where nothing can be written"


def test_a_link_in_another_environment_changes_nothing(tmp_path: Path) -> None:
    """Installers link files from their cache into each environment, which changes the time of change of a file, not the file."""
    source, kept = tmp_path / "source", tmp_path / "kept"
    source.mkdir()
    (source / "api.json").write_text('{"shapes": [1]}')
    read = api_files.loader(kept).file_loader.load_file
    before = (source / "api.json").stat().st_ctime_ns
    assert read(str(source / "api")) == {"shapes": [1]}
    (tmp_path / "linked.json").hardlink_to(source / "api.json")
    assert read(str(source / "api")) == {"shapes": [1]}
    assert (source / "api.json").stat().st_ctime_ns != before
    assert len([*kept.iterdir()]) == 1
