"""Deploys a template with CloudFormation, as `aws cloudformation package` and `deploy` do, with nothing in the way.

It is a program of its own: ``python cloudformation.py TEMPLATE STACK BUCKET``. Files are uploaded by many threads, and what is
there is not uploaded again. Change sets and stacks are polled every 0.1 s, more often than any tool does.
"""

import hashlib
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

PATHS = {"AWS::Lambda::Function": ("Code",), "AWS::Glue::Job": ("Command", "ScriptLocation")}
"""Where a local path stands in the properties of a type."""
POLLS = {"Delay": 0.1, "MaxAttempts": 3000}
THREADS = 32


def main() -> None:
    """Deploys what the arguments name."""
    path, stack, bucket = sys.argv[1:]
    template = json.loads(Path(path).read_text())
    s3 = boto3.client("s3", config=Config(max_pool_connections=THREADS, s3={"addressing_style": "path"}))
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda resource: _upload(s3, bucket, resource), _with_files(template)):
            pass
    body = json.dumps(template).encode()
    key = f"{hashlib.sha256(body).hexdigest()}.template"
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    _deploy(stack, f"{s3.meta.endpoint_url}/{bucket}/{key}")


def _with_files(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in template["Resources"].values():
        if resource["Type"] in PATHS:
            yield resource


def _upload(s3: Any, bucket: str, resource: dict[str, Any]) -> None:
    *names, last = PATHS[resource["Type"]]
    holder = resource["Properties"]
    for name in names:
        holder = holder[name]
    path = Path(holder[last])
    content = _zipped(path) if path.is_dir() else path.read_bytes()
    key = hashlib.sha256(content).hexdigest()
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    is_code = path.is_dir()
    holder[last] = {"S3Bucket": bucket, "S3Key": key} if is_code else f"s3://{bucket}/{key}"


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return buffer.getvalue()


def _deploy(stack: str, url: str) -> None:
    """Makes a change set and executes it, unless it is empty."""
    client = boto3.client("cloudformation")
    kind = "update" if _exists(client, stack) else "create"
    change_set = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"change-{time.time_ns()}",
        ChangeSetType=kind.upper(),
        TemplateURL=url,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["Id"]
    try:
        client.get_waiter("change_set_create_complete").wait(ChangeSetName=change_set, WaiterConfig=POLLS)
    except WaiterError as error:
        if "didn't contain changes" not in error.last_response.get("StatusReason", ""):
            raise
        return
    client.execute_change_set(ChangeSetName=change_set)
    client.get_waiter(f"stack_{kind}_complete").wait(StackName=stack, WaiterConfig=POLLS)


def _exists(client: Any, stack: str) -> bool:
    try:
        client.describe_stacks(StackName=stack)
    except ClientError:
        return False
    return True


if __name__ == "__main__":
    main()
