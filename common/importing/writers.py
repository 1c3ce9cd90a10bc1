"""What writes the resources of each kind, and why something is not written."""

from collections.abc import Mapping
from typing import Protocol

from common.importing import cloud_resources, crawlers, functions, jobs, machines, rules
from common.importing.entries import Context, Entry
from common.importing.generated import KIND
from common.importing.selection import LiveResource
from common.resources import kind_of


class Writer(Protocol):
    """The module that writes the resources of one kind."""

    def why_not(self, resource: LiveResource, /) -> str:
        """Why a resource cannot be declared; empty if it can."""

    def entry(self, resource: LiveResource, key: str, context: Context, /) -> Entry:
        """What is written of a resource that the project calls `key`."""


WRITERS: Mapping[str, Writer] = {
    "lambda": functions,
    "glue-job": jobs,
    "crawler": crawlers,
    "state-machine": machines,
    "rule": rules,
    KIND: cloud_resources,
}
"""What writes the resources of each kind."""


def why_not(resource: LiveResource) -> str:
    """Why a resource cannot be declared; empty if it can."""
    rule = kind_of(resource.kind).names
    if problem := resource.live.get("unreadable"):
        return f"AWS does not show it: {problem}"
    if not rule.pattern.fullmatch(resource.name):
        return f"a name that is declared has {rule.words}"
    return WRITERS[resource.kind].why_not(resource)
