"""Tasks that read and write an object: ``aws-sdk:s3:getObject`` and ``putObject``, which ministack's machines lack.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import json
import re
from http import HTTPStatus

import seams
import settings as launch_settings
from json_types import Json, JsonObject, Response
from ministack.services import s3, stepfunctions

_MODELED = ("NoSuchKey", "NoSuchBucket")
"""The errors of S3 that have an exception of their own in the AWS SDK; all others are an S3Exception."""


def install(_: launch_settings.Settings) -> None:
    """Add the operations."""
    seams.use(s3, "_put_object", "bucket_name, key, body, headers")
    seams.use(s3, "_get_object", "bucket_name, key, headers, query_params")
    invoke = seams.use(stepfunctions, "_invoke_resource", "resource, input_data")
    operations = {"arn:aws:states:::aws-sdk:s3:getObject": get, "arn:aws:states:::aws-sdk:s3:putObject": put}

    def invoked(resource: str, input_data: Json) -> Json:
        operation = operations.get(resource)
        return operation(input_data) if operation else invoke(resource, input_data)

    seams.replace(stepfunctions, "_invoke_resource", "resource, input_data", invoked)


def get(parameters: JsonObject) -> JsonObject:
    """An object, whose content becomes text."""
    version = {"versionId": [parameters["VersionId"]]} if "VersionId" in parameters else {}
    headers, body = _succeeded(s3._get_object(parameters.get("Bucket", ""), parameters.get("Key", ""), {}, version))
    told = {"ContentType": "content-type", "ETag": "etag", "LastModified": "last-modified", "VersionId": "x-amz-version-id"}
    fields = {name: headers[header] for name, header in told.items() if header in headers}
    return {"Body": body.decode(errors="replace"), "ContentLength": len(body), "Metadata": {}, **fields}


def put(parameters: JsonObject) -> JsonObject:
    """Write an object: a text as it is, everything else as JSON."""
    content = parameters.get("Body", "")
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    sent = {"content-type": parameters["ContentType"]} if "ContentType" in parameters else {}
    headers, _ = _succeeded(s3._put_object(parameters.get("Bucket", ""), parameters.get("Key", ""), text.encode(), sent))
    told = {"ETag": "etag", "VersionId": "x-amz-version-id"}
    return {name: headers[header] for name, header in told.items() if header in headers}


def _succeeded(response: Response) -> tuple[dict[str, str], bytes]:
    status, headers, body = response
    if status >= HTTPStatus.BAD_REQUEST:
        text = body.decode(errors="replace")
        code, message = (match[1] if (match := re.search(f"<{tag}>(.*?)</{tag}>", text)) else "" for tag in ("Code", "Message"))
        kind = f"{code}Exception" if code in _MODELED else "S3Exception"
        raise stepfunctions._ExecutionError(f"S3.{kind}", f"{message} (Service: S3, Status Code: {status})")
    return {name.lower(): value for name, value in headers.items()}, body
