"""Writes what starts a state machine: a schedule, or a rule for events. Other targets of a rule stay as they are."""

import json

from common.base.json_types import Json, JsonObject
from common.declare.triggers import OBJECT_INPUT, OBJECT_PATHS
from common.environment.resource_settings import TriggerSettings
from common.importing import values
from common.importing.entries import Code, Context, Entry, refusal, set_differing
from common.importing.selection import LiveResource
from common.resources.rule import object_created

STATES = {"ENABLED": True, "DISABLED": False}
MACHINE = ":stateMachine:"


def why_not(resource: LiveResource) -> str:
    """Why a rule cannot be declared; empty if it can."""
    live = resource.live
    if live.get("ManagedBy"):
        return f"{live['ManagedBy']} manages it"
    if bool(live.get("ScheduleExpression")) == bool(live.get("EventPattern")):
        return "it has both a schedule and a pattern, or neither"
    if not _machine_targets(resource):
        return "it starts no state machine; `--type AWS::Events::Rule` imports it as it is"
    return refusal(TriggerSettings, _settings(resource))


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a rule."""
    live, started = resource.live, target(resource)
    machine = Code(context.variable("state-machine", context.machine_name(started["Arn"])))
    result = Entry(
        resource=resource, key=key, method="schedule" if live.get("ScheduleExpression") else "on_event", arguments=[machine]
    )
    if live.get("ScheduleExpression"):
        result.arguments.append(live["ScheduleExpression"])
        _set_constant(result, context, started)
    elif (location := _object_location(live, started)) and not context.references.stays("bucket", location[0]):
        bucket, prefix, suffix = location
        result.method = "on_object"
        result.arguments.append(Code(f"{context.variable('bucket', bucket)} / {json.dumps(prefix)}"))
        result.named |= {"suffix": suffix} if suffix else {}
    else:
        pattern = json.loads(live["EventPattern"])
        result.arguments.append(context.references.structure(pattern))
    settings = _settings(resource)
    settings.pop("expression", None)
    set_differing(result, TriggerSettings, context.env.defaults.trigger, settings, frozenset())
    _set_description(result, context)
    if others := [item["Arn"] for item in live["Targets"] if item is not started]:
        result.say(f"Its other targets cannot be declared; they stay as they are: {', '.join(others)}.")
    return result


def target(resource: LiveResource) -> JsonObject:
    """The target that is declared: the first one that is a state machine."""
    return _machine_targets(resource)[0]


def _machine_targets(resource: LiveResource) -> list[JsonObject]:
    return [target for target in resource.live.get("Targets", ()) if MACHINE in target.get("Arn", "")]


def _settings(resource: LiveResource) -> JsonObject:
    """The live values by setting."""
    schedule = resource.live.get("ScheduleExpression")
    return {
        "enabled": STATES.get(resource.live["State"]),
        "role": target(resource).get("RoleArn"),
        **({"expression": schedule} if schedule else {}),
    }


def _set_description(result: Entry, context: Context) -> None:
    """Writes what the rule is for, if that can be declared."""
    description = result.resource.live.get("Description")
    if not description:
        return
    if refusal(TriggerSettings, {"description": description}) or any(True for _ in values.secrets_in(description)):
        result.say("Its description cannot be declared; it stays as it is.")
    else:
        result.settings["description"] = context.references.text(description)


def _set_constant(result: Entry, context: Context, target: JsonObject) -> None:
    """Declares the constant input of a schedule. Another input is not declared, so it stays as it is."""
    constant: Json = json.loads(target["Input"]) if "Input" in target else None
    if constant is None:
        return
    if not isinstance(constant, dict):
        result.say("Its input is not a JSON object; it stays as it is.")
    elif any(True for _ in values.secrets_in(constant)):
        result.say("Its input holds a secret, so it is not written here; it stays as it is.")
    elif constant:
        result.arguments.append(context.references.structure(constant))


def _object_location(live: JsonObject, target: JsonObject) -> tuple[str, str, str] | None:
    """Bucket, prefix and suffix of a rule that is exactly what `on_object` declares; None if it is not."""
    pattern = json.loads(live["EventPattern"])
    transformer = target.get("InputTransformer", {})
    if (transformer.get("InputPathsMap"), transformer.get("InputTemplate")) != (OBJECT_PATHS, OBJECT_INPUT):
        return None
    try:
        (bucket,), (key,) = pattern["detail"]["bucket"]["name"], pattern["detail"]["object"]["key"]
        prefix, _, suffix = key["wildcard"].partition("*")
    except (KeyError, TypeError, ValueError):
        return None
    same = pattern == object_created(bucket, f"{prefix}*{suffix}") and "*" not in suffix and prefix[-1:] in {"", "/"}
    return (bucket, prefix.rstrip("/"), suffix) if same else None
