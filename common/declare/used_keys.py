"""Keys that a function needs because a trigger lets it read or write something that is encrypted.

A trigger may be declared after its function, and so may the queue that it is about: what encrypts the queue is known only when
both are rendered. So the function's role gets the keys then.
"""

from collections.abc import Iterable
from dataclasses import replace

from common.declare import grants
from common.declare.project_resources import ProjectResources
from common.model.generated import marked_keys
from common.model.reference import Ref
from common.resources import kind_of
from common.resources.role import Role


def allow(project: ProjectResources, function: Ref, refs: Iterable[Ref], *, writing: bool) -> None:
    """Allows a function the keys that encrypt resources, in the role that the deployer makes for it, if it makes one."""
    role = project.known().get(project.key("role", f"{function.key.name}-{kind_of(function.key.kind).role_name}"))
    statements = [*grants.encryption(project, refs, writing=writing)]
    if isinstance(role, Role) and (added := [statement for statement in statements if statement not in role.statements]):
        needs = tuple(dict.fromkeys((*role.needs, *sorted(marked_keys(added)))))
        project.add(replace(role, identity=replace(role.identity, needs=needs), statements=(*role.statements, *added)))
