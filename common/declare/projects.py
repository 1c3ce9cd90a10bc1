"""Finding and loading declarations: root `deploy.py` and `projects/<name>/deploy.py`.

A project is a folder with a `deploy.py`; nothing else has to know of it. Whatever goes wrong while a declaration is imported or
called is the declaration's error and is told as such, with its file and line.
"""

import importlib
import traceback
from collections.abc import Callable, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from common.base import import_source
from common.base.errors import ConfigError, DeclarationError, DeployError
from common.base.suggestions import did_you_mean
from common.base.terminal import stdout_to_stderr
from common.declare import configuration, existing, naming, project_names
from common.declare.declaration import Borrows, Declares, UsesEntries
from common.declare.declaration_errors import explain
from common.environment.config import Environment
from common.environment.parameter_values import Parameters
from common.model.resource import PROJECT_NAME, SHARED, Key, Resource
from common.resources import kind_of

T = TypeVar("T")


def load(root: Path, env: Environment, selected: list[str], *, adding: bool = False) -> list[Declares]:
    """Loads the declared pipelines of an environment; the shared resources come first.

    Args:
        root: the repository.
        env: the environment.
        selected: the projects.
        adding: more will be declared, so the environment may configure what nothing uses yet.

    Raises:
        DeclarationError: a declaration cannot be imported, fails, or refers to a shared resource that nobody declares; two
            resources would have one name in AWS, or each would have to be there before the other.
        ConfigError: the environment configures a project, or a role of something, that does not exist.
    """
    _check_names(env, project_names.list_projects(root))
    configuration.check_templates(env)
    with import_source.importing_declarations(str(root)), stdout_to_stderr():
        declared = [_load_pipeline(root, SHARED, "deploy", env)]
        shared = declared[0].rendered()
        named = naming.with_declared(env, shared)
        declared += [_load_pipeline(root, name, f"projects.{env.folder(name)}.deploy", named, shared) for name in selected]
    resources = [resource for pipeline in declared for resource in pipeline.rendered()]
    configuration.check_exact_names(env, SHARED, [resource.key for resource in shared])
    _check_together(resources, env)
    used = {entry for pipeline in declared if isinstance(pipeline, UsesEntries) for entry in pipeline.entries}
    is_whole = not adding and set(project_names.enabled_projects(root, env)) <= set(selected)
    existing.check_entries(env, used, selected, whole=is_whole)
    if is_whole:
        configuration.check_roles(env, [resource.key for resource in resources])
    return declared


def load_file(root: Path, env: Environment, name: str, path: Path, others: Sequence[Declares]) -> Declares:
    """Loads a project from a file outside its folder, beside what is loaded, and without making it known to Python.

    Args:
        root: the repository.
        env: the environment.
        name: the project.
        path: its declaration.
        others: the shared resources and the other projects.

    Raises:
        DeclarationError: see `load`.
    """
    module = f"projects.{env.folder(name)}.deploy"
    shared = [resource for pipeline in others if pipeline.name == SHARED for resource in pipeline.rendered()]
    with import_source.importing_declarations(str(root)), stdout_to_stderr():
        where = f"projects/{env.folder(name)}/deploy.py"
        imported = _reporting_errors(root, where, lambda: import_source.load_file(module, str(path)))
        declared = _declared(root, name, where, imported, naming.with_declared(env, shared), shared)
    _check_together([resource for pipeline in (*others, declared) for resource in pipeline.rendered()], env)
    return declared


def _check_together(resources: list[Resource], env: Environment) -> None:
    _check_references(resources, env)
    _check_circles(resources, env)
    _check_collisions(resources, env)
    existing.check_apart(env, resources)


def _check_names(env: Environment, existing: list[str]) -> None:
    if SHARED in existing:
        raise DeclarationError(f"projects/{SHARED}/: this name stands for the resources of root deploy.py. Rename the folder.")
    for name in sorted(env.projects):
        instance, folder = env.instance_of(name), env.folder(name)
        if folder not in existing:
            where = env.place(name).removesuffix(": $")
            likely = next((project for project in existing if name.startswith(f"{project}-")), None)
            advice = f" An instance stands in the section of its folder: $.projects.{likely}.instances." if likely else ""
            raise ConfigError(
                f"{where}: there is no folder projects/{folder}/ with a deploy.py.{advice or did_you_mean(folder, existing)}"
            )
        if instance and name in (*existing, SHARED):
            raise ConfigError(
                f"{env.place(name)}: the instance would be deployed as {name}, as the folder projects/{name}/ is. "
                f"Rename the instance or the folder."
            )
        if not PROJECT_NAME.fullmatch(name):
            raise ConfigError(f"{env.place(name)}: the instance would be deployed as {name}; a name has up to 64 characters.")


def _check_references(resources: list[Resource], env: Environment) -> None:
    keys = {resource.key for resource in resources}
    for resource in resources:
        missing = next((need for need in resource.needs if need not in keys and need.kind != "artifact"), None)
        if missing is not None:
            where = f"{env.where(resource.key.project)}: {resource.key}"
            alike = [key.name for key in keys if key.project == SHARED and key.kind == missing.kind]
            raise DeclarationError(
                f"{where} refers to the shared {missing}, which deploy.py does not declare.{did_you_mean(missing.name, alike)} "
                f"To have it, add this line to deploy.py: {_declaration_line(missing)}"
            )


