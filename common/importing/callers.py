"""What calls the functions and state machines of an account besides what is imported with them, and which alarms watch them."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

from common.aws.protocol import Aws
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.environment.config import Environment
from common.importing.refusals import Refusals
from common.importing.selection import LiveResource


@dataclass
class Callers:
    """Reads what calls functions and state machines, as far as these credentials may.

    Args:
        env: the environment.
        aws: the AWS session.
        pool: where calls run in parallel.
    """

    env: Environment
    aws: Aws
    pool: Executor
    refusals: Refusals = field(default_factory=Refusals)
    """What could not be read."""
    aliases: dict[str, list[str]] = field(default_factory=dict)
    """The ARNs of the aliases of state machines, by the ARN of each machine that was read."""
    _schedules: dict[str, list[str]] | None = None

    def triggers(self, function: LiveResource) -> list[str]:
        """What calls a function besides state machines of the project: queues and streams, and those that its policy allows."""

        def sources() -> list[str]:
            pages = self.aws.pages("lambda", "ListEventSourceMappings", FunctionName=function.name)
            return [mapping.get("EventSourceArn", "a broker") for page in pages for mapping in page["EventSourceMappings"]]

        def allowed() -> list[str]:
            policy = self.aws.find("lambda", "GetPolicy", "ResourceNotFoundException", FunctionName=function.name)
            return [*_callers(json.loads(policy["Policy"]) if policy else {})]

        unknown = "what else calls these functions"
        return [name for read in (sources, allowed) for name in self.refusals.read(read, unknown, function.name) or ()]

    def schedules(self) -> dict[str, list[str]]:
        """The schedules of EventBridge Scheduler, by the ARN of what each calls."""
        if self._schedules is None:
            self._schedules = {}
            pages = self.aws.pages("scheduler", "ListSchedules")
            listed = self.refusals.read(
                lambda: [schedule for page in pages for schedule in page["Schedules"]],
                "which schedules call functions and state machines",
            )
            for schedule in listed or ():
                name = f"{schedule['GroupName']}/{schedule['Name']}"
                self._schedules.setdefault(schedule["Target"]["Arn"], []).append(name)
        return self._schedules

    def other_buses(self) -> list[str]:
        """The names of the event buses but the default one."""

        def names() -> list[str]:  # an account has a hundred buses, unless AWS allowed it more
            return [bus["Name"] for bus in self.aws.call("events", "ListEventBuses", Limit=100)["EventBuses"]]

        return [name for name in self.refusals.read(names, "which other event buses there are") or () if name != "default"]

    def rules_elsewhere(self, machine: LiveResource, buses: Iterable[str]) -> list[str]:
        """The rules of these event buses that start a machine or an alias of it, with their buses."""
        starting = (
            (bus, self.rule_names(machine, TargetArn=arn, EventBusName=bus))
            for bus in buses
            for arn in (machine.arn, *self.aliases.get(machine.arn, ()))
        )
        return [f"the rule {name} of the event bus {bus}" for bus, names in starting for name in names]

    def rule_names(self, machine: LiveResource, **target: str) -> list[str]:
        """The names of the rules of an event bus that start a machine by one of its ARNs."""
        pages = self.aws.pages("events", "ListRuleNamesByTarget", **target)
        names = self.refusals.read(
            lambda: [name for page in pages for name in page["RuleNames"]], "which rules start these state machines", machine.name
        )
        return names or []

    def alarms(self) -> dict[str, list[str]]:
        """The alarms of CloudWatch on one metric, by each value of its dimensions, such as the name of a function."""
        result: dict[str, list[str]] = {}
        pages = self.aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm"])
        alarms = self.refusals.read(
            lambda: [alarm for page in pages for alarm in page["MetricAlarms"]], "which alarms can be imported next"
        )
        for alarm in alarms or ():
            for dimension in alarm.get("Dimensions", ()):
                result.setdefault(dimension["Value"], []).append(alarm["AlarmName"])
        return result


def _callers(policy: JsonMapping) -> Iterator[str]:
    """Whom the policy of a function allows to call it."""
    for statement in policy.get("Statement", ()):
        principal = statement.get("Principal", {})
        trusted = principal if isinstance(principal, str) else next(iter(principal.values()), "")
        conditions = statement.get("Condition", {})
        arns = [arn for condition in conditions.values() for name, arn in condition.items() if name.lower() == "aws:sourcearn"]
        yield " ".join(map(str, [trusted, *arns]))
