"""Every field that the API of a kind takes is accepted, sent, read back, kept where nobody declares it, and taken away again.

The fields come from botocore's models, so a field that AWS adds fails here until the kind takes it or a reason is written down.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import pytest

from common.base.errors import DeployError
from common.declare import properties
from common.engine.resource_facts import find_stale
from common.model import comparison
from common.model.resource import Resource
from common.resources import kinds
from tests.resources.builders import Code, Place, final, updated
from tests.resources.cases import VPC
from tests.support.model_aws import ModelAws
from tests.support.model_stores import model
from tests.support.valid_values import valid

PLACE = Place()
NAMED = "it identifies the resource"
TAGS = "tags are declared in the configuration of the environment"
INDEXES = "declared as indexes"


class Api(NamedTuple):
    """The operations that take the fields of a kind, each with the path to the structure, and why some fields are not taken."""

    build: Callable[..., Resource]
    operations: tuple[tuple[str, ...], ...]
    reasons: Mapping[str, str]


APIS: dict[str, Api] = {
    "lambda": Api(
        partial(Place.function, network=VPC),
        (("CreateFunction",), ("UpdateFunctionConfiguration",)),
        {
            "FunctionName": NAMED,
            "Code": "the package",
            "Tags": TAGS,
            "PackageType": "follows from the package",
            "Publish": "a version is published when the alias is moved",
            "PublishTo": "the same",
            "CodeSigningConfigArn": "packages are not signed",
            "TenancyConfig": "set at creation alone, by AWS::Lambda::Function",
            "Architectures": "a setting of its own, which UpdateFunctionCode takes",
        },
    ),
    "glue-job": Api(Place.job, (("CreateJob",), ("UpdateJob", "JobUpdate")), {"Name": NAMED, "Tags": TAGS}),
    "crawler": Api(Place.crawler, (("CreateCrawler",), ("UpdateCrawler",)), {"Tags": TAGS}),
    "state-machine": Api(
        Place.state_machine,
        (("CreateStateMachine",), ("UpdateStateMachine",)),
        {
            "name": NAMED,
            "stateMachineArn": NAMED,
            "tags": TAGS,
            "type": "a setting",
            "publish": "versions",
            "versionDescription": "versions",
        },
    ),
    "topic": Api(Place.topic, (), {}),
    "queue": Api(Place.queue, (("SetQueueAttributes", "Attributes"),), {"All": "only for reading"}),
    "log-group": Api(Place.log_group, (("CreateLogGroup",),), {"tags": TAGS}),
    "database": Api(Place.database, (("CreateDatabase", "DatabaseInput"), ("UpdateDatabase", "DatabaseInput")), {}),
    "layer": Api(Place.layer, (("PublishLayerVersion",),), {}),
    "rule": Api(Place.rule, (("PutTargets", "Targets", "[]"),), {}),
    "table": Api(Place.table, (("UpdateTable",),), {}),
    "bucket": Api(Place.bucket, (), {}),
}


def member(service: str, operation: str, *path: str) -> Any:
    """A structure in the input of an operation."""
    shape = model(service, operation).input_shape
    for name in path:
        shape = shape.member if name == "[]" else shape.members[name]
    return shape


def text(name: str) -> str:
    """An attribute of SNS or SQS, which are all texts."""
    return '{"Id": "ours"}' if name.endswith("Policy") else "7"


def fields_of(kind: str) -> dict[str, Any]:
    """Every field that a kind accepts, with a valid value, without those parts that the deployer itself sets."""
    described, service = kinds()[kind].properties, kinds()[kind].service
    assert described is not None
    result: dict[str, Any] = {name: text(name) for name in described.keys}
    if described.operation and not described.keys:
        shape = member(service, described.operation, *described.path)
        members = shape.members if shape.type_name == "structure" else dict.fromkeys(shape.key.enum)
        result |= {name: valid(inner, name) if inner else text(name) for name, inner in members.items()}
    for name, operation in described.operations.items():
        result[name] = valid(member(service, operation, name), name)
    for name in (*described.settings, "Tags", "tags"):
        top, _, rest = name.partition(".")
        if rest and isinstance(result.get(top), dict):
            result[top].pop(rest, None)
        elif not rest:
            result.pop(top, None)
    return {name: value for name, value in sorted(result.items()) if value != {}}


@pytest.mark.parametrize("kind", [kind for kind, api in APIS.items() if api.operations])
def test_every_field_of_the_api_is_taken_or_there_is_a_reason(kind: str) -> None:
    described, service = kinds()[kind].properties, kinds()[kind].service
    assert described is not None
    taken = {name.partition(".")[0] for name in (*fields_of(kind), *described.settings, *described.fields)}
    for operation in APIS[kind].operations:
        shape = member(service, *operation)
        names = {*(shape.members if shape.type_name == "structure" else shape.key.enum)}
        assert names - taken == {*APIS[kind].reasons} & names - taken, operation


def built(kind: str, **declared: Any) -> Resource:
    return APIS[kind].build(PLACE, **declared)


@pytest.mark.parametrize("kind", APIS)
def test_a_field_is_accepted_sent_read_back_kept_and_taken_away(kind: str) -> None:
    """The models are read by the tests, and not when these are collected."""
    failed = {}
    for name, value in fields_of(kind).items():
        try:
            goes_its_way(kind, name, value)
        except (AssertionError, DeployError, KeyError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
    assert failed == {}


def goes_its_way(kind: str, name: str, value: Any) -> None:
    """A field of one resource, from its declaration until it is declared no more."""
    described = kinds()[kind].properties
    assert described is not None
    own = [field.split(".") for field in described.fields if field.partition(".")[0] == name]
    if [name] not in own:
        rest = {part: inner for part, inner in value.items() if [name, part] not in own} if own else value
        properties.check(kinds()[kind], {name: rest} if rest else {}, "here")

    declaring, silent = built(kind, properties={name: value}), built(kind)
    code = {artifact.location: artifact.data for artifact in declaring.artifacts if isinstance(artifact, Code)}
    aws = ModelAws(PLACE.region, PLACE.account_id, code)
    declaring.create(aws, final(declaring))
    live, applied = declaring.read(aws), final(declaring)
    assert live is not None
    assert live.state == applied

    unseen = silent.read(aws)
    assert unseen is not None
    updated(aws, silent, final(silent).keys() - {"Tags"}, unseen)
    again = declaring.read(aws)
    assert again is not None
    assert again.state == applied, "an update by somebody who does not declare it keeps it"
    named = [part.partition(".")[0] for part in comparison.named(unseen.undeclared, final(silent), silent.usual)]
    assert {name, "Targets"} & {*named}, "it is named"
    stale = find_stale(silent, unseen, [applied])
    if name in silent.lasting:
        assert stale == {}
        return
    assert stale
    updated(aws, silent, stale, unseen, stale)
    gone = silent.read(aws)
    assert gone is not None
    assert comparison.taken_away(comparison.unusual(gone.undeclared, silent.usual), applied) == {}
    assert gone.state == final(silent)
    assert (declaring.read(aws) or gone).state != applied