def _declaration_line(missing: Key) -> str:
    """Returns the line of root `deploy.py` that declares a shared resource."""
    kind = kind_of(missing.kind)
    return f'shared.{kind.word}("{missing.name}"{kind.must_say.format(name=missing.name)})'


def _check_circles(resources: list[Resource], env: Environment) -> None:
    try:
        TopologicalSorter({resource.key: resource.needs for resource in resources}).prepare()
    except CycleError as error:
        keys: list[Key] = error.args[1]
        circle = " needs ".join(str(key) for key in reversed(keys))
        raise DeclarationError(
            f"{env.where(keys[0].project)}: {circle}, so none of them can be the first. Names are known before "
            f"anything exists: let one of them take the other's as text, as in environment={{'NAME': ref.name}}."
        ) from None


def _check_collisions(resources: list[Resource], env: Environment) -> None:
    """Refuses equal names in AWS: names are joined from parts, so project `a` with `b-c` and project `a-b` with `c` collide."""
    resources_by_name: dict[str, Resource] = {}
    for resource in resources:
        other = resources_by_name.setdefault(_unique_identity(resource), resource)
        if other.key != resource.key:
            both = f"{other.key.project}: {other.key} and {resource.key.project}: {resource.key}"
            or_else = " Or give the template in `names` the field {project}." if resource.key.project != other.key.project else ""
            advice = f"Rename one of them.{or_else if env.names else ''}"
            if env.folder(resource.key.project) == env.folder(other.key.project) and resource.key.project != other.key.project:
                advice = (
                    "Instances need names of their own: let a declared name have a ${parameter} that differs, configure the name "
                    "in the section of each instance, or give the template in `names` the field {project} or {instance}."
                )
            reason = _why_equal(resource, other)
            raise DeclarationError(f"{both} would both be {resource.arn} in {env.name}{reason}. {advice}")


def _unique_identity(resource: Resource) -> str:
    """Returns what must be unique for a resource: its ARN, but for a role its name, ignoring case and path.

    Follows https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: names are unique within the account and are
    not distinguished by case.
    """
    return f"role {resource.arn.rpartition('/')[2].casefold()}" if resource.key.kind == "role" else resource.arn


def _why_equal(resource: Resource, other: Resource) -> str:
    if resource.arn == other.arn:
        return ""
    differs = "two roles apart by their paths" if resource.name == other.name else "capital letters from small ones"
    return f", as IAM does not tell {differs}"


def _load_pipeline(root: Path, name: str, module: str, env: Environment, shared: Sequence[Resource] = ()) -> Declares:
    where = f"{module.replace('.', '/')}.py"
    imported: ModuleType = _reporting_errors(root, where, lambda: importlib.import_module(module))
    loaded_from = Path(imported.__file__ or "")
    if loaded_from != root / where:
        raise DeclarationError(f"{where}: Python imports {module!r} from {loaded_from} instead. Rename that module.")
    return _declared(root, name, where, imported, env, shared)


def _declared(root: Path, name: str, where: str, imported: ModuleType, env: Environment, shared: Sequence[Resource]) -> Declares:
    """Returns what the module of a project declares."""
    if not callable(getattr(imported, "pipeline", None)):
        raise DeclarationError(f"{where} must define `pipeline(env)`, which returns the declared pipeline.")
    reading = _recording_reads(env, name)
    declared: Declares = _reporting_errors(root, where, lambda: imported.pipeline(reading))
    if not callable(getattr(declared, "rendered", None)):
        raise DeclarationError(f"{where}: `pipeline(env)` returned {type(declared).__name__}, not a pipeline.")
    if declared.name != name:
        folder = SHARED if name == SHARED else env.folder(name)
        raise DeclarationError(f"{where}: the pipeline is called {declared.name!r}; it must be {folder!r}, as its folder is.")
    if isinstance(declared, Borrows):
        declared.borrow(shared)
    _reporting_errors(root, where, declared.rendered)
    return declared


def _recording_reads(env: Environment, name: str) -> Environment:
    """Returns the environment with parameters of a project that remember which of them its declaration reads."""
    if name == SHARED:
        return env
    return env.declaring(name, Parameters(env.project(name).parameters, env.name, name, env.section_path(name)))


def _reporting_errors(root: Path, where: str, declare: Callable[[], T]) -> T:
    try:
        return declare()
    except DeployError:
        raise
    except SyntaxError as error:
        raise DeclarationError(f"{_display_file(root, error.filename or where)}:{error.lineno}: {error.msg}.") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - authors' code may raise anything; the error and its line are reported
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_authors(root, frame.filename)]
        at = f"{_display_file(root, frames[-1].filename)}:{frames[-1].lineno}" if frames else where
        raise DeclarationError(f"{at}: {explain(error)}") from None


def _is_authors(root: Path, file: str) -> bool:
    return Path(file).is_relative_to(root / "projects") or Path(file) == root / "deploy.py"


def _display_file(root: Path, file: str) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def consumers(pipelines: Sequence[Declares]) -> dict[Key, Key]:
    """Returns for each artifact the resource that uses it."""
    resources = [resource for pipeline in pipelines for resource in pipeline.rendered()]
    return {artifact.key: resource.key for resource in resources for artifact in resource.artifacts}
