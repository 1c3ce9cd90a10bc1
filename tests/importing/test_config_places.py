"""A setting is written where it stands, or beside its resource's; never where it would hold for others, too."""

import json
from typing import Any

import pytest

from common.base.errors import ConfigError
from common.importing.config_places import ConfigPlaces, Place
from tests.support.repository import Repository

KEYS = ("jobs", "load", "workers")


def place(repository: Repository, project: str = "acres") -> str:
    return str(ConfigPlaces(repository.root, repository.environment()).of(project, KEYS))


@pytest.mark.parametrize(
    ("section", "overlay", "expected"),
    [
        ({}, None, "config/dev.json: $.projects.acres.jobs.load.workers"),
        ({}, {}, "config/acres/dev.json: $.jobs.load.workers"),
        ({"jobs": {"load": {"workers": 3}}}, {}, "config/dev.json: $.projects.acres.jobs.load.workers"),
        ({"jobs": {"load": {"max_retries": 1}}}, {"jobs": {}}, "config/dev.json: $.projects.acres.jobs.load.workers"),
        ({"jobs": {"load": {"workers": 3}}}, {"jobs": {"load": {"workers": 5}}}, "config/acres/dev.json: $.jobs.load.workers"),
    ],
)
def test_the_most_specific_place_that_holds_it(
    repository: Repository, section: dict[str, Any], overlay: dict[str, Any] | None, expected: str
) -> None:
    repository.configure(projects={"acres": section} if section else {})
    if overlay is not None:
        repository.write("config/acres/dev.json", overlay)
    assert place(repository) == expected


def test_what_an_instance_has_is_not_written_for_all(repository: Repository) -> None:
    repository.configure(projects={"acres": {"jobs": {"load": {"workers": 3}}, "instances": {"north": {}, "south": {}}}})
    assert place(repository, "acres-north") == "config/dev.json: $.projects.acres.instances.north.jobs.load.workers"


def test_nothing_is_written_that_is_not_valid_together(repository: Repository) -> None:
    repository.configure(projects={"acres": {"jobs": {"load": {"glue_version": "3.0"}}}})
    before = repository.files()
    places = ConfigPlaces(repository.root, repository.environment())
    with pytest.raises(ConfigError, match="come with glue_version 4"):
        places.edited({Place("config/dev.json", ("projects", "acres", "jobs", "load", "worker_type")): "R.1X"})
    assert repository.files() == before


def test_a_new_file_is_complete(repository: Repository) -> None:
    places = ConfigPlaces(repository.root, repository.environment())
    places.write(places.edited({Place("config/acres/dev.json", KEYS): 4}))
    assert json.loads((repository.root / "config/acres/dev.json").read_text()) == {"jobs": {"load": {"workers": 4}}}
