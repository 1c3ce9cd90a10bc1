"""Says who else deploys what is imported: a stack of CloudFormation, or another environment or project of this deployer.

Their tags tell, in the tagging index. CloudFormation tags what it makes, so SAM, CDK and the Serverless Framework are told, too.

Follows https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from common.base.json_types import JsonObject
from common.environment import owner_tags
from common.environment.config import Environment
from common.importing.account import LiveAccount
from common.importing.generated import KIND
from common.importing.selection import LiveResource
from common.model.tags import tag_map

STACK = "aws:cloudformation:stack-name"
"""The tag in which CloudFormation says the stack that made a resource."""
MOST = 100
"""How many ARNs one request for their tags takes."""
SHOWN = 3
"""How many resources a note names; of more only their number is told."""


def notes(account: LiveAccount, project: str, resources: Iterable[LiveResource]) -> Iterator[str]:
    """Yields a sentence about each other deployer of these resources.

    Args:
        account: where to read.
        project: the project into which they are imported.
        resources: what is imported.
    """
    names = {resource.arn: str(resource) for resource in resources if resource.kind != KIND}
    stacks, owners = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for arn, tags in _tags(account, [*names]):
        if arn in names and tags.get(STACK):
            stacks[tags[STACK]].append(names[arn])
        elif arn in names and (owner := _owner(account.env, project, tags)):
            owners[owner].append(names[arn])
    for stack, deployed in sorted(stacks.items()):
        yield (
            f"the CloudFormation stack {stack} deploys {_listed(deployed)}, too. Deleting it would delete what it deploys: "
            f"docs/moving-in.md says how to retire it"
        )
    for owner, deployed in sorted(owners.items()):
        yield f"{owner} deploys {_listed(deployed)} already: `--adopt-from {owner}` takes that over"


def _tags(account: LiveAccount, arns: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    def read() -> list[JsonObject]:
        parts = (arns[start : start + MOST] for start in range(0, len(arns), MOST))
        responses = [account.aws.call("resourcegroupstaggingapi", "GetResources", ResourceARNList=part) for part in parts]
        return [item for response in responses for item in response["ResourceTagMappingList"]]

    for item in account.refusals.read(read, "whether a stack of CloudFormation deploys what is imported") or ():
        yield item["ResourceARN"], tag_map(item["Tags"])


def _owner(env: Environment, project: str, tags: dict[str, str]) -> str:
    """Whose the tags say it is, as `--adopt-from` takes it; empty if it is nobody's, or ours."""
    owner, of_project = owner_tags.read_owner(tags, env.tag_prefix)
    if owner != env.owner:
        return owner or ""
    return "" if of_project in {None, project} else f"{owner}:{of_project}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(sorted(names)[:SHOWN])}{more}"
