"""What `invoke destroy` does: removes what was deployed of a project, or of a whole environment, declared or not.

It is a deploy that declares nothing: all that is recorded is left over, and goes in the order and with the checks of any other
deletion. Whoever kills it may start it again. Data stays unless it is asked for, too; then the artifact bucket, with every record
in it, goes last.
"""

import time
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from common.base.errors import OwnershipError, UsageError
from common.base.suggestions import did_you_mean
from common.commands import answering
from common.commands.invocation import Invocation
from common.declare.declaration import Declares
from common.engine import protection
from common.engine.planner import Options, Planner
from common.engine.prune import UNDECLARED
from common.engine.session import BUCKET, Choices, Session
from common.environment.config import OWNER_TAG, Environment
from common.model.events import Finished, Planned, Started, StepStarted
from common.model.orphan import Remains
from common.model.resource import PROJECT_NAME, REMOVING, Action, Change, Plan, Resource
from common.report.deploy_report import as_object
from common.resources import of_kind
from common.state import locations

THE_LAST = Change(BUCKET, Action.DELETE, "last, with every record and artifact in it")
"""The artifact bucket goes by itself: records of what else goes are in it."""


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
        outcome = planner.plan([], options, self._reads(self._first_reads(names)), names)
        changes = tuple(replace(change, reason=_destroyed(change.reason)) for change in outcome.plan.changes)
        self._outcome = replace(outcome, plan=Plan(changes))
        return self._outcome.plan

    def carry_out(self, plan: Plan) -> bool:
        """Deletes; whether all of it succeeded."""
        engine = self.begin(plan)
        part = tuple(change for change in plan.changes if change.action in REMOVING)
        self.report(StepStarted("destroy", Plan(part).counts()))
        engine.apply({change.key for change in part})
        engine.finish()
        return not (engine.failed or engine.untried)


def destroy(
    root: Path, choices: Choices, invocation: Invocation, named: str | bool | None, *, json: bool, dry: bool = False
) -> None:
    """Shows what goes, asks for the name of it, and deletes it.

    Args:
        root: the repository.
        choices: what the command line says.
        invocation: closes the session in the end.
        named: the name, if the command line gives it back already; True if it says --yes and no name.
        json: print one JSON object instead of text; then the name must be given.
        dry: only show it.

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
    shown = [change for change in plan.changes if not (bucket and change.key == BUCKET)] + ([THE_LAST] if bucket else [])
    session.report(Planned(Plan(tuple(shown)), removal=True))
    if answer is not None:
        answer.found |= {"projects": sorted(names), "changes": [as_object(change) for change in shown]}
    going = [change for change in shown if change.action in REMOVING]
    if not going:
        session.say("There is nothing to delete.")
        return
    if dry:
        session.say("This was only shown. Nothing was deleted.")
        return
    _check_meant(session, named, len(going))
    if session.carry_out(plan) and bucket:
        _remove_bucket(session, bucket)


def _check_meant(session: Destruction, named: str | bool | None, count: int) -> None:
    what = session.choices.project or session.configured.name
    if named is None:
        why = f"{count} {'resource is' if count == 1 else 'resources are'} deleted from {session.configured.name}"
        protection.name_back(what, why, session.ask, hint=f"Add --yes {what} if you mean it.")
    elif named is True:
        raise UsageError(f"--yes takes the name of what is destroyed: --yes {what}. Nothing was changed.")
    elif named != what:
        raise UsageError(f"--yes is {named!r}, but {what!r} would be destroyed. Nothing was changed.")


def _destroyed(reason: str) -> str:
    """The reason of a deletion where that it is not declared is none: everything goes."""
    return reason.removeprefix(UNDECLARED).removeprefix("; ") or "is destroyed"


def _names(session: Destruction) -> set[str]:
    """The projects to destroy: of a whole environment all that the bucket knows."""
    known = session.records.projects()
    if session.choices.project is None:
        return known
    wanted = {name.strip() for name in session.choices.project.split(",")}
    for name in sorted(wanted):
        if not PROJECT_NAME.fullmatch(name) or name not in known:
            there = ", ".join(sorted(known)) or "nothing"
            guess = did_you_mean(name, known)
            raise UsageError(f"Nothing of a project {name!r} is deployed to {session.configured.name}: there is {there}.{guess}")
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
    recorded = session.records.remains(BUCKET, None)
    owners = {env.owner, *([recorded.owner] if recorded and locations.is_of(recorded.owner, env.name) else [])}
    if tags.get(OWNER_TAG) not in owners or others:
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
    session.report(Started(THE_LAST))
    started = time.monotonic()
    kind.erase(session.aws, bucket)
    session.report(Finished(THE_LAST, time.monotonic() - started))
