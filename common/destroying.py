"""What `invoke destroy` does: removes what was deployed of a project, or of a whole environment, declared or not.

It is a deploy that declares nothing: all that is recorded is left over, and goes in the order and with the checks of any other
deletion. Whoever kills it may start it again. Data stays unless it is asked for, too; then the artifact bucket, with every record
in it, goes last.
"""

from collections.abc import Collection
from functools import cached_property
from pathlib import Path

from common import answering, protection
from common.config import OWNER_TAG, Environment
from common.declaration import Declares
from common.errors import OwnershipError, UsageError
from common.events import StepStarted
from common.invocation import Invocation
from common.planning import Options, Planner
from common.release import PROJECT
from common.remains import Remains
from common.resource import REMOVING, Plan, Resource
from common.resources import of_kind
from common.session import BUCKET, Choices, Session


class Destruction(Session):
    """A session in which nothing is declared."""

    @cached_property
    def env(self) -> Environment:
        """The environment as its files say; no parameter has to be read to delete."""
        return self.configured

    @cached_property
    def pipelines(self) -> list[Declares]:
        """None."""
        return []

    @cached_property
    def resources(self) -> list[Resource]:
        """None."""
        return []

    def plan_removal(self, names: Collection[str]) -> Plan:
        """What goes, dependents first, and what stays."""
        planner = Planner(self.configured, self.aws, self.records, self.build_dir, self.pool, types=self.types)
        options = Options(prune=True, data=self.choices.data)
        self._outcome = planner.plan([], options, lambda: self.caller, names)
        return self._outcome.plan

    def carry_out(self, plan: Plan) -> bool:
        """Deletes; whether all of it succeeded."""
        engine = self.begin(plan)
        part = tuple(change for change in plan.changes if change.action in REMOVING)
        self.report(StepStarted("destroy", Plan(part).counts()))
        engine.apply({change.key for change in part})
        engine.finish()
        return not (engine.failed or engine.untried)


def destroy(root: Path, choices: Choices, invocation: Invocation, named: str | None, *, json: bool) -> None:
    """Shows what goes, asks for the name of it, and deletes it.

    Args:
        root: the repository.
        choices: what the command line says.
        invocation: closes the session in the end.
        named: the name, if the command line gives it back already.
        json: print one JSON object instead of text; then the name must be given.

    Raises:
        UsageError: the environment is protected, there is no such project, or the name was not given back.
    """
    session, answer = answering.opened(Destruction, root, choices, invocation, json=json)
    env = session.configured
    if env.protected:
        raise UsageError(f"{env.name} is protected: it is not destroyed. Nothing was changed.")
    _ = session.caller  # the account guard comes first
    names = _names(session)
    plan = session.plan_removal(names)
    bucket = _bucket(session) if choices.data and not choices.project else None
    shown = [f"{change.action} {change.key.project}: {change.key}: {change.reason}" for change in plan.changes]
    shown += [f"delete {BUCKET.project}: {BUCKET}: last, with every record and artifact in it"] if bucket else []
    for line in shown:
        session.say(line)
    if answer is not None:
        answer.found |= {"projects": sorted(names), "changes": shown}
    if not bucket and not any(change.action in REMOVING for change in plan.changes):
        session.say("There is nothing to delete.")
        return
    what = choices.project or env.name
    if named is None:
        protection.name_back(what, f"All this is deleted from {env.name}", session.ask, hint=f"Add --yes {what} if you mean it.")
    elif named != what:
        raise UsageError(f"--yes is {named!r}, but {what!r} would be destroyed. Nothing was changed.")
    if session.carry_out(plan) and bucket:
        _remove_bucket(session, bucket)


def _names(session: Destruction) -> set[str]:
    """The projects to destroy: of a whole environment all that the bucket knows."""
    known = session.records.projects()
    if session.choices.project is None:
        return known
    wanted = {name.strip() for name in session.choices.project.split(",")}
    for name in sorted(wanted):
        if not PROJECT.fullmatch(name) or name not in known:
            there = ", ".join(sorted(known)) or "nothing"
            raise UsageError(f"Nothing of a project {name!r} is deployed to {session.configured.name}: there is {there}.")
    return wanted


def _bucket(session: Destruction) -> Remains | None:
    """The artifact bucket, if it is there and ours alone.

    Raises:
        OwnershipError: it is not ours, or holds something that does not belong to this environment.
    """
    env = session.configured
    one = Remains(BUCKET, env.artifact_bucket, env.bucket_arn(env.artifact_bucket), env.account_id)
    kind = of_kind(BUCKET.kind)
    tags = kind.live_tags(session.aws, one) if kind else None
    if tags is None:
        return None
    others = session.records.others()
    if tags.get(OWNER_TAG) != env.owner or others:
        why = f"it holds {', '.join(sorted(others)[:5])}, too" if others else "it does not carry this environment's tags"
        raise OwnershipError(
            f"The artifact bucket {env.artifact_bucket} is not this environment's alone: {why}. Leave --data out."
        )
    return one


def _remove_bucket(session: Destruction, bucket: Remains) -> None:
    kind = of_kind(BUCKET.kind)
    left = [change for change in session.plan_removal(session.records.projects()).changes if change.key != BUCKET]
    if left or kind is None:
        session.say(f"The artifact bucket stays: {len(left)} resources are still recorded in it.")
        return
    kind.erase(session.aws, bucket)
    session.say(f"deleted {BUCKET}")
