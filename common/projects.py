"""Finding and loading declarations: root `deploy.py` and `projects/<name>/deploy.py`.

A project is a folder with a `deploy.py`; nothing else has to know of it. Whatever goes wrong while a declaration is imported or
called is the declaration's error and is told as such, with its file and line.
"""

import difflib
import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from common.config import Environment
from common.declaration import Declares
from common.errors import ConfigError, DeclarationError, DeployError, UsageError
from common.resource import SHARED, Key

T = TypeVar("T")


def names(root: Path) -> list[str]:
    """The projects of a repository, by folder name."""
    return sorted(path.parent.name for path in (root / "projects").glob("*/deploy.py"))


def chosen(root: Path, project: str | None) -> list[str]:
    """The projects that a command is about: one, several separated by commas, or all.

    Raises:
        UsageError: there is no such project.
    """
    known = names(root)
    wanted = [name.strip() for name in project.split(",")] if project else known
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise UsageError(f"There is no project {name!r}: projects/ has {', '.join(known) or 'none'}.{hint}")
    return wanted


def load(root: Path, env: Environment, wanted: list[str]) -> list[Declares]:
    """The declared pipelines of an environment, the shared resources first.

    Raises:
        DeclarationError: a declaration cannot be imported, fails, or refers to a shared resource that nobody declares.
        ConfigError: the environment configures a project that does not exist.
    """
    unknown = sorted(set(env.projects) - {*names(root), SHARED})
    if unknown:
        raise ConfigError(f"config/{env.name}.json: $.projects.{unknown[0]}: there is no folder projects/{unknown[0]}/.")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    declared = [_pipeline(root, "deploy", env), *(_pipeline(root, f"projects.{name}.deploy", env) for name in wanted)]
    keys = {one.key for pipeline in declared for one in _told(pipeline.name, pipeline.resources)}
    for pipeline in declared:
        for resource in pipeline.resources():
            missing = [need for need in resource.needs if need not in keys and need.kind != "artifact"]
            if missing:
                where = f"projects/{pipeline.name}: {resource.key}"
                raise DeclarationError(f"{where} refers to the shared {missing[0]}, which deploy.py does not declare.")
    return declared


def _pipeline(root: Path, module: str, env: Environment) -> Declares:
    where = f"{module.replace('.', '/')}.py"
    imported: ModuleType = _told(where, lambda: importlib.import_module(module))
    loaded_from = Path(imported.__file__ or "")
    if loaded_from != root / where:
        raise DeclarationError(f"{where}: Python imports {module!r} from {loaded_from} instead. Rename that module.")
    if not callable(getattr(imported, "pipeline", None)):
        raise DeclarationError(f"{where} must define `pipeline(env)`, which returns the declared pipeline.")
    declared: Declares = _told(where, lambda: imported.pipeline(env))
    if not callable(getattr(declared, "resources", None)):
        raise DeclarationError(f"{where}: `pipeline(env)` returned {type(declared).__name__}, not a pipeline.")
    return declared


def _told(where: str, declare: Callable[[], T]) -> T:
    try:
        return declare()
    except DeployError:
        raise
    except SyntaxError as error:
        raise DeclarationError(f"{error.filename}:{error.lineno}: {error.msg}.") from None
    except Exception as error:  # noqa: BLE001 - authors' code may raise anything; what it was and where is told
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise DeclarationError(f"{where}: {type(error).__name__}: {error} ({frame.filename}:{frame.lineno}).") from None


def consumers(pipelines: list[Declares]) -> dict[Key, Key]:
    """Of each artifact, the resource that runs it."""
    return {one.artifact.key: one.key for pipeline in pipelines for one in pipeline.resources() if one.artifact is not None}
