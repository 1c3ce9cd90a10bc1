"""The ARNs in a deployer's policy, by service: those of one environment, and of no other in the same account.

The prefix of one environment may be the beginning of another's, as `acres` is of `acres-dev`. So a pattern covers one project at
most. If the names of another environment match this pattern, too, the resources of the project are named one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from common.environment.config import Environment
from common.model.kind import Kind
from common.model.resource import SHARED, Resource
from common.resources import kind_of, kinds


def own(env: Environment, resources: Sequence[Resource], neighbours: Iterable[str]) -> dict[str, list[str]]:
    """The ARNs of the declared resources: of shared ones each, of a project's a pattern with the beginning of their names.

    Args:
        env: the environment.
        resources: its declared resources.
        neighbours: the name prefixes of other environments.
    """
    result: dict[str, list[str]] = defaultdict(list)
    result["s3"] = [env.bucket_arn(env.artifact_bucket), env.bucket_arn(env.artifact_bucket, "*")]
    projects = {resource.key.project for resource in resources} - {SHARED}
    exact = {project for project in projects if _reaches(env, project, neighbours)} | {SHARED}
    for kind in kinds().values():
        result[kind.service] += _arns(env, kind, kind.policy.shared_patterns)
    patterns: dict[tuple[str, str], None] = {}
    for resource in resources:
        kind = kind_of(resource.key.kind)
        if kind.arn is None or (kind.policy.shared_patterns and resource.key.project == SHARED):
            continue  # other statements or patterns cover these
        if resource.key.project in exact:
            result[kind.service] += [resource.arn, *kind.policy.parts(resource.arn)]
        else:
            pattern = resource.arn.removesuffix(resource.key.name) + "*"
            patterns |= dict.fromkeys((kind.service, arn) for arn in (pattern, *_parts(kind, pattern)))
    for service, pattern in patterns:
        result[service].append(pattern)
    return result


def beginnings(env: Environment) -> dict[str, list[str]]:
    """Patterns of everything that an environment may ever have deployed; resources of others may match them, too."""
    result: dict[str, list[str]] = defaultdict(list)
    result["s3"] = [env.bucket_arn(env.artifact_bucket)]
    for kind in kinds().values():
        for arn in _arns(env, kind, (*kind.policy.shared_patterns, *kind.policy.patterns)):
            result[kind.service] += [arn, *kind.policy.beside(arn)]
    return result


def tagged(env: Environment) -> list[str]:
    """The same patterns, of the kinds whose services can check tags in a policy."""
    return [arn for kind in kinds().values() if kind.policy.left_over for arn in _arns(env, kind, kind.policy.patterns)]


def _arns(env: Environment, kind: Kind, patterns: Iterable[str]) -> list[str]:
    """The ARNs for these patterns of names."""
    prefix = {"prefix": env.name_prefix, "underscored": env.name_prefix.replace("-", "_"), "account": env.account_id}
    return [kind.arn.of(env, pattern.format(**prefix)) for pattern in patterns] if kind.arn is not None else []


def _reaches(env: Environment, project: str, neighbours: Iterable[str]) -> bool:
    """Whether the names of a neighbour's resources begin like those of this project."""
    return any(f"{prefix}-".startswith(env.resource_name(project, "")) for prefix in neighbours)


def _parts(kind: Kind, pattern: str) -> list[str]:
    """The ARNs of the parts of resources that match a pattern, unless the pattern covers them already."""
    return [arn.replace("*:*", "*") for arn in kind.policy.parts(pattern) if not arn.startswith(pattern.removesuffix("*"))]
