"""What texts of an account name although it does not exist stays as it is, and is told; the rest is imported."""

import json
from concurrent.futures import ThreadPoolExecutor

from common.base.errors import AwsError
from common.importing.absent import find_absent
from common.importing.account import LiveAccount
from common.importing.references import Used
from tests.importing.live import CODE, ENV, LANDING, Live, arn, client, tasks
from tests.importing.test_adopting import plan_of
from tests.importing.test_import import WORDS
from tests.resources.scripted import Answer, ScriptedAws
from tests.support.repository import Repository

GONE = "arn:aws:sqs:us-west-2:123456789012:gone"
START = "arn:aws:states:::glue:startJobRun"


def test_names_of_what_is_gone_stay_and_the_plan_is_of_tags_only(live: Live, repository: Repository) -> None:
    live.function("fsa-dev-orders-Send", Environment={"Variables": {"QUEUE": GONE, "FROM": "s3://no-such-bucket/x"}})
    live.machine("fsa-dev-orders-Old", tasks((START, {"JobName": "fsa-dev-gone"}), (arn("lambda", "function:gone:live"), {})))
    live.crawler("fsa-dev-orders-lost")
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, "")
    for name in (f"queue {GONE}", "bucket no-such-bucket", "job fsa-dev-gone", "function gone"):
        assert f"{name} does not exist, but is named; its name stays as it is" in ended.out
    assert "crawler fsa-dev-orders-lost: its database sales does not exist" in ended.out
    files = repository.files()
    definition = json.loads(files["projects/orders/Old.asl.json"])
    assert definition["States"]["S0"]["Parameters"] == {"JobName": "fsa-dev-gone"}
    written = json.loads(files["config/orders/dev.json"])
    assert written["functions"]["Send"]["environment"]["QUEUE"] == GONE
    assert written["existing"] == {"buckets": {name: {"name": name} for name in (CODE, LANDING)}}
    assert {reason for key, reason in plan_of(repository).items() if "tags only" not in reason} == set()


def test_targets_and_rules_of_a_bucket_that_is_gone_are_imported(live: Live, repository: Repository) -> None:
    client("glue").create_database(DatabaseInput={"Name": "sales"})
    live.crawler("fsa-dev-orders-lost", Targets={"S3Targets": [{"Path": "s3://no-such-bucket/orders/"}]})
    assert repository.invoke(*WORDS).code == 0
    written = json.loads(repository.files()["config/orders/dev.json"])
    assert written["crawlers"]["lost"]["targets"] == ["s3://no-such-bucket/orders/"]


def test_what_cannot_be_asked_for_counts_as_there() -> None:
    """Only what AWS says is not there is not there: these credentials may not be allowed to look, or AWS may be busy."""
    script: dict[str, Answer | list[Answer]] = {
        "glue:GetJob": AwsError("glue", "GetJob", "AccessDeniedException", "no"),
        "sqs:GetQueueUrl": AwsError("sqs", "GetQueueUrl", "InternalError", "later"),
        "dynamodb:DescribeTable": AwsError("dynamodb", "DescribeTable", "ResourceNotFoundException", "none"),
    }
    used = [Used(kind, "key", "thing") for kind in ("glue-job", "queue", "table", "crawler")]
    used[-1] = Used("crawler", "key", "what * can be no name")
    with ThreadPoolExecutor(2) as pool:
        absent = find_absent(LiveAccount(ENV, ScriptedAws(script), pool), used)
    assert absent == {("table", "thing"), ("crawler", "what * can be no name")}
