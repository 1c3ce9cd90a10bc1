"""Two Glue operations that moto lacks, as AWS does them: an update replaces the whole, and no running crawler is changed."""

import inspect
from typing import Any

import pytest
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import CrawlerRunningException, InvalidInputException
from moto.glue.models import FakeCrawler, FakeJob
from moto.glue.responses import GlueResponse

_KEPT = {"created_on", "creation_time", "job_runs", "crawls"}


@pytest.fixture
def moto_glue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto with UpdateJob and UpdateCrawler, for as long as the test lasts."""
    monkeypatch.setattr(GlueResponse, "update_job", update_job, raising=False)
    monkeypatch.setattr(GlueResponse, "update_crawler", update_crawler, raising=False)


def update_job(response: Any) -> ActionResult:
    """Replaces a job: what JobUpdate leaves out is reset."""
    name, update = response.parameters["JobName"], response.parameters["JobUpdate"]
    if "MaxCapacity" in update and "WorkerType" in update:
        raise InvalidInputException("UpdateJob", "Please do not set Max Capacity if using Worker Type and Number of Workers.")
    _replace(response.glue_backend.get_job(name), FakeJob, name, update, response.glue_backend)
    return ActionResult({"JobName": name})


def update_crawler(response: Any) -> ActionResult:
    """Replaces a crawler that does not run."""
    name = response.parameters["Name"]
    crawler = response.glue_backend.get_crawler(name)
    if crawler.status != "READY":
        raise CrawlerRunningException(f"Crawler with name {name} is currently running")
    version = crawler.version
    _replace(crawler, FakeCrawler, name, response.parameters, response.glue_backend)
    crawler.version = version + 1
    return EmptyResult()


def _replace(live: Any, kind: Any, name: str, update: dict[str, Any], backend: Any) -> None:
    fields = [field for field in inspect.signature(kind).parameters if field not in {"name", "tags", "backend"}]
    values = {field: update.get("".join(word.title() for word in field.split("_"))) for field in fields}
    fresh = kind(name=name, tags={}, backend=backend, **values)
    vars(live).update({field: value for field, value in vars(fresh).items() if field not in _KEPT})
