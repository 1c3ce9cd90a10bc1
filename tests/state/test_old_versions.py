"""Versions of locks, roots and records go when nobody reads them any more, and nothing that somebody needs goes with them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common.aws.session import AwsSession
from common.state import old_versions, releases
from common.state.records import Records
from tests.commands.test_operations import BUCKET, PLACE, command, deployed
from tests.support.repository import Repository

__all__ = ["deployed"]
LOCK, ROOT = "dev/acres/lock.json", "dev/acres/release.json"


def versions(prefix: str) -> dict[str, int]:
    page = boto3.client("s3", **PLACE).list_object_versions(Bucket=BUCKET, Prefix=prefix)
    result: dict[str, int] = {}
    for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
        result[version["Key"]] = result.get(version["Key"], 0) + 1
    return result


def change(repository: Repository, value: int) -> None:
    repository.project("acres", f'p.function("Validate", environment={{"ZONE": "{value}"}})')
    assert repository.invoke("deploy", "--env", "dev").code == 0


@pytest.fixture
def changed(deployed: Repository) -> Repository:
    """Deployed once for everything, then three times for one function."""
    for value in range(3):
        change(deployed, value)
    return deployed


def superseded(repository: Repository, days: float, last: int = 10) -> dict[str, int]:
    env, aws = repository.environment(), AwsSession("eu-central-1", "123456789012")
    now = datetime.now(UTC) + timedelta(days=days)
    with ThreadPoolExecutor(2) as pool:
        result = old_versions.superseded(env, aws, Records(aws, env), "acres", last, now, pool)
    return {record.key: len(record.versions) for record in result}


def test_a_lock_keeps_its_newest_version_alone(changed: Repository) -> None:
    assert superseded(changed, 0.9) == {}
    assert superseded(changed, 1.1) == {LOCK: versions(LOCK)[LOCK] - 1}


def test_what_history_tells_of_stays_for_two_years(changed: Repository) -> None:
    record = "dev/acres/records/lambda/Validate.json"
    assert superseded(changed, 729, last=2).keys() == {LOCK}
    result = superseded(changed, 731, last=2)
    assert result[record] == versions(record)[record] - 1
    assert result[ROOT] == versions(ROOT)[ROOT] - 3  # the last release, and the one before it with its beginning
    assert ROOT not in superseded(changed, 731, last=10)  # there were not ten yet


def test_after_a_collection_everything_is_up_to_date_and_history_goes_on(
    changed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_versions, "LOCK_DAYS", -1)
    monkeypatch.setattr(old_versions, "HISTORY_DAYS", -1)
    before = versions("dev/")
    dry = command(changed, "gc", "--dry-run")
    assert versions("dev/") == before
    done = command(changed, "gc")
    assert {**dry, "api_calls": 0, "seconds": 0} == {**done, "api_calls": 0, "seconds": 0, "deleted": False}
    assert done["old_records"][LOCK] > 0
    assert versions("dev/") == {key: count - done["old_records"].get(key, 0) for key, count in before.items()}
    assert command(changed, "plan", "--verify")["counts"]["update"] == 0
    change(changed, 7)
    result: Any = command(changed, "history")
    assert len(result["releases"]) >= 4
    assert "old versions of locks, releases and records deleted" in changed.invoke("gc", "--env", "dev").out


def test_the_last_releases_are_the_last_that_differ(changed: Repository) -> None:
    env, aws = changed.environment(), AwsSession("eu-central-1", "123456789012")
    later = datetime.now(UTC) + timedelta(days=1)
    with ThreadPoolExecutor(2) as pool:
        kept = [len(list(releases.superseded(Records(aws, env), "acres", last, later, pool))) for last in (1, 2, 3, 4, 5)]
    total = versions(ROOT)[ROOT]
    assert kept == [total - 1, total - 3, total - 5, total - 7, 0]
