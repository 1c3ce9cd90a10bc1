"""Whatever a declaration reads or asks for, wherever it is, counts as a change once it is another."""

from collections.abc import Callable

import pytest

from common.declare import surroundings
from common.declare.workspace import Workspace
from common.model.choices import Choices
from tests.support.repository import Repository, fresh_imports

TOP, HERE = "Path(__file__).parents[2]", "Path(__file__).parent"
FILES = ("tables/a/y", "build/version.txt", "projects/acres/.cache/x", "projects/acres/x", "tables/.cache/x", "../2/x")
LINKS = {"projects/acres/link": "../../tables/a", "projects/acres/second-link": "../../tables/a", "loop": "loop"}
Change = Callable[[Repository], object]


@pytest.fixture
def repository(repository: Repository) -> Repository:
    for path in FILES:
        repository.write(path, "1")
    for link, target in {**LINKS, "projects/acres/loop": "loop"}.items():
        (repository.root / link).symlink_to(target)
    return repository


def names(of: str) -> str:
    return f"sorted(path.name for path in {of})"


def text(of: str) -> str:
    return f"({of}).read_text()"


def write(path: str) -> Change:
    return lambda repository: repository.write(path, "2")


def remove_link(repository: Repository) -> None:
    (repository.root / "projects/acres/second-link").unlink()


def lead_elsewhere(repository: Repository) -> None:
    (repository.root / "projects/acres/second-link").unlink()
    (repository.root / "projects/acres/second-link").symlink_to("../../tables")


MISSING = f"""
    try: {text(f"{TOP} / 'tables/new'")}
    except OSError: pass"""
CASES: dict[str, tuple[str, Change]] = {
    "a folder of the top folder is listed": (names(f"({TOP} / 'tables').iterdir()"), write("tables/new")),
    "a folder of the top folder is searched": (names(f"({TOP} / 'tables').glob('n*')"), write("tables/new")),
    "a file that does not exist is searched": (names(f"{TOP}.glob('tables/new')"), write("tables/new")),
    "a folder that does not exist is searched": (names(f"({TOP} / 'tables/new').rglob('*')"), write("tables/new/x")),
    "a folder of the pattern does not exist": (names(f"{TOP}.glob('tables/new/*')"), write("tables/new/x")),
    "a file that does not exist is read": (MISSING, write("tables/new")),
    "what others keep in the build folder": (text(f"{TOP} / 'build/version.txt'"), write("build/version.txt")),
    "what others may put into the build folder": (names(f"{TOP}.glob('build/new/*')"), write("build/new/x")),
    "what tools keep in a project": (text(f"{HERE} / '.cache/x'"), write("projects/acres/.cache/x")),
    "what tools keep elsewhere": (text(f"{TOP} / 'tables/.cache/x'"), write("tables/.cache/x")),
    "hidden folders of the top folder": (names(f"{TOP}.glob('.h*')"), write(".hidden/new")),
    "one of two links to a folder is gone": (names(f"{HERE}.glob('*link')"), remove_link),
    "one of two links leads elsewhere": (names(f"{HERE}.glob('second-link/*')"), lead_elsewhere),
    "the module's own folder is resolved": (text(f"{HERE}.resolve() / 'x'"), write("projects/acres/x")),
}


def used_and_digest(repository: Repository, workspace: Workspace) -> tuple[object, str]:
    """What the declarations have used besides, and the digest of all of it."""
    used = workspace.used(())
    if used is None:
        return None, ""
    beside, _ = surroundings.look_beside(used.folders, used.paths)
    return used, surroundings.look(repository.root, ()).digest + beside


@pytest.mark.parametrize(("declared", "change"), CASES.values(), ids=CASES)
def test_what_is_used_counts(repository: Repository, declared: str, change: Change) -> None:
    repository.project("acres", declared)
    with fresh_imports():
        workspace = Workspace(repository.root, Choices(env="dev"))
        workspace.load(workspace.environment)
        used, before = used_and_digest(repository, workspace)
        assert used is not None
        assert used_and_digest(repository, workspace) == (used, before)
        change(repository)
        assert used_and_digest(repository, workspace) != (used, before)


@pytest.mark.parametrize("search", ["({}.parent / '1').glob('*')", "({}.parent / '2').iterdir()", "{}.parent.glob('3/*')"])
def test_nothing_is_known_of_a_folder_elsewhere_that_is_listed(repository: Repository, search: str) -> None:
    repository.project("acres", names(search.format(TOP)))
    with fresh_imports():
        workspace = Workspace(repository.root, Choices(env="dev"))
        workspace.load(workspace.environment)
        assert workspace.used(()) is None, "it may hold anything, also once it exists"


def test_nothing_counts_as_known_of_what_was_loaded_before(repository: Repository) -> None:
    repository.project("acres", text(f"{TOP} / 'tables/a/y'"))
    with fresh_imports():
        first = Workspace(repository.root, Choices(env="dev"))
        first.load(first.environment)
        assert first.used(()) is not None
        second = Workspace(repository.root, Choices(env="dev"))
        second.load(second.environment)
        assert second.used(()) is None, "Python loads a declaration once"
        assert first.used(()) is None, "what was read since is known to the second one alone"


def test_nothing_is_used_of_what_commands_keep_or_python_is_made_of(repository: Repository) -> None:
    repository.project("acres", "import yaml, textwrap")
    with fresh_imports():
        workspace = Workspace(repository.root, Choices(env="dev"))
        workspace.load(workspace.environment)
        workspace.edited(workspace.load(workspace.environment).resources)
        used = workspace.used(())
    assert used is not None
    assert used.folders == ()
    assert not [path for path in used.paths if "python" in path or str(repository.root) in path]
