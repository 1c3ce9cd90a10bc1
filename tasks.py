"""The command line: hands over to `common/commands`, which has one file for each task."""

import gc
import sys

gc.set_threshold(1_000_000, 50, 50)  # modules and declarations are many objects and hardly any garbage
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)  # Invoke forbids it to all: compiling takes longer than deploying

try:
    from common.commands.all_tasks import checked_namespace
except ModuleNotFoundError as error:
    name = error.name or ""
    if not name.startswith("common."):
        raise
    sys.exit(f"error: The deployer has no {name.replace('.', '/')}.py. Bring it back, for example by `git checkout HEAD common`.")

namespace = checked_namespace(sys.argv)
