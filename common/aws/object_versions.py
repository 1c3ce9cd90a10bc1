"""Deletes versions of objects in S3, many by one call.

S3 answers such a call with 200, and lists what it refused to delete.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from collections.abc import Mapping, Sequence

from common.aws.protocol import Aws
from common.base.errors import AwsError

BATCH = 1000
"""One call deletes at most this number of versions."""


def delete(aws: Aws, bucket: Mapping[str, str], versions: Sequence[tuple[str, str]]) -> None:
    """Deletes versions of objects.

    Args:
        aws: AWS.
        bucket: the parameters that name the bucket, and the account that must own it.
        versions: the key of each object, and the id of its version.

    Raises:
        AwsError: AWS refused to delete one of them.
    """
    for start in range(0, len(versions), BATCH):
        objects = [{"Key": key, "VersionId": version} for key, version in versions[start : start + BATCH]]
        answer = aws.call("s3", "DeleteObjects", **bucket, Delete={"Objects": objects, "Quiet": True})
        for refused in answer.get("Errors", ()):
            reason = f"{refused.get('Key')}: {refused.get('Message', 'no reason given')}"
            raise AwsError("s3", "DeleteObjects", str(refused.get("Code", "Unknown")), reason)
