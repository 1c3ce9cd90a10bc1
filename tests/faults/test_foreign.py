"""Somebody else changes, between plan and apply or at the same time, what a deploy is about to change."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.faults.commands import PACE, Clone, ended, held, settled
from tests.faults.emulator import Emulator
from tests.faults.proxy import Call, Proxy
from tests.faults.test_two import CHANGE

PARAMETERS = {"parameters": {"max_misfit_percent": "10", "max_rejected_percent": "25"}}
FUNCTION = "acres-local-fpac_pipeline-Validate"


def console(proxy: Proxy, service: str) -> Any:
    """The same AWS for a person, past the proxy."""
    where = {"region_name": "us-east-1", "endpoint_url": f"http://127.0.0.1:{proxy.upstream}", "config": Config(proxies={})}
    return boto3.client(service, aws_access_key_id="000000000000", aws_secret_access_key="any", **where)


def marks_the_root(call: Call) -> bool:
    """The first write after the plan; the lease is taken while that is still being made."""
    return call.method == "PUT" and call.path.endswith("/fpac_pipeline/release.json")


def test_a_function_that_was_changed_since_the_plan_is_not_written_over(repo: Clone, ready: Proxy) -> None:
    """Lambda itself refuses: the revision is not the one that was planned for."""
    client = console(ready, "lambda")
    with repo.configured(**CHANGE):
        with held(ready, marks_the_root) as holding:
            running = repo.start(ready.endpoint, "deploy", "--env", "local", pace=PACE)
            assert holding.here.wait(60)
            client.update_function_configuration(FunctionName=FUNCTION, MemorySize=1536)
            client.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)
        refused = ended(running)
        assert refused.code == 1
        assert f"{FUNCTION} was changed by somebody else since this plan was made. Deploy again." in refused.out
        live = client.get_function_configuration(FunctionName=FUNCTION)
        assert (live["MemorySize"], live["Timeout"]) == (1536, 60)
        again = repo.deploy(ready.endpoint, pace=PACE)
        assert again.changes() == {"fpac_pipeline:lambda/Validate": "update"}
        live = client.get_function_configuration(FunctionName=FUNCTION)
        assert (live["MemorySize"], live["Timeout"]) == (256, 77)
        settled(repo, ready)


CRAWLER = "acres-local-fpac_pipeline-final_crawler"
ASKED = {
    "wait": ["UpdateCrawler", *["GetCrawler"] * 4, "UpdateCrawler"],
    "skip": ["UpdateCrawler"],
    "stop": ["UpdateCrawler", "StopCrawler", *["GetCrawler"] * 2, "UpdateCrawler"],
}


@pytest.mark.parametrize("policy", ASKED)
def test_a_running_crawler_is_waited_for_or_left_alone_or_stopped(repo: Clone, ready: Proxy, policy: str) -> None:
    """By its own setting; what was left alone is not a failure, and is still to be done."""
    glue = console(ready, "glue")
    projects = {"fpac_pipeline": {**PARAMETERS, "crawlers": {"final_crawler": {"while_running": policy, "exclusions": ["x"]}}}}
    with repo.configured(projects=projects):
        Emulator(0, ready.upstream).crawl(CRAWLER, 5 if policy == "wait" else 1000)
        done = repo.deploy(ready.endpoint, pace=PACE)
        assert (done.code, done.changes()) == (0, {"fpac_pipeline:crawler/final_crawler": "update"})
        operations = [call.operation for call in ready.calls if call.operation.endswith("Crawler")]
        looks = ["GetCrawler"] * 2  # the plan's, and the update's own for what nobody declared
        assert operations == [*looks, *ASKED[policy]]
        live = glue.get_crawler(Name=CRAWLER)["Crawler"]
        assert live["Targets"]["S3Targets"][0].get("Exclusions", []) == ([] if policy == "skip" else ["x"])
        assert live["State"] == ("RUNNING" if policy == "skip" else "READY")
        if policy == "skip":
            assert "is running, and while_running is" in done.out
            glue.stop_crawler(Name=CRAWLER)
            glue.get_crawler(Name=CRAWLER)
            assert repo.deploy(ready.endpoint, pace=PACE).changes() == done.changes()
        settled(repo, ready)
