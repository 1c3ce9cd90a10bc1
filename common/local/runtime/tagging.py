"""What the tagging index must know: state machines, log groups, pages of 100; and tags of multipart uploads.

AWS's lacks what was made for minutes and shows what was deleted for longer. This one does so only where a file of its folder,
`index-lag`, says how many seconds: it answers as it would have then, as far as somebody asked then.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import seams
import settings as launch_settings
from json_types import JsonObject, Operation, Response
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, s3, stepfunctions, tagging

TaggedResource = tuple[str, list[dict[str, str]]]
Tagged = Iterator[TaggedResource]
KEPT = 100
"""So many lists are kept for those who have not asked for all pages yet."""
_BEGUN: dict[str, tuple[dict[str, str], list[JsonObject]]] = {}
"""Headers and all that was found, by the first part of the token."""


def install(settings: launch_settings.Settings) -> None:
    """Add collectors and pages to the index, and keep the tags of multipart uploads."""
    collectors = seams.table(tagging, "_COLLECTORS")
    collectors["states"], collectors["logs"] = _state_machines, _log_groups
    for service, collect in list(collectors.items()):
        collectors[service] = _late(settings.folder / "index-lag", collect)
    for name in ("_tags", "_state_machines"):
        seams.table(stepfunctions, name)
    get_resources = seams.use(tagging, "_get_resources", "data")
    seams.table(tagging, "_HANDLERS")["GetResources"] = lambda data: _page(get_resources, data)
    seams.table(cloudwatch_logs, "_log_groups")
    seams.use(s3, "_qp", "params, key, default")
    create = seams.use(s3, "_create_multipart_upload", "bucket_name, key, headers")
    complete = seams.use(s3, "_complete_multipart_upload", "bucket_name, key, body, query_params, headers")
    for name in ("_multipart_uploads", "_object_tags"):
        seams.table(s3, name)

    def create_multipart_upload(bucket_name: str, key: str, headers: dict[str, str]) -> Response:
        before = set(s3._multipart_uploads)
        response = create(bucket_name, key, headers)
        for upload_id in set(s3._multipart_uploads) - before:
            upload = s3._multipart_uploads[upload_id]
            if upload["bucket"] == bucket_name and upload["key"] == key and "tags" not in upload:
                upload["tags"] = dict(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))
        return response

    def complete_multipart_upload(
        bucket_name: str, key: str, body: bytes, query_params: JsonObject, headers: dict[str, str] | None = None
    ) -> Response:
        upload = s3._multipart_uploads.get(s3._qp(query_params, "uploadId")) or {}
        response = complete(bucket_name, key, body, query_params, headers)
        if response[0] == 200 and upload.get("tags"):
            s3._object_tags[(bucket_name, key, response[1].get("x-amz-version-id"))] = upload["tags"]
        return response

    s3._create_multipart_upload = create_multipart_upload
    s3._complete_multipart_upload = complete_multipart_upload


def _late(lag: Path, collect: Callable[[], Tagged]) -> Callable[[], Tagged]:
    """The same, as many seconds ago as the file says."""
    seen: dict[str, list[tuple[float, list[TaggedResource]]]] = {}

    def collected() -> Tagged:
        now, current = time.monotonic(), list(collect())
        earlier = seen.setdefault(get_account_id(), [])
        if not lag.exists():
            earlier[:] = [(float("-inf"), current)]
            yield from current
            return
        earlier.append((now, current))
        settled = [tagged for when, tagged in earlier if when <= now - float(lag.read_text())]
        yield from settled[-1] if settled else ()

    return collected


def _state_machines() -> Tagged:
    for arn, tags in stepfunctions._tags.items():
        if arn in stepfunctions._state_machines:
            yield arn, [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]


def _log_groups() -> Tagged:
    for name, group in cloudwatch_logs._log_groups.items():
        arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}"
        yield arn, [{"Key": key, "Value": value} for key, value in group.get("tags", {}).items()]


def _page(get_resources: Operation, data: JsonObject) -> Response:
    """One page of what was ever tagged, in a stable order; the pages after the first are of what there was then."""
    begun, _, start = (data.get("PaginationToken") or "").partition(" ")
    if begun not in _BEGUN:
        status, headers, body = get_resources({**data, "PaginationToken": ""} if "PaginationToken" in data else data)
        if status != 200:
            return status, headers, body
        listed = [item for item in json.loads(body)["ResourceTagMappingList"] if item["Tags"]]
        begun = begun or uuid.uuid4().hex
        _BEGUN[begun] = (dict(headers), sorted(listed, key=lambda item: item["ResourceARN"]))
        for oldest in list(_BEGUN)[:-KEPT]:
            del _BEGUN[oldest]
    headers, tagged = _BEGUN[begun]
    first = int(start or 0)
    end = first + data.get("ResourcesPerPage", 100)
    token = f"{begun} {end}" if end < len(tagged) else ""
    return 200, dict(headers), json.dumps({"ResourceTagMappingList": tagged[first:end], "PaginationToken": token}).encode()
