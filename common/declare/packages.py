"""What is packaged: for one environment or, where none is named, for all of them. Asks AWS nothing.

Configuration may give a function another runtime or architecture in each environment; what is the same in two is built once.
"""

from collections.abc import Callable, Iterator

from common.base.errors import ParameterError, UsageError
from common.declare import projects
from common.declare.workspace import Workspace
from common.environment import config
from common.model.resource import Resource

Say = Callable[[str], None]


def environments(workspace: Workspace, *, every: bool = False) -> list[str]:
    """The environments that a command is about: the one that it names, or all.

    Raises:
        UsageError: there is none.
    """
    names = config.environments(workspace.root)
    if not names:
        raise UsageError(
            "config/ describes no environment. Add one, as in config/dev.json; config/schema.json says what it holds."
        )
    return names if every or workspace.choices.env is None else [workspace.choices.env]


def declared(workspace: Workspace, environment: str, say: Say) -> list[Resource]:
    """All that an environment's pipelines declare.

    Where no environment is named, a project that an environment has no values for is left out there: nobody can deploy it to it.

    Raises:
        ParameterError: the environment is named, and has no values for what a project refers to.
    """
    env = config.load(workspace.root, environment)
    names = [name for name in workspace.projects if env.project(name).enabled]
    while True:
        try:
            pipelines = projects.load(workspace.root, env, names)
            return [resource for pipeline in pipelines for resource in pipeline.resources()]
        except ParameterError as error:
            if workspace.choices.env is not None:
                raise
            names.remove(error.project)
            say(f"{error.project} is not packaged for {environment}, which has no values for {', '.join(error.places)}.")


def selected(workspace: Workspace, say: Say) -> Iterator[Resource]:
    """What a command is about, in each environment; the digests of its files are taken."""
    for name in environments(workspace):
        resources = [resource for resource in declared(workspace, name, say) if workspace.choices.matches(resource.key)]
        workspace.edited(resources)
        yield from resources


def nothing_selected(only: str | None) -> UsageError:
    """What to say where nothing is selected."""
    what = "This" if only is None else f"--only {only!r}"
    return UsageError(f"{what} names nothing that is packaged. Keys look like lambda/Validate; see `plan`.")
