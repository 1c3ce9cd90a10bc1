"""The Cloud Control API that makes real resources, and tells of them what the schemas of their types say.

ministack's own keeps documents only. Its CloudFormation part can make, change and delete resources of some 190 types, which its
other services then know: a queue that is made here takes messages. Of other types the document is kept, with nothing behind it.

Requests end later, so the first answer says IN_PROGRESS; the same client token brings the same request back, and another request
with it is refused: https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_CreateResource.html
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import seams
import settings as launch_settings
from json_types import Json, JsonObject, Response
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import cloudcontrol, tagging

T = TypeVar("T")

STACK = "cloudcontrol"
"""What ministack's provisioners are told as the name of the stack."""
SEPARATOR = "|"
"""Stands between the parts of an identifier."""


class RefusedError(Exception):
    """A request that ends as FAILED, with one of Cloud Control's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def install(settings: launch_settings.Settings) -> None:
    """Put real resources behind the API, and their tags into the tagging index."""
    schemas = Schemas(settings.schemas)
    for name in ("_resources", "_requests"):
        seams.table(cloudcontrol, name)
    seams.replace(cloudcontrol, "_create_resource", "data", lambda data: _create(schemas, data))
    seams.replace(cloudcontrol, "_update_resource", "data", lambda data: _update(schemas, data))
    seams.replace(cloudcontrol, "_delete_resource", "data", _delete)
    seams.replace(cloudcontrol, "_get_resource", "data", _get)
    seams.replace(cloudcontrol, "_get_resource_request_status", "data", _status)
    seams.use(cloudcontrol, "_apply_json_patch", "doc, operations")
    seams.table(tagging, "_COLLECTORS")["cloudcontrol"] = _tagged


class Schemas:
    """The schemas of types; without the data files every type is taken, and the first settable name identifies a resource."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None

    def paths(self, type_name: str, field: str) -> list[list[str]]:
        """The properties that a field of a schema names, from the top."""
        pointers = self._schema(type_name).get(field, [])
        return [pointer.removeprefix("/properties/").split("/") for pointer in pointers]

    def check(self, type_name: str) -> None:
        """Refuse a type that does not exist."""
        if self._folder is not None and type_name not in self._types:
            raise RefusedError("TypeNotFoundException", f"The type '{type_name}' cannot be found.")

    @property
    def _types(self) -> dict[str, str]:
        return _loaded(f"{self._folder}/schemas/providers/us-east-1.json")

    def _schema(self, type_name: str) -> JsonObject:
        if self._folder is None:
            return {}
        return _loaded(f"{self._folder}/schemas/resources/{self._types[type_name]}.json")


@cache
def _loaded(path: str) -> Json:
    return json.loads(Path(path).read_bytes())


@cache
def _provisioners() -> ModuleType:
    """Ministack's CloudFormation part, which takes half a second to load; nothing else needs it."""
    from ministack.services.cloudformation import provisioners

    seams.use(provisioners, "_provision_resource", "resource_type, logical_id, props, stack_name")
    seams.use(
        provisioners,
        "_update_resource",
        "resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs",
    )
    seams.use(provisioners, "_delete_resource", "resource_type, physical_id, props, stack_name, logical_id")
    seams.table(provisioners, "_RESOURCE_HANDLERS")
    return provisioners


def _is_real(type_name: str) -> bool:
    return type_name in _provisioners()._RESOURCE_HANDLERS


def _create(schemas: Schemas, data: JsonObject) -> Response:
    def act() -> JsonObject:
        properties = _json(data, "DesiredState")
        type_name, logical_id = data["TypeName"], f"r{uuid.uuid4().hex[:12]}"
        schemas.check(type_name)
        _refuse_existing(type_name, _identifier(schemas, type_name, properties, ""))
        physical_id, attributes = _made(type_name, logical_id, properties)
        record = {"TypeName": type_name, "Physical": physical_id, "Logical": logical_id, "Set": properties, "Given": attributes}
        identifier = _identifier(schemas, type_name, {**attributes, **properties}, physical_id)
        _refuse_existing(type_name, identifier)
        return _stored(schemas, {**record, "Identifier": identifier})

    return _requested("CREATE", data, act)


