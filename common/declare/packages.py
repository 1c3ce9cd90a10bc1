"""Selects what is packaged: for one environment or, if none is named, for all. It makes no calls to AWS.

Each environment may configure another runtime or architecture for a function; equal packages are built once.
"""

from collections.abc import Callable, Iterator

from common.base.errors import ParameterError, UsageError
from common.declare import project_names, projects
from common.declare.workspace import Workspace
from common.environment import config_files, config_json
from common.model.resource import Resource

Say = Callable[[str], None]


def environments(workspace: Workspace, *, every: bool = False) -> list[str]:
    """Returns the environments of a command: the one that it names, or all.

    Raises:
        UsageError: there are no environments.
    """
    names = config_json.environments(workspace.root)
    if not names:
        raise UsageError(
            "config/ describes no environment. Add one, as in config/dev.json; config/schema.json says what it holds."
        )
    return names if every or workspace.choices.env is None else [workspace.choices.env]


def declared(workspace: Workspace, environment: str, say: Say) -> list[Resource]:
    """Returns all resources that an environment's pipelines declare.

    If no environment is named, projects without values for their parameters are skipped: nobody can deploy them there.

    Raises:
        ParameterError: the environment is named, and has no values for what a project refers to.
    """
    env = config_files.load(workspace.root, environment)
    names = project_names.enabled_among(workspace.root, env, workspace.projects)
    while True:
        try:
            pipelines = projects.load(workspace.root, env, names)
            return [resource for pipeline in pipelines for resource in pipeline.rendered()]
        except ParameterError as error:
            if workspace.choices.env is not None:
                raise
            names.remove(error.project)
            say(f"{error.project} is not packaged for {environment}, which has no values for {', '.join(error.places)}.")


def selected(workspace: Workspace, say: Say) -> Iterator[Resource]:
    """Yields the selected resources of each environment, after digesting their files."""
    for name in environments(workspace):
        resources = [resource for resource in declared(workspace, name, say) if workspace.choices.matches(resource.key)]
        workspace.edited(resources)
        yield from resources
