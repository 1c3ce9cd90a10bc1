"""S3 as strict as it is somewhere in AWS, where moto is kinder.

* A key whose newest version is a delete marker: GetObject answers 404, GetObjectTagging 405, both with `x-amz-delete-marker`.
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
* A new bucket blocks all public access and is encrypted:
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
* Some regions and partitions refuse tags in CreateBucket: https://github.com/hashicorp/terraform-provider-aws/issues/45566
"""

from typing import Any

import pytest
from moto.s3.models import FakeBucket, FakeDeleteMarker, PublicAccessBlock
from moto.s3.responses import S3Response

_GET, _TAGGING, _PUT_BUCKET = S3Response.get_object, S3Response.get_object_tagging, S3Response._bucket_response_put
_INIT = FakeBucket.__init__
_ERROR = "<Error><Code>{}</Code><Message>{}</Message></Error>"


@pytest.fixture
def strict_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto with these differences mended, for as long as the test lasts."""
    monkeypatch.setattr(FakeBucket, "__init__", init)
    monkeypatch.setattr(S3Response, "get_object", get_object)
    monkeypatch.setattr(S3Response, "get_object_tagging", get_object_tagging)
    monkeypatch.setattr(S3Response, "_bucket_response_put", put_bucket)


def init(bucket: Any, *arguments: Any, **more: Any) -> None:
    """Makes the settings of a new bucket."""
    _INIT(bucket, *arguments, **more)
    bucket.public_access_block = PublicAccessBlock(True, True, True, True)
    bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}


def get_object(response: Any) -> Any:
    """Says of a deleted key that it was deleted."""
    if _is_deleted(response):
        return 404, {"x-amz-delete-marker": "true"}, _ERROR.format("NoSuchKey", "The specified key does not exist.")
    return _GET(response)


def get_object_tagging(response: Any) -> Any:
    """Refuses to read the tags of a delete marker."""
    if _is_deleted(response):
        message = "The specified method is not allowed against this resource."
        return 405, {"x-amz-delete-marker": "true", "Allow": "DELETE"}, _ERROR.format("MethodNotAllowed", message)
    return _TAGGING(response)


def put_bucket(response: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """Refuses to create a bucket with tags."""
    if not querystring and b"<Tag>" in response.body:
        return 400, {}, _ERROR.format("UnsupportedArgument", "The request contained an unsupported argument.")
    return _PUT_BUCKET(response, request, bucket_name, querystring)


def _is_deleted(response: Any) -> bool:
    if response.querystring.get("versionId"):
        return False
    newest = response.backend.get_object(response.bucket_name, response.parse_key_name(), return_delete_marker=True)
    return isinstance(newest, FakeDeleteMarker)
