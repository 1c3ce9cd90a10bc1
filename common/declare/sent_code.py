"""Checks the packages of functions in another region than the artifact bucket, whose code a call to Lambda has to carry."""

from collections.abc import Sequence
from pathlib import Path

from common.model.resource import Action, Plan, Resource
from common.resources import function_code
from common.resources.function import Function


def check_sent_code(plan: Plan, resources: Sequence[Resource], build_dir: Path) -> None:
    """Checks the sizes of packages that are sent, as far as this plan uploads them.

    Raises:
        ArtifactError: a package is too large.
    """
    uploads = {change.key for change in plan.changes if change.action is Action.UPLOAD}
    for resource in resources:
        if isinstance(resource, Function) and resource.code_is_sent and resource.artifact and resource.artifact.key in uploads:
            function_code.check_size(resource.key, resource.artifact.build(build_dir).stat().st_size)
