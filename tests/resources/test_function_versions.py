"""Published versions: the alias is always as the function is, and what is of versions is set and taken away."""

from typing import Any

import pytest

from common.engine.resource_facts import find_stale
from common.environment.resource_settings import FunctionSettings
from common.model import comparison
from common.model.resource import Resource
from tests.resources.builders import Code, Place, final, updated, zipped
from tests.support.model_aws import ModelAws

PLACE = Place()
NAME = "t-Validate"
OTHER = zipped("x = 2")


def function(**settings: Any) -> Resource:
    code = {"code": settings.pop("code")} if "code" in settings else {}
    return PLACE.function(settings=FunctionSettings.model_validate(settings), **code)


@pytest.fixture
def aws() -> ModelAws:
    codes = [
        artifact
        for resource in (function(), function(code=OTHER))
        for artifact in resource.artifacts
        if isinstance(artifact, Code)
    ]
    return ModelAws(PLACE.region, PLACE.account_id, {code.location: code.data for code in codes})


def brought(aws: ModelAws, resource: Resource, applied: Resource | None = None) -> set[str]:
    """What a deploy changes, which knows from its record what was applied."""
    live = resource.read(aws)
    assert live is not None
    stale = find_stale(resource, live, [final(applied)] if applied else [])
    changed = {*comparison.difference(final(resource), live.state), *stale}
    if changed:
        updated(aws, resource, changed, live, stale)
    after = resource.read(aws)
    assert after is not None
    assert after.state == final(resource)
    return changed


def operations(aws: ModelAws) -> list[str]:
    return [name.removeprefix("lambda:") for name, _ in aws.calls]


def test_a_version_is_published_after_each_change_and_the_alias_is_moved(aws: ModelAws) -> None:
    first = function(publish=True)
    first.create(aws, final(first))
    alias = aws.live[f"Alias/{NAME}:live"]
    assert alias["number"] == "1"
    assert brought(aws, first) == set()
    larger = function(publish=True, memory_mb=512)
    assert brought(aws, larger) == {"MemorySize"}
    assert alias["number"] == "2"
    assert brought(aws, function(publish=True, memory_mb=512, code=OTHER)) == {"CodeSha256"}
    assert alias["number"] == "3"
    aws.live[f"Function/{NAME}"]["Timeout"] = 61
    assert brought(aws, function(publish=True, memory_mb=512, code=OTHER)) == {"Timeout", "Published"}


def test_the_whole_alias_is_moved(aws: ModelAws) -> None:
    """UpdateAlias keeps the weights that it is not given: a part of the calls would go to an old version for ever.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    first = function(publish=True)
    first.create(aws, final(first))
    alias = aws.live[f"Alias/{NAME}:live"]
    alias["weights"] = {"1": 0.1}
    brought(aws, function(publish=True, memory_mb=512))
    assert (alias["number"], alias["weights"]) == ("2", {})


def test_an_alias_that_somebody_has_moved_is_put_back(aws: ModelAws) -> None:
    first, second = function(publish=True), function(publish=True, memory_mb=512)
    first.create(aws, final(first))
    brought(aws, second)
    aws.live[f"Alias/{NAME}:live"]["number"] = "1"
    assert brought(aws, second) == {"Published"}
    assert aws.live[f"Alias/{NAME}:live"]["number"] == "2"


def test_concurrency_is_provisioned_for_the_alias_and_taken_away(aws: ModelAws) -> None:
    plain, provisioned = function(publish=True), function(publish=True, provisioned_concurrency=2)
    plain.create(aws, final(plain))
    assert brought(aws, provisioned) == {"ProvisionedConcurrentExecutions"}
    assert aws.live[f"Alias/{NAME}:live"]["provisioned"] == 2
    assert brought(aws, provisioned) == set()
    live = plain.read(aws)
    assert live is not None
    assert live.undeclared["ProvisionedConcurrentExecutions"] == 2, "somebody else's stays, and is named"
    assert brought(aws, plain, provisioned) == {"ProvisionedConcurrentExecutions"}
    assert "provisioned" not in aws.live[f"Alias/{NAME}:live"]


def test_the_alias_stays_for_what_starts_it_when_no_version_is_published_any_more(aws: ModelAws) -> None:
    published, plain = function(publish=True, provisioned_concurrency=2), function()
    published.create(aws, final(published))
    assert brought(aws, plain, published) == {"ProvisionedConcurrentExecutions"}
    assert aws.live[f"Alias/{NAME}:live"] == {"number": "1"}


def test_old_versions_are_deleted_but_for_those_that_an_alias_leads_to(aws: ModelAws) -> None:
    """Also one that gets a part of the calls of an alias.

    See https://docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html
    """
    first = function(publish=True, keep_versions=2)
    first.create(aws, final(first))
    aws.live[f"Alias/{NAME}:stable"] = {"number": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}
    for size in (512, 513, 514, 515):
        brought(aws, function(publish=True, keep_versions=2, memory_mb=size))
    versions = aws.live[f"Versions/{NAME}"]["all"]
    assert [version.get("Version") for version in versions] == ["1", "2", None, "4", "5"]


def test_a_function_that_begins_to_publish_has_no_alias_whose_concurrency_could_be_read(aws: ModelAws) -> None:
    """Lambda answers ResourceNotFoundException about an alias that does not exist.

    See https://docs.aws.amazon.com/lambda/latest/api/API_GetProvisionedConcurrencyConfig.html
    """
    plain, published = function(), function(publish=True, provisioned_concurrency=2)
    plain.create(aws, final(plain))
    assert brought(aws, published, plain) == {"Published", "ProvisionedConcurrentExecutions"}
    assert aws.live[f"Alias/{NAME}:live"] == {"number": "1", "provisioned": 2}


def test_what_publishes_nothing_costs_no_call(aws: ModelAws) -> None:
    plain = function()
    plain.create(aws, final(plain))
    aws.calls.clear()
    plain.read(aws)
    assert operations(aws) == ["GetFunction"]


def test_the_deployer_needs_the_alias_of_what_is_published() -> None:
    needs = PLACE.function(settings=FunctionSettings(publish=True)).deployer_needs()
    assert "lambda:PutProvisionedConcurrencyConfig" in needs[PLACE.arn("lambda", f"function:{NAME}:*")]
    assert "lambda:DeleteFunction" in needs[PLACE.arn("lambda", f"function:{NAME}:*")]
    assert PLACE.function().deployer_needs() == {}
