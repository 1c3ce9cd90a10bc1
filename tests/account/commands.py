"""Questions that the deployer's own commands answer."""

import json
import math
import subprocess
import sys
import time

from common.aws import profile
from common.resources.function import Function
from tests.account import leftovers, rights
from tests.account.findings import Finding, judged, not_asked
from tests.account.generated import (
    ASKED_TO_FAIL,
    ENVIRONMENT,
    GREETING,
    PROJECT,
    configure,
    heavy_function,
    heavy_layer,
)
from tests.account.place import Command, Place

WRITES = ("Create", "Delete", "Put", "Update", "Tag", "Untag", "Publish", "Attach", "Detach", "Add", "Remove")


def first_deploy(place: Place) -> Finding:
    refusal = rights.narrow(place)
    deployed = place.invoke("deploy")
    if deployed.code:
        return _failed("The first deploy", deployed)
    if refusal:
        return not_asked(f"{refusal} The first deploy succeeded with your own credentials.")
    return judged(True, "The first deploy succeeded with what `invoke policy` prints.", calls=sum(deployed.calls().values()))


def second_deploy(place: Place) -> Finding:
    return _unchanged(place, "A deploy right after the first one", 3 * _unchanged_calls(place))


def unchanged_deploy(place: Place) -> Finding:
    return _unchanged(place, "A deploy of what is unchanged", _unchanged_calls(place))


def _unchanged(place: Place, what: str, budget: int) -> Finding:
    deployed = place.invoke("deploy")
    if deployed.code:
        return _failed(what, deployed)
    calls = deployed.calls()
    writes = {call: count for call, count in calls.items() if call.partition(":")[2].startswith(WRITES)}
    total = sum(calls.values())
    holds = not writes and not deployed.changes() and total <= budget
    written = f"wrote {', '.join(writes)}" if writes else "wrote nothing"
    return judged(holds, f"{what} made {total} calls, of {budget} at most, and {written}.", calls=calls)


def _unchanged_calls(place: Place) -> int:
    """As docs/performance.md says: who we are, the roles, a page for each hundred resources, two projects, the layers."""
    return 2 + math.ceil(len(place.declared()) / 100) + 2 + 1


def looking(place: Place) -> Finding:
    for words in (["status"], ["history"], ["gc", "--yes"]):
        done = place.invoke(*words)
        if done.code:
            return _failed(f"`invoke {words[0]}`", done)
    return judged(True, "All three succeeded.")


def drift(place: Place) -> Finding:
    return _drifted(place, "right after the first deploy")


def _drifted(place: Place, when: str) -> Finding:
    compared = place.invoke("drift")
    if compared.code not in {0, 2}:
        return _failed("`invoke drift`", compared)
    drifted, kept = compared.told.get("drifted", []), compared.told.get("kept", [])
    names = [f"{entry['key']} {entry['how']}" for entry in drifted]
    names += [f"{entry['key']} keeps {', '.join(entry['fields'])}" for entry in kept]
    what = f"{len(drifted)} of {compared.told.get('checked')} resources drifted {when}"
    return judged(not names, f"{what}: {'; '.join(names)}." if names else f"{what}.", drifted=drifted, kept=kept)


def tags_at_once(place: Place) -> Finding:
    configure(place.repository, place.source, place.prefix, proof="changed")
    deployed = place.invoke("deploy")
    if deployed.code:
        return _failed("The deploy of another tag", deployed)
    planned = place.invoke("plan")
    if planned.code:
        return judged(False, f"A plan right after tags were changed wants to change {', '.join(planned.changes())}.")
    return _drifted(place, "right after tags were changed")


def deleted_by_hand(place: Place) -> Finding:
    declared = place.declared()
    gone = ("lambda/Echo", "glue-job/load")
    began = time.monotonic()
    place.ask("lambda", "DeleteFunction", FunctionName=declared[gone[0]].name)
    place.ask("glue", "DeleteJob", JobName=declared[gone[1]].name)
    verified = place.invoke("plan", "--verify").changes()
    seconds: dict[str, float] = {}

    def noticed() -> bool:
        changes = place.invoke("plan").changes()
        for key in gone:
            if changes.get(key) == "create":
                seconds.setdefault(key, round(time.monotonic() - began, 1))
        return len(seconds) == len(gone)

    place.until(noticed)
    restored = place.invoke("deploy", "--verify")
    if restored.code:
        return _failed("The deploy of what had been deleted", restored)
    message = "; ".join(
        f"{key} after {seconds[key]} s" if key in seconds else f"{key} not in {place.patience:.0f} s" for key in gone
    )
    at_once = all(verified.get(key) == "create" for key in gone)
    what = f"`plan --verify` noticed both {'at once' if at_once else 'not at once'}, and `plan`: {message}."
    return judged(at_once, what, seconds=seconds)


