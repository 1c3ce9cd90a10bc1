"""What belongs to an imported pipeline and can be imported next, as resources of any type: queues, topics, alarms, schedules."""

from collections.abc import Iterable

from common.importing.account import LiveAccount
from common.importing.entries import Entry
from common.importing.references import Used

TYPES = {"queue": "AWS::SQS::Queue", "topic": "AWS::SNS::Topic"}
"""The types of what texts of a pipeline mention, by kind."""
GROUP = "default/"
"""The group of the schedules that the Cloud Control API finds: it knows a schedule by its name alone."""
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
    names = (name for resource in started for name in schedules.get(resource.arn, ()))
    starting = [(SCHEDULE, name.removeprefix(GROUP)) for name in names if name.startswith(GROUP)]
    return sorted({*mentioned, *watching, *starting})
