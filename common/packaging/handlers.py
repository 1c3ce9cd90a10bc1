"""Where a function's handler is: the file that Lambda looks for among all that it has unpacked.

In Python the handler is ``module.function``, the module dotted or as a path. In Node.js it is ``file.function``, the file as a
path from the package; what is no file there is looked for as a package in `node_modules`.

Follows https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html and
https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
"""

from collections.abc import Collection
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging.tree import Ignoring, shown, stays_out

TASK, LAYERS = "/var/task/", "/opt/"
"""Where Lambda unpacks a package, and where its layers."""


def candidates(handler: str, runtime: str) -> tuple[str, ...]:
    """The files that may hold a handler, by their path in the package; none if it names no file within."""
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


def among(names: Collection[str], handler: str, runtime: str) -> str | None:
    """The one of these files that holds the handler."""
    usual = candidates(handler, runtime)
    if found := next((name for name in usual if name in names), None):
        return found
    if not usual:
        return None
    if runtime.startswith("python"):  # compiled
        place = usual[-1].removesuffix("py")
        return next((name for name in names if name.startswith(place) and name.endswith(".so")), None)
    place = usual[0].removesuffix(".js")
    return next((name for name in (f"node_modules/{place}.js", f"node_modules/{place}/package.json") if name in names), None)


def missing(folder: Path, ignoring: Ignoring, handler: str, runtime: str, place: str = "there") -> ArtifactError:
    """What to say of a handler that is not there; `place` is where its file was looked for."""
    where, names = f"{shown(folder)}: the handler {handler!r}", candidates(handler, runtime)
    if not names:
        return ArtifactError(f"{where} needs to be written as file.function. Name a file of the package.")
    if left := next((name for name in names if (folder / name).is_file() and stays_out(name, ignoring)), None):
        return ArtifactError(f"{where} is in {left}, which stays out of the package. Move it, or correct .deployignore.")
    usual = names[-1] if runtime.startswith("python") else names[0]
    return ArtifactError(
        f"{where} needs a file {usual} {place}. Add it, or name another handler in the declaration. If the folder is no "
        f"function, let its name begin with _, as in _{folder.name}, or move it: code that functions share is found in shared/."
    )
