"""Checks the size of functions together with a layer that has changed: it may have grown while the functions are unchanged.

A function is checked when it is built, and a layer alone as well. Which functions use a layer is known only when all declarations
are complete.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections.abc import Iterable
from pathlib import Path

from common.model.resource import Action, Plan, Resource
from common.packaging.lambda_package import Package


def check_uploaded_layers(plan: Plan, resources: Iterable[Resource], build_dir: Path) -> None:
    """Checks all declared functions with a layer that a plan uploads, whether or not the plan changes the functions.

    Raises:
        ArtifactError: a function with its layers is too large.
    """
    uploads = {change.key for change in plan.changes if change.action is Action.UPLOAD}
    packages = [artifact for resource in resources for artifact in resource.artifacts if isinstance(artifact, Package)]
    check_functions((package for package in packages if any(layer.key in uploads for layer in package.layers)), build_dir)


def check_functions(packages: Iterable[Package], build_dir: Path) -> None:
    """Checks the size of each of these packages together with its layers.

    Raises:
        ArtifactError: one of them is too large.
    """
    for package in packages:
        if not package.in_aws:  # what is in code that Lambda keeps is not known here
            package.check_size(package.members(build_dir), build_dir)
