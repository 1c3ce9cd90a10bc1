"""Variables and arguments: references in place of names, and no secrets."""

import json
import re
from collections.abc import Iterator, Mapping

from common.base import text_rules
from common.base.json_types import Json, JsonMapping, JsonObject
from common.engine import secrets
from common.environment.resource_settings import Settings
from common.importing.entries import Context, Entry, refusal
from common.importing.setting_fields import plain_settings
from common.packaging import secret_detector

NAMES = {
    "arguments": ("argument", re.compile(r"--[A-Za-z0-9_.-]+")),
    "environment": ("variable", re.compile(r"[A-Za-z][A-Za-z0-9_]+")),
}
"""What arguments of jobs and variables of functions are called, and the names of those that can be declared."""


def holds_secret(name: str, value: str) -> bool:
    """Whether a value is a secret, judged by its name or by its form, as when it is to be deployed."""
    if secrets.is_password(name, value) or secrets.ASSIGNED.search(value):
        return True
    return bool(secret_detector.find_in_text(f'{name} = "{value}"\n'.encode(errors="replace"), examples=True))


def secrets_in(value: Json, name: str = "") -> Iterator[str]:
    """The names of the values in a JSON value that hold secrets."""
    if isinstance(value, str):
        if holds_secret(name, value):
            yield name
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secrets_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner, name)


def set_values(entry: Entry, context: Context, argument: str, live: Mapping[str, str]) -> None:
    """Writes variables or arguments: what may differ between environments into the configuration, the rest into the declaration.

    Args:
        entry: what is written.
        context: what the writers need.
        argument: `environment` or `arguments`, which is also the name of the setting.
        live: the live values.
    """
    declared: JsonObject = {}
    configured: JsonObject = {}
    for name, value in sorted(live.items()):
        if holds_secret(name, value):
            _leave_out(entry, context, argument, name)
            continue
        word, names = NAMES[argument]
        if not names.fullmatch(name):
            entry.say(f"The {word} {name} has no name that can be declared; AWS keeps it as it is.")
            continue
        try:
            text = context.references.text(text_rules.check_text(value))
        except ValueError as error:
            entry.say(f"{name} is left as it is in AWS: {error}.")
            continue
        (configured if context.is_particular(text) else declared)[name] = text
    if declared:
        entry.named[argument] = declared
    if configured:
        entry.settings[argument] = configured


def set_plain(entry: Entry, context: Context, model: type[Settings], live: JsonMapping) -> None:
    """Writes the settings that are fields of AWS's as they are, with references in place of names.

    Args:
        entry: what is written.
        context: what the writers need.
        model: the settings of the kind.
        live: the live fields, without those that AWS sets itself.
    """
    for name, value in plain_settings(entry.resource.kind, live).items():
        words, hidden = name.replace("_", " "), sorted({*secrets_in(value, name)})
        for secret in hidden:
            entry.secrets.append(secret)
            entry.comments.append(f"Its {words}: {secret} holds a secret, so it is not written here; AWS keeps it as it is.")
        if hidden and not isinstance(value, dict):
            continue
        if refusal(model, {name: value}):
            shown = {key: text for key, text in value.items() if key not in hidden} if isinstance(value, dict) else value
            entry.say(f"Its {words} {json.dumps(shown)} cannot be declared; it stays as it is.")
        elif isinstance(value, dict):
            texts = {key: context.references.text(text) for key, text in value.items() if key not in hidden}
            entry.settings |= {name: texts} if texts else {}
        else:
            entry.settings[name] = context.references.text(value) if isinstance(value, str) else value


def _leave_out(entry: Entry, context: Context, argument: str, name: str) -> None:
    """Leaves a secret out: what is not declared stays as it is in AWS. Says where to keep it, and how the code finds it."""
    place = f"/{context.env.name_prefix}/{context.project}/{entry.key}/{name.strip('-')}"
    pointer = f"{name}_parameter" if argument == "arguments" else f"{name}_PARAMETER"
    entry.secrets.append(name)
    entry.comments.append(
        f"{name} holds a secret, so it is not written here; AWS keeps it as it is. Store it in Parameter Store as {place}, "
        f'declare {argument}={{"{pointer}": "{place}"}}, and let the code read it when it runs; then take {name} away in AWS.'
    )
