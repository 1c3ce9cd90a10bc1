"""The ARNs in a deployer's policy, by service: those of one environment, and of no other in the same account.

The prefix of one environment may be the beginning of another's, as `acres` is of `acres-dev`. So a pattern covers one project at
most. If the names of another environment match this pattern, too, the resources of the project are named one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from common.declare import naming
from common.declare.usual_names import UsualNames
from common.environment.config import Environment
from common.environment.names import FIELD, OWN_FIELDS
from common.model.kind import Kind
from common.model.resource import SHARED, Resource
from common.resources import kind_of, kinds


def own(env: Environment, resources: Sequence[Resource], neighbours: Iterable[str]) -> dict[str, list[str]]:
    """The ARNs of the declared resources: of shared ones each, of a project's a pattern with the beginning of their names.

    Args:
        env: the environment.
        resources: its declared resources.
        neighbours: how names of other environments begin.
    """
    result: dict[str, list[str]] = defaultdict(list)
    if env.others_bucket is None:
        result["s3"] = [env.bucket_arn(env.artifact_bucket), env.bucket_arn(env.artifact_bucket, "*")]
    projects = {resource.key.project for resource in resources} - {SHARED}
    exact = {project for project in projects if _reaches(env, project, neighbours)} | {SHARED}
    for kind in kinds().values():
        result[kind.service] += _arns(env, kind, kind.policy.shared_patterns)
    patterns: dict[tuple[str, str], None] = {}
    usual = UsualNames(env)
    for resource in resources:
        kind = kind_of(resource.key.kind)
        is_unusual = usual.differs(resource.key, resource.arn)
        if kind.arn is None or (kind.policy.shared_patterns and resource.key.project == SHARED and not is_unusual):
            continue  # other statements or patterns cover these
        pattern = resource.arn.removesuffix(resource.key.name) + "*"
        if is_unusual:
            begin = naming.beginning(env, resource)
            named = begin is None or any(other.startswith(begin) for other in neighbours)
        else:
            named = resource.key.project in exact
        if named:
            result[kind.service] += [resource.arn, *kind.policy.parts(resource.arn)]
        else:
            patterns |= dict.fromkeys((kind.service, arn) for arn in (pattern, *_parts(kind, pattern)))
    for service, pattern in patterns:
        result[service].append(pattern)
    return result


def of_neighbour(env: Environment) -> set[str]:
    """How names of an environment begin: by its prefix, by its templates, and exact ones, as far as configuration says them."""
    exact = {name for key, name in env.names.items() if "/" in key}
    for project in env.projects.values():
        sections = (getattr(project, kind.section) for kind in kinds().values() if kind.section)
        exact |= {settings.name for section in sections for settings in section.values() if settings.name}
        exact |= {*project.names.values()}
    return {f"{env.name_prefix}-", *exact, *naming.template_beginnings(env)}


def beginnings(env: Environment, resources: Iterable[Resource]) -> dict[str, list[str]]:
    """Whatever an environment may ever have had; what begins so may be another's. And what is called otherwise, by name."""
    result: dict[str, list[str]] = defaultdict(list)
    result["s3"] = [env.bucket_arn(env.artifact_bucket)] if env.others_bucket is None else []
    for kind in kinds().values():
        for arn in _arns(env, kind, (*kind.policy.shared_patterns, *kind.policy.patterns)):
            result[kind.service] += [arn, *kind.policy.beside(arn)]
    for resource in unusual(env, resources):
        kind = kind_of(resource.key.kind)
        if kind.arn is not None:
            is_one = naming.beginning(env, resource) is None
            arn = resource.arn if is_one else f"{resource.arn.removesuffix(resource.key.name)}*"
            result[kind.service] += [arn, *(kind.policy.parts(arn) if is_one else _parts(kind, arn)), *kind.policy.beside(arn)]
    return {service: [*dict.fromkeys(arns)] for service, arns in result.items()}


def unusual(env: Environment, resources: Iterable[Resource]) -> list[Resource]:
    """The resources that are called otherwise than they would be without anything said of names."""
    usual = UsualNames(env)
    return [resource for resource in resources if usual.differs(resource.key, resource.arn)]


def tagged(env: Environment, everywhere: Iterable[Kind]) -> list[str]:
    """What may be left over of kinds whose service lets a policy look at tags; of kinds in `everywhere` whatever it is called."""
    kinds_of_left = [kind for kind in kinds().values() if kind.policy.left_over]
    return [arn for kind in kinds_of_left for arn in _arns(env, kind, ("*",) if kind in [*everywhere] else kind.policy.patterns)]


def _arns(env: Environment, kind: Kind, patterns: Iterable[str]) -> list[str]:
    """The ARNs for these patterns of names."""
    prefix = {"prefix": env.name_prefix, "underscored": env.name_prefix.replace("-", "_"), "account": env.account_id}
    views = [env.in_region(region) for region in env.regions(env.projects)]
    arns = [kind.arn.of(view, pattern.format(**prefix)) for pattern in patterns for view in views] if kind.arn is not None else []
    return [*dict.fromkeys(arns)]


def _reaches(env: Environment, project: str, neighbours: Iterable[str]) -> bool:
    """Whether the names of a neighbour's resources begin like those of this project."""
    return any(other.startswith(env.resource_name(project, "")) for other in neighbours)


def _parts(kind: Kind, pattern: str) -> list[str]:
    """The ARNs of the parts of resources that match a pattern, unless the pattern covers them already."""
    return [arn.replace("*:*", "*") for arn in kind.policy.parts(pattern) if not arn.startswith(pattern.removesuffix("*"))]


def advice(env: Environment) -> Iterator[str]:
    """What to say of templates that do not tell the environment from others, or that let no pattern stand for its names."""
    for key, template in env.names.items():
        where = f"names.{key} in config/{env.name}.json"
        if "/" in key:
            continue
        if not OWN_FIELDS & {*FIELD.findall(template)}:
            yield (
                f"{where} has no {{env}}, {{ENV}} or {{prefix}}, so nothing tells {env.name} from other environments: two of one "
                f"account would want the same names."
            )
        if not naming.tells_apart(template):
            yield f"no pattern is {env.name}'s alone by {where}, so each resource is named: print it again when there are more."
