"""`invoke local.start`, `local.stop` and `local.reset`: the embedded AWS on this machine."""

from invoke.context import Context

from common.base.terminal import Screen, show
from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task


@task(
    help=options(
        "enforce_iam",
        env="The embedded environment (default: local).",
        spark="Start Spark, too, so that the first job starts as fast as the second.",
    )
)
def start(_c: Context, env: str = "local", spark: bool = False, enforce_iam: bool = False) -> None:
    """Start the embedded AWS, unless it is running."""
    from common import local
    from common.base.errors import UsageError
    from common.environment import config_files, endpoints

    root = INVOCATION.get().root
    environment = config_files.load(root, env)
    if environment.embedded is None:
        what = endpoints.account_words(env, environment.endpoints)
        raise UsageError(f"{what}, and the embedded AWS is for other environments. Nothing was started.")
    account_id, region, port, live = environment.account_id, environment.region, environment.embedded.port, Screen().live
    running = local.start(
        root,
        account_id=account_id,
        region=region,
        port=port,
        enforce_iam=enforce_iam,
        current=True,
        say=show,
        show=live,
    )
    if spark:
        from common.local.spark_start import start_spark

        local.spark_python(root, show, live)
        begun = start_spark(running, live)
        show("Spark is started, and ends after ten minutes without a job." if begun else "Spark is running already.")
    show(f"The embedded AWS answers at {running.endpoint}, and only to whoever signs with {running.credentials}.")
    show(f"Other tools (aws, boto3, DuckDB, notebooks) find both in a shell after\n  {running.exports}")
    judged = (
        "It enforces IAM, until it is stopped. It does not judge" if running.enforces_iam else "It does not judge permissions,"
    )
    show(f"{judged} quotas, times and memory: docs/fidelity.md says what only an account proves.")


@task()
def stop(_c: Context) -> None:
    """Stop the embedded AWS; the next start finds all in it."""
    from common import local

    show("Stopped." if local.stop(INVOCATION.get().root) else "It was not running.")


@task()
def reset(_c: Context) -> None:
    """Empty the embedded AWS."""
    from common import local

    local.reset(INVOCATION.get().root)
    show("Emptied.")