def _refuse_existing(type_name: str, identifier: str) -> None:
    if _key(type_name, identifier) in cloudcontrol._resources:
        raise RefusedError("AlreadyExists", f"Resource of type '{type_name}' with identifier '{identifier}' already exists.")


def _update(schemas: Schemas, data: JsonObject) -> Response:
    record = _record(data)
    if record is None:
        return _not_found(data)

    def act() -> JsonObject:
        before = record["Set"]
        operations = _json(data, "PatchDocument")
        after = cloudcontrol._apply_json_patch(json.loads(json.dumps(before)), operations)
        for path in schemas.paths(record["TypeName"], "createOnlyProperties"):
            if _at(before, path) != _at(after, path):
                raise RefusedError(
                    "NotUpdatable", f"Invalid patch update: createOnlyProperties [/properties/{'/'.join(path)}] cannot be updated"
                )
        physical_id, attributes = record["Physical"], record["Given"]
        if _is_real(record["TypeName"]):
            physical_id, changed = _called(
                _provisioners()._update_resource,
                *(record["TypeName"], physical_id, before, after, STACK, record["Logical"], attributes),
            )
            attributes = {**attributes, **(changed or {})}
        return _stored(schemas, {**record, "Physical": physical_id, "Set": after, "Given": attributes})

    return _requested("UPDATE", data, act)


def _delete(data: JsonObject) -> Response:
    record = _record(data)
    if record is None:
        return _not_found(data)

    def act() -> JsonObject:
        if _is_real(record["TypeName"]):
            provisioners = _provisioners()
            _called(
                provisioners._delete_resource, record["TypeName"], record["Physical"], record["Set"], STACK, record["Logical"]
            )
        del cloudcontrol._resources[_key(record["TypeName"], record["Identifier"])]
        return record

    return _requested("DELETE", data, act)


def _get(data: JsonObject) -> Response:
    record = _record(data)
    if record is None:
        return _not_found(data)
    description = {"Identifier": record["Identifier"], "Properties": record["Properties"]}
    return json_response({"TypeName": data["TypeName"], "ResourceDescription": description})


def _status(data: JsonObject) -> Response:
    """The request has ended by the time somebody asks for it."""
    event = cloudcontrol._requests.get(data.get("RequestToken"))
    if event is None:
        message = f"Request token '{data.get('RequestToken')}' was not found."
        return error_response_json("RequestTokenNotFoundException", message, 400)
    return json_response({"ProgressEvent": event["Ended"]})


def _requested(operation: str, data: JsonObject, act: Callable[[], JsonObject]) -> Response:
    """Carry out a request once for its client token; the first answer says that it is under way."""
    parameters = {name: value for name, value in data.items() if name != "ClientToken"}
    client_token = data.get("ClientToken")
    for request in list(cloudcontrol._requests.values()):
        if client_token and request.get("ClientToken") == client_token:
            if request["Parameters"] != parameters:
                message = "The specified client token has already been used in another resource request."
                return error_response_json("ClientTokenConflictException", message, 400)
            return json_response({"ProgressEvent": request["Ended"]})
    token = str(uuid.uuid4())
    event = {"TypeName": data["TypeName"], "RequestToken": token, "Operation": operation, "EventTime": int(time.time())}
    if "Identifier" in data:
        event["Identifier"] = data["Identifier"]
    try:
        record = act()
    except RefusedError as error:
        if error.code == "TypeNotFoundException":
            return error_response_json(error.code, str(error), 400)
        ended = {**event, "OperationStatus": "FAILED", "ErrorCode": error.code, "StatusMessage": str(error)}
    else:
        ended = {**event, "OperationStatus": "SUCCESS", "Identifier": record["Identifier"]}
        ended |= {} if operation == "DELETE" else {"ResourceModel": record["Properties"]}
    cloudcontrol._requests[token] = {"ClientToken": client_token, "Parameters": parameters, "Ended": ended}
    return json_response({"ProgressEvent": {**event, "OperationStatus": "IN_PROGRESS"}})


