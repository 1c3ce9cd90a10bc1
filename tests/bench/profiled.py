"""Runs one command of Invoke and writes down when it has loaded what: ``python profiled.py MARKS deploy --env dev``.

Nothing of it is changed for that: an audit hook sees the imports.
"""

import atexit
import json
import sys
import time
from pathlib import Path

STARTED = time.time()
WATCHED = {
    "invoke.program": "Python has started, Invoke begins to load",
    "common.commands.all_tasks": "Invoke is loaded, tasks.py begins to load",
    "common.environment.config": "the tasks are loaded, the models of configuration begin to load",
    "botocore.session": "botocore begins to load",
    "common.engine.deployment": "what deploys begins to load",
}
"""Modules that begin to load at a moment that tells how far the command is."""


def main() -> None:
    """Runs the command that the arguments name."""
    marks: dict[str, float] = {}

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and (name := str(arguments[0])) in WATCHED:
            marks.setdefault(WATCHED[name], time.time())

    path = Path(sys.argv.pop(1)).resolve()
    sys.path[0] = ""
    sys.addaudithook(note)
    atexit.register(lambda: path.write_text(json.dumps({"interpreter": STARTED, "marks": marks, "ended": time.time()})))
    from invoke.main import program  # timed

    program.run(["invoke", *sys.argv[1:]])


if __name__ == "__main__":
    main()
