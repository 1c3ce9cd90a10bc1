"""The ARNs that a deployer's policy is held to, by service: those of an environment, and of no other in the same account.

The prefix of one environment may begin that of another, as `acres` begins `acres-dev`. So names are only as wide as one
project's, unless all of another environment's begin so, too: then each resource is named.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from common.environment.config import Environment
from common.environment.naming import ARNS
from common.model.resource import SHARED, Resource

SERVICES = {"states": "stepfunctions"}
"""Services that botocore calls otherwise than ARNs do."""


def own(env: Environment, resources: Sequence[Resource], neighbours: Iterable[str]) -> dict[str, list[str]]:
    """What is declared: shared resources by name, those of a project by how their names begin.

    Args:
        env: the environment.
        resources: what it declares.
        neighbours: the name prefixes of other environments.
    """
    found: dict[str, list[str]] = defaultdict(list)
    found["s3"] = [env.bucket_arn(env.artifact_bucket), env.bucket_arn(env.artifact_bucket, "*")]
    projects = {resource.key.project for resource in resources} - {SHARED}
    exact = {project for project in projects if _reaches(env, project, neighbours)} | {SHARED}
    found["logs"] = _shared_groups(env)
    patterns: dict[tuple[str, str], None] = {}
    for resource in resources:
        kind, service = resource.key.kind, _service(resource.arn)
        if kind in {"artifact", "directory", "role"} or (kind, resource.key.project) == ("log-group", SHARED):
            continue  # which other statements, and other patterns, are about
        if resource.key.project in exact:
            found[service] += _with_parts(env, resource)
        else:
            pattern = resource.arn.removesuffix(resource.key.name) + "*"
            patterns |= dict.fromkeys((service, one) for one in (pattern, *_executions(pattern)))
    for service, pattern in patterns:
        found[service].append(pattern)
    return found


def beginnings(env: Environment) -> dict[str, list[str]]:
    """Whatever an environment may ever have had; what begins so may be another's."""
    prefix, catalog = env.name_prefix, f"{env.name_prefix.replace('-', '_')}_*"
    found: dict[str, list[str]] = defaultdict(list)
    for service, beginning in ARNS.values():
        found[SERVICES.get(service, service)].append(env.arn(service, f"{beginning}{prefix}-*"))
    found["s3"] = [env.bucket_arn(env.artifact_bucket), env.bucket_arn(f"{prefix}-*-{env.account_id}")]
    found["glue"] += [env.arn("glue", "catalog"), env.arn("glue", f"database/{catalog}")]
    found["sns"] = [env.arn("sns", f"{prefix}-*")]
    found["logs"] = [*_shared_groups(env), env.arn("logs", f"log-group:/aws/lambda/{prefix}-*")]
    return found


def tagged(env: Environment) -> list[str]:
    """The same, of kinds whose service lets a policy look at their tags."""
    kinds = ("lambda", "glue-job", "crawler", "state-machine", "rule")
    arns = [env.arn(ARNS[kind][0], f"{ARNS[kind][1]}{env.name_prefix}-*") for kind in kinds]
    topics, groups = (f"{beginning}{env.name_prefix}-*" for beginning in ("", "log-group:/aws/lambda/"))
    return [*arns, env.arn("sns", topics), env.arn("logs", groups)]


def _reaches(env: Environment, project: str, neighbours: Iterable[str]) -> bool:
    """Whether all that a neighbour has is called as if it were this project's."""
    return any(f"{prefix}-".startswith(env.resource_name(project, "")) for prefix in neighbours)


def _with_parts(env: Environment, resource: Resource) -> list[str]:
    """A resource and what belongs to it: objects, tables, versions, executions."""
    arn, name = resource.arn, resource.name
    match resource.key.kind:
        case "bucket":
            return [arn, f"{arn}/*"]
        case "database":  # goes with all that is in it
            parts = ("catalog", f"table/{name}/*", f"userDefinedFunction/{name}/*")
            return [arn, *(env.arn("glue", part) for part in parts)]
        case "layer":
            return [arn, f"{arn}:*"]
        case "log-group":
            return [arn, f"{arn}:*"]
        case "state-machine":
            return [arn, *_executions(f"{arn}:*")]
        case _:
            return [arn]


def _executions(arn: str) -> list[str]:
    """Those of a machine; nothing of anything else."""
    return [arn.replace(":stateMachine:", ":execution:")] if ":stateMachine:" in arn else []


def _shared_groups(env: Environment) -> list[str]:
    """Those that all pipelines of the environment log to, whose names no other prefix begins."""
    machines = env.arn("logs", f"log-group:/aws/vendedlogs/states/{env.name_prefix}")
    return [machines, f"{machines}:*", env.arn("logs", f"log-group:/{env.name_prefix}/*")]


def _service(arn: str) -> str:
    service = arn.split(":")[2]
    return SERVICES.get(service, service)
