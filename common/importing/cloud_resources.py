"""Writes resources of any type that the Cloud Control API reads, selected by type and by name or identifier.

Values that AWS generates are left out, except the identifier of a resource without a name: the first deploy finds the resource by
it. A value that AWS generated for another imported resource becomes a reference to that resource.

Follows https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-list.html
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from common.aws.resource_schemas import Schema, schema_of
from common.base.errors import EXPIRED, AwsError, UsageError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.declare.naming import PhysicalNames
from common.environment.config import Environment
from common.importing import values
from common.importing.account import LiveAccount
from common.importing.entries import Context, Entry
from common.importing.generated import KIND, schema_of_live
from common.importing.selection import WILDCARD, LiveResource, Selection
from common.model.resource import Resource
from common.resources import kind_of
from common.resources.cloud_control import CloudResource

UNLISTED = frozenset({"InvalidRequestException", "UnsupportedActionException"})
"""The errors of AWS for a type whose resources it does not list without more information."""

EMPTY: tuple[Json, ...] = ({}, [], "", None)
"""What AWS may tell of a property that nobody has set."""


def selected(account: LiveAccount, selection: Selection) -> list[LiveResource]:
    """The resources of the types that a selection names, read in full.

    Raises:
        UsageError: there is no such type, or a pattern matches nothing.
    """
    chosen: dict[str, LiveResource] = {}
    unused, names = set(selection.patterns), []
    for type_name in selection.types:
        schema = _schema(type_name, account.env.region)
        for resource in _listed(account, schema, selection):
            names.append(resource.name)
            texts = {resource.name, resource.live["Identifier"]}
            if not selection.patterns or any(selection.matches(text) for text in texts):
                unused -= {pattern for pattern in unused if any(Selection((pattern,)).matches(text) for text in texts)}
                chosen[resource.arn] = resource
    if unused or not chosen:
        what = f"--match {min(unused)!r} matches no" if unused else "there is no"
        guess = did_you_mean(min(unused).strip("*"), names) if unused else ""
        raise UsageError(
            f"{what} {' or '.join(selection.types)} in {account.env.region} of account {account.env.account_id}.{guess} "
            f"Nothing was written."
        )
    ordered = sorted(chosen.values(), key=lambda resource: resource.arn)
    return list(account.pool.map(lambda resource: _in_full(account, resource), ordered))


def identity_of(resource: Resource) -> str:
    """What tells a declared resource from others: for one of any type, the same text as for a live one; for others, the ARN."""
    return _identity(resource.schema, resource.properties) if isinstance(resource, CloudResource) else resource.arn


def called(resource: LiveResource) -> str:
    """The name that people gave a resource of any kind, or the word for its type if AWS gave it one."""
    if resource.kind != KIND:
        return resource.name
    schema = schema_of_live(resource)
    return resource.name if schema.name_property in resource.live["Properties"] else schema.type_name.rpartition("::")[2]


def why_not(resource: LiveResource) -> str:
    """Why a resource cannot be declared; empty if it can."""
    if owner := resource.live["Owner"]:
        return f"{owner} deploys it already"
    schema = schema_of_live(resource)
    _, problems = _declarable(resource)
    return f"{schema.type_name}: {problems[0]}" if problems else ""


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a resource."""
    schema = schema_of_live(resource)
    result = Entry(resource=resource, key=key, method=KIND)
    declared, _ = _declarable(resource)
    for name in sorted(resource.live["Properties"].keys() & schema.properties.keys() - declared.keys()):
        value = resource.live["Properties"][name]
        if (name,) not in schema.read_only and name != schema.tag_property and value not in EMPTY:
            result.say(f"Its {name} is left as it is in AWS: {_why_left(resource, schema, name, value)}.")
    own_name = declared.pop(schema.name_property, None)
    properties = {name: context.generated.replaced(resource, value, name, context.references) for name, value in declared.items()}
    if isinstance(own_name, str) and PhysicalNames(context.env, context.project).named(kind_of(KIND), key) != own_name:
        properties = {schema.name_property: context.references.staged(own_name), **properties}
    result.arguments = [schema.type_name, properties] if properties else [schema.type_name]
    return result


def _schema(type_name: str, region: str) -> Schema:
    try:
        return schema_of(type_name, region)
    except ValueError as error:
        raise UsageError(f"--type: {error} Nothing was read.") from None


def _listed(account: LiveAccount, schema: Schema, selection: Selection) -> Iterator[LiveResource]:
    try:
        pages = account.aws.pages("cloudcontrol", "ListResources", TypeName=schema.type_name)
        for page in pages:
            for item in page["ResourceDescriptions"]:
                yield _live(account.env, schema, item["Identifier"], json.loads(item.get("Properties") or "{}"))
    except AwsError as error:
        if error.code not in UNLISTED:
            raise
        identifiers = [pattern for pattern in selection.patterns if not WILDCARD.search(pattern)]
        if len(identifiers) != len(selection.patterns) or not identifiers:
            raise UsageError(
                f"AWS does not list resources of the type {schema.type_name} by itself ({error.reason}). Name each by its "
                f"identifier, without wildcards: --match IDENTIFIER. Nothing was written."
            ) from None
        for identifier in identifiers:
            resource = _live(account.env, schema, identifier, {})
            yield replace(resource, live={**resource.live, "Named": True})


