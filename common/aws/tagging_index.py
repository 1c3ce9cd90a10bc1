"""Reads the tagging index in parts that are requested in parallel.

Its pages hold 100 resources and are read one after the other, so a large environment would wait for many. Parts by resource type
are read in parallel, and are chosen so that together they have no more pages than the whole. Their sizes are remembered from the
last run. Wrong sizes only cost time: every page of a part is read, and resources outside of all parts are read directly.

Follows https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from common.aws.protocol import Aws
from common.base.json_types import JsonObject
from common.environment.site import Site

SERVICE = "resourcegroupstaggingapi"
"""botocore's name of the service."""
PAGE_SIZE = 100
Part = tuple[str, ...]
"""Types of resources that are requested together, as in ``lambda:function``; an empty part means all types."""


def resource_type(arn: str) -> str:
    """Returns the type by which the index filters: the service, and the kind if the ARN has one.

    ARNs of buckets and topics have none.
    """
    _, _, service, _, _, resource = arn.split(":", 5)
    kind, named, _ = resource.replace("/", ":").partition(":")
    return f"{service}:{kind}" if named else service


def split_parts(sizes: Mapping[str, int]) -> list[Part]:
    """Divides everything into parts, given how many resources each type has; the largest part comes first."""
    services = Counter(name.partition(":")[0] for name in sizes)
    # A service stands for its only type, so that the spelling of the type cannot differ from that of the index.
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
    return -(-size // PAGE_SIZE)


class Sizes:
    """How many resources of each type an environment had in the last run, stored in `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def parts(self) -> list[Part]:
        """Returns the parts that cover everything, by the sizes of the last run."""
        return split_parts(self._known())

    def keep(self, arns: Iterable[str]) -> None:
        """Remembers what there is now of what the index shows."""
        sizes = Counter(map(resource_type, arns))
        if sizes != self._known():
            with suppress(OSError):  # if the folder cannot be written, the next run is slower
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(json.dumps(sizes))

    def _known(self) -> dict[str, int]:
        try:
            content = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        sizes = isinstance(content, dict) and all(isinstance(size, int) and size > 0 for size in content.values())
        return content if sizes else {}


def list_tagged(aws: Aws, env: Site, types: Sequence[str] = ()) -> dict[str, str]:
    """Returns the ARNs of all resources in the index with this environment's ownership tag, and their projects.

    A resource with a tag that names it has what stands for its ARN beside its ARN.

    `types` limits the types of resources. Roles are not in the index; `list_roles` lists them by path.
    """
    filters: JsonObject = {"TagFilters": [{"Key": env.owner_tag, "Values": [env.owner]}]}
    filters |= {"ResourceTypeFilters": list(types)} if types else {}
    pages = aws.pages(SERVICE, "GetResources", **filters, ResourcesPerPage=100)
    projects: dict[str, str] = {}
    for mapping in (mapping for page in pages for mapping in page["ResourceTagMappingList"]):
        tags = {tag["Key"]: tag["Value"] for tag in mapping.get("Tags", ())}
        project = projects[mapping["ResourceARN"]] = tags.get(env.project_tag, "")
        if env.resource_tag in tags:  # its ARN was not known before it existed
            projects[env.arn("cloudcontrol", f"{project}/{tags[env.resource_tag]}")] = project
    return projects


def list_roles(aws: Aws, env: Site, path: str = "") -> dict[str, str]:
    """Returns the ARNs and ids of the roles below a path, which is this environment's unless another is given.

    A role that was created again has another id.
    """
    pages = aws.pages("iam", "ListRoles", PathPrefix=path or _role_path(env), MaxItems=1000)
    return {role["Arn"]: role["RoleId"] for page in pages for role in page["Roles"]}


def other_paths(env: Site, arns: Iterable[str]) -> list[str]:
    """The paths below which those of these roles are that are not below this environment's; none of them is below another."""
    paths = {f"/{arn.partition('/')[2]}".rpartition("/")[0] + "/" for arn in arns}
    others = sorted(path for path in paths if not path.startswith(_role_path(env)))
    return [path for path in others if not any(path != other and path.startswith(other) for other in others)]


def project_of(env: Site, role: str) -> str:
    """Returns the project of such a role, from its ARN."""
    return role.partition(_role_path(env))[2].partition("/")[0]


def _role_path(env: Site) -> str:
    return f"/{env.name_prefix}/{env.name}/"
