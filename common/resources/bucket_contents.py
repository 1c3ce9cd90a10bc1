"""The objects in a bucket, with all their versions: whether there are any, and how they are deleted."""

from collections.abc import Mapping

from common.aws import object_versions
from common.aws.protocol import Aws
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
        AwsError: S3 refused to delete one.
    """
    for page in aws.pages("s3", "ListObjectVersions", **whose):
        object_versions.delete(aws, whose, [(item["Key"], item["VersionId"]) for item in _versions(page)])


def _versions(page: JsonObject) -> list[JsonObject]:
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
