"""Finds what an express workflow cannot do, before AWS refuses the definition when the machine is created.

That matters most where a standard machine becomes an express one. The type of a machine cannot be changed, so the old one has to
be deleted first. The children of a distributed Map may be express workflows, too, in a machine that is a standard one itself.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
and https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from collections.abc import Iterator

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare.asl.walk import inner_machines, is_distributed

EXPRESS = "EXPRESS"
_WAITING = {".sync": "waits for the end of a job", ".sync:2": "waits for the end of a job"}
_WAITING[".waitForTaskToken"] = "waits for a task token"


def check(definition: JsonMapping, kind: str, where: str) -> None:
    """Checks that a machine of this type can run a definition.

    Raises:
        DeclarationError: express workflows do not support some of its states; one message lists all.
    """
    problems = list(_problems(definition, "", express=kind == EXPRESS))
    if problems:
        message = "\n".join(
            [f"{where}: express workflows cannot do what the definition says:", *(f"  {problem}" for problem in problems)]
        )
        raise DeclarationError(f'{message}\nMake it "STANDARD", or take these states out.')


def _problems(machine: JsonMapping, at: str, *, express: bool) -> Iterator[str]:
    for name, state in machine["States"].items():
        here, distributed = f"{at}{name}", is_distributed(state)
        if express and distributed:
            yield f"{here}: a distributed Map."
        elif express and state["Type"] == "Task" and (why := _unsupported(state["Resource"])):
            yield f"{here}: {state['Resource']} {why}."
        inside = distributed and state["ItemProcessor"]["ProcessorConfig"].get("ExecutionType") == EXPRESS
        for inner in inner_machines(state):
            yield from _problems(inner, f"{here} > ", express=express or inside)


def _unsupported(resource: str) -> str | None:
    if ":activity:" in resource:
        return "is an activity"
    return next((why for ending, why in _WAITING.items() if resource.endswith(ending)), None)
