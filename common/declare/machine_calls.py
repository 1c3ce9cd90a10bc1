"""Checks what state machines call against this repository, once all resources of a project are rendered.

Only what is declared here and can be told from its code is checked. What was found is remembered until the definition or the code
changes.
"""

import json

from common.base.json_types import JsonMapping
from common.declare.asl.definition_check import DefinitionError
from common.declare.asl.problem import Problem
from common.declare.asl.remembered import Remembered
from common.declare.asl.walk import every_state
from common.declare.machine_targets import MachineTargets, target_of
from common.declare.project_resources import ProjectResources


def finish(project: ProjectResources) -> list[DefinitionError]:
    """Adds what machines have to do with the rest of the project to their problems, and keeps the warnings.

    Returns:
        An error for each machine that is wrong, with all its problems.
    """
    targets, errors = MachineTargets(project.known().values()), list[DefinitionError]()
    for checked in project.checked.values():
        if checked.definition is not None:
            checked.check.add(machine_problems(targets, checked.definition, project.remembered))
        if error := checked.check.error():
            errors.append(error)
        else:
            project.warnings += checked.check.located()
    if project.remembered is not None:
        project.remembered.save()
    return errors


def machine_problems(targets: MachineTargets, definition: JsonMapping, remembered: Remembered | None) -> list[Problem]:
    """Returns what is wrong, or may be, in a definition with its references replaced.

    Args:
        targets: what the project has.
        definition: its structure proved.
        remembered: keeps what was found, until the definition or the code of what it calls changes; None keeps nothing.
    """
    states = [*every_state(definition)]
    called = {resource.key: resource for placed in states if (resource := targets.called(placed.state)) is not None}
    if not any(target_of(placed.state) for placed in states):
        return []
    facts = [[str(key), targets.facts(resource)] for key, resource in sorted(called.items())]
    text = json.dumps([definition, facts, targets.digest])
    problems = remembered.problems(text) if remembered is not None else None
    if problems is None:
        from common.declare.call_rules import call_problems  # what is remembered has no use for it

        problems = [problem for placed in states for problem in call_problems(targets, placed)]
        if remembered is not None:
            remembered.add(text, problems)
    return problems
