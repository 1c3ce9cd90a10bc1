"""`package-lambdas`: builds every Lambda package, and writes the locks that packages are built from. Asks AWS nothing.

Without an environment the packages of all are built: configuration may give a function another runtime or architecture in each,
and what is the same in two is built once.
"""

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

from common.base.errors import ArtifactError, DeployError, ParameterError, UsageError
from common.declare import projects
from common.engine.session import Session
from common.environment import config
from common.model import selection
from common.model.events import Built
from common.model.resource import Resource
from common.packaging import dependencies, pip_settings
from common.packaging.dependencies import Dependencies
from common.packaging.lambda_package import Package
from common.packaging.layer_package import LayerPackage
from common.packaging.requirements import Requirements
from common.packaging.target import Target
from common.packaging.tree import shown

LARGE = 10 * 2**20
"""Bytes of a package; smaller ones are no trouble several times."""
MOST = 5
"""Functions that a hint names."""
MANY = 100
"""Processes are started for at least this many packages; threads have built fewer before processes would have begun."""


def package(session: Session, *, lock: bool = False) -> None:
    """Builds the packages that are not built yet, in parallel, and tells what each holds; `lock` writes the locks first.

    Raises:
        ArtifactError: some cannot be built; all that is wrong in one message.
        UsageError: --only names no package.
    """
    if lock:
        _lock(session)
    packages: dict[Path, Package] = {}
    errors: list[str] = []
    found = [artifact for one in selected(session) if isinstance(artifact := one.artifact, Package)]
    if session.choices.only is not None and not found:
        raise nothing(session)
    for one in found:
        try:
            packages.setdefault(one.built_at(session.build_dir), one)
        except DeployError as error:  # nothing says what to install
            errors.append(str(error))
    for result in _results(packages, session.build_dir):
        if isinstance(result, Built):
            session.report(result)
        else:
            errors.append(str(result))
    if errors:
        raise ArtifactError("\n".join(dict.fromkeys(errors)))
    for hint in _layers_that_would_help(packages):
        session.say(hint)


def _layers_that_would_help(packages: Mapping[Path, Package]) -> Iterator[str]:
    """Large packages of one project that install the same: what they share could be built, uploaded and kept once."""
    alike: defaultdict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for path, one in packages.items():
        if one.dependencies is not None and not isinstance(one, LayerPackage) and path.stat().st_size >= LARGE:
            alike[one.key.project, one.dependencies.digest()][one.key.name] = path
    for (project, _), found in sorted(alike.items()):
        if len(found) > 1:
            size = max(path.stat().st_size for path in found.values()) / 2**20
            names = f"{', '.join(sorted(found)[:MOST])}{', …' if len(found) > MOST else ''}"
            yield f"{project}: {names} install the same packages, {size:.0f} MB each; a layer would hold them once."


def _results(packages: Mapping[Path, Package], build_dir: Path) -> Iterator[Built | DeployError]:
    """Packages, in parallel; what is built comes last, where people look.

    For one without dependencies compiling its sources is most of the work, and threads take turns at that: where processes can be
    had by forking they do it, if there are many. The rest is work of uv and zlib, which no thread has to wait for.
    """
    ordered = {path: packages[path] for path in sorted(packages, key=lambda path: not path.exists())}
    plain = {path: one for path, one in ordered.items() if one.dependencies is None and one.command is None and not path.exists()}
    apart = plain if len(plain) >= MANY and sys.platform == "linux" else {}
    others = {path: one for path, one in ordered.items() if path not in apart}
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="build") as threads:
        yield from threads.map(_built, others, others.values(), repeat(build_dir))
    if apart:
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - most commands build few
        from multiprocessing import get_context  # noqa: PLC0415 - see above

        with ProcessPoolExecutor(os.cpu_count(), get_context("fork"), _follow) as processes:
            yield from processes.map(_built, apart, apart.values(), repeat(build_dir))


def _follow() -> None:
    """Makes a process one that ends with the command, however that ends, and leaves interrupts to it."""
    import ctypes  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _lock(session: Session) -> None:
    """Writes the lock of everything that some function or job of any environment installs; --only would leave targets out.

    Raises:
        ArtifactError: something cannot be resolved, or has no wheel for where it will run.
    """
    wanted: dict[Path, tuple[Requirements, set[Target]]] = {}
    for name in environments_of(session, every=True):
        for one in resources_of(session, name):
            for found in _installing(one):
                place = found.requirements.lock.parent.resolve() / found.requirements.lock.name
                _, targets = wanted.setdefault(place, (found.requirements, set()))
                targets.add(found.target)
    if wanted and (note := pip_settings.of_machine()):
        session.say(note)
    for requirements, targets in wanted.values():
        if not requirements.is_pinned:
            changed = dependencies.lock(requirements, targets)
            session.say(f"{shown(requirements.lock)} {'written' if changed else 'is up to date'}")


def resources_of(session: Session, environment: str) -> list[Resource]:
    """All that an environment's pipelines declare.

    Where no environment is named, a project that an environment has no values for is left out there: nobody can deploy it to it.

    Raises:
        ParameterError: the environment is named, and has no values for what a project refers to.
    """
    env = config.load(session.root, environment)
    wanted = [name for name in session.projects if env.project(name).enabled]
    while True:
        try:
            return [one for pipeline in projects.load(session.root, env, wanted) for one in pipeline.resources()]
        except ParameterError as error:
            if session.choices.env is not None:
                raise
            wanted.remove(error.project)
            session.say(f"{error.project} is not packaged for {environment}, which has no values for {', '.join(error.places)}.")


def environments_of(session: Session, *, every: bool = False) -> list[str]:
    """The environments that a command without one is about: the one it names, if it does, or all.

    Raises:
        UsageError: there is none.
    """
    known = config.environments(session.root)
    if not known:
        raise UsageError(
            "config/ describes no environment. Add one, as in config/dev.json; config/schema.json says what it holds."
        )
    return known if every or session.choices.env is None else [session.choices.env]


def selected(session: Session) -> Iterator[Resource]:
    """What a command is about, of each environment; the digests of its files are taken."""
    for name in environments_of(session):
        resources = [one for one in resources_of(session, name) if selection.matches(session.choices.only, one.key)]
        session.look_at(resources)
        yield from resources


def nothing(session: Session) -> UsageError:
    """What to say where nothing is selected."""
    only = session.choices.only
    what = "This" if only is None else f"--only {only!r}"
    return UsageError(f"{what} names nothing that is packaged. Keys look like lambda/Validate; see `plan`.")


def _built(path: Path, one: Package, build_dir: Path) -> Built | DeployError:
    try:
        because = "" if path.exists() else one.because(path)
        size = one.build(build_dir).stat().st_size
        one.bill(build_dir)
        return Built(one.key, one.files(), size, one.holds(), because, one.accept_secret)
    except DeployError as error:
        return error


def _installing(one: Resource) -> Iterator[Dependencies]:
    """What a resource installs, directly or in its artifacts."""
    found = [getattr(artifact, "dependencies", None) for artifact in one.artifacts]
    yield from (inner for inner in found if isinstance(inner, Dependencies))
