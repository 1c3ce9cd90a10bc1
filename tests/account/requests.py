"""Which operation an HTTP request to AWS asks for, and with which parameters, by botocore's own description of the services."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel

from tests.faults.proxy import Call

SERVICES = {"states": "stepfunctions", "tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas"}
"""By the name that a service signs with, where botocore has another one."""


class Request(NamedTuple):
    """The call as in ``s3:GetObject``, and its parameters as far as the path, the query, the headers and JSON tell them."""

    call: str
    parameters: Mapping[str, Any]


def request_of(call: Call) -> Request:
    """What a call asks for.

    Raises:
        ValueError: it is of no operation that botocore knows.
    """
    service = SERVICES.get(call.service, call.service)
    model = model_of(service)
    if model.metadata["protocol"].startswith("rest"):
        operation, parameters = _by_path(call, model)
    else:
        operation = call.operation
        query = model.metadata["protocol"] == "query"
        parameters = dict(parse_qsl(call.body.decode(), keep_blank_values=True)) if query else json.loads(call.body or b"{}")
    if operation not in model.operation_names:
        raise ValueError(f"{call} is of no operation that botocore knows")
    return Request(f"{service}:{operation}", parameters)


@cache
def model_of(service: str) -> ServiceModel:
    """The service as botocore's files describe it; the clients of S3 that this process has made have changed their own copy."""
    loader = create_loader()
    version = loader.determine_latest_version(service, "service-2")
    path = Path(loader.BUILTIN_DATA_PATH, service, version, "service-2.json.gz")
    return ServiceModel(json.loads(gzip.decompress(path.read_bytes())), service)


@cache
def _operations(model: ServiceModel) -> list[tuple[OperationModel, re.Pattern[str], dict[str, str]]]:
    """Each operation with its path, and with what its query always has."""
    operations = []
    named = [model.operation_model(name) for name in model.operation_names]
    for operation in [operation for operation in named if not operation.deprecated]:
        path, _, query = operation.http["requestUri"].partition("?")
        pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", lambda part: f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})", re.escape(path))
        operations.append((operation, re.compile(f"{pattern.rstrip('/')}/?"), dict(parse_qsl(query, keep_blank_values=True))))
    return operations


def _by_path(call: Call, model: ServiceModel) -> tuple[str, dict[str, Any]]:
    """The operation that says most of what the request has, and the parameters."""
    url = urlsplit(call.path)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    fitting: list[tuple[int, str, dict[str, Any]]] = []
    for operation, pattern, always in _operations(model):
        match = pattern.fullmatch(url.path) if operation.http["method"] == call.method else None
        if match is None or not always.items() <= query.items():
            continue
        parameters = {name: unquote(value) for name, value in match.groupdict().items()} | dict(
            _beside(operation, query, call.headers)
        )
        required = {*operation.input_shape.required_members} if operation.input_shape else set()
        located = required & {name for name, _ in _located(operation)}
        if located <= parameters.keys():
            fitting.append((len(always) + len(located), operation.name, parameters))
    if not fitting:
        raise ValueError(f"{call} is of no operation that botocore knows")
    _, name, parameters = max(fitting, key=lambda candidate: candidate[0])
    return name, {**parameters, **_body(call)}


def _located(operation: OperationModel) -> Iterator[tuple[str, Any]]:
    """The parameters that stand in the query or in headers."""
    for name, shape in operation.input_shape.members.items() if operation.input_shape else ():
        if shape.serialization.get("location") in {"querystring", "header"}:
            yield name, shape


def _beside(operation: OperationModel, query: Mapping[str, str], headers: Message) -> Iterator[tuple[str, str]]:
    for name, shape in _located(operation):
        written = shape.serialization["name"]
        value = query.get(written) if shape.serialization["location"] == "querystring" else headers.get(written)
        if value is not None:
            yield name, value


def _body(call: Call) -> dict[str, Any]:
    """Of JSON all that it says; of XML the keys that are to be deleted."""
    if call.service != "s3":
        return dict(json.loads(call.body)) if call.body else {}
    objects = [
        dict(re.findall(r"<(Key|VersionId)>(.*?)</", entry))
        for entry in re.findall(r"<Object>(.*?)</Object>", call.body.decode(errors="replace"), re.DOTALL)
    ]
    return {"Delete": {"Objects": objects}} if "delete" in urlsplit(call.path).query else {}
