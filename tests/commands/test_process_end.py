"""No code of a declaration ends a command with an exit code of its own, above all not as if all was well."""

import json

import pytest

from tests.support.repository import Repository

WRONG = "\n\ndef pipeline(env):\n    raise ValueError('wrong')\n"
"""A declaration that fails, so that exit code 0 would be a lie."""


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos._exit(0)\n",
        "from os import _exit\n\ndef pipeline(env):\n    _exit(0)\n",
        "import os\nos.execv('/bin/true', ['true'])\n",
        "import os\nos.execlp('true', 'true')\n",
        "import os\nos.execve('/bin/true', ['true'], {})\n",
        f"import atexit, os\natexit.register(os._exit, 0){WRONG}",
        f"import atexit, os\natexit.register(lambda: os._exit(0)){WRONG}",
        f"import atexit, sys\natexit.register(sys.exit, 0){WRONG}",
        f"import os, threading, time\nthreading.Thread(target=os._exit, args=(0,), daemon=True).start()\ntime.sleep(0.2){WRONG}",
        f"import os, threading\nthreading.Timer(0.2, os._exit, (0,)).start(){WRONG}",
        f"import os, time\nif not os.fork():\n    os._exit(0)\nos.wait(){WRONG}",
        "import signal, sys, time\nsignal.signal(signal.SIGALRM, lambda *_: sys.exit(0))\nsignal.alarm(1)\ntime.sleep(5)\n",
    ],
)
def test_a_declaration_does_not_end_the_command_as_if_all_was_well(repository: Repository, text: str) -> None:
    repository.project()
    repository.write("projects/acres/deploy.py", text)
    ended = repository.shell("invoke", "package-lambdas", "--env", "dev", "--json")
    assert ended.code == 1, (ended.out, ended.err)
    assert "error: " in ended.err
    assert json.loads(ended.out)["outcome"] == "failed"


def test_the_message_names_the_line_that_would_end_the_process(repository: Repository) -> None:
    repository.project()
    repository.write("projects/acres/deploy.py", "import os\n\nos._exit(0)\n")
    ended = repository.shell("invoke", "package-lambdas", "--env", "dev")
    assert "projects/acres/deploy.py:3: os._exit would end the command before it has reported its result." in ended.err
    assert "Traceback" not in ended.err
