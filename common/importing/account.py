"""Reads what an account runs: functions, jobs, crawlers, state machines and rules that start these. Nothing is changed.

Each kind is listed once, whatever its number; what is selected is then read in full, in parallel.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass, field
from common.base.plural import plural_of
from common.base.suggestions import did_you_mean
from common.engine.existing import FORBIDDEN
from common.importing import mentions, versions
from common.importing.callers import Callers
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

GONE = ("ResourceNotFound", "StateMachineDoesNotExist", "EntityNotFound")
"""AWS's error codes begin with one of these if there is no such resource."""


@dataclass
class LiveAccount(Callers):
    """The account of an environment. Each kind is listed when it is first needed, and once.

    Args:
        env: the environment.
        aws: the AWS session.
        pool: where calls run in parallel.
    """

    _listed: dict[str, dict[str, LiveResource]] = field(default_factory=dict)
    _buckets: frozenset[str] | None = None

    def of(self, kind: str) -> dict[str, LiveResource]:
        """All resources of a kind, by name, as their listing shows them."""
        if kind not in self._listed:
            self._listed[kind] = {resource.name: resource for resource in LISTINGS[kind](self)}
        return self._listed[kind]

    def _readable(self, kind: str) -> dict[str, LiveResource]:
        """All resources of a kind; none if these credentials may not list them."""
        if kind not in self._listed:
            word = kind_of(kind).word.replace("_", " ")
            unknown = f"which {plural_of(word)} there are"
            self._listed[kind] = self.refusals.read(lambda: self.of(kind), unknown, optional=False) or {}
        return self._listed[kind]

    def list_buckets(self) -> frozenset[str]:
        """The names of the account's buckets."""
        if self._buckets is None:
            response = self.refusals.read(lambda: self.aws.call("s3", "ListBuckets"), "which texts are names of buckets")
            self._buckets = frozenset(bucket["Name"] for bucket in (response or {}).get("Buckets", ()))
        return self._buckets

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
        """A state machine as Step Functions describes it; `unreadable` says why a policy or a key keeps it from the caller."""
        try:
            return self.aws.call("stepfunctions", "DescribeStateMachine", stateMachineArn=machine.arn)
        except AwsError as error:
            if not error.code.startswith(("Kms", *FORBIDDEN, *GONE)):
                raise
            return {**machine.live, "unreadable": error.reason}

    def retention(self, group: str) -> int | str | None:
        """For how many days a log group keeps its lines; ``never`` if it never deletes them, None if there is no such group."""

        def days() -> int | str | None:
            pages = self.aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=group)
            groups = (item for page in pages for item in page["logGroups"] if item["logGroupName"] == group)
            return next((item.get("retentionInDays", "never") for item in groups), None)

        return self.refusals.read(days, "how long these log groups keep their lines", group)

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
            for name, resource in self._readable(kind).items():
                if selection.matches(name):
                    unused -= {pattern for pattern in unused if Selection((pattern,)).matches(name)}
                    yield resource
        if unused:
            pattern = min(unused)
            names = [name for kind in LISTINGS for name in self._readable(kind)]
            raise UsageError(
                f"--match {pattern!r} matches no function, job, crawler, state machine or rule in {self.env.region} of account "
                f"{self.env.account_id}; capital letters count.{did_you_mean(pattern.strip('*'), names)} Nothing was written."
                f"{self._refused()}"
            )

    def _refused(self) -> str:
        """Sentences about what could not be read."""
        return "".join(f" {note}." for note in self.refusals.notes(self.env.name))

    def _tagged(self, selection: Selection) -> Iterator[LiveResource]:
        for key, value in (selection.tags or {}).items():
            filters = {"TagFilters": [{"Key": key, "Values": [value]}], "ResourceTypeFilters": list(TYPES.values())}
            pages = self.aws.pages("resourcegroupstaggingapi", "GetResources", **filters)
            arns = {item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]}
            tagged = [resource for kind in LISTINGS for resource in self._readable(kind).values() if resource.arn in arns]
            if not tagged:
                raise UsageError(
                    f"--tag {key}={value}: nothing in {self.env.region} of account {self.env.account_id} has this tag. "
                    f"The index of tags lags behind by some minutes. Nothing was written.{self._refused()}"
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
                resource = self._readable(kind).get(named) if kind in LISTINGS else None
                if resource is not None and (kind, named) not in reached:
                    reached[kind, named] = resource
                    todo += [resource] if kind == "state-machine" else []
        yield from reached.values()

    def _starting(self, machines: Iterable[LiveResource]) -> Iterator[LiveResource]:
        """The rules of the default bus that start one of these machines, or an alias of one."""

        def rules(machine: LiveResource) -> list[str]:
            aliases = self.refusals.read(
                lambda: versions.aliases(self.aws, machine.arn), "which aliases these state machines have", machine.name
            )
            self.aliases[machine.arn] = aliases or []
            arns = (machine.arn, *self.aliases[machine.arn])
            return [name for arn in arns for name in self.rule_names(machine, TargetArn=arn)]

        for names in self.pool.map(rules, machines):
            yield from (self._readable("rule")[name] for name in names if name in self._readable("rule"))

    def _in_full(self, chosen: Iterable[LiveResource]) -> list[LiveResource]:
        resources = list(self.pool.map(self._read, chosen))
        targets = (target for rule in resources if rule.kind == "rule" for target in rule.live.get("Targets", ()))
        started = {target["Arn"] for target in targets}
        return [self._with_alias(resource, started) if resource.kind == "state-machine" else resource for resource in resources]

    def _read(self, resource: LiveResource) -> LiveResource:
        """A resource in full; `unreadable` says why it cannot be read: it may not be, or was deleted since it was listed."""
        try:
            match resource.kind:
                case "lambda":
                    return self._function(resource)
                case "state-machine":
                    return replace(resource, live=self.described(resource))
                case "rule":
                    pages = self.aws.pages("events", "ListTargetsByRule", Rule=resource.name)
                    targets = [item for page in pages for item in page["Targets"]]
                    return replace(resource, live={**resource.live, "Targets": targets})
            return replace(resource, live={**resource.live, "Role": self._role_arn(str(resource.live.get("Role", "")))})
        except AwsError as error:
            if not error.code.startswith((*FORBIDDEN, *GONE)):
                raise
            return replace(resource, live={**resource.live, "unreadable": error.reason})

    def _function(self, resource: LiveResource) -> LiveResource:
        response = self.aws.call("lambda", "GetFunction", FunctionName=resource.name)
        published = self.refusals.read(
            lambda: versions.of_function(self.aws, resource.name, response),
            "which versions these functions publish",
            resource.name,
        )
        return versions.with_settings(replace(resource, live=response), published or {})

    def _with_alias(self, machine: LiveResource, started: Collection[str]) -> LiveResource:
        def published() -> JsonObject:
            return versions.of_machine(self.aws, machine.arn, machine.live, self.aliases.get(machine.arn, ()), started)

        if "unreadable" in machine.live:
            return machine
        settings = self.refusals.read(published, "which versions these state machines publish", machine.name)
        return versions.with_settings(machine, settings or {})


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
