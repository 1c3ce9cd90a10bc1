"""What runs under a debugger is the code of the repository, in whatever form its files are."""

import py_compile
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT

RUNTIME = ROOT / "common/local/runtime"
PROGRAM = """
import sys
runtime, copies, repository = sys.argv[1:]
sys.path[:0] = [copies, runtime]
import embedded_debugger
files = ("load.py", "named.py", "compiled.pyc")
names = embedded_debugger.Names({file: f"{repository}/{file}" for file in files})
sys.meta_path.insert(0, embedded_debugger._Finder(names))
embedded_debugger.run_script(f"{copies}/load.py", names)
"""
SCRIPT = """\
import sys
import compiled
import named
print(named.NAME, compiled.NUMBER, sys._getframe().f_code.co_filename, named.where())
"""
NAMED = """\
# coding: latin-1
NAME = "Zo\u00eb"
where = lambda: where.__code__.co_filename
"""


def test_files_with_other_encodings_and_compiled_modules_are_run(tmp_path: Path) -> None:
    copies, repository = tmp_path / "copies", tmp_path / "repository"
    for folder in (copies, repository):
        folder.mkdir()
        (folder / "load.py").write_text(SCRIPT, encoding="utf-8-sig")
        (folder / "named.py").write_text(NAMED, encoding="latin-1")
        (folder / "source.py").write_text("NUMBER = 7\n")
        py_compile.compile(str(folder / "source.py"), str(folder / "compiled.pyc"), doraise=True)
    command = [sys.executable, "-X", "utf8", "-c", PROGRAM, str(RUNTIME), str(copies), str(repository)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.stdout, done.stderr) == (f"Zo\u00eb 7 {repository}/load.py {repository}/named.py\n", "")
