"""Questions that single calls answer; what is expected is what AWS's documentation says."""

import time
from typing import Any

from common.model.comparison import difference
from tests.account.findings import Finding, judged
from tests.account.place import Answer, Place

UNINDEXED = frozenset({"role", "layer", "directory"})
"""Kinds that the deployer lists by other calls, or not at all."""


def index_delay(place: Place) -> Finding:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html ."""
    awaited = {resource.arn: kind_of(key) for key, resource in place.declared().items() if kind_of(key) not in UNINDEXED}
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def all_shown() -> bool:
        shown = _indexed(place)
        for arn in [arn for arn in awaited if {arn, f"{arn}:*"} & shown]:  # log groups are spelled in both ways
            seconds[awaited.pop(arn)] = round(time.monotonic() - began, 1)
        return not awaited

    place.until(all_shown)
    place.note(index=sorted(_indexed(place)), never=awaited, seconds=seconds)
    never = sorted(set(awaited.values()))
    slowest = max(seconds.values(), default=0)
    what = f"never showed {', '.join(never)} in {place.patience:.0f} s" if never else f"showed every kind within {slowest} s"
    return judged(not never, f"The tagging index {what}.", seconds=seconds, never=never)


def kind_of(key: str) -> str:
    return key.partition("/")[0]


def _indexed(place: Place) -> set[str]:
    shown, token = set(), ""
    while True:
        answer = place.peek(
            "resourcegroupstaggingapi",
            "GetResources",
            TagFilters=[{"Key": place.env.owner_tag, "Values": [place.env.owner]}],
            PaginationToken=token,
        )
        shown |= {entry["ResourceARN"] for entry in answer.body.get("ResourceTagMappingList", ())}
        token = answer.body.get("PaginationToken", "")
        if not token:
            return shown


def crawler_as_returned(place: Place) -> Finding:
    """https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html ."""
    crawler = place.declared()["crawler/crawl"]
    answer = place.ask("glue", "GetCrawler", Name=crawler.name)
    live = crawler.read(place.aws)
    if answer.code or live is None:
        return judged(False, f"The crawler cannot be read: {answer.code}.")
    returned = {name: answer.body["Crawler"].get(name) for name in ("Role", "Configuration", "Schedule")}
    different = difference(crawler.desired(), live.state)
    what = f"differs in {', '.join(different)} from what was declared" if different else "is read as it was declared"
    spelled = "an ARN" if str(returned["Role"]).startswith("arn:") else "a name"
    return judged(not different, f"The crawler {what}; its role is returned as {spelled}.", returned=returned)


def revision_at_rest(place: Place) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html ."""
    name = place.declared()["lambda/Echo"].name
    before = _revision(place, name)
    seconds = place.rest()
    after = _revision(place, name)
    what = "stayed the same" if before == after else "changed by itself"
    return judged(bool(before) and before == after, f"RevisionId {what} in {seconds:.0f} s.", revisions=[before, after])


def _revision(place: Place, name: str) -> str:
    return str(place.ask("lambda", "GetFunction", FunctionName=name).body.get("Configuration", {}).get("RevisionId", ""))


def delete_marker(place: Place) -> Finding:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html ."""
    where = {"Bucket": place.declared()["bucket/data"].name, "Key": "probe/marker"}
    place.ask("s3", "PutObject", **where, Body=b"x")
    place.ask("s3", "DeleteObject", **where)
    answers = {operation: place.ask("s3", operation, **where) for operation in ("GetObjectTagging", "GetObject", "HeadObject")}
    markers = {operation: (answer.status, answer.headers.get("x-amz-delete-marker")) for operation, answer in answers.items()}
    expected = {"GetObjectTagging": (405, "true"), "GetObject": (404, "true"), "HeadObject": (404, "true")}
    what = ", ".join(f"{operation} {status}" for operation, (status, _) in markers.items())
    return judged(markers == expected, f"For a delete marker S3 answers {what}.", answers=markers)


def conditional_writes(place: Place) -> Finding:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html ."""
    bucket = place.declared()["bucket/data"].name

    def put(key: str, **condition: str) -> Answer:
        return place.ask("s3", "PutObject", Bucket=bucket, Key=f"probe/{key}", Body=b"x", **condition)

    def delete(key: str, etag: str) -> Answer:
        return place.ask("s3", "DeleteObject", Bucket=bucket, Key=f"probe/{key}", IfMatch=etag)

    made = put("held", IfNoneMatch="*")
    etag, wrong = made.body.get("ETag", ""), '"00000000000000000000000000000000"'
    cases: dict[str, tuple[int, int]] = {
        "a put where there is nothing": (made.status, 200),
        "a put where there is something": (put("held", IfNoneMatch="*").status, 412),
        "a put over another version": (put("held", IfMatch=wrong).status, 412),
        "a put over the known version": (put("held", IfMatch=etag).status, 200),
        "a put over a version where there is nothing": (put("nothing", IfMatch=etag).status, 404),
        "a deletion of another version": (delete("held", wrong).status, 412),
        "a deletion of the known version": (delete("held", etag).status, 204),
        "a put over a delete marker": (put("held", IfNoneMatch="*").status, 200),
        "a deletion where there is nothing": (delete("nothing", etag).status, 404),
    }
    different = {case: status for case, (status, expected) in cases.items() if status != expected}
    message = "; ".join(f"{case}: {status} instead of {cases[case][1]}" for case, status in different.items())
    return judged(not different, f"Conditions of S3: {message or 'all are heeded'}.", statuses=cases)


def name_of_a_deleted_bucket(place: Place) -> Finding:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html ."""
    bucket = f"{place.prefix}-scratch-{place.env.account_id}"
    where: dict[str, Any] = {"Bucket": bucket}
    if place.env.region != "us-east-1":
        where["CreateBucketConfiguration"] = {"LocationConstraint": place.env.region}
    made = place.ask("s3", "CreateBucket", **where)
    if made.code:
        return judged(False, f"A bucket could not be made: {made.code}.")
    place.ask("s3", "DeleteBucket", Bucket=bucket)
    refusals: set[str] = set()

    def free() -> bool:
        answer = place.ask("s3", "CreateBucket", **where)
        refusals.update([answer.code] if answer.code else [])
        return not answer.code

    seconds = place.until(free)
    place.ask("s3", "DeleteBucket", Bucket=bucket)
    when = f"not within {place.patience:.0f} s" if seconds is None else f"after {seconds} s"
    holds = refusals <= {"OperationAborted"}  # how long is not documented: up to an hour has been seen
    reasons = f" ({', '.join(sorted(refusals))})" if refusals else ""
    return judged(holds, f"The name of a deleted bucket could be used again {when}{reasons}.", seconds=seconds)
