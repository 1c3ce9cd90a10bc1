"""Buckets that were just created, and names that were just given up: S3 is of several minds about them for a while.

Settings of a new bucket may be OperationAborted and its name NoSuchBucket; for up to 15 minutes after it began to keep versions
objects may not be found now and then (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html); and the name
of a deleted bucket may be OperationAborted for up to an hour.
"""

import re
from collections import Counter

import pytest

from common.aws.retries import BUCKET_NAME_SECONDS, NEW_OBJECT_SECONDS
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.environment.endpoints import DEFAULT, Endpoints
from tests.faults.commands import PACE, Clone, settled
from tests.faults.proxy import Call, Proxy, Refused, pass_on

SETTING = re.compile(r"^/[^/?]+/?\?(tagging|versioning|encryption|policy|ownershipControls|publicAccessBlock|notification)\b")
MISSING = Refused(404, "NoSuchKey", "The specified key does not exist.")


class Young:
    """The rule of an AWS whose buckets are all new: everything is refused once that may be."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()

    def __call__(self, call: Call) -> Refused | None:
        if call.service != "s3":
            return None
        if call.method == "PUT" and SETTING.match(call.path):
            return self._once(f"aborted {call.path}", Refused(409, "OperationAborted", "A conflicting operation is in progress."))
        if call.method in {"PUT", "GET"} and "?" in call.path and call.path.count("/") == 1:
            return self._once(f"no bucket {call.path}", Refused(404, "NoSuchBucket", "The specified bucket does not exist."))
        if call.method in {"PUT", "DELETE"} and call.path.endswith(("/lock.json", "/release.json")) and self._exists(call):
            return self._once(f"missing {call.method} {call.path}", MISSING)
        return None

    def _exists(self, call: Call) -> bool:
        """Whether it was put before; what has never been there may well be missing."""
        self.refused[f"seen {call.path}"] += 1
        return self.refused[f"seen {call.path}"] > 3  # the lock and its two probes

    def _once(self, what: str, refusal: Refused) -> Refused | None:
        self.refused[what] += 1
        return refusal if self.refused[what] == 1 else None


def session(proxy: Proxy) -> tuple[AwsSession, list[float], list[str]]:
    slept: list[float] = []
    lines: list[str] = []
    aws = AwsSession("us-east-1", "000000000000", endpoints=Endpoints({DEFAULT: proxy.endpoint}, "any"), sleep=slept.append)
    aws.say = lines.append
    return aws, slept, lines


def test_a_first_deploy_makes_its_way_through_new_buckets(repo: Clone, fresh: Proxy) -> None:
    young = fresh.rule = Young()
    first = repo.deploy(fresh.endpoint, pace=PACE)
    assert first.code == 0, first
    assert sum(name.startswith("aborted") for name in young.refused) >= 7
    assert sum(name.startswith("missing") for name in young.refused) >= 2
    settled(repo, fresh)


def test_a_name_that_is_not_free_yet_holds_nothing_else_up(repo: Clone, fresh: Proxy) -> None:
    def rule(call: Call) -> Refused | None:
        taken = call.service == "s3" and call.method == "PUT" and re.fullmatch(r"/[^/?]*landing[^/?]*/?", call.path)
        return Refused(409, "OperationAborted", "A conflicting conditional operation is in progress.") if taken else None

    fresh.rule = rule
    first = repo.run(fresh.endpoint, "deploy", "--env", "local", pace=PACE * 10)
    assert first.code == 1, first
    assert re.search(
        r"bucket/landing: the name \S+ is not free yet: S3 keeps the name of a bucket .* for up to an hour", first.out
    )
    assert "The call is retried for 5 minutes; everything else goes on." in first.out + first.err
    fresh.rule = pass_on
    rest = repo.deploy(fresh.endpoint, pace=PACE)
    assert rest.code == 0
    assert rest.changes()["shared:bucket/landing"] == "create"
    assert not {"shared:bucket/artifacts", "shared:bucket/cleansed", "shared:database/acreage"} & rest.changes().keys()
    settled(repo, fresh)


def test_a_name_is_waited_for_and_an_object_that_was_written_is_looked_for_again(fresh: Proxy) -> None:
    aws, slept, lines = session(fresh)
    fresh.rule = lambda _: Refused(409, "OperationAborted", "Later.")
    with pytest.raises(AwsError, match="OperationAborted"):
        aws.call("s3", "CreateBucket", Bucket="t-young")
    assert BUCKET_NAME_SECONDS <= sum(slept) < BUCKET_NAME_SECONDS + 15
    assert len(lines) == 1
    fresh.rule = pass_on
    aws.call("s3", "CreateBucket", Bucket="t-young")
    aws.call("s3", "PutBucketVersioning", Bucket="t-young", VersioningConfiguration={"Status": "Enabled"})
    place = {"Bucket": "t-young", "Key": "a"}
    assert aws.find("s3", "GetObject", "NoSuchKey", **place) is None
    etag = aws.call("s3", "PutObject", **place, Body=b"1")["ETag"]
    slept.clear()
    fresh.rule = lambda call: MISSING if len(slept) < 2 and "tagging" not in call.path else None
    assert aws.call("s3", "PutObject", **place, Body=b"2", IfMatch=etag)["ETag"] != etag
    assert len(slept) == 2
    slept.clear()
    assert aws.call("s3", "GetObject", **place)["Body"].read() == b"2"
    fresh.rule = lambda _: MISSING
    slept.clear()
    assert aws.find("s3", "GetObject", "NoSuchKey", **place) is None
    assert NEW_OBJECT_SECONDS <= sum(slept) < NEW_OBJECT_SECONDS + 10


def test_an_object_that_somebody_has_deleted_is_not_looked_for_again(fresh: Proxy) -> None:
    aws, slept, _ = session(fresh)
    other, _, _ = session(fresh)
    place = {"Bucket": "t-gone", "Key": "a"}
    aws.call("s3", "CreateBucket", Bucket="t-gone")
    aws.call("s3", "PutBucketVersioning", Bucket="t-gone", VersioningConfiguration={"Status": "Enabled"})
    etag = aws.call("s3", "PutObject", **place, Body=b"1")["ETag"]
    other.call("s3", "DeleteObject", **place)
    for operation, more in (
        ("GetObject", {}),
        ("PutObject", {"Body": b"2", "IfMatch": etag}),
        ("DeleteObject", {"IfMatch": etag}),
    ):
        with pytest.raises(AwsError) as refusal:
            aws.call("s3", operation, **place, **more)
        assert refusal.value.code in {"NoSuchKey", "PreconditionFailed"}
    assert slept == []


def test_a_bucket_that_this_session_has_created_exists(fresh: Proxy) -> None:
    aws, slept, _ = session(fresh)
    absent = Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
    fresh.rule = lambda _: absent
    assert aws.find("s3", "GetBucketTagging", "NoSuchBucket", Bucket="t-never") is None
    assert slept == []
    fresh.rule = pass_on
    aws.call("s3", "CreateBucket", Bucket="t-exists")
    fresh.rule = lambda _: absent if len(slept) < 3 else None
    assert aws.find("s3", "GetBucketTagging", "NoSuchTagSet", Bucket="t-exists") is None
    assert len(slept) == 3
