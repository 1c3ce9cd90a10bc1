"""The tagging index, in parts that can be asked for at once.

Its pages hold 100 resources and come one after the other, so a large environment would wait for many. Parts by type are asked
for in parallel, chosen so that together they have no more pages than the whole. Their sizes are those of the last time: wrong
ones cost time, as every page of a part is followed, and what no part covers is read directly.

Follows https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from common.aws.protocol import Aws
from common.base.json_types import JsonObject
from common.environment.config import PROJECT_TAG, Environment

PAGE = 100
Part = tuple[str, ...]
"""Types of resources, as in ``lambda:function``; an empty one is everything."""


def type_of(arn: str) -> str:
    """The type by which the index filters: service and kind, where the ARN tells a kind. A bucket's and a topic's do not."""
    _, _, service, _, _, resource = arn.split(":", 5)
    kind, named, _ = resource.replace("/", ":").partition(":")
    return f"{service}:{kind}" if named else service


def parts(sizes: Mapping[str, int]) -> list[Part]:
    """How to ask for everything, given how many resources each type has; what takes longest comes first."""
    services = Counter(name.partition(":")[0] for name in sizes)
    # A service stands for its only type: the less is said, the less can be spelled in another way than the index does.
    sizes = {name if services[service := name.partition(":")[0]] > 1 else service: size for name, size in sizes.items()}
    rest, size, split = set(sizes), sum(sizes.values()), list[Part]()
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        alone, left = sizes[name], size - sizes[name]
        if left and _pages(alone) + _pages(left) <= _pages(size):
            split.append((name,))
            rest.discard(name)
            size = left
    if not split:
        return [()]
    return sorted([*split, tuple(sorted(rest))], key=lambda part: -sum(sizes[name] for name in part))


def _pages(size: int) -> int:
    return -(-size // PAGE)


class Sizes:
    """How many resources of each type an environment had, kept in `path` from one run to the next."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def parts(self) -> list[Part]:
        """How to ask for everything, as far as is known."""
        return parts(self._known())

    def keep(self, arns: Iterable[str]) -> None:
        """Remembers what there is now of what the index shows."""
        sizes = Counter(map(type_of, arns))
        if sizes != self._known():
            with suppress(OSError):  # a folder that cannot be written costs speed
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(json.dumps(sizes))

    def _known(self) -> dict[str, int]:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        sizes = isinstance(found, dict) and all(isinstance(size, int) and size > 0 for size in found.values())
        return found if sizes else {}


def inventory(aws: Aws, env: Environment, types: Sequence[str] = ()) -> dict[str, str]:
    """The ARN of everything that carries this environment's ownership tag, as far as the tagging index knows, and its project.

    With `types`, of these types of resources alone. Roles are not in that index and have a listing of their own, by path.
    """
    filters: JsonObject = {"TagFilters": [{"Key": "deployer:environment", "Values": [env.owner]}]}
    filters |= {"ResourceTypeFilters": list(types)} if types else {}
    pages = aws.pages("resourcegroupstaggingapi", "GetResources", **filters, ResourcesPerPage=100)
    return {
        found["ResourceARN"]: next((tag["Value"] for tag in found.get("Tags", ()) if tag["Key"] == PROJECT_TAG), "")
        for page in pages
        for found in page["ResourceTagMappingList"]
    }


def roles(aws: Aws, env: Environment) -> dict[str, str]:
    """The ARNs of the roles below this environment's path, and their ids. Another role of the same name has another id."""
    pages = aws.pages("iam", "ListRoles", PathPrefix=_path(env), MaxItems=1000)
    return {role["Arn"]: role["RoleId"] for page in pages for role in page["Roles"]}


def project_of(env: Environment, role: str) -> str:
    """The project of one of these roles, by its ARN."""
    return role.partition(_path(env))[2].partition("/")[0]


def _path(env: Environment) -> str:
    return f"/{env.name_prefix}/{env.name}/"
