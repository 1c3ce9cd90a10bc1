"""`invoke doctor`: says what is missing on this machine, in this repository and in the account of an environment."""

from contextlib import suppress

from invoke.context import Context
from invoke.exceptions import Exit

from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(help=options("env", "json"), reads_only=True, for_all=True)
def doctor(_c: Context, env: str | None = None, json: bool = False) -> None:
    """Say what is missing on this machine and in the account.

    Looks at the machine, at this repository and, with --env, at the account of
    an environment, and says what to do. Changes nothing.
    """
    from common import local
    from common.base.command_text import typed
    from common.base.errors import DeployError
    from common.base.terminal import Screen
    from common.commands.environment_command import opened
    from common.environment import config_files, default_environment
    from common.report import doctor_report
    from common.setup import account_checks, machine_checks
    from common.setup.finding import FINE, NOTE, PROBLEM, Finding

    root = INVOCATION.get().root
    findings = [*machine_checks.check_machine(root), *machine_checks.check_repository(root)]
    with suppress(DeployError):  # told above: a configuration that is broken does not hide the rest
        env = env or next(iter(default_environment.default_environment(root) or [None]))
    if env is not None:
        try:
            environment = config_files.load(root, env)
        except DeployError as error:
            findings.append(Finding(f"environment {env}", PROBLEM, str(error)))
        else:
            if environment.embedded is None:
                command = opened(Choices(env=env), lambda _: None, json=json)
                findings += account_checks.check_account(command.connection, command.workspace)
            elif server := local.running(root):
                findings.append(Finding("embedded AWS", FINE, f"runs at {server.endpoint}"))
            else:
                findings.append(
                    Finding("embedded AWS", NOTE, "does not run", f"A deploy starts it, and so does `{typed('local.start')}`.")
                )
            if environment.embedded is not None:
                text = "not looked at: permissions in the embedded AWS say nothing of an account"
                findings.append(Finding("permissions", NOTE, text))
    counts = machine_checks.states(findings)
    if json:
        Screen().object({"environment": env, "findings": [finding._asdict() for finding in findings], "counts": counts})
    else:
        screen = Screen()
        screen.text("".join(f"{line}\n" for line in doctor_report.lines(findings, env, screen)))
    if counts[PROBLEM]:
        raise Exit(code=1)
