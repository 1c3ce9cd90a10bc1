"""Reads what an account runs: functions, jobs, crawlers, state machines and rules that start these. Nothing is changed.

Each kind is listed once, whatever its number; what is selected is then read in full, in parallel.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace

from common.aws.protocol import Aws
from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.base.suggestions import did_you_mean
from common.environment.config import Environment
from common.importing import mentions, versions
from common.importing.selection import KINDS, LiveResource, Selection
from common.resources import kind_of

TYPES = {
    "lambda": "lambda:function",
    "glue-job": "glue:job",
    "crawler": "glue:crawler",
    "state-machine": "states:stateMachine",
    "rule": "events:rule",
}
"""The types of resources in the tagging index, by kind."""


@dataclass
class LiveAccount:
    """The account of an environment. Each kind is listed when it is first needed, and once.

    Args:
        env: the environment.
        aws: the AWS session.
        pool: where calls run in parallel.
    """

    env: Environment
    aws: Aws
    pool: Executor
    _listed: dict[str, dict[str, LiveResource]] = field(default_factory=dict)
    _schedules: dict[str, list[str]] | None = None
    _aliases: dict[str, list[str]] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, LiveResource]:
        """All resources of a kind, by name, as their listing shows them."""
        if kind not in self._listed:
            self._listed[kind] = {resource.name: resource for resource in LISTINGS[kind](self)}
        return self._listed[kind]

    def list_buckets(self) -> frozenset[str]:
        """The names of the account's buckets."""
        return frozenset(bucket["Name"] for bucket in self.aws.call("s3", "ListBuckets")["Buckets"])

    def selected(self, selection: Selection) -> list[LiveResource]:
        """What a selection without types selects, read in full, in the order of kinds and names.

        Raises:
            UsageError: a pattern, a tag or a machine selects nothing.
        """
        chosen = {(resource.kind, resource.name): resource for resource in self._matching(selection)}
        chosen |= {(resource.kind, resource.name): resource for resource in self._tagged(selection)}
        for name in selection.machines:
            chosen |= {(resource.kind, resource.name): resource for resource in self._reached(name)}
        machines = [resource for resource in chosen.values() if resource.kind == "state-machine"]
        for rule in self._starting(machines):
            chosen[rule.kind, rule.name] = rule
        return self._in_full(sorted(chosen.values(), key=lambda resource: (KINDS.index(resource.kind), resource.name)))

    def described(self, machine: LiveResource) -> JsonObject:
        """A state machine as Step Functions describes it; `unreadable` says why a key keeps its definition from the caller."""
        try:
            return self.aws.call("stepfunctions", "DescribeStateMachine", stateMachineArn=machine.arn)
        except AwsError as error:
            if not error.code.startswith("Kms"):
                raise
            return {**machine.live, "unreadable": error.reason}

    def triggers(self, function: LiveResource) -> list[str]:
        """What calls a function besides state machines of the project: queues and streams, and those that its policy allows."""
        pages = self.aws.pages("lambda", "ListEventSourceMappings", FunctionName=function.name)
        sources = [mapping.get("EventSourceArn", "a broker") for page in pages for mapping in page["EventSourceMappings"]]
        policy = self.aws.find("lambda", "GetPolicy", "ResourceNotFoundException", FunctionName=function.name)
        return [*sources, *_callers(json.loads(policy["Policy"]) if policy else {})]

    def schedules(self) -> dict[str, list[str]]:
        """The schedules of EventBridge Scheduler, by the ARN of what each calls."""
        if self._schedules is None:
            self._schedules = {}
            for page in self.aws.pages("scheduler", "ListSchedules"):
                for schedule in page["Schedules"]:
                    name = f"{schedule['GroupName']}/{schedule['Name']}"
                    self._schedules.setdefault(schedule["Target"]["Arn"], []).append(name)
        return self._schedules

    def other_buses(self) -> list[str]:
        """The names of the event buses but the default one."""
        response = self.aws.call("events", "ListEventBuses", Limit=100)  # an account has so many, unless AWS allowed it more
        return [bus["Name"] for bus in response["EventBuses"] if bus["Name"] != "default"]

    def rules_elsewhere(self, machine: LiveResource, buses: Iterable[str]) -> list[str]:
        """The rules of these event buses that start a machine or an alias of it, with their buses."""
        starting = (
            (bus, self.aws.pages("events", "ListRuleNamesByTarget", TargetArn=arn, EventBusName=bus))
            for bus in buses
            for arn in (machine.arn, *self._aliases.get(machine.arn, ()))
        )
        return [
            f"the rule {name} of the event bus {bus}" for bus, pages in starting for page in pages for name in page["RuleNames"]
        ]

    def alarms(self) -> dict[str, list[str]]:
        """The alarms of CloudWatch on one metric, by each value of its dimensions, such as the name of a function."""
        result: dict[str, list[str]] = {}
        for page in self.aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm"]):
            for alarm in page["MetricAlarms"]:
                for dimension in alarm.get("Dimensions", ()):
                    result.setdefault(dimension["Value"], []).append(alarm["AlarmName"])
        return result

    def retention(self, group: str) -> int | str | None:
        """For how many days a log group keeps its lines; ``never`` if it never deletes them, None if there is no such group."""
        pages = self.aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=group)
        groups = (item for page in pages for item in page["logGroups"] if item["logGroupName"] == group)
        return next((item.get("retentionInDays", "never") for item in groups), None)

    def object(self, location: str) -> bytes | None:
        """The object at ``s3://bucket/key``; None if it does not exist."""
        bucket, _, key = location.partition("://")[2].partition("/")
        try:
            body: bytes = self.aws.call("s3", "GetObject", Bucket=bucket, Key=key)["Body"].read()
        except AwsError as error:
            if error.code in {"NoSuchKey", "NoSuchBucket"}:
                return None
            raise
        return body

    def _role_arn(self, role: str) -> str:
        """The ARN of a role that Glue shows by its name alone, or by path and name."""
        if not role or role.startswith("arn:"):
            return role
        answer = self.aws.find("iam", "GetRole", "NoSuchEntity", RoleName=role.rpartition("/")[2])
        return str(answer["Role"]["Arn"]) if answer else self.env.role_arn("/", role)

    def _matching(self, selection: Selection) -> Iterator[LiveResource]:
        unused = set(selection.patterns)
        for kind in LISTINGS if unused else ():
            for name, resource in self.of(kind).items():
                if selection.matches(name):
                    unused -= {pattern for pattern in unused if Selection((pattern,)).matches(name)}
                    yield resource
        if unused:
            pattern = min(unused)
            names = [name for kind in LISTINGS for name in self.of(kind)]
            raise UsageError(
                f"--match {pattern!r} matches no function, job, crawler, state machine or rule in {self.env.region} of account "
                f"{self.env.account_id}; capital letters count.{did_you_mean(pattern.strip('*'), names)} Nothing was written."
            )

    def _tagged(self, selection: Selection) -> Iterator[LiveResource]:
        for key, value in (selection.tags or {}).items():
            filters = {"TagFilters": [{"Key": key, "Values": [value]}], "ResourceTypeFilters": list(TYPES.values())}
            pages = self.aws.pages("resourcegroupstaggingapi", "GetResources", **filters)
            arns = {item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]}
            tagged = [resource for kind in LISTINGS for resource in self.of(kind).values() if resource.arn in arns]
            if not tagged:
                raise UsageError(
                    f"--tag {key}={value}: nothing in {self.env.region} of account {self.env.account_id} has this tag. "
                    f"The index of tags lags behind by some minutes. Nothing was written."
                )
            yield from tagged

    def _reached(self, name: str) -> Iterator[LiveResource]:
        machines = self.of("state-machine")
        first = next((resource for resource in machines.values() if name in {resource.name, resource.arn}), None)
        if first is None:
            raise UsageError(
                f"--from-machine {name!r}: there is no such state machine in {self.env.region} of account "
                f"{self.env.account_id}.{did_you_mean(name, machines)} Nothing was written."
            )
        reached, todo = {(first.kind, first.name): first}, [first]
        while todo:
            definition = json.loads(self.described(todo.pop()).get("definition", "{}"))
            for kind, named in mentions.in_definition(definition, self.env.account):
                resource = self.of(kind).get(named) if kind in LISTINGS else None
                if resource is not None and (kind, named) not in reached:
                    reached[kind, named] = resource
                    todo += [resource] if kind == "state-machine" else []
        yield from reached.values()

    def _starting(self, machines: Iterable[LiveResource]) -> Iterator[LiveResource]:
        """The rules of the default bus that start one of these machines, or an alias of one."""

        def rules(machine: LiveResource) -> list[str]:
            self._aliases[machine.arn] = versions.aliases(self.aws, machine.arn)
            starting = (
                self.aws.pages("events", "ListRuleNamesByTarget", TargetArn=arn)
                for arn in (machine.arn, *self._aliases[machine.arn])
            )
            return [name for pages in starting for page in pages for name in page["RuleNames"]]

        for names in self.pool.map(rules, machines):
            yield from (self.of("rule")[name] for name in names if name in self.of("rule"))

    def _in_full(self, chosen: Iterable[LiveResource]) -> list[LiveResource]:
        def read(resource: LiveResource) -> LiveResource:
            match resource.kind:
                case "lambda":
                    response = self.aws.call("lambda", "GetFunction", FunctionName=resource.name)
                    published = versions.of_function(self.aws, resource.name, response)
                    return versions.with_settings(replace(resource, live=response), published)
                case "state-machine":
                    return replace(resource, live=self.described(resource))
                case "rule":
                    pages = self.aws.pages("events", "ListTargetsByRule", Rule=resource.name)
                    return replace(
                        resource, live={**resource.live, "Targets": [item for page in pages for item in page["Targets"]]}
                    )
            return replace(resource, live={**resource.live, "Role": self._role_arn(str(resource.live.get("Role", "")))})

        resources = list(self.pool.map(read, chosen))
        targets = (target for rule in resources if rule.kind == "rule" for target in rule.live["Targets"])
        started = {target["Arn"] for target in targets}
        return [self._with_alias(resource, started) if resource.kind == "state-machine" else resource for resource in resources]

    def _with_alias(self, machine: LiveResource, started: Collection[str]) -> LiveResource:
        aliases = self._aliases.get(machine.arn, ())
        return versions.with_settings(machine, versions.of_machine(self.aws, machine.arn, machine.live, aliases, started))


