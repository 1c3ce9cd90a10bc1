"""What a deploy makes of a tagging index that is behind: nothing is made twice, and what we deleted is not taken to be there."""

from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.glue.responses import GlueResponse

from common.aws.session import AwsSession
from tests.bench.generated import PROJECT, edit_function
from tests.engine.test_budgets import Deployed, s3, small, whole_pages
from tests.support.lagging_index import index, shown
from tests.support.repository import ACCOUNT, Repository

__all__ = ["small", "whole_pages"]


def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    return AwsSession("eu-central-1", ACCOUNT).call(service, operation, **parameters)


def with_age(small: Repository, written: str) -> None:
    """The project was deployed at another time."""
    tags = {tag["Key"]: tag["Value"] for tag in s3("GetObjectTagging")["TagSet"]}
    aged = [{"Key": name, "Value": value} for name, value in {**tags, "written": written}.items()]
    s3("PutObjectTagging", Tagging={"TagSet": aged})


def test_what_the_index_does_not_show_yet_is_listed(small: Repository) -> None:
    """One call for all jobs: it lags, so what was created a moment ago may be missing."""
    before = Deployed(small.root)
    with index(lambda items: [item for item in items if ":job/" not in item.arn]):
        again = Deployed(small.root)
    assert again.changes == {}
    assert again.calls - before.calls == {"glue:ListJobs": 1}


def test_a_few_resources_that_the_index_does_not_show_are_read(small: Repository) -> None:
    before = Deployed(small.root)
    with index(lambda items: [item for item in items if "crawler" not in item.arn]):
        again = Deployed(small.root)
    assert again.changes == {}
    assert again.calls - before.calls == {"glue:GetCrawler": 1, "glue:GetTags": 1}


def test_of_what_the_index_does_not_show_only_what_is_gone_is_created(small: Repository) -> None:
    call("lambda", "DeleteFunction", FunctionName="t-dev-bulk-Fn0001")
    call("glue", "DeleteJob", JobName="t-dev-bulk-job_0002")
    call(
        "stepfunctions",
        "DeleteStateMachine",
        stateMachineArn=f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:t-dev-bulk-flow_0000",
    )
    gone = {"lambda/Fn0001", "glue-job/job_0002", "state-machine/flow_0000"}
    with index(lambda _: []):
        assert Deployed(small.root).changes == dict.fromkeys(gone, "create")
        assert Deployed(small.root).changes == {}


@pytest.mark.parametrize("written", ["2020-01-01T00:00:00+00:00", "nonsense", "2020-01-01", ""])
def test_what_the_index_does_not_show_after_a_day_is_read_in_full(small: Repository, written: str) -> None:
    """A listing does not tell whose it is: all jobs might have been replaced by others of their names."""
    call(
        "glue",
        "UntagResource",
        ResourceArn=f"arn:aws:glue:eu-central-1:{ACCOUNT}:job/t-dev-bulk-job_0000",
        TagsToRemove=["deployer:environment"],
    )
    with_age(small, written)
    with index(lambda items: [item for item in items if ":job/" not in item.arn]):
        done = small.invoke("plan", "--env", "dev")
    assert done.code == 1
    assert "glue-job/job_0000" in done.err


def test_a_listing_that_is_refused_costs_calls_alone(small: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a policy that was printed before there were listings."""
    before = Deployed(small.root)

    def refuse(_response: Any) -> None:
        raise JsonRESTError("AccessDeniedException", "is not authorized to perform: glue:ListJobs")

    monkeypatch.setattr(GlueResponse, "list_jobs", refuse)
    with index(lambda items: [item for item in items if ":job/" not in item.arn]):
        again = Deployed(small.root)
    assert again.changes == {}
    assert again.calls - before.calls == {"glue:ListJobs": 1, "glue:GetJob": 4, "glue:GetTags": 4, "s3:GetObjectTagging": 4}


def test_what_is_gone_from_aws_is_created_when_the_index_knows_and_by_verify_at_once(small: Repository) -> None:
    """The index lags the other way, too: what others have deleted may still be shown, and then only reading tells."""
    stale = [entry for entry in shown(lambda: Deployed(small.root)) if entry.arn.endswith("Fn0001") and ":lambda:" in entry.arn]
    call("lambda", "DeleteFunction", FunctionName="t-dev-bulk-Fn0001")
    with index(lambda message: [*message, *stale]):
        assert Deployed(small.root, planning=True, verify=True).changes == {"lambda/Fn0001": "create"}
        assert "lambda/Fn0001" in small.invoke("drift", "--env", "dev").out
    assert Deployed(small.root).changes == {"lambda/Fn0001": "create"}
    assert Deployed(small.root).changes == {}


def test_what_changes_is_read_even_if_the_index_shows_it_wrongly(small: Repository) -> None:
    stale = [entry for entry in shown(lambda: Deployed(small.root)) if entry.arn.endswith("Fn0000") and ":lambda:" in entry.arn]
    call("lambda", "DeleteFunction", FunctionName="t-dev-bulk-Fn0000")
    edit_function(small, "edited")
    with index(lambda message: [*message, *stale]):
        assert Deployed(small.root).changes == {"artifact/Fn0000": "upload", "lambda/Fn0000": "create"}


def test_what_we_have_deleted_is_not_thought_to_be_there_though_the_index_shows_it(small: Repository) -> None:
    """Records say what we deleted: what was pruned, or destroyed with its project, is made again at once."""
    old = shown(lambda: Deployed(small.root))
    script = small.root / f"projects/{PROJECT}/glue/landing/job_0003.py"
    text = script.read_text()
    with index(lambda _: old):
        script.unlink()
        assert small.invoke("deploy", "--env", "dev", "--prune").code == 0
        script.write_text(text)
        assert Deployed(small.root).changes["glue-job/job_0003"] == "create"
        destroyed = small.invoke("destroy", "--env", "dev", "--project", PROJECT, "--yes", PROJECT)
        assert destroyed.code == 0, destroyed.err
        again = Deployed(small.root).changes
        assert {f"{kind}_{number}" for kind, number in (("glue-job/job", "0003"), ("crawler/crawl", "0000"))} <= again.keys()
        assert {again[name] for name in ("lambda/Fn0000", "glue-job/job_0000", "state-machine/flow_0000")} == {"create"}


def test_tags_of_a_machine_are_not_those_of_the_index(small: Repository) -> None:
    """It shows for hours what a machine had that was deleted: one of the same name by somebody else would be taken for ours."""
    old = shown(lambda: Deployed(small.root))
    arn = f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:t-dev-bulk-flow_0000"
    call("stepfunctions", "UntagResource", resourceArn=arn, tagKeys=["deployer:environment"])
    with index(lambda _: old):
        assert "does not carry this environment's tags" in small.invoke("drift", "--env", "dev").out
        assert small.invoke("plan", "--env", "dev", "--verify").code == 1


def test_a_project_that_is_gone_is_told_until_it_is_pruned_and_not_as_long_as_the_index_shows_it(small: Repository) -> None:
    old = shown(lambda: Deployed(small.root))
    (small.root / f"projects/{PROJECT}").rename(small.root / "away")
    assert f"{PROJECT} is deployed, but" in small.invoke("plan", "--env", "dev").out
    with index(lambda _: old):
        assert small.invoke("deploy", "--env", "dev", "--prune", "--data", "--yes").code == 0
        assert "is deployed, but" not in small.invoke("plan", "--env", "dev").out
