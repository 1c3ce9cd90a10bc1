"""Functions with a container image: created, updated by digest, and never made of a function with a package."""

from typing import Any

import pytest

from common.base.errors import DeployError
from common.engine.resource_facts import find_stale
from common.environment.resource_settings import FunctionSettings
from common.model import comparison
from common.model.resource import Resource
from common.resources.function_image import Image
from tests.resources.builders import Code, Place, final, updated
from tests.support.iam import same
from tests.support.model_aws import ModelAws

PLACE = Place()
NEEDS = same("ecr", "BatchGetImage", "arn:aws:ecr:eu-central-1:{registryId}:repository/{repositoryName}")
"""What the check before a replacement needs; see `tests.support.iam`."""
NAME = "t-Validate"
REPOSITORY = "arn:aws:ecr:eu-central-1:123456789012:repository/score"
URI = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/score@sha256:"
FIRST, SECOND = URI + "a" * 64, URI + "b" * 64
COMMAND = {"EntryPoint": ["/run"], "Command": ["app.handler"], "WorkingDirectory": "/app"}


def function(uri: str = FIRST, config: dict[str, Any] | None = None, **settings: Any) -> Resource:
    image = Image(uri, REPOSITORY, config or {})
    return PLACE.function(code=image, handler="", settings=FunctionSettings.model_validate({"image": uri, **settings}))


@pytest.fixture
def aws() -> ModelAws:
    codes = [artifact for artifact in PLACE.function().artifacts if isinstance(artifact, Code)]
    return ModelAws(PLACE.region, PLACE.account_id, {code.location: code.data for code in codes})


def brought(aws: ModelAws, resource: Resource, applied: Resource) -> dict[str, Any]:
    """What a deploy sends, by operation; after it the function is as declared."""
    live = resource.read(aws)
    assert live is not None
    stale = find_stale(resource, live, [final(applied)])
    changed = {*comparison.difference(final(resource), live.state), *stale}
    before = len(aws.calls)
    if changed:
        updated(aws, resource, changed, live, stale)
    after = resource.read(aws)
    assert after is not None
    assert after.state == final(resource)
    return {name.removeprefix("lambda:"): sent for name, sent in aws.calls[before:] if "Get" not in name}


def test_a_function_is_created_with_what_lambda_takes_for_an_image(aws: ModelAws) -> None:
    """Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html in what it takes."""
    resource = function(config=COMMAND, architecture="arm64")
    resource.create(aws, final(resource))
    sent = next(sent for name, sent in aws.calls if name == "lambda:CreateFunction")
    assert sent["Code"] == {"ImageUri": FIRST}
    assert (sent["PackageType"], sent["ImageConfig"], sent["Architectures"]) == ("Image", COMMAND, ["arm64"])
    assert not {"Runtime", "Handler", "Layers"} & sent.keys()
    assert resource.artifacts == ()
    assert brought(aws, resource, resource) == {}


def test_another_digest_is_one_update_of_the_code(aws: ModelAws) -> None:
    first, second = function(), function(SECOND)
    first.create(aws, final(first))
    sent = brought(aws, second, first)
    assert [*sent] == ["UpdateFunctionCode"]
    assert sent["UpdateFunctionCode"]["ImageUri"] == SECOND


def test_what_the_function_does_otherwise_than_its_image_is_updated_and_taken_away(aws: ModelAws) -> None:
    plain, other = function(), function(config=COMMAND)
    plain.create(aws, final(plain))
    sent = brought(aws, other, plain)
    assert [*sent] == ["UpdateFunctionConfiguration"]
    assert sent["UpdateFunctionConfiguration"]["ImageConfig"] == COMMAND
    assert not {"Runtime", "Handler", "Layers"} & sent["UpdateFunctionConfiguration"].keys()
    assert brought(aws, plain, other)["UpdateFunctionConfiguration"]["ImageConfig"] == {}


def test_an_image_that_somebody_named_by_a_tag_is_known_by_its_digest() -> None:
    response = {
        "Configuration": {"PackageType": "Image", "State": "Active", "LastUpdateStatus": "Successful"},
        "Code": {"ImageUri": URI.replace("@sha256:", ":v1"), "ResolvedImageUri": FIRST},
    }
    live = function().read(_Answering(response))  # type: ignore[arg-type]  # it asks for nothing else
    assert live is not None
    assert live.state["ImageUri"] == FIRST


class _Answering:
    def __init__(self, response: dict[str, Any]) -> None:
        self._response = response

    def find(self, *_: str, **__: Any) -> dict[str, Any]:
        return self._response


@pytest.mark.parametrize(
    ("before", "after", "field"), [(PLACE.function(), function(), "PackageType"), (function(), PLACE.function(), "Runtime")]
)
def test_a_package_and_an_image_do_not_take_each_others_place(
    aws: ModelAws, before: Resource, after: Resource, field: str
) -> None:
    before.create(aws, final(before))
    live = after.read(aws)
    assert live is not None
    changed = comparison.difference(final(after), live.state)
    assert {name for name in changed if after.is_fixed(name, live.state.get(name), final(after)[name])} == {field}


def test_another_runtime_is_no_other_package_type(aws: ModelAws) -> None:
    before, after = PLACE.function(), PLACE.function(settings=FunctionSettings(runtime="python3.12"))
    before.create(aws, final(before))
    live = after.read(aws)
    assert live is not None
    assert not after.is_fixed("Runtime", live.state["Runtime"], "python3.12")


def test_a_version_of_an_image_is_published(aws: ModelAws) -> None:
    first, second = function(publish=True), function(SECOND, publish=True)
    first.create(aws, final(first))
    assert brought(aws, first, first) == {}
    sent = brought(aws, second, first)
    assert sent["PublishVersion"] == {"FunctionName": NAME}
    assert aws.live[f"Alias/{NAME}:live"]["number"] == "2"


@pytest.mark.parametrize(("before", "after"), [(PLACE.function(), function()), (function(), PLACE.function())])
def test_what_was_replaced_is_not_put_back_as_something_else(aws: ModelAws, before: Resource, after: Resource) -> None:
    before.create(aws, final(before))
    live = after.read(aws)
    assert live is not None
    calls = len(aws.calls)
    with pytest.raises(DeployError, match="a package or an image, is known no more"):
        after.create(aws, live.state)
    assert len(aws.calls) == calls
