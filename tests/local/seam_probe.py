"""Takes ministack's seams away one by one and notes what the launcher says. Runs in ministack's environment.

Usage: ``python seam_probe.py <folder of the launcher>``; prints ``{seam: {"gone": message, "changed": message}}``.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
import launcher  # type: ignore[import-not-found]  # in the folder above alone
import seams  # type: ignore[import-not-found]  # likewise
import settings as launch_settings  # type: ignore[import-not-found]  # likewise
from ministack.core import lambda_runtime


def install() -> str:
    """What the launcher says when it installs every seam, empty if nothing."""
    settings = launch_settings.Settings("123456789012", "eu-central-1", 1, Path("unused"), (), "unused", {})
    try:
        for part in launcher.PARTS:
            importlib.import_module(part).install(settings)
        launcher.end_after_saving(settings)
    except seams.SeamError as error:
        return str(error)
    return ""


def restore() -> None:
    """Make ministack what it was."""
    for owner, name, original in seams.ALL.values():
        setattr(owner, name, original)


def without(owner: Any, name: str) -> str:
    """What is said when this part of ministack is gone."""
    restore()
    delattr(owner, name)
    return install()


def changed(owner: Any, name: str) -> str:
    """What is said when this part of ministack takes other parameters."""
    restore()
    setattr(owner, name, lambda something_else: something_else)
    return install()


def probe(owner: Any, name: str) -> dict[str, str]:
    """What is said about one seam."""
    verdicts = {"gone": without(owner, name), "changed": changed(owner, name)}
    restore()
    return verdicts


def main() -> None:
    """Probe every seam and the two worker scripts."""
    whole = install()
    verdicts = {seam: probe(owner, name) for seam, (owner, name, _) in list(seams.ALL.items())}
    for script in ("_PYTHON_WORKER_SCRIPT", "_NODEJS_WORKER_SCRIPT"):
        original = getattr(lambda_runtime, script)
        setattr(lambda_runtime, script, "")
        verdicts[script] = {"gone": install(), "changed": ""}
        setattr(lambda_runtime, script, original)
        restore()
    sys.stdout.write(json.dumps({"": {"gone": whole, "changed": ""}, **verdicts}))


main()
