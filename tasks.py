"""The command line: hands over to `common/commands`, which has one file for each task."""

import sys

sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)  # Invoke forbids it to all: compiling takes longer than deploying

from common.commands.all_tasks import checked_namespace

namespace = checked_namespace(sys.argv)
