"""The versions that live functions and state machines publish, as settings: what a deploy would make of them is what is there.

A deploy moves the alias to a version that is what the function or the machine is. So `publish` is imported where the alias leads
there already, and, of a machine, where nothing that is imported with it starts the machine past its alias. Otherwise versions and
aliases are not declared, and stay as they are. As many versions are kept as there are, so that an import deletes none.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from common.aws.protocol import Aws
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.resource_settings import FunctionSettings, StateMachineSettings
from common.importing.selection import LiveResource
from common.resources import function_versions, machine_versions

PUBLISHING = "publishing"
"""The key of these settings beside the live fields."""
KEPT, MOST_KEPT = 10, 1000
"""How many versions are kept if nothing is said, and how many at most."""


@dataclass(frozen=True)
class _Function:
    name: str
    settings: FunctionSettings


def of_function(aws: Aws, name: str, response: JsonMapping) -> JsonObject:
    """The settings about the versions of a function, from the answer of GetFunction; empty if it publishes none."""
    function = _Function(name, FunctionSettings(publish=True))
    state, others = function_versions.live(aws, function, response["Configuration"])
    if not state[function_versions.PUBLISHED] or function_versions.is_weighted(aws, name):
        return {}
    pages = aws.pages("lambda", "ListVersionsByFunction", FunctionName=name)
    number = sum(len(page["Versions"]) for page in pages) - 1  # one is $LATEST
    provisioned = others.get(function_versions.PROVISIONED)
    return {"publish": True, **_kept(number), **({"provisioned_concurrency": provisioned} if provisioned else {})}


def aliases(aws: Aws, machine_arn: str) -> list[str]:
    """The ARNs of the aliases of a state machine."""
    response = aws.call("stepfunctions", "ListStateMachineAliases", stateMachineArn=machine_arn, **machine_versions.ALL)
    return [alias["stateMachineAliasArn"] for alias in response["stateMachineAliases"]]


def of_machine(aws: Aws, arn: str, live: JsonMapping, alias_arns: Collection[str], started: Collection[str]) -> JsonObject:
    """The settings about the versions of a state machine; empty if a deploy would change something of them.

    Args:
        aws: where to ask.
        arn: the ARN of the machine.
        live: the machine as Step Functions describes it.
        alias_arns: its aliases.
        started: the ARNs that the imported rules start.
    """
    if arn in started or not alias_arns:
        return {}
    used = [alias for alias in alias_arns if alias in started] or sorted(alias_arns)
    if len(used) > 1:
        return {}
    name = used[0].rpartition(":")[2]
    settings = StateMachineSettings(publish=True, alias=name)
    if machine_versions.live_alias(aws, arn, settings, live)[machine_versions.FIELD][name] != machine_versions.CURRENT:
        return {}
    versions = aws.call("stepfunctions", "ListStateMachineVersions", stateMachineArn=arn, **machine_versions.ALL)
    named = {} if name == StateMachineSettings().alias else {"alias": name}
    return {"publish": True, **named, **_kept(len(versions["stateMachineVersions"]))}


def published(resources: Iterable[LiveResource]) -> dict[str, str]:
    """The ARNs of the functions and machines that publish, by those of their aliases."""
    settings = ((resource, resource.live.get(PUBLISHING)) for resource in resources)
    return {
        f"{resource.arn}:{of_it.get('alias', function_versions.ALIAS)}": resource.arn for resource, of_it in settings if of_it
    }


def with_settings(resource: LiveResource, settings: JsonObject) -> LiveResource:
    """A live resource with these settings beside its fields."""
    return replace(resource, live={**resource.live, PUBLISHING: settings})


def _kept(number: int) -> JsonObject:
    return {"keep_versions": min(number, MOST_KEPT)} if number > KEPT else {}
