"""What the resources of a plan are called in AWS, and where the console shows them, for people."""

from collections.abc import Iterable, Mapping

from common.environment.config import Environment
from common.model.aws_name import AwsName, console_page
from common.model.orphan import Named
from common.model.resource import Action, Key, Plan, Resource
from common.resources import kinds


def aws_name(env: Environment, key: Key, named: Named) -> AwsName | None:
    """What one resource is called; None if only AWS knows. Only real accounts have a console; of some kinds AWS gives the ARN."""
    kind, partition = kinds().get(key.kind), env.partition
    has_console = kind is not None and env.embedded is None and not env.endpoints
    page = console_page(kind.console, named.name, named.arn, env.region, partition) if kind is not None and has_console else ""
    if kind is not None and kind.generates and named.name == key.name:
        return None  # the type has no property for a name, or AWS makes one
    return AwsName(named.name, "" if kind is None or kind.generates else named.arn, page)


def of_plan(env: Environment, plan: Plan, resources: Iterable[Resource], orphans: Mapping[Key, Named]) -> dict[Key, AwsName]:
    """What everything is called that a plan is about, except for what is up to date and what has no name of its own."""
    keys = {change.key for change in plan.changes if change.action is not Action.NOOP}
    by_key: dict[Key, Named] = {resource.key: resource for resource in resources if resource.key in keys}
    by_key = {**{key: named for key, named in orphans.items() if key in keys}, **by_key}
    names = {key: aws_name(env, key, named) for key, named in by_key.items()}
    return {key: name for key, name in names.items() if name is not None}
