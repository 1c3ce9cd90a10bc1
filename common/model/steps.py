"""The ordered steps of a deploy, and which resources each brings up to date.

A step is an Invoke task; each has the one before it as its pre-task. So `invoke deploy-sfn` first brings everything that state
machines stand on up to date, at the price of a few cache checks. Which step a kind belongs to, its type's file says.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from common.model.resource import SHARED as SHARED_PROJECT
from common.model.resource import Key

if TYPE_CHECKING:  # it loads what a list of tasks does not need
    from common.model.kind import Kinds

PACKAGE = "package-lambdas"
SHARED, ROLES, LAMBDAS, UPLOAD = "deploy-shared", "deploy-roles", "deploy-lambdas", "upload-glue"
JOBS, CRAWLERS, MACHINES, TRIGGERS = "deploy-jobs", "deploy-crawlers", "deploy-sfn", "deploy-triggers"
STEPS = (SHARED, ROLES, LAMBDAS, UPLOAD, JOBS, CRAWLERS, MACHINES, TRIGGERS)
"""In order. Packaging comes before them all and needs no AWS."""
PRUNE = "prune"
"""Comes after them all: what is deleted may be used by what is only changed now."""
UPLOAD_STEP = {JOBS: UPLOAD}
"""The step that uploads the artifacts of another; the others upload their own."""


def step_of(key: Key, consumers: Mapping[Key, Key], kinds: "Kinds") -> str:
    """The step that brings a resource up to date.

    Args:
        key: the resource's.
        consumers: of each artifact, the resource that runs it.
        kinds: of resources; each says its step.
    """
    if key.project == SHARED_PROJECT:
        return SHARED
    if key in consumers:
        step = step_of(consumers[key], {}, kinds)
        return UPLOAD_STEP.get(step, step)
    return kinds[key.kind].step if key.kind in kinds else SHARED


def covered(requested: Collection[str]) -> tuple[str, ...]:
    """The steps that a command line is about: all up to the last one it names; all of them for `deploy`, `plan` and the like."""
    if not all(name in STEPS or name == PACKAGE for name in requested):
        return STEPS
    return STEPS[: max((STEPS.index(name) + 1 for name in requested if name in STEPS), default=0)]
