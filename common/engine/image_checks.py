"""Looks whether the container images exist that a plan brings into functions, before anything is changed.

Lambda would refuse an image that is not there, and would do so when other resources are changed already.
"""

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Protocol, runtime_checkable

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import DeclarationError
from common.model.resource import MAKING, Plan, Resource

IMAGE = "ImageUri"
"""The field of a state that has the image."""


@runtime_checkable
class RunsImage(Protocol):
    """What may run a container image."""

    def missing_image(self, aws: Aws) -> str:
        """Looks at its image; returns why it cannot be run, or an empty text."""
        ...


def check(aws: Aws, plan: Plan, resources: Iterable[Resource], pool: Executor) -> None:
    """Looks at the image of each function that is created with one, or gets another one.

    Raises:
        DeclarationError: images are missing; the message names all of them.
        AwsError: these credentials may not look at them, which Lambda does with the same credentials.
    """
    bringing = {
        change.key for change in plan.changes if IMAGE in change.desired and (change.action in MAKING or IMAGE in change.changed)
    }
    running = [resource for resource in resources if resource.key in bringing and isinstance(resource, RunsImage)]
    problems = list(filter(None, pool.map(lambda resource: resource.missing_image(regions.at(aws, resource.arn)), running)))
    if problems:
        raise DeclarationError("\n".join(problems))
