"""All tasks, as Invoke finds them. What a task needs is imported when it runs: a list of tasks takes no time."""

from collections.abc import Sequence

from invoke.collection import Collection
from invoke.exceptions import Exit

from common.base import error_screen, terminal
from common.base.errors import UsageError
from common.commands import deploy, local, spelling
from common.commands.check import check
from common.commands.completion import completion
from common.commands.destroy import destroy
from common.commands.doctor import doctor
from common.commands.drift import drift
from common.commands.gc import gc
from common.commands.graph import graph
from common.commands.history import history
from common.commands.import_project import import_project
from common.commands.init import init
from common.commands.list_tasks import list_tasks
from common.commands.logs import logs
from common.commands.new import new
from common.commands.package_lambdas import package_lambdas
from common.commands.plan import plan
from common.commands.policy import policy
from common.commands.pull import pull
from common.commands.query import query
from common.commands.report import report
from common.commands.run import run
from common.commands.status import status
from common.commands.types import types
from common.commands.unbind import unbind
from common.commands.unlock import unlock
from common.commands.upgrade import upgrade
from common.commands.version import version


def namespace() -> Collection:
    """All tasks."""
    tasks = Collection(
        *(package_lambdas, deploy.deploy_shared, deploy.deploy_roles, deploy.deploy_lambdas, deploy.upload_glue),
        *(deploy.deploy_jobs, deploy.deploy_crawlers, deploy.deploy_sfn, deploy.deploy_triggers, deploy.deploy),
        *(
            plan,
            check,
            completion,
            run,
            logs,
            status,
            drift,
            pull,
            history,
            unlock,
            destroy,
            doctor,
            unbind,
            gc,
            graph,
            import_project,
            init,
            new,
            upgrade,
            policy,
            query,
            report,
            types,
            version,
            list_tasks,
        ),
    )
    tasks.add_collection(Collection("local", local.start, local.stop, local.reset))
    return tasks


def checked_namespace(words: Sequence[str]) -> Collection:
    """All tasks, if the command line can be obeyed; otherwise the command ends with a message.

    Args:
        words: the command line, its program included.
    """
    tasks = namespace()
    spelling.take_subjects(tasks, words[1:])
    try:
        spelling.check(tasks, words)
    except UsageError as error:
        with terminal.prepared_streams():
            error_screen.show(str(error))
        raise Exit(code=1) from None
    return tasks
