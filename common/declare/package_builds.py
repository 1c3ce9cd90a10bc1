"""Builds packages in parallel, and finds packages that a layer would make smaller."""

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

from common.base.errors import DeployError
from common.declare.layer_sizes import check_functions
from common.model.events import Built
from common.packaging.lambda_package import Package
from common.packaging.layer_package import LayerPackage

LARGE_BYTES = 10 * 2**20
"""Below this size in bytes, equal dependencies in several packages are not reported."""
MAX_NAMED = 5
"""How many functions a hint names."""
MIN_PACKAGES_FOR_PROCESSES = 100
"""Processes are started for at least this many packages; threads have built fewer before processes would have begun."""


def by_built_path(
    packages: Iterable[Package], build_dir: Path
) -> tuple[dict[Path, Package], Mapping[Path, Sequence[Package]], list[str]]:
    """Returns the packages by the paths of the built files, the functions of each layer likewise, and what cannot be built."""
    by_path, functions, errors = dict[Path, Package](), defaultdict[Path, list[Package]](list), list[str]()
    for package in packages:
        try:
            by_path.setdefault(package.built_at(build_dir), package)
            for layer in package.layers:
                functions[layer.built_at(build_dir)].append(package)
        except DeployError as error:  # nothing says what to install
            errors.append(str(error))
    return by_path, functions, errors


def build_all(
    packages: Mapping[Path, Package], functions: Mapping[Path, Sequence[Package]], build_dir: Path
) -> Iterator[Built | DeployError]:
    """Builds packages in parallel, and yields those that were built before first.

    For a package without dependencies compiling its sources is most of the work, and threads cannot do that in parallel. So many
    packages are built by forked processes, on systems that can fork. The rest is work of uv and zlib, which runs in parallel.

    Args:
        packages: the packages by the paths of the built files.
        functions: for each layer, by the path of its built file, the packages of the functions that use it.
        build_dir: the build folder.
    """
    ordered = {path: packages[path] for path in sorted(packages, key=lambda path: not path.exists())}
    plain = {
        path: package
        for path, package in ordered.items()
        if package.dependencies is None and package.command is None and not path.exists()
    }
    apart = plain if len(plain) >= MIN_PACKAGES_FOR_PROCESSES and sys.platform == "linux" else {}
    others = {path: package for path, package in ordered.items() if path not in apart}
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="build") as threads:
        yield from threads.map(_build, others, others.values(), (functions.get(path, ()) for path in others), repeat(build_dir))
    if apart:
        from concurrent.futures import ProcessPoolExecutor  # most commands build few
        from multiprocessing import get_context  # most commands build few

        with ProcessPoolExecutor(os.cpu_count(), get_context("fork"), _follow_parent) as processes:
            yield from processes.map(
                _build, apart, apart.values(), (functions.get(path, ()) for path in apart), repeat(build_dir)
            )


def layer_hints(packages: Mapping[Path, Package]) -> Iterator[str]:
    """Yields hints about large packages of a project that install the same, which a layer would build, upload and store once."""
    alike: defaultdict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for path, package in packages.items():
        if package.dependencies is not None and not isinstance(package, LayerPackage) and path.stat().st_size >= LARGE_BYTES:
            alike[package.key.project, package.dependencies.digest()][package.key.name] = path
    for (project, _), paths in sorted(alike.items()):
        if len(paths) > 1:
            size = max(path.stat().st_size for path in paths.values()) / 2**20
            names = f"{', '.join(sorted(paths)[:MAX_NAMED])}{', …' if len(paths) > MAX_NAMED else ''}"
            yield f"{project}: {names} install the same packages, {size:.0f} MB each; a layer would hold them once."


def _follow_parent() -> None:
    """Makes this process end with the command, however that ends, and ignore interrupts."""
    import ctypes  # most commands build few

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _build(path: Path, package: Package, functions: Sequence[Package], build_dir: Path) -> Built | DeployError:
    try:
        because = ""
        if not path.exists():
            because = package.build_reason(path)
            check_functions(functions, build_dir)  # before the layer is built, so that a refusal is repeated by the next command
        size = package.build(build_dir).stat().st_size
        package.sbom_file(build_dir)
        return Built(package.key, package.files(), size, package.package_names(), because, package.accept_secret)
    except DeployError as error:
        return error
