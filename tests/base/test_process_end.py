"""How a process ends whose command has succeeded."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGIN = "import atexit, os, sys, threading, time; atexit.register(print, 'first'); from common.base import process_end; "
TAKEN_APART = (
    "import types; module = types.ModuleType('m'); "
    "module.end = type('End', (), {'__del__': lambda _: os.write(1, b'apart ')})(); "
)


def ended(code: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("succeeded", "printed"), [("process_end.skip_teardown()", "handler first "), ("pass", "handler first apart ")]
)
def test_what_is_in_memory_is_taken_apart_only_if_the_command_failed(succeeded: str, printed: str) -> None:
    handler = "atexit.register(lambda: sys.stdout.write('handler ')); "
    result = ended(TAKEN_APART + handler + succeeded)
    assert (result.returncode, *sorted(result.stdout.split())) == (0, *sorted(printed.split()))


def test_threads_are_waited_for_and_output_is_written() -> None:
    thread = "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start(); print('main'); "
    result = ended(thread + "process_end.skip_teardown()")
    assert (result.returncode, result.stdout) == (0, "main\nthread\nfirst\n")


def test_a_child_ends_as_it_likes() -> None:
    result = ended("process_end.skip_teardown(); child = os.fork(); child or sys.exit(3); print(os.waitpid(child, 0)[1] >> 8)")
    assert (result.returncode, result.stdout) == (0, "first\n3\nfirst\n")
