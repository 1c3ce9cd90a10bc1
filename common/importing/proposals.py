"""What belongs to an imported pipeline and can be imported next, as resources of any type: queues, topics, alarms, schedules."""

from collections.abc import Iterable

from common.importing.account import LiveAccount
from common.importing.entries import Entry
from common.importing.references import Used

TYPES = {"queue": "AWS::SQS::Queue", "topic": "AWS::SNS::Topic"}
"""The types of what texts of a pipeline mention, by kind."""
ALARM, SCHEDULE = "AWS::CloudWatch::Alarm", "AWS::Scheduler::Schedule"
WATCHED = frozenset({"lambda", "glue-job", "state-machine"})
"""The kinds whose alarms and schedules are proposed."""


def proposals(account: LiveAccount, entries: Iterable[Entry], used: Iterable[Used]) -> list[tuple[str, str]]:
    """The types and names of what can be imported next: what is mentioned, what watches, and what starts."""
    mentioned = [(TYPES[use.kind], use.name) for use in used if use.kind in TYPES and not use.name.startswith("arn:")]
    resources = [entry.resource for entry in entries if entry.resource.kind in WATCHED]
    alarms = account.alarms() if resources else {}
    watching = [
        (ALARM, name) for resource in resources for text in (resource.name, resource.arn) for name in alarms.get(text, ())
    ]
    started = [resource for resource in resources if resource.kind != "glue-job"]
    schedules = account.schedules() if started else {}
    starting = [(SCHEDULE, name.partition("/")[2]) for resource in started for name in schedules.get(resource.arn, ())]
    return sorted({*mentioned, *watching, *starting})
