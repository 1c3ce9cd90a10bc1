"""Crawlers that crawl: run states, and what a crawl writes into the Data Catalog.

https://docs.aws.amazon.com/glue/latest/dg/crawler-running.html
"""

import contextvars
import json
import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import crawl
import glue_api
import iam_questions
import logs
import role_sessions
import seams
import settings as launch_settings
from glue_api import Request
from json_types import Operation, Response
from ministack.services import glue

if TYPE_CHECKING:
    from botocore.client import BaseClient

_DEFAULTS = {
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
}


Clients = Callable[[launch_settings.Credentials], "BaseClient"]


@dataclass(frozen=True)
class Crawl:
    """What a crawl reads with, as whom, and whether its calls to the Data Catalog are judged."""

    s3: "BaseClient"
    caller: launch_settings.Credentials
    is_judged: bool


class CrawlError(Exception):
    """The crawl cannot go on; the message becomes LastCrawl's ErrorMessage."""


def install(settings: launch_settings.Settings) -> None:
    """Replace the calls that make, change, start and stop crawlers."""
    s3 = launch_settings.client_factory(settings)
    create = seams.use(glue, "_create_crawler", "data")
    update = seams.use(glue, "_update_crawler", "data")
    delete = seams.use(glue, "_delete_crawler", "data")
    seams.replace(glue, "_create_crawler", "data", lambda data: _create(create, data))
    seams.replace(glue, "_update_crawler", "data", lambda data: _idle(update, data))
    seams.replace(glue, "_delete_crawler", "data", lambda data: glue_api.forget("crawler", data.get("Name"), _idle(delete, data)))
    seams.replace(glue, "_start_crawler", "data", lambda data: _start(data, settings, s3))
    seams.replace(glue, "_stop_crawler", "data", _stop)
    for name in ("_create_table", "_update_table", "_delete_table"):
        seams.use(glue, name, "data")
    for name in ("_tables", "_partitions", "_databases"):
        seams.table(glue, name)


def stop_all() -> None:
    """No crawl outlives the embedded AWS: the record says so."""
    for crawler in list(glue._crawlers.all_values()):
        if crawler["State"] != "READY":
            crawler.update(State="READY", LastCrawl={**crawler.get("LastCrawl", {}), "Status": "CANCELLED"})


def _create(create: Operation, data: Request) -> Response:
    if not data.get("Name") or not data.get("Role") or not data.get("Targets"):
        return glue_api.error("InvalidInputException", "Name, Role and Targets are required")
    settings = {field: value for field, value in data.items() if value is not None}
    policies = {field: {**default, **settings.get(field, {})} for field, default in _DEFAULTS.items()}
    response = create({**settings, **policies})
    if response[0] < 300:
        crawler = glue._crawlers[data["Name"]]
        crawler.pop("LastCrawl")  # ministack's null is absent in AWS
        if not crawler["Schedule"]:
            crawler.pop("Schedule")
        glue_api.tag("crawler", data["Name"], data.get("Tags"))
    return response


def _idle(operation: Operation, data: Request) -> Response:
    crawler = glue._crawlers.get(data.get("Name"), {})
    if crawler.get("State") in ("RUNNING", "STOPPING"):
        return glue_api.error("CrawlerRunningException", f"Crawler with name {data['Name']} has already started")
    return operation(data)


def _start(data: Request, settings: launch_settings.Settings, s3: Clients) -> Response:
    crawler = glue._crawlers.get(data.get("Name"))
    if crawler is None:
        return glue_api.error("EntityNotFoundException", f"Crawler entry with name {data.get('Name')} does not exist")
    if crawler["State"] != "READY":
        return glue_api.error("CrawlerRunningException", f"Crawler with name {crawler['Name']} has already started")
    crawler["State"] = "RUNNING"
    run = contextvars.copy_context()  # account and region are in the context
    caller = role_sessions.of_role(settings, crawler["Role"], "AWS-Crawler")
    threading.Thread(target=run.run, args=(_run, crawler, Crawl(s3(caller), caller, settings.enforces_iam)), daemon=True).start()
    return glue_api.answer({})


def _stop(data: Request) -> Response:
    crawler = glue._crawlers.get(data.get("Name"))
    if crawler is None:
        return glue_api.error("EntityNotFoundException", f"Crawler entry with name {data.get('Name')} does not exist")
    if crawler["State"] != "RUNNING":
        code = "CrawlerStoppingException" if crawler["State"] == "STOPPING" else "CrawlerNotRunningException"
        return glue_api.error(code, f"Crawler with name {crawler['Name']} isn't running")
    crawler["State"] = "STOPPING"
    return glue_api.answer({})


def _run(crawler: Request, caller: Crawl) -> None:
    started = time.time()
    stream = logs.Stream("/aws-glue/crawlers", crawler["Name"])
    last = {
        "LogGroup": "/aws-glue/crawlers",
        "LogStream": crawler["Name"],
        "MessagePrefix": glue.new_uuid(),
        "StartTime": started,
    }
    stream.write(f"[{last['MessagePrefix']}] BENCHMARK : Running Start Crawl for Crawler {crawler['Name']}")
    try:
        for line in _crawl(crawler, caller):
            stream.write(f"[{last['MessagePrefix']}] INFO : {line}")
        last["Status"] = "CANCELLED" if crawler["State"] == "STOPPING" else "SUCCEEDED"
    except Exception as error:  # a crawl must reach READY, whatever happens
        last.update(Status="FAILED", ErrorMessage=str(error) or type(error).__name__)
        detail = "" if isinstance(error, CrawlError) else traceback.format_exc()
        stream.write(f"[{last['MessagePrefix']}] ERROR : {last['ErrorMessage']} {detail}".rstrip())
    crawler.update(LastCrawl=last, CrawlElapsedTime=int((time.time() - started) * 1000), State="STOPPING")
    stream.write(f"[{last['MessagePrefix']}] BENCHMARK : Crawler has finished running and is in state READY")
    crawler["State"] = "READY"