def _listed(
    kind: str, service: str, operation: str, items: str, name: str, arn: str = ""
) -> Callable[[LiveAccount], Iterator[LiveResource]]:
    def listing(account: LiveAccount) -> Iterator[LiveResource]:
        for page in account.aws.pages(service, operation):
            for item in page[items]:
                yield LiveResource(kind, item[name], item[arn] if arn else kind_of(kind).arn_of(account.env, item[name]), item)

    return listing


LISTINGS: dict[str, Callable[[LiveAccount], Iterator[LiveResource]]] = {
    "lambda": _listed("lambda", "lambda", "ListFunctions", "Functions", "FunctionName", "FunctionArn"),
    "glue-job": _listed("glue-job", "glue", "GetJobs", "Jobs", "Name"),
    "crawler": _listed("crawler", "glue", "GetCrawlers", "Crawlers", "Name"),
    "state-machine": _listed("state-machine", "stepfunctions", "ListStateMachines", "stateMachines", "name", "stateMachineArn"),
    "rule": _listed("rule", "events", "ListRules", "Rules", "Name", "Arn"),
}
"""How the resources of each kind are listed; those of any type are listed by their type."""


def _callers(policy: JsonMapping) -> Iterator[str]:
    """Whom the policy of a function allows to call it."""
    for statement in policy.get("Statement", ()):
        principal = statement.get("Principal", {})
        trusted = principal if isinstance(principal, str) else next(iter(principal.values()), "")
        conditions = statement.get("Condition", {})
        arns = [arn for condition in conditions.values() for name, arn in condition.items() if name.lower() == "aws:sourcearn"]
        yield " ".join(map(str, [trusted, *arns]))
