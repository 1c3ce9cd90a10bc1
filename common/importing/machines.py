"""Writes a state machine: its definition as an ASL file, its call, its settings."""

import json
import re
from collections.abc import Collection

from common.base.errors import DeclarationError
from common.base.json_types import JsonObject
from common.declare.asl import definition as definitions
from common.declare.asl.codes import BASIC
from common.declare.asl.definition_check import DefinitionError
from common.environment.resource_settings import StateMachineSettings
from common.importing import values
from common.importing.entries import Context, Entry, refusal, set_differing
from common.importing.selection import LiveResource
from common.importing.versions import PUBLISHING

IN_CODE = frozenset({"type"})
QUALIFIED = re.compile(r"\$\{(?:function\.)?([^{}.]+)\.(?:arn|name)\}:([A-Za-z0-9_-]+)")
"""A reference to a function, with a version or an alias behind it."""


def why_not(resource: LiveResource) -> str:
    """Why a machine cannot be declared; empty if it can."""
    if resource.live.get("status") == "DELETING":
        return "it is being deleted"
    try:
        definition = json.loads(resource.live["definition"])
        _broken_rules(resource.live)
    except (ValueError, DeclarationError) as error:
        return " ".join(str(error).split())
    if secret := next(values.secrets_in(definition), ""):
        return f"{secret} in its definition holds a secret"
    return refusal(StateMachineSettings, _settings(resource.live))


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a machine, with its definition."""
    live = resource.live
    path = f"{key}.asl.json"
    result = Entry(resource=resource, key=key, method="state_machine", arguments=[path])
    definition = context.references.definition(json.loads(live["definition"]))
    result.files[path] = f"{json.dumps(definition, indent=2, ensure_ascii=False)}\n".encode()
    text = result.files[path].decode()
    published = {f"{arn.rpartition(':')[2]}:{alias.rpartition(':')[2]}" for alias, arn in context.published.items()}
    names = {key: name for (kind, name), key in context.references.imported.items() if kind == "lambda"}
    for function, qualifier in sorted(set(QUALIFIED.findall(text))):
        if f"{names.get(function)}:{qualifier}" in published:
            continue
        result.say(
            f"It calls {function}:{qualifier}; a deploy changes $LATEST, so publish a version, and point {qualifier} at it."
        )
    set_differing(result, StateMachineSettings, context.env.defaults.state_machine, _settings(live), IN_CODE)
    values.set_plain(result, context, StateMachineSettings, live)
    if rules := _broken_rules(live):
        result.named["accept"] = [f"{rule}: AWS has it so" for rule in rules]
    result.settings |= live.get(PUBLISHING, {})
    return result


def _broken_rules(live: JsonObject) -> list[str]:
    """The rules of `check` that a live definition breaks; AWS accepts more than can be right, and the machine may be used so.

    Raises:
        DeclarationError: nothing can be made of the definition.
    """
    try:
        definitions.load(json.loads(live["definition"]), "its definition", live["type"])
    except DefinitionError as error:
        codes = {located.problem.code for located in error.problems if located.problem.about.severity == "error"}
        if codes & BASIC:
            raise
        return sorted(codes)
    return []


def accept_kept_arguments(entries: Collection[Entry]) -> None:
    """Lets definitions start jobs with arguments that hold secrets: AWS keeps these, and the declaration does not have them."""
    kept = {entry.key: entry.secrets for entry in entries if entry.resource.kind == "glue-job" and entry.secrets}
    for entry in entries:
        text = b"".join(entry.files.values()).decode() if entry.resource.kind == "state-machine" else ""
        jobs = [key for key in sorted(kept) if re.search(rf"\$\{{(?:\w+\.)?{re.escape(key)}\.name\}}", text)]
        if jobs:
            names = ", ".join(f"{name} of {key}" for key in jobs for name in kept[key])
            entry.named["accept"] = [*entry.named.get("accept", ()), f"JOB_ARGUMENT: AWS alone has {names}"]


def _settings(live: JsonObject) -> JsonObject:
    """The live values by setting; where nothing is logged, what would be logged does not count."""
    logging = live.get("loggingConfiguration") or {}
    common = {
        "type": live["type"],
        "tracing": (live.get("tracingConfiguration") or {}).get("enabled", False),
        "role": live["roleArn"],
        "log_level": logging.get("level", "OFF"),
    }
    if common["log_level"] == "OFF":
        return common
    groups = [item["cloudWatchLogsLogGroup"]["logGroupArn"] for item in logging.get("destinations", ())]
    return {
        **common,
        "log_execution_data": logging.get("includeExecutionData", False),
        "log_group": groups[0] if groups else None,
    }
