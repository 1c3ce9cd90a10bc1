"""The ordered steps of a deploy, and which resources each brings up to date.

A step is an Invoke task, and the step before it is its pre-task. So `invoke deploy-sfn` first brings everything up to date that
state machines need, at the price of a few cache checks. The file of a type says to which step its kind belongs.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from common.model.resource import SHARED as SHARED_PROJECT
from common.model.resource import Key

if TYPE_CHECKING:  # it loads what a list of tasks does not need
    from common.model.kind import Kinds

PACKAGE = "package-lambdas"
SHARED, ROLES, LAMBDAS, UPLOAD = "deploy-shared", "deploy-roles", "deploy-lambdas", "upload-glue"
JOBS, CRAWLERS, MACHINES, TRIGGERS = "deploy-jobs", "deploy-crawlers", "deploy-sfn", "deploy-triggers"
STEPS = (SHARED, ROLES, LAMBDAS, UPLOAD, JOBS, CRAWLERS, MACHINES, TRIGGERS)
"""The steps in their order. Packaging comes before all of them and needs no AWS."""
PRUNE = "prune"
"""This step comes after all others, because a resource that is to be deleted may be in use until others are changed."""
NOTHING_EARLY: Mapping[Key, str] = MappingProxyType({})
"""No resource comes before the step of its kind."""
UPLOAD_STEP = {JOBS: UPLOAD}
"""The artifacts of these steps are uploaded by another step; all other steps upload their own."""


def step_of(key: Key, consumers: Mapping[Key, Key], kinds: "Kinds", early: Mapping[Key, str] = NOTHING_EARLY) -> str:
    """The step that brings a resource up to date.

    Args:
        key: the resource's key.
        consumers: for each artifact, the resource that runs it.
        kinds: the kinds of resources; each knows its step.
        early: the steps of resources that must come before that of their kind; see `needed_early`.
    """
    if key in early:
        return early[key]
    if key.project == SHARED_PROJECT:
        return SHARED
    if key in consumers:
        step = step_of(consumers[key], {}, kinds)
        return UPLOAD_STEP.get(step, step)
    return kinds[key.kind].step if key.kind in kinds else SHARED


def needed_early(needs: Mapping[Key, Collection[Key]], kinds: "Kinds") -> dict[Key, str]:
    """The steps of resources whose attributes AWS gives, as far as a resource of an earlier step needs them.

    Args:
        needs: what each resource needs.
        kinds: the kinds of resources; each knows its step.
    """
    result: dict[Key, str] = {}
    waiting = [(key, STEPS.index(step_of(key, {}, kinds))) for key in needs]
    while waiting:
        user, step = waiting.pop()
        for key in needs.get(user, ()):
            is_any = key.kind in kinds and kinds[key.kind].generates and key.project != SHARED_PROJECT
            if is_any and step < STEPS.index(step_of(key, {}, kinds, result)):
                result[key] = STEPS[step]
                waiting.append((key, step))
    return result


def covered(requested: Collection[str]) -> tuple[str, ...]:
    """The steps of a command line: all up to the last one that it names; all steps for `deploy`, `plan` and the like."""
    if not all(name in STEPS or name == PACKAGE for name in requested):
        return STEPS
    return STEPS[: max((STEPS.index(name) + 1 for name in requested if name in STEPS), default=0)]
