"""Declarations are what their source says, whatever bytecode lies about; and modules are looked for where they should be."""

import importlib.util
import marshal
import os
import py_compile
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from common.base import import_path, import_source, programs
from tests.support.repository import ROOT, Repository, fresh_imports

SHARED_NAMES = "from projects.acres.names import TOPIC"


def save(path: Path, text: str) -> None:
    """Saves a file of the same size so that its time of change does not tell of it."""
    before = path.stat()
    assert before.st_size == len(text)
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def unchecked(path: Path) -> None:
    py_compile.compile(str(path), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def foreign(path: Path) -> None:
    """Bytecode of something else that carries the hash of the source as it will be."""
    later = path.read_text().replace("old", "new")
    kept = Path(importlib.util.cache_from_source(str(path)))
    kept.parent.mkdir(parents=True, exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + import_source.CHECKED_FLAG + importlib.util.source_hash(later.encode())
    kept.write_bytes(head + marshal.dumps(compile("raise RuntimeError('foreign')", str(path), "exec")))


KEPT: dict[str, Callable[[Path], object]] = {
    "by time": lambda path: py_compile.compile(str(path), doraise=True),
    "unchecked": unchecked,
    "foreign": foreign,
}


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres", "p.function('Validate', environment={'TOPIC': TOPIC})")
    repository.write("projects/acres/names.py", "TOPIC = 'old'\n")
    declaration = repository.root / "projects/acres/deploy.py"
    declaration.write_text(f"{SHARED_NAMES}\n{declaration.read_text()}")
    return repository


def topic(repository: Repository) -> str:
    with fresh_imports():
        return str(repository.resources()["lambda/Validate"].desired()["Environment"]["Variables"]["TOPIC"])


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("prefix", [False, True])
def test_what_a_declaration_imports_is_compiled_from_what_is_there(
    acres: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, prefix: bool
) -> None:
    if prefix:
        monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    names = acres.root / "projects/acres/names.py"
    KEPT[kind](names)
    save(names, "TOPIC = 'new'\n")
    assert topic(acres) == "new"


@pytest.mark.parametrize("kind", KEPT)
def test_a_declaration_is_compiled_from_what_is_there(acres: Repository, kind: str) -> None:
    declaration = acres.root / "projects/acres/deploy.py"
    declaration.write_text(declaration.read_text().replace("'TOPIC': TOPIC", "'TOPIC': 'old'"))
    KEPT[kind](declaration)
    save(declaration, declaration.read_text().replace("'old'", "'new'"))
    assert topic(acres) == "new"


def test_bytecode_without_its_source_is_no_module(acres: Repository) -> None:
    names = acres.root / "projects/acres/names.py"
    py_compile.compile(str(names), cfile=str(names.with_suffix(".pyc")), doraise=True)
    names.unlink()
    ended = acres.invoke("package-lambdas")
    assert ended.code == 1
    assert "projects/acres/deploy.py:1: ModuleNotFoundError: No module named 'projects.acres.names'." in ended.err


def test_our_own_modules_are_compiled_when_their_source_is_another(acres: Repository) -> None:
    program = "from common import suffix; print(suffix.VALUE)"
    assert acres.shell("python", "-c", "import common").code == 0  # which copies `common`
    module = acres.write("common/suffix.py", "VALUE = 1\n")

    def value() -> str:
        ended = acres.shell("python", "-c", program, PYTHONDONTWRITEBYTECODE="")
        assert ended.code == 0, ended.err
        return ended.out.strip()

    assert value() == "1"
    kept = Path(importlib.util.cache_from_source(str(module)))
    first = kept.read_bytes()
    assert value() == "1"
    assert kept.read_bytes() == first
    save(module, "VALUE = 2\n")
    assert value() == "2"
    for damaged in (b"", first[:16], first[:20], kept.read_bytes()[:-3], first[:16] + marshal.dumps("no code")):
        kept.write_bytes(damaged)
        assert value() == "2"
    py_compile.compile(str(module), doraise=True)
    save(module, "VALUE = 3\n")
    assert value() == "3"
    acres.root.rename(acres.root.with_name("moved"))
    moved = acres.root.with_name("moved")
    shown = subprocess.run(
        [sys.executable, "-c", "from common import suffix; print(suffix.__spec__.loader.get_code('common.suffix').co_filename)"],
        cwd=moved, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.strip() == str(moved / "common/suffix.py")


def test_environments_and_what_is_built_are_loaded_as_ever(tmp_path: Path) -> None:
    import_source.install(str(tmp_path))
    loaded = {name: (tmp_path / name) for name in ("projects/a", ".venv/lib", "venv/lib/python3.12/site-packages/x", "build/a")}
    for path in loaded.values():
        path.mkdir(parents=True)
    ours = {name for name, path in loaded.items() if import_source._is_below(str(path), str(tmp_path))}
    assert ours == {"projects/a"}


def test_the_repository_comes_last_and_the_current_folder_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, inner = tmp_path / "root", tmp_path / "root/projects/acres"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
    packages = str(root / ".venv/lib/site-packages")
    monkeypatch.setattr(sys, "path", [str(root), "", str(inner), "/usr/lib/python3", packages, str(root / "libs")])
    import_path.arrange_path(str(root))
    assert sys.path == ["/usr/lib/python3", packages, str(root), str(root / "libs")]
    import_path.arrange_path(str(root))
    assert sys.path == ["/usr/lib/python3", packages, str(root), str(root / "libs")]


def test_another_python_takes_over_what_the_first_was_told(tmp_path: Path) -> None:
    program = "import sys; from common.base import programs; print(programs.isolated_python())"
    command = [sys.executable, "-B", "-Werror", "-X", f"pycache_prefix={tmp_path}", "-c", program]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == str([sys.executable, "-I", "-B", "-Werror", "-X", f"pycache_prefix={tmp_path}"])
    assert programs.python_program("pass")[-1].endswith("import common; pass")


def test_other_threads_may_import_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AWS is read on threads while declarations are loaded, and that imports botocore."""
    monkeypatch.setattr(sys, "path_importer_cache", sys.path_importer_cache.copy())
    monkeypatch.setattr(import_source, "_roots", import_source._roots.copy())
    ended = threading.Event()

    def import_elsewhere() -> None:
        number = 0
        while not ended.is_set():
            sys.path_importer_cache[f"/elsewhere/{number % 500}"] = None
            sys.path_importer_cache.pop(f"/elsewhere/{(number + 250) % 500}", None)
            number += 1

    errors: list[RuntimeError] = []

    def find_elsewhere() -> None:
        while not ended.is_set():
            try:
                import_source._find_finder("/")
            except ImportError:
                continue
            except RuntimeError as error:
                errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    importing = threading.Thread(target=import_elsewhere)
    finding = threading.Thread(target=find_elsewhere)
    importing.start()
    finding.start()
    try:
        for number in range(50):
            import_source.install(str(tmp_path / str(number)))
    finally:
        ended.set()
        importing.join()
        finding.join()
        sys.setswitchinterval(interval)
    assert errors == []