def _live(env: Environment, schema: Schema, identifier: str, properties: JsonMapping) -> LiveResource:
    named = {**dict(zip(schema.identifiers, identifier.split("|"), strict=False)), **properties}
    name = str(properties.get(schema.name_property) or re.split(r"[/:|]", identifier)[-1])
    live = {"TypeName": schema.type_name, "Region": env.region, "Identifier": identifier, "Properties": dict(properties)}
    return LiveResource(KIND, name, _identity(schema, named), {**live, "Owner": ""})


def _in_full(account: LiveAccount, resource: LiveResource) -> LiveResource:
    request = {"TypeName": resource.live["TypeName"], "Identifier": resource.live["Identifier"]}
    try:
        answer = account.aws.find("cloudcontrol", "GetResource", "ResourceNotFoundException", **request)
    except AwsError as error:
        if error.passes or error.code.startswith(EXPIRED):
            raise
        return replace(resource, live={**resource.live, "unreadable": error.reason})
    if answer is None and "Named" not in resource.live:  # of another group than that in which AWS looks, or deleted meanwhile
        return replace(resource, live={**resource.live, "unreadable": "it lists it, and does not find it by its identifier"})
    if answer is None:
        what = f"{request['TypeName']} {request['Identifier']}"
        raise UsageError(f"There is no {what} in {account.env.region}. Nothing was written.")
    schema = schema_of_live(resource)
    identifying = zip(schema.identifiers, request["Identifier"].split("|"), strict=False)  # some types do not tell these again
    properties = {**dict(identifying), **json.loads(answer["ResourceDescription"]["Properties"])}
    tags = properties.get(schema.tag_property) or {}
    pairs = tags if isinstance(tags, Mapping) else {tag.get("Key"): tag.get("Value") for tag in tags}
    whole = _live(account.env, schema, request["Identifier"], properties)
    owner = f"{pairs[account.env.owner_tag]}" if account.env.owner_tag in pairs else ""
    return LiveResource(KIND, whole.name, whole.arn, {**whole.live, "Owner": owner})


def _identity(schema: Schema, properties: JsonMapping) -> str:
    name = properties.get(schema.name_property) if schema.name_property else None
    parts = [name] if name else [properties.get(part, "") for part in schema.identifiers]
    return "|".join(map(str, [schema.type_name, *parts]))


def _declarable(resource: LiveResource) -> tuple[JsonObject, list[str]]:
    """The properties that can be declared, and the problems that remain after everything optional is left out.

    What identifies a resource is not optional: without it a deploy would not find the resource, and create another one.
    """
    schema, live = schema_of_live(resource), resource.live["Properties"]
    required = {*schema.document.get("required", ())}
    untold = {path[0] for path in schema.write_only if len(path) == 1} - required
    settable = {
        name: value
        for name, value in schema.settable(live).items()
        if (value not in EMPTY or name in required) and name not in {*untold, schema.tag_property}
    }
    identifying = {schema.name_property} if schema.name_property in settable else {*schema.identifiers}
    declared = {name: value for name, value in settable.items() if name in identifying or not _is_secret(resource, name, value)}
    if schema.name_property not in declared:
        declared = {
            **{name: live[name] for name in schema.identifiers if (name,) in schema.read_only and name in live},
            **declared,
        }
    if hidden := sorted(required & settable.keys() - declared.keys()):
        return declared, [f"its {hidden[0]} holds a secret, and must be declared"]
    required |= identifying
    while True:
        problems = list(schema.problems(declared))
        refused = {re.split(r"[.\[:]", problem, maxsplit=1)[0] for problem in problems} & declared.keys()
        empties: tuple[tuple[Json, ...], ...] = (({},), EMPTY)
        parts = ((name, [_without(declared[name], empty) for empty in empties]) for name in refused)
        pruned = {name: next((part for part in fewer if part != declared[name]), declared[name]) for name, fewer in parts}
        pruned = {name: part for name, part in pruned.items() if part != declared[name]}
        left_out = refused - pruned.keys() - required
        if not pruned and not left_out:
            return declared, problems
        declared = {name: pruned.get(name, value) for name, value in declared.items() if name not in left_out}


def _without(value: Json, empty: Collection[Json]) -> Json:
    """A value without such empty values in it: AWS tells some where it accepts none."""
    if isinstance(value, Mapping):
        return {name: part for name, inner in value.items() if (part := _without(inner, empty)) not in empty}
    return [_without(item, empty) for item in value] if isinstance(value, list) else value


def _why_left(resource: LiveResource, schema: Schema, name: str, value: Json) -> str:
    """Why a property that AWS tells is not declared."""
    if (name,) in schema.write_only:
        return "AWS does not tell it again"
    if _is_secret(resource, name, value):
        return "it holds a secret"
    told = (problem for problem in schema.problems({name: value}) if re.match(rf"{re.escape(name)}[.\[:]", problem))
    return next(told, "its schema does not accept it").rstrip(".")


def _is_secret(resource: LiveResource, name: str, value: Json) -> bool:
    """Whether a property holds a secret. A property that is called Value is judged by the name of its resource."""
    return any(True for _ in values.secrets_in(value, resource.name if name == "Value" else name))