def role_made_again(place: Place) -> Finding:
    declared = place.declared()
    function = declared["lambda/Echo"]
    assert isinstance(function, Function)
    if function.role_arn not in {resource.arn for key, resource in declared.items() if key.startswith("role/")}:
        return not_asked("The function has a role that configuration names, which is left alone.")
    role = function.role_arn.rpartition("/")[2]
    for policy in place.ask("iam", "ListRolePolicies", RoleName=role).body.get("PolicyNames", ()):
        place.ask("iam", "DeleteRolePolicy", RoleName=role, PolicyName=policy)
    for attached in place.ask("iam", "ListAttachedRolePolicies", RoleName=role).body.get("AttachedPolicies", ()):
        place.ask("iam", "DetachRolePolicy", RoleName=role, PolicyArn=attached["PolicyArn"])
    place.ask("iam", "DeleteRole", RoleName=role)
    noticed = place.until(lambda: place.invoke("plan").code == 2)
    deployed = place.invoke("deploy")
    if deployed.code:
        return _failed("The deploy that makes the role again", deployed)
    works = place.until(lambda: _works(place))
    what = "works" if works is not None else "does not work"
    holds = noticed is not None and works is not None
    return judged(holds, f"The function whose role was made again {what}.", noticed_after=noticed, works_after=works)


def _works(place: Place) -> bool:
    """Whether the function answers with its variable, which it can read only with a role that Lambda has granted it to."""
    name = place.declared()["lambda/Echo"].name
    answer = place.ask("lambda", "Invoke", FunctionName=name, Payload=b"{}")
    if answer.code or "FunctionError" in answer.body:
        return False
    return bool(json.loads(answer.body["Payload"])["greeting"] == GREETING)


def run(place: Place) -> Finding:
    ran = _run(place, "nothing")
    return _failed("The run", ran) if ran.code else judged(True, "The run succeeded with the roles that were made for it.")


def logs_of_a_failed_run(place: Place) -> Finding:
    shown_by_kind = {}
    for kind in ("function", "job"):
        ran = _run(place, kind)
        log = (ran.told.get("runs") or [{}])[0].get("log") or {}
        shown_by_kind[kind] = ran.code == 1 and any(ASKED_TO_FAIL in line for line in log.get("lines", ()))
    without = [f"the {kind}" for kind, shown in shown_by_kind.items() if not shown]
    message = f"What {' and '.join(without)} wrote before the end was not shown." if without else "`run` shows what both wrote."
    return judged(not without, message)


def _run(place: Place, fail: str) -> Command:
    payload = json.dumps({"fail": fail})
    return place.run("run", "--env", ENVIRONMENT, "--project", PROJECT, "--input", payload, "--json")


def move_to_layer(place: Place) -> Finding:
    calls: list[dict[str, int]] = []
    for number, edit in enumerate((heavy_function, heavy_layer)):
        edit(place.repository)
        deployed = place.invoke("deploy")
        if deployed.code:
            return _failed("The deploy that moves files to the layer" if number else "The deploy of a large package", deployed)
        calls.append({call: count for call, count in deployed.calls().items() if call.startswith("lambda:Update")})
    if place.until(lambda: _works(place)) is None:
        return judged(False, "The function does not work after its files were moved to the layer.")
    return judged(True, f"Files were moved to the layer with {sum(calls[1].values())} updates.", calls=calls)


def destroyed_and_deployed(place: Place) -> Finding:
    destroyed = place.invoke("destroy", "--yes", ENVIRONMENT)
    if destroyed.code:
        return _failed("`invoke destroy`", destroyed)
    deployed = place.invoke("deploy")
    if deployed.code:
        return _failed("The deploy after it was destroyed", deployed)
    return _drifted(place, "after it was destroyed and deployed again")


def nothing_left(place: Place) -> Finding:
    destroyed = place.invoke("destroy", "--data", "--yes", ENVIRONMENT)
    if destroyed.code:
        return _failed("`invoke destroy --data`", destroyed)
    seconds = place.until(lambda: not _left(place))
    left = [] if seconds is not None else _left(place)
    names = ", ".join(f"{entry.kind} {entry.name}" for entry in left)
    return judged(not left, f"`destroy --data` left {names or 'nothing'}.", seconds=seconds)


def _left(place: Place) -> list[leftovers.Left]:
    leftover = leftovers.found(place.peek, place.prefix)
    return [entry for entry in leftover if entry.name != f"{place.prefix}-deployer"]


def asks_for_a_code_once(place: Place) -> Finding:
    if place.embedded or not profile.needs_code():
        return not_asked("The chosen profile has no mfa_serial.")
    for words in (["status"], ["plan"]):
        command = [sys.executable, "-m", "invoke", *words, "--env", ENVIRONMENT]
        subprocess.run(command, cwd=place.repository.root, check=False)
    times = input("How many times were you asked for a code, since this proof began? ").strip()
    return judged(times in {"0", "1"}, f"A code was asked for {times} times.")


def _failed(what: str, command: Command) -> Finding:
    failed = command.told.get("failed") or {}
    why = "; ".join(f"{key}: {text}" for key, text in failed.items()) or command.error or command.told.get("error")
    return judged(False, f"{what} ended with {command.code}: {why}")
