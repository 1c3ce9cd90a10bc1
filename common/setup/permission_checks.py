"""Whether whoever deploys may do all that a deploy can come to do: IAM simulates the policy that the project prints.

Nothing is changed and nothing of the environment is called. What IAM does not simulate is said: the policies of resources, the
limits of a session, and conditions on what is known only when a call is made, such as the address it comes from.

Where these credentials may not ask IAM, only Lambda has calls that check permissions and do nothing (`DryRun`).

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from common.base.command_text import typed
from common.base.errors import AwsError, DeployError
from common.base.json_types import JsonObject
from common.declare.permissions import allow
from common.declare.workspace import Workspace
from common.engine import deployer_policy
from common.engine.connection import Connection
from common.setup import simulation
from common.setup.caller import Principal, is_denied, principal_of
from common.setup.finding import FINE, NOTE, PROBLEM, Finding
from common.setup.simulation import Cause, Outcome, Refusal

ABOUT = "permissions"
ACTIONS = ("iam:SimulatePrincipalPolicy", "iam:GetRole")
"""The IAM actions with which the permissions of a user or role are looked at."""
AT_ONCE = 4
"""How many requests are under way at once: IAM has a low rate for them, which an account shares."""
SHOWN = 6
"""How many actions of one service are named in the text of a finding; its advice has all of them."""
CAUSES: Mapping[Cause, str] = {
    "missing": "no policy allows",
    "denied": "a policy denies",
    "boundary": "the permissions boundary does not allow",
    "organization": "a policy of the organization does not allow",
}
NO_CODE = b"PK\x05\x06" + bytes(18)
"""An archive without files."""
AFTER_PERMISSION = ("ResourceNotFoundException", "PreconditionFailedException", "InvalidParameterValueException")
"""With these error codes Lambda answers who is allowed a call that cannot be done, as the function does not exist yet."""


def statement(partition: str, account_id: str) -> JsonObject:
    """The statement that lets a deployer ask what a user or role of its account is allowed."""
    return allow(ACTIONS, [f"arn:{partition}:iam::{account_id}:{kind}/*" for kind in ("role", "user")])


def check_permissions(connection: Connection, workspace: Workspace) -> Iterator[Finding]:
    """Looks whether the caller is allowed what the printed policy has."""
    env, aws = connection.env, connection.aws
    try:
        policy = deployer_policy.of_workspace(workspace)
    except DeployError:
        yield Finding(ABOUT, NOTE, f"not looked at: what is declared for {env.name} cannot be loaded", "See above.")
        return
    questions = simulation.questions(env, policy)
    try:
        principal = principal_of(aws, connection.caller)
        if isinstance(principal, str):
            yield Finding(ABOUT, NOTE, f"only the calls above were tried. {principal}")
            return
        first = simulation.ask(aws, principal.arn, questions[0])  # one refusal is enough to know that there is no simulation
        with ThreadPoolExecutor(AT_ONCE) as pool:
            rest = [*pool.map(lambda question: simulation.ask(aws, principal.arn, question), questions[1:])]
        yield from _findings(env.name, principal, simulation.together([first, *rest]))
    except AwsError as error:
        yield from _without_simulation(connection, workspace, error)


def _findings(env: str, principal: Principal, outcome: Outcome) -> Iterator[Finding]:
    by_cause: dict[tuple[str, Cause, tuple[str, ...]], list[Refusal]] = defaultdict(list)
    for refusal in outcome.refusals:
        by_cause[refusal.action.partition(":")[0], refusal.cause, refusal.unknown].append(refusal)
    for (service, cause, unknown), refusals in sorted(by_cause.items()):
        actions = sorted({refusal.action for refusal in refusals})
        names = ", ".join(actions[:SHOWN]) + (f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else "")
        doubt = f". This may depend on {', '.join(unknown)}, which IAM does not know in a simulation" if unknown else ""
        yield Finding(
            f"{service} permissions",
            NOTE if unknown else PROBLEM,
            f"{CAUSES[cause]} {names}{doubt}",
            _advice(cause, principal, refusals),
        )
    for reason in sorted({reason for _, reason in outcome.not_simulated}):
        names = ", ".join(sorted(action for action, of in outcome.not_simulated if of == reason))
        yield Finding("not simulated", NOTE, f"{names}: {reason}", "Nothing is known of these.")
    total = outcome.allowed + len(outcome.refusals)
    printed = typed(f"policy --env {env}")
    text = f"{principal.name} is allowed {outcome.allowed} of the {total} actions on resources that `{printed}` prints"
    if outcome.refusals:
        yield Finding(ABOUT, NOTE, text)
    else:
        yield Finding(ABOUT, FINE, f"{text}, as IAM simulates them")


def _advice(cause: Cause, principal: Principal, refusals: Sequence[Refusal]) -> str:
    statements = "\n".join(json.dumps(each, indent=2) for each in _statements(refusals))
    if cause == "missing":
        return f"Add to a policy of {principal.name}:\n{statements}"
    resources = "\n".join(sorted({f"{refusal.action} on {refusal.resource}" for refusal in refusals}))
    if cause == "boundary":
        boundary = principal.boundary or f"the permissions boundary of {principal.name}"
        return f"Its policies alone do not help. Add to {boundary}:\n{statements}"
    if cause == "denied":
        policies = ", ".join(sorted({policy for refusal in refusals for policy in refusal.policies})) or "a policy"
        return f"A Deny in {policies} covers this, so no other policy can allow it. Narrow that statement:\n{resources}"
    return f"Ask whoever administers the organization of this account to allow in its service control policies:\n{resources}"


def _statements(refusals: Iterable[Refusal]) -> Iterator[JsonObject]:
    """The statements that would allow this, one for each set of actions with equal resources and conditions."""
    by_action: dict[tuple[str, str], set[str]] = defaultdict(set)
    for refusal in refusals:
        by_action[refusal.condition, refusal.action].add(refusal.resource)
    by_resources: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (condition, action), resources in by_action.items():
        by_resources[condition, tuple(sorted(resources))].append(action)
    for (condition, arns), actions in sorted(by_resources.items()):
        yield allow(actions, arns) | ({"Condition": json.loads(condition)} if condition else {})


def _without_simulation(connection: Connection, workspace: Workspace, error: AwsError) -> Iterator[Finding]:
    env = connection.env
    tried = [*_dry_runs(connection, workspace)]
    yield from tried
    also = f", and {len(tried)} dry runs of Lambda" if tried else ""
    text = f"what a deploy changes was not looked at, only the calls above{also}: {error.code}: {error.reason}"
    advice = ""
    if error.code.startswith("NoSuchEntity"):
        advice = "The role has a path, which these credentials may not read: allow iam:GetRole on it to whoever deploys."
    elif is_denied(error):
        advice = (
            f"Allow iam:SimulatePrincipalPolicy to whoever deploys: `{typed(f'policy --env {env.name} --doctor')}` prints that, "
            "too. Only doctor needs it."
        )
    yield Finding(ABOUT, NOTE, text, advice)


def _dry_runs(connection: Connection, workspace: Workspace) -> Iterator[Finding]:
    """The calls of AWS that check permissions and change nothing, on a function that is declared, whether it exists or not.

    They are made to AWS alone: another endpoint might ignore that they are dry. Should AWS do so, the revision would not fit.
    """
    env = connection.env
    functions = [each for each in workspace.load(workspace.environment).resources if each.key.kind == "lambda"]
    if not functions or env.endpoints:
        return
    name, revision = functions[0].name, "00000000-0000-0000-0000-000000000000"
    dry: Mapping[str, tuple[str, JsonObject]] = {
        "lambda:InvokeFunction": ("Invoke", {"InvocationType": "DryRun"}),
        "lambda:UpdateFunctionCode": ("UpdateFunctionCode", {"DryRun": True, "RevisionId": revision, "ZipFile": NO_CODE}),
    }
    for action, (operation, parameters) in dry.items():
        try:
            connection.aws.call("lambda", operation, FunctionName=name, **parameters)
        except AwsError as error:
            if is_denied(error):
                yield Finding(action, PROBLEM, f"{error.code}: {error.reason}", f"Allow {action} on {name} to whoever deploys.")
            elif error.code not in AFTER_PERMISSION:
                yield Finding(action, NOTE, f"{error.code}: {error.reason}")
            else:
                yield Finding(action, FINE, "is allowed")
        else:
            yield Finding(action, FINE, "is allowed")
