"""Finds what an express workflow cannot do, before AWS refuses the definition when the machine is created.

That matters most where a standard machine becomes an express one. The type of a machine cannot be changed, so the old one has to
be deleted first. The children of a distributed Map may be express workflows, too, in a machine that is a standard one itself.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
and https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from collections.abc import Iterator

from common.base.json_types import JsonMapping
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, is_distributed, placed_machines

EXPRESS = "EXPRESS"
_WAITING = {
    ".sync": "waits for the end of a job",
    ".sync:2": "waits for the end of a job",
    ".waitForTaskToken": "waits for a task token",
}
"""What a call waits for, by the end of its Resource; express workflows have none of these calls."""
ADVICE = ' Make it "STANDARD", or take this state out.'


def express_problems(definition: JsonMapping, kind: str) -> Iterator[Problem]:
    """Yields what a machine of this type cannot run.

    Args:
        definition: its structure proved.
        kind: STANDARD or EXPRESS.
    """
    yield from _problems(definition, Place(), express=kind == EXPRESS)


def _problems(machine: JsonMapping, at: Place, *, express: bool) -> Iterator[Problem]:
    for name, state in machine["States"].items():
        here, distributed = at / "States" / name, is_distributed(state)
        if express and distributed:
            yield Problem("EXPRESS", here, "express workflows have no distributed Map.", ADVICE)
        elif express and state["Type"] == "Task" and (why := _unsupported(state["Resource"])):
            yield Problem("EXPRESS", here / "Resource", f"an express workflow cannot call what {why}.", ADVICE)
        inside = distributed and state["ItemProcessor"]["ProcessorConfig"].get("ExecutionType") == EXPRESS
        for place, inner in placed_machines(state, here):
            yield from _problems(inner, place, express=express or inside)


def _unsupported(resource: str) -> str | None:
    if ":activity:" in resource:
        return "is an activity"
    return next((why for ending, why in _WAITING.items() if resource.endswith(ending)), None)
