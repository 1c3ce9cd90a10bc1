"""Random edits of a small repository: whenever it looks unchanged, its declarations come to the same as before."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from common.base.errors import DeployError
from common.declare import surroundings
from common.declare.used_files import UsedFiles
from common.declare.workspace import Workspace
from common.model.choices import Choices
from common.model.desired_state import digest_of
from tests.support.repository import HANDLER, Repository, fresh_imports

DECLARED = """
    from libs import names
    top = Path(__file__).parents[2]
    levels = [*names.NAMES, *(path.name for path in (top / "tables").glob("*")), *(path.name for path in top.glob("more/in/*"))]
    levels += [path.read_text() for path in sorted(Path(__file__).parent.glob("sql/*.sql"))]
    for path in (top / "libs/level.txt", top / "build/version.txt", top / "level.txt", top / "more/level.txt"):
        try:
            levels.append(path.read_text())
        except OSError:
            levels.append("none")
    p.library("libs/geo")
    p.function("Validate", environment={"LEVEL": " ".join(levels)})
    p.job("load", script="glue/landing/load.py")"""
PLACES = (
    *("projects/acres/sql/a.sql", "projects/acres/sql/b.sql", "projects/acres/lambda/Validate/more.py", "projects/acres/sql"),
    *("projects/acres/lambda/Validate/.deployignore", "projects/acres/glue/landing/load.py", "libs/geo/code.py"),
    *("libs/level.txt", "libs/names.py", "tables/a", "tables/.b", "tables", "build/version.txt", "level.txt"),
    *("more", "more/in/a", "more/in", "more/level.txt", "unused/x"),
)
LENGTHS = count(1)


def write(place: Path, _: Path) -> None:
    """Other bytes, of another length: two edits of one length within a tick of the clock are told apart by `TraceFile`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#" * next(LENGTHS))


def remove(place: Path, _: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def rename(place: Path, other: Path) -> None:
    other.parent.mkdir(parents=True, exist_ok=True)
    place.rename(other)


def link(place: Path, other: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(other)


def allow(place: Path, _: Path) -> None:
    place.chmod(place.stat().st_mode ^ 0o100)


EDITS: tuple[Callable[[Path, Path], None], ...] = (write, remove, rename, link, allow)


def made(root: Path) -> Repository:
    repository = Repository(root)
    repository.project("acres", DECLARED)
    repository.write("libs/names.py", "NAMES = ['a']\n")
    repository.write("libs/geo/__init__.py", "")
    repository.write("tables/a", "a")
    repository.write("projects/acres/lambda/Validate/handler.py", f"import geo\n{HANDLER}")
    return repository


def loaded(root: Path) -> tuple[UsedFiles | None, object]:
    """What the declarations have used, and the digests of all that they come to, or their error."""
    with fresh_imports():
        for name in ("libs", "libs.names"):
            sys.modules.pop(name, None)
        workspace = Workspace(root, Choices(env="dev"))
        try:
            resources = workspace.load(workspace.environment).resources
            digests = [(resource.key, digest_of(resource, {})) for resource in resources]
            digests += [(artifact.key, artifact.input_digest()) for resource in resources for artifact in resource.artifacts]
        except (DeployError, OSError) as error:
            return None, str(error)
        return workspace.used(resources), digests


def look(root: Path, used: UsedFiles) -> str:
    return surroundings.look(root, ()).digest + surroundings.look_beside(used.folders, used.paths)[0]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(EDITS), st.sampled_from(PLACES), st.sampled_from(PLACES)), min_size=2, max_size=6))
def test_what_looks_unchanged_is_unchanged(edits: list[tuple[Callable[[Path, Path], None], str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = made(Path(folder).resolve()).root
        used, before = loaded(root)
        assert used is not None, before
        for edit, place, other in edits:
            known = look(root, used) if used is not None else ""
            try:
                edit(root / place, root / other)
            except OSError:
                continue  # such as of a file that does not exist
            again, after = loaded(root)
            if used is not None and look(root, used) == known:
                assert after == before, (edit.__name__, place, other)
            used, before = again, after
