"""`invoke graph`: draws a project, or one of its state machines, as Mermaid text or as an SVG picture."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task


@task(
    help=options(
        "env",
        project="The project to draw.",
        machine="Draw this state machine instead, by its name in the declaration.",
        svg="Write a picture to this file instead of printing Mermaid text.",
    ),
    for_all=True,
    reads_only=True,
)
def graph(
    _c: Context, env: str | None = None, project: str | None = None, machine: str | None = None, svg: str | None = None
) -> None:
    """Draw a project or a state machine as Mermaid text.

    The text is for a README; a picture can be written, too. Needs no credentials.
    """
    from common.base.errors import UsageError
    from common.base.suggestions import did_you_mean
    from common.base.terminal import Screen
    from common.commands.invocation import INVOCATION
    from common.declare import flow_words
    from common.declare.flows import declared_anywhere, flows
    from common.declare.workspace import Workspace
    from common.model.choices import Choices
    from common.report import mermaid
    from common.resources.state_machine import StateMachine

    workspace = Workspace(INVOCATION.get().root, Choices(env=env, project=project))
    if len(workspace.projects) != 1:
        raise UsageError(f"Which project? Add --project NAME; there are {', '.join(workspace.projects)}.")
    (name,) = workspace.projects
    declared = declared_anywhere(workspace, name)
    if machine is None:
        arrows = flows(declared.resources, name, declared.env.artifact_bucket)
        if svg is None:
            Screen().text(mermaid.project(arrows, flow_words.descriptions(declared.resources)))
        else:
            from common.report import picture_file

            picture_file.write_project(svg, name, arrows, declared.resources)
        return
    machines = {
        resource.key.name: resource
        for resource in declared.resources
        if isinstance(resource, StateMachine) and resource.key.project == name
    }
    if machine not in machines:
        there_are = ", ".join(machines) or "none"
        raise UsageError(f"{name} declares no state machine {machine!r}; it has {there_are}.{did_you_mean(machine, machines)}")
    if svg is None:
        Screen().text(mermaid.machine(machines[machine].definition))
    else:
        from common.report import picture_file

        picture_file.write_machine(svg, machine, machines[machine].definition, declared.resources)
