"""Finds the file of a function's handler among the files that Lambda unpacks.

In Python the handler is ``module.function``; the module is a dotted name or a path. In Node.js it is ``file.function``; the file
is a path in the package, or else a package in `node_modules`.

Follows https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html and
https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
"""

from collections.abc import Collection
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging.source_files import IgnoreRules, display_path, is_ignored

TASK, LAYERS = "/var/task/", "/opt/"
"""The folders into which Lambda unpacks the package and the layers."""


def candidates(handler: str, runtime: str) -> tuple[str, ...]:
    """Returns the paths in the package at which the handler's file may be; none if the handler names no file in the package."""
    if runtime.startswith("python"):
        place = handler.rpartition(".")[0].replace(".", "/")
        endings: tuple[str, ...] = ("/__init__.py", ".py")
    else:
        folder, slash, last = handler.removeprefix(TASK).removeprefix("./").rpartition("/")
        file = last.partition(".")[0]
        place = f"{folder}{slash}{file}" if file else ""
        endings = (".js", ".mjs", ".cjs")
    within = place.removeprefix(LAYERS) if not runtime.startswith("python") else place
    return tuple(f"{place}{ending}" for ending in endings) if all(part.strip(".") for part in within.split("/")) else ()


def find_handler(names: Collection[str], handler: str, runtime: str) -> str | None:
    """Returns which of these files holds the handler, or None."""
    paths = candidates(handler, runtime)
    if path := next((path for path in paths if path in names), None):
        return path
    if not paths:
        return None
    if runtime.startswith("python"):  # compiled
        place = paths[-1].removesuffix("py")
        return next((name for name in names if name.startswith(place) and name.endswith(".so")), None)
    place = paths[0].removesuffix(".js")
    return next((name for name in (f"node_modules/{place}.js", f"node_modules/{place}/package.json") if name in names), None)


def missing_handler(folder: Path, ignoring: IgnoreRules, handler: str, runtime: str, place: str = "there") -> ArtifactError:
    """Returns the error for a handler whose file is missing; `place` says where it was looked for."""
    where, names = f"{display_path(folder)}: the handler {handler!r}", candidates(handler, runtime)
    if not names:
        return ArtifactError(f"{where} needs to be written as file.function. Name a file of the package.")
    if ignored := next((name for name in names if (folder / name).is_file() and is_ignored(name, ignoring)), None):
        return ArtifactError(f"{where} is in {ignored}, which stays out of the package. Move it, or correct .deployignore.")
    usual = names[-1] if runtime.startswith("python") else names[0]
    return ArtifactError(
        f"{where} needs a file {usual} {place}. Add it, or name another handler in the declaration. If the folder is not a "
        f"function, let its name begin with _, as in _{folder.name}, or move it: code that functions share is found in shared/."
    )