def _made(type_name: str, logical_id: str, properties: JsonObject) -> tuple[str, JsonObject]:
    if not _is_real(type_name):
        return logical_id, {}
    physical_id, attributes = _called(_provisioners()._provision_resource, type_name, logical_id, properties, STACK)
    return str(physical_id), dict(attributes or {})


def _called(function: Callable[..., T], *arguments: object) -> T:
    """What a provisioner returns; its error as one of a request."""
    try:
        return function(*arguments)
    except Exception as error:
        code = "AlreadyExists" if "already exist" in str(error).lower() else "GeneralServiceException"
        raise RefusedError(code, str(error)) from error


def _stored(schemas: Schemas, record: JsonObject) -> JsonObject:
    """Keep a record, with the properties that AWS would tell of it."""
    type_name, identifier = record["TypeName"], record["Identifier"]
    properties = {**record["Given"], **json.loads(json.dumps(record["Set"]))}
    names = [path[0] for path in schemas.paths(type_name, "primaryIdentifier")]
    properties |= dict(zip(names, identifier.split(SEPARATOR), strict=False))
    if "Arn" in {path[0] for path in schemas.paths(type_name, "readOnlyProperties")}:
        properties.setdefault("Arn", _arn(type_name, identifier))
    for path in schemas.paths(type_name, "writeOnlyProperties"):
        _remove(properties, path)
    stored = {**record, "Properties": json.dumps(properties)}
    cloudcontrol._resources[_key(type_name, identifier)] = stored
    return stored


def _identifier(schemas: Schemas, type_name: str, properties: JsonObject, physical_id: str) -> str:
    """The parts of the primary identifier; the physical id stands for one that is not among the properties."""
    names = [path[0] for path in schemas.paths(type_name, "primaryIdentifier")] or ["Name"]
    parts = [str(properties.get(name) or (physical_id if len(names) == 1 else "")) for name in names]
    return SEPARATOR.join(parts) if any(parts) else ""


def _tagged() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for record in cloudcontrol._resources.values():
        properties = json.loads(record["Properties"])
        tags = properties.get("Tags") or {}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else tags
        arn = next((value for name, value in properties.items() if name.endswith("Arn") and str(value).startswith("arn:")), None)
        yield arn or _arn(record["TypeName"], record["Identifier"]), listed


def _arn(type_name: str, identifier: str) -> str:
    _, service, name = type_name.split("::")
    return f"arn:aws:{service.lower()}:{get_region()}:{get_account_id()}:{name.lower()}/{identifier}"


def _record(data: JsonObject) -> JsonObject | None:
    record: JsonObject | None = cloudcontrol._resources.get(_key(data.get("TypeName"), data.get("Identifier")))
    return record


def _key(type_name: str | None, identifier: str | None) -> str:
    return f"{type_name}\x00{identifier}"


def _not_found(data: JsonObject) -> Response:
    message = f"Resource of type '{data.get('TypeName')}' with identifier '{data.get('Identifier')}' was not found."
    return error_response_json("ResourceNotFoundException", message, 400)


def _json(data: JsonObject, name: str) -> Json:
    try:
        return json.loads(data[name])
    except (KeyError, ValueError) as error:
        raise RefusedError("InvalidRequest", f"{name} must be a JSON document: {error}") from error


def _at(document: Json, path: list[str]) -> Json:
    for part in path:
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _remove(document: Json, path: list[str]) -> None:
    for part in path[:-1]:
        document = document.get(part) if isinstance(document, dict) else None
    if isinstance(document, dict):
        document.pop(path[-1], None)
