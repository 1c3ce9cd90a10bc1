"""The ARNs that a deployer's policy is held to, by service: those of an environment, and of no other in the same account.

The prefix of one environment may begin that of another, as `acres` begins `acres-dev`. So names are only as wide as one
project's, unless all of another environment's begin so, too: then each resource is named.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from common.environment.config import Environment
from common.model.kind import Kind
from common.model.resource import SHARED, Resource
from common.resources import kind_of, kinds


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
    for kind in kinds().values():
        found[kind.service] += _arns(env, kind, kind.policy.shared_patterns)
    patterns: dict[tuple[str, str], None] = {}
    for resource in resources:
        kind = kind_of(resource.key.kind)
        if kind.arn is None or (kind.policy.shared_patterns and resource.key.project == SHARED):
            continue  # which other statements, and other patterns, are about
        if resource.key.project in exact:
            found[kind.service] += [resource.arn, *kind.policy.parts(resource.arn)]
        else:
            pattern = resource.arn.removesuffix(resource.key.name) + "*"
            patterns |= dict.fromkeys((kind.service, one) for one in (pattern, *_parts(kind, pattern)))
    for service, pattern in patterns:
        found[service].append(pattern)
    return found


def beginnings(env: Environment) -> dict[str, list[str]]:
    """Whatever an environment may ever have had; what begins so may be another's."""
    found: dict[str, list[str]] = defaultdict(list)
    found["s3"] = [env.bucket_arn(env.artifact_bucket)]
    for kind in kinds().values():
        for arn in _arns(env, kind, (*kind.policy.shared_patterns, *kind.policy.patterns)):
            found[kind.service] += [arn, *kind.policy.beside(arn)]
    return found


def tagged(env: Environment) -> list[str]:
    """The same, of kinds whose service lets a policy look at their tags."""
    return [arn for kind in kinds().values() if kind.policy.left_over for arn in _arns(env, kind, kind.policy.patterns)]


def _arns(env: Environment, kind: Kind, patterns: Iterable[str]) -> list[str]:
    """The ARNs of all whose names fit one of these patterns."""
    prefix = {"prefix": env.name_prefix, "underscored": env.name_prefix.replace("-", "_"), "account": env.account_id}
    return [kind.arn.of(env, pattern.format(**prefix)) for pattern in patterns] if kind.arn is not None else []


def _reaches(env: Environment, project: str, neighbours: Iterable[str]) -> bool:
    """Whether all that a neighbour has is called as if it were this project's."""
    return any(f"{prefix}-".startswith(env.resource_name(project, "")) for prefix in neighbours)


def _parts(kind: Kind, pattern: str) -> list[str]:
    """The ARNs of what belongs to all resources of a pattern, as far as the pattern does not fit these, too."""
    return [arn.replace("*:*", "*") for arn in kind.policy.parts(pattern) if not arn.startswith(pattern.removesuffix("*"))]