def _crawl(crawler: Request, caller: Crawl) -> Iterator[str]:
    """Crawl every target; yields what it did, line by line."""
    if others := {kind for kind, targets in crawler["Targets"].items() if targets} - {"S3Targets"}:
        raise CrawlError(f"The embedded AWS crawls S3 targets only, not {', '.join(sorted(others))}")
    database = crawler["DatabaseName"]
    _may(caller, "GetDatabase", {"Name": database})
    if database not in glue._databases:
        raise CrawlError(f"Database {database} does not exist")
    for target in crawler["Targets"].get("S3Targets", []):
        if crawler["State"] == "STOPPING":
            return
        for crawled_table in crawl.tables(target, crawl.listed(caller.s3, target), caller.s3):
            yield _write(crawler, caller, crawled_table)
        yield from _absent(crawler, caller, target)


def _write(crawler: Request, caller: Crawl, crawled: crawl.Found) -> str:
    """Create the table, or bring it and its partitions up to date as the crawler's policy says."""
    database, name = crawler["DatabaseName"], _table_name(crawler, crawled)
    key, policy = f"{database}/{name}", crawler["SchemaChangePolicy"]
    _may(caller, "GetTable", {"DatabaseName": database, "Name": name})
    existing = glue._tables.get(key)
    table = {**crawled.table(crawler["Name"]), "Name": name}
    only_new = crawler["RecrawlPolicy"].get("RecrawlBehavior") == "CRAWL_NEW_FOLDERS_ONLY"
    if existing is None:
        _may(caller, "CreateTable", {"DatabaseName": database, "TableInput": table})
        _call(glue._create_table, {"DatabaseName": database, "TableInput": table})
        did = "Created"
    elif policy["UpdateBehavior"] == "UPDATE_IN_DATABASE" and not only_new:
        _may(caller, "UpdateTable", {"DatabaseName": database, "TableInput": table})
        _call(glue._update_table, {"DatabaseName": database, "TableInput": table})
        did = "Updated"
    else:
        did = "Kept"
    before = {tuple(partition["Values"]): partition for partition in glue._partitions.get(key, [])}
    now = {tuple(partition["Values"]): partition for partition in crawled.partitions(database, name)}
    if now:
        _may(caller, "BatchCreatePartition", {"DatabaseName": database, "TableName": name})
    kept = before if policy["DeleteBehavior"] != "DELETE_FROM_DATABASE" or only_new else {}
    updated = {} if policy["UpdateBehavior"] == "LOG" or only_new else now
    glue._partitions[key] = list({**now, **{v: p for v, p in before.items() if v in now}, **kept, **updated}.values())
    return f"{did} table {name} in database {database} with {len(now)} partitions from {crawled.location}"


def _table_name(crawler: Request, crawled: crawl.Found) -> str:
    """The folder's name; with a suffix where another place's table has it already, as AWS does."""
    name = crawler.get("TablePrefix", "") + re.sub(r"[^a-z0-9_]", "_", crawled.location.rstrip("/").rsplit("/", 1)[-1].lower())
    other = glue._tables.get(f"{crawler['DatabaseName']}/{name}")
    same = other is None or other["StorageDescriptor"].get("Location", "").rstrip("/") == crawled.location.rstrip("/")
    return name if same else f"{name}_{crawl.suffix(crawled.location)}"


def _absent(crawler: Request, caller: Crawl, target: Request) -> Iterator[str]:
    """Tables that this crawler made under the target and whose objects are gone."""
    behaviour = crawler["SchemaChangePolicy"]["DeleteBehavior"]
    if behaviour == "LOG":
        return
    root = target["Path"].rstrip("/") + "/"
    here = [item.uri for item in crawl.listed(caller.s3, target)]
    for key, table in list(glue._tables.items()):
        location = table["StorageDescriptor"].get("Location", "").rstrip("/") + "/"
        ours = table.get("Parameters", {}).get("UPDATED_BY_CRAWLER") == crawler["Name"] and location.startswith(root)
        elsewhere = table["DatabaseName"] != crawler["DatabaseName"]
        if elsewhere or not ours or any(f"{uri}/".startswith(location) for uri in here):
            continue
        if behaviour == "DELETE_FROM_DATABASE":
            where = {"DatabaseName": crawler["DatabaseName"], "Name": key.split("/", 1)[1]}
            _may(caller, "DeleteTable", where)
            _call(glue._delete_table, where)
        else:
            table["Parameters"]["DEPRECATED_BY_CRAWLER"] = str(int(time.time() * 1000))
        yield f"Table {key} has no objects any more: {behaviour}"


def _may(caller: Crawl, operation: str, data: Request) -> None:
    """Ask IAM whether the crawler's role allows a call to the Data Catalog, which this process makes itself."""
    denial = role_sessions.denial(caller.caller, iam_questions.of_call("glue", operation, data)) if caller.is_judged else None
    if denial:
        raise CrawlError(f"{denial} (Service: AWSGlue; Status Code: 400; Error Code: AccessDeniedException)")


def _call(operation: Operation, data: Request) -> None:
    status, _, body = operation(data)
    if status >= 400:
        raise CrawlError(json.loads(body).get("message", "the Data Catalog refused the table"))
