"""The tagging index knows what was tagged at its creation, in pages."""

import json
import time
from pathlib import Path
from typing import Any

from tests.local.fixtures import ACCOUNT, REGION, ROLE


def test_tags_given_at_creation_are_in_the_index(client: Any, function: Any) -> None:
    tags = {"owner": "index-test"}
    command = {"Name": "glueetl", "ScriptLocation": "s3://tests-bucket/a.py"}
    client("glue").create_job(Name="indexed", Role=ROLE, Command=command, Tags=tags)
    client("glue").create_crawler(Name="indexed", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://b/"}]}, Tags=tags)
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine_tags = [{"key": "owner", "value": "index-test"}]
    machine = client("stepfunctions").create_state_machine(
        name="indexed", definition=definition, roleArn=ROLE, tags=machine_tags
    )["stateMachineArn"]
    client("logs").create_log_group(logGroupName="/indexed", tags=tags)
    client("iam").create_role(RoleName="indexed", AssumeRolePolicyDocument="{}", Tags=[{"Key": "owner", "Value": "index-test"}])
    index = client("resourcegroupstaggingapi")
    job, crawler = (f"arn:aws:glue:{REGION}:{ACCOUNT}:{kind}/indexed" for kind in ("job", "crawler"))
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/indexed"

    by_tag = index.get_resources(TagFilters=[{"Key": "owner", "Values": ["index-test"]}])["ResourceTagMappingList"]
    by_type = index.get_resources(ResourceTypeFilters=["states:stateMachine", "glue:job"])["ResourceTagMappingList"]
    by_arn = index.get_resources(ResourceARNList=[machine, crawler, f"{job}-none"])["ResourceTagMappingList"]

    assert {item["ResourceARN"] for item in by_tag} == {job, crawler, machine, group}
    assert {job, machine} <= {item["ResourceARN"] for item in by_type}
    assert crawler not in {item["ResourceARN"] for item in by_type}
    assert {item["ResourceARN"]: item["Tags"] for item in by_arn} == {
        arn: [{"Key": "owner", "Value": "index-test"}] for arn in (machine, crawler)
    }


def test_the_index_answers_in_pages_of_a_hundred(client: Any) -> None:
    for number in range(120):
        client("logs").create_log_group(logGroupName=f"/paged/{number}", tags={"paged": "yes"})
    index = client("resourcegroupstaggingapi")
    filters = [{"Key": "paged"}]

    first = index.get_resources(TagFilters=filters)
    second = index.get_resources(TagFilters=filters, PaginationToken=first["PaginationToken"])

    pages = [[item["ResourceARN"] for item in page["ResourceTagMappingList"]] for page in (first, second)]
    assert [len(page) for page in pages] == [100, 20]
    assert len(set(pages[0]) | set(pages[1])) == 120
    assert second["PaginationToken"] == ""


def test_the_index_is_late_where_that_is_asked_for(client: Any, embedded_root: Path) -> None:
    """As AWS's is (https://github.com/boto/boto3/issues/3341): what is new is not in it yet, and what is gone still is."""
    index, logs = client("resourcegroupstaggingapi"), client("logs")
    lag = embedded_root / "build/local/index-lag"

    def listed() -> set[str]:
        mappings = index.get_resources(TagFilters=[{"Key": "late"}])["ResourceTagMappingList"]
        return {item["ResourceARN"].rpartition("/")[2] for item in mappings}

    logs.create_log_group(logGroupName="/late/old", tags={"late": "yes"})
    assert listed() == {"old"}
    lag.write_text("3600")
    try:
        logs.create_log_group(logGroupName="/late/new", tags={"late": "yes"})
        logs.delete_log_group(logGroupName="/late/old")
        assert listed() == {"old"}
        lag.write_text("0.1")
        time.sleep(0.2)
        assert listed() == {"new"}
    finally:
        lag.unlink()
    assert listed() == {"new"}


def test_a_multipart_upload_keeps_its_tags(client: Any, bucket: str) -> None:
    s3 = client("s3")
    where = {"Bucket": bucket, "Key": "large"}
    upload = s3.create_multipart_upload(**where, Tagging="content-sha256=abc&empty=")["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)

    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**where)["TagSet"]}
    assert tags == {"content-sha256": "abc", "empty": ""}
