"""Asks AWS about what a plan changes, where AWS can tell what is wrong without changing anything: `plan --validate`.

AWS's errors refuse the plan, all in one message; its warnings are shown.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import DeclarationError
from common.model.resource import SENDING, Plan, Resource


def check(aws: Aws, plan: Plan, resources: Iterable[Resource], pool: Executor, say: Callable[[str], None]) -> None:
    """Asks AWS about each change.

    Args:
        aws: the session.
        plan: the plan.
        resources: the declared resources.
        pool: the threads that ask.
        say: receives AWS's warnings.

    Raises:
        DeclarationError: AWS would refuse changes of the plan.
    """
    by_key = {resource.key: resource for resource in resources}
    changes = [change for change in plan.changes if change.action in SENDING and change.key in by_key]
    changed = [by_key[change.key] for change in changes]
    answers = pool.map(
        lambda resource, change: resource.diagnoses(regions.at(aws, resource.arn), change.desired), changed, changes
    )
    errors = []
    for resource, diagnoses in zip(changed, answers, strict=True):
        for diagnosis in diagnoses:
            text = f"{resource.key}: {diagnosis.text}"
            if diagnosis.is_error:
                errors.append(text)
            else:
                say(f"AWS warns of {text}")
    if errors:
        raise DeclarationError("\n".join(["AWS would refuse this:", *(f"  {text}" for text in errors)]))
