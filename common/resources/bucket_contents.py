"""The objects in a bucket, with all their versions: whether there are any, and how they are deleted.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from collections.abc import Mapping

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject


def is_empty(aws: Aws, whose: Mapping[str, str]) -> bool:
    """Whether the bucket has no objects, not even old versions or delete markers.

    Args:
        aws: AWS.
        whose: the parameters that name the bucket, and the account that must own it.
    """
    page = aws.call("s3", "ListObjectVersions", **whose, MaxKeys=1)
    return not _versions(page)


def delete(aws: Aws, whose: Mapping[str, str]) -> None:
    """Deletes every version of every object.

    Raises:
        AwsError: S3 refused to delete one. It answers 200 then, and lists what it refused.
    """
    for page in aws.pages("s3", "ListObjectVersions", **whose):
        versions = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in _versions(page)]
        answer = aws.call("s3", "DeleteObjects", **whose, Delete={"Objects": versions, "Quiet": True}) if versions else {}
        for refused in answer.get("Errors", ()):
            reason = f"{refused.get('Key')}: {refused.get('Message', 'no reason given')}"
            raise AwsError("s3", "DeleteObjects", refused.get("Code", "Unknown"), reason)


def _versions(page: JsonObject) -> list[JsonObject]:
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
