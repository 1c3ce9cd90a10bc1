"""`invoke drift`: compares, and prints what differs field by field."""

import json as jsons
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from common.base.terminal import Screen, quoted
from common.commands import answering
from common.commands.invocation import Invocation
from common.engine import drift
from common.engine.drift import Drifted, Found
from common.engine.session import Choices, Session
from common.state.release_root import printable

COLUMNS = ("field", "last applied", "declared", "live")


def report(root: Path, choices: Choices, invocation: Invocation, *, json: bool, stream: TextIO | None = None) -> bool:
    """Shows what has drifted; whether anything has."""
    session, answer = answering.opened(Session, root, choices, invocation, json=json, stream=stream)
    _ = session.caller  # the account guard comes first
    found = drift.compare(session.env, session.aws, session.records, session.resources, session.pool)
    if answer is not None:
        answer.found |= {"checked": found.checked, "drifted": [asdict(one) for one in found.drifted]}
        answer.found |= {"not_deployed": list(found.undeployed), "left_over": list(found.left_over)}
        answer.found["kept"] = [asdict(one) for one in found.kept]
    else:
        _show(Screen(stream), session, found)
    return bool(found.drifted)


def _show(screen: Screen, session: Session, found: Found) -> None:
    for one in found.drifted:
        screen.line(quoted(f"{one.project}: {one.key} {one.how}: {printable(one.what)}"))
        if one.fields:
            screen.table(COLUMNS, [_row(one, number) for number in range(len(one.fields))], folding=range(4))
    for kept in found.kept:
        screen.line(quoted(f"{kept.project}: {kept.key} kept, not declared: {printable(', '.join(kept.fields))}"))
    if found.undeployed:
        session.say(f"not deployed yet: {', '.join(found.undeployed)}")
    if found.left_over:
        session.say(f"deployed and not declared, or not by this name: {', '.join(found.left_over)}; see `plan`")
    repair = " `deploy --verify` puts it back." if found.drifted else ""
    session.say(
        f"{found.checked} {'resource' if found.checked == 1 else 'resources'} compared, {len(found.drifted)} drifted.{repair}"
    )


def _row(one: Drifted, number: int) -> list[str]:
    field = one.fields[number]
    return [field.name, *(_value(value) for value in (field.applied, field.declared, field.live))]


def _value(value: Any) -> str:
    return printable(value if isinstance(value, str) else jsons.dumps(value, sort_keys=True), 120)
