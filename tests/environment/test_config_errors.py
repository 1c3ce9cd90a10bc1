"""Messages about configuration: they name the file that says it, and show no secret."""

import json
from typing import Any

import pytest

from common.base.errors import ConfigError
from tests.support.repository import Repository


@pytest.mark.parametrize(
    "settings",
    [
        {"defaults": {"function": {"environment": {"DB_PASSWORD": ["hunter2"]}}}},
        {"defaults": {"function": {"environment": {"DB_PASSWORD": "hunter2\x01"}}}},
        {"defaults": {"function": {"environment": ["DB_PASSWORD=hunter2"]}}},
        {"defaults": {"job": {"arguments": {"--password": {"is": "hunter2"}}}}},
        {"defaults": {"job": {"non_overridable_arguments": {"--password": "hunter2\x01"}}}},
        {"defaults": {"function": {"image_config": {"command": ["--password=hunter2\x01"]}}}},
        {"defaults": {"function": {"image_config": {"entry_point": ["--password=hunter2\x01"]}}}},
        {"projects": {"acres": ["hunter2"]}},
        {"projects": {"acres": {"parameters": {"password": {"is": "hunter2"}}}}},
        {"tags": {"password": "hunter2!"}},
        {"endpoints": {"default": "https://ann:hunter2@aws.example.com"}},
    ],
)
def test_what_may_hold_a_secret_is_not_shown(repository: Repository, settings: dict[str, Any]) -> None:
    repository.configure(**settings)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    message = str(caught.value)
    assert "hunter2" not in message
    assert "config/dev.json is not valid" in message


def test_what_an_overlay_says_is_looked_for_there(repository: Repository) -> None:
    sizes = {"functions": {"Validat": {"memory_mb": 512}}}
    repository.project("acres")
    repository.write("config/acres/dev.json", sizes)
    with pytest.raises(ConfigError, match=r"^config/acres/dev.json: \$.functions.Validat: the project declares no such lambda"):
        repository.declared()
    repository.write("config/acres/dev.json", {"parameters": {"level": "ssm:/acres/level", "zone": "north"}})
    assert repository.environment().place("acres", "parameters", "level") == "config/acres/dev.json: $.parameters.level"
    with pytest.raises(ConfigError, match=r"^config/acres/dev.json: \$.parameters: nothing uses level, zone. Remove"):
        repository.declared()
    repository.write("config/acres/dev.json", {})
    repository.configure(projects={"acres": sizes})
    with pytest.raises(ConfigError, match=r"^config/dev.json: \$.projects.acres.functions.Validat: the project declares no such"):
        repository.declared()


@pytest.mark.parametrize("key", ["[", "[key]", "[0]", "a b", "\n", ""])
def test_a_key_that_is_not_a_word_is_quoted(repository: Repository, key: str) -> None:
    settings: dict[str, Any] = {key: None, "defaults": {"function": {key: 1}}}
    repository.configure(**settings)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    message = str(caught.value)
    assert f"$[{json.dumps(key)}]: unknown key." in message
    assert f"$.defaults.function[{json.dumps(key)}]: unknown key." in message
