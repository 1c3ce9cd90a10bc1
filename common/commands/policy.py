"""`invoke policy`: prints the policy that whoever deploys an environment needs."""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options(
        *("env", "project"),
        import_="Print what `import` needs instead.",
        doctor="Add what `doctor` needs to look at permissions: it asks IAM what a user or role of the account is allowed.",
        role="Print instead what a role must allow: that of this resource, such as lambda/Validate, or the role of this name.",
    ),
    reads_only=True,
)
def policy(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    import_: bool = False,
    doctor: bool = False,
    role: str | None = None,
) -> None:
    """Print the IAM policy that a deployer needs.

    It allows every call that deploying an environment takes, only on its names
    and on what it uses of others. Needs no credentials.
    """
    from common.base.terminal import Screen, say
    from common.declare.workspace import Workspace
    from common.engine import deployer_policy, policy_names, policy_size
    from common.importing import policy as import_policy

    workspace = Workspace(INVOCATION.get().root, Choices(env=env, project=project))
    if import_:
        Screen().object(import_policy.document(workspace.environment), indent=2)
        say(f"note: {import_policy.ADVICE}")
        return
    if role is not None:
        from common.engine import role_checks

        document, notes = role_checks.for_role(workspace.load(workspace.environment).resources, role)
        Screen().object(document, indent=2)
        for note in notes:
            say(f"note: {note}")
        return
    document = deployer_policy.of_workspace(workspace)
    if doctor:
        from common.setup import permission_checks

        document["Statement"].append(
            permission_checks.statement(workspace.environment.partition, workspace.environment.account_id)
        )
    Screen().object(document, indent=2)
    if advice := policy_size.advice_on_size(document):
        say(f"note: {advice}")
    for advice in policy_names.advice(workspace.environment):
        say(f"note: {advice}")
