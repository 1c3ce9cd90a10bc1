"""Starts ministack with the gaps closed that keep a data pipeline from running on it. Runs in ministack's own environment.

Usage: ``python launcher.py <settings.json>``. The lock on ``embedded.lock`` is
held as long as this process lives: that, not a process id, tells others that it runs.
"""

import fcntl
import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

import settings as launch_settings

PARTS = (
    "logs",
    "glue_api",
    "glue_runs",
    "crawlers",
    "lambda_runtime",
    "lambda_logs",
    "code_locations",
    "step_functions",
    "machine_history",
    "machine_time",
    "machine_tasks",
    "machine_data",
    "machine_objects",
    "distributed_maps",
    "progress",
    "redrive",
    "cloud_control",
    "tagging",
    "strict",
    "role_sessions",
    "iam_questions",
    "enforcement",
    "machine_calls",
    "polled_queues",
    "target_roles",
    "guard",
)
_held: "list[TextIO | subprocess.Popen[bytes]]" = []
"""What lasts as long as this process."""


def main() -> None:
    """Go into the background, then serve until SIGTERM; the state is saved then."""
    settings = launch_settings.load(Path(sys.argv[1]))
    hold(settings.folder)
    if os.fork():
        os._exit(0)
    os.setsid()
    end_handlers_with_this()
    from ministack import app  # reads os.environ when imported

    install(settings)
    sys.argv = ["ministack"]
    announcement = settings.folder / "embedded.json"
    announcement.write_text(json.dumps(_announcement(settings)))
    try:
        app.main()
    finally:
        announcement.unlink(missing_ok=True)


def hold(folder: Path) -> None:
    """Lock the lock file until this process ends; a second server in the same folder ends here."""
    lock = (folder / "embedded.lock").open("w")
    _held.append(lock)
    for _ in range(50):  # somebody may be looking at this moment whether we run
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return
    sys.exit(f"another embedded AWS already runs in {folder}")


def end_handlers_with_this() -> None:
    """Start a process that ends all of this one's group once this one has ended, by whatever death.

    Handlers of functions are in the group, and one that is busy would not notice. The jobs of Glue look after themselves.
    """
    command = ["/bin/sh", "-c", "read -r _; kill -KILL 0"]  # waits for what never comes: the end of the pipe
    _held.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))  # ours


def install(settings: launch_settings.Settings) -> None:
    """Put every seam in place; stops with its name where one no longer fits."""
    import seams  # these import ministack, which reads os.environ

    try:
        for part in PARTS:
            importlib.import_module(part).install(settings)
        end_after_saving(settings)
    except seams.SeamError as error:
        sys.exit(str(error))


def end_after_saving(settings: launch_settings.Settings) -> None:
    """Once the state is saved nothing else matters: do not wait for executions, pollers or handlers that still run."""
    import crawlers  # imports ministack, which reads os.environ
    import glue_runs  # imports ministack, too
    import seams  # imports ministack, too
    from ministack import app  # reads os.environ when imported

    save = seams.use(app, "save_all", "services")

    def save_and_end(services: object) -> None:
        glue_runs.stop_all()
        crawlers.stop_all()
        save(services)
        (settings.folder / "embedded.json").unlink(missing_ok=True)
        os._exit(0)

    seams.replace(app, "save_all", "services", save_and_end)


def _announcement(settings: launch_settings.Settings) -> dict[str, str | int]:
    whose = {"account_id": settings.account_id, "region": settings.region, "enforces_iam": settings.enforces_iam}
    where = {"endpoint": settings.endpoint, "pid": os.getpid(), "credentials": str(settings.credentials)}
    return {**where, **whose, "code": settings.code}


if __name__ == "__main__":
    main()
