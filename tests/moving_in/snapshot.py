"""Reads everything of an AWS account that a deployer could change, and compares two such snapshots.

It is a witness, so it uses boto3 and nothing of the deployer: what a deployer overlooks it must not overlook as well. It works on
every account for which you have read permissions:

    uv run python -m tests.moving_in.snapshot take before.json --region eu-central-1
    uv run python -m tests.moving_in.snapshot compare before.json after.json

A snapshot maps each resource to its fields and, apart from them, its tags. Fields that AWS changes by itself are in `VOLATILE`,
and nothing else is left out.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import boto3

from tests.moving_in import readers

Clients: TypeAlias = Callable[[str], Any]
Snapshot: TypeAlias = dict[str, dict[str, Any]]

VOLATILE = frozenset(
    {
        # Functions: every call that touches one, also one about tags; the address of the code is signed anew each time.
        "get_function.Configuration.LastModified",
        "get_function.Configuration.RevisionId",
        "get_function.Code.Location",
        "get_policy.RevisionId",
        # Layers, jobs, crawlers: dates and numbers of updates.
        "get_jobs.LastModifiedOn",
        "get_crawlers.LastUpdated",
        "get_crawlers.Version",
        "get_crawlers.CrawlElapsedTime",
        "describe_state_machine.updateDate",
        "describe_state_machine.revisionId",
        # When something was last used, and how much is in it.
        "get_role.RoleLastUsed",
        "describe_log_groups.storedBytes",
        "describe_table.Table.ItemCount",
        "describe_table.Table.TableSizeBytes",
        "describe_continuous_backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.EarliestRestorableDateTime",
        "describe_continuous_backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime",
        "describe_secret.LastAccessedDate",
        "get_queue_attributes.Attributes.ApproximateNumberOfMessages",
        "get_queue_attributes.Attributes.ApproximateNumberOfMessagesDelayed",
        "get_queue_attributes.Attributes.ApproximateNumberOfMessagesNotVisible",
        "get_queue_attributes.Attributes.LastModifiedTimestamp",
    }
)
"""The fields that AWS changes without being told to, by call and path in its answer."""
ABSENT = "(absent)"
"""Stands for a field that one of the two snapshots does not have."""


@dataclass(frozen=True)
class Differences:
    """What differs between two snapshots."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    fields: tuple[str, ...]
    """One line for each field whose value differs: resource, path, both values."""
    tags: tuple[str, ...]
    """One line for each tag that differs."""

    def lines(self) -> Iterator[str]:
        """What is printed."""
        for title in ("added", "gone", "fields", "tags"):
            for line in getattr(self, title):
                yield f"{title}: {line}"


def take(clients: Clients, unread: list[str], *, objects: bool = True) -> Snapshot:
    """Reads the account and region for which `clients` makes boto3 clients. `unread` receives what could not be read."""
    snapshot: Snapshot = {}
    for service, read in readers.READERS.items():
        for resource, answer in read(readers.Service(clients(service), clients, objects, unread)):
            tags = answer.pop("tags", {})
            assert resource not in snapshot, resource
            snapshot[resource] = {"fields": _plain(answer), "tags": tags}
    return snapshot


def compare(before: Snapshot, after: Snapshot) -> Differences:
    """Tells two snapshots apart."""
    common = sorted(before.keys() & after.keys())
    return Differences(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(line for name in common for line in _differing(name, before[name]["fields"], after[name]["fields"])),
        tuple(line for name in common for line in _differing(name, before[name]["tags"], after[name]["tags"])),
    )


def _plain(answer: Any) -> Any:
    """The answer as JSON holds it: dates and all else that JSON does not have become text."""
    return json.loads(json.dumps(answer, default=str, sort_keys=True))


def _differing(name: str, before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for field in sorted(before.keys() | after.keys()):
            yield from _differing(name, before.get(field, ABSENT), after.get(field, ABSENT), (*path, field))
    elif before != after and ".".join(path) not in VOLATILE:
        yield f"{name}: {' '.join(path)}: {json.dumps(before)} -> {json.dumps(after)}"


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.moving_in.snapshot", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    taking = commands.add_parser("take", help="write a snapshot of the account to a file")
    taking.add_argument("file", type=Path)
    taking.add_argument("--region")
    taking.add_argument("--endpoint-url", help="the address of another AWS than the real one")
    taking.add_argument("--objects", action="store_true", help="list the objects of all buckets, too")
    comparing = commands.add_parser("compare", help="print what differs; exit code 2 if more than tags does")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    arguments = parser.parse_args(words)
    if arguments.command == "take":
        place = {"region_name": arguments.region, "endpoint_url": arguments.endpoint_url}
        unread: list[str] = []
        snapshot = take(lambda service: boto3.client(service, **place), unread, objects=arguments.objects)
        arguments.file.write_text(json.dumps(snapshot, indent=1, sort_keys=True))
        print("\n".join([f"{len(snapshot)} resources", *(f"could not be read: {line}" for line in unread)]))
        return 0
    differences = compare(json.loads(arguments.before.read_text()), json.loads(arguments.after.read_text()))
    print("\n".join(differences.lines()) or "nothing differs")
    return 2 if differences.added or differences.gone or differences.fields else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
