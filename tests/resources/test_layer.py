"""Layers as AWS answers, where an emulator would not, and what is asked of it."""

from threading import Thread
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import ArtifactError, AwsError
from common.resources.layer_versions import Version, existing, versions
from tests.resources.builders import ARTIFACTS, Place, final, live_state, prepare, updated, zipped
from tests.resources.scripted import ScriptedAws, refused

ARN = "arn:aws:lambda:eu-central-1:123456789012:layer:t-deps"
LIST, PUBLISH = "lambda:ListLayerVersions", "lambda:PublishLayerVersion"


def listed(number: int, description: str = "", **more: Any) -> dict[str, Any]:
    return {"LayerVersionArn": f"{ARN}:{number}", "Version": number, "Description": description, **more}


def ours(place: Place, number: int, text: str) -> dict[str, Any]:
    """A version as ours are described."""
    layer = place.layer(code=zipped(text))
    description = f"environment=t/test inputs={layer.code.input_digest()} sha256={final(layer)['CodeSha256']}"
    return listed(number, description, CompatibleRuntimes=["python3.11"], CompatibleArchitectures=["x86_64"])


def test_a_version_says_whose_it_is_and_what_it_holds(place: Place) -> None:
    layer = place.layer()
    aws = ScriptedAws({LIST: {"LayerVersions": []}, PUBLISH: {**ours(place, 7, "x = 1"), "Content": {"CodeSha256": ""}}})
    aws._script[PUBLISH][0]["Content"]["CodeSha256"] = final(layer)["CodeSha256"]  # type: ignore[index]  # an answer, no error
    assert layer.create(aws, final(layer)) == {"LayerVersionArn": f"{ARN}:7"}
    sent = aws.sent(PUBLISH)
    assert sent["Description"] == ours(place, 7, "x = 1")["Description"]
    assert sent["Content"] == {"S3Bucket": ARTIFACTS, "S3Key": layer.code.location}
    assert layer.version(aws, final(layer)["CodeSha256"]) == f"{ARN}:7"
    assert aws.operations == [LIST, PUBLISH]


def test_the_longest_names_leave_room_in_the_description(place: Place) -> None:
    tags = {"deployer:environment": f"{'p' * 24}/{'e' * 20}", "deployer:project": "p" * 64, "team": "x" * 200}
    layer = place.layer(tags=tags)
    aws = ScriptedAws({LIST: {"LayerVersions": []}, PUBLISH: refused("PublishLayerVersion", "InvalidParameterValueException")})
    with pytest.raises(AwsError):
        layer.create(aws, final(layer))
    assert len(aws.sent(PUBLISH)["Description"]) <= 256


def test_the_version_of_the_same_inputs_stands_for_the_layer_else_the_newest_of_ours(place: Place) -> None:
    layer = place.layer()
    first, second, theirs = ours(place, 1, "x = 1"), ours(place, 2, "x = 2"), listed(3, "by hand")
    assert live_state(ScriptedAws({LIST: {"LayerVersions": [theirs, second, first]}}), layer) == final(layer)
    result = live_state(ScriptedAws({LIST: {"LayerVersions": [theirs, second]}}), layer)
    assert result == final(place.layer(code=zipped("x = 2")))
    result = live_state(ScriptedAws({LIST: {"LayerVersions": [theirs]}}), layer)
    assert result is not None
    assert (result["CodeSha256"], result["Tags"]) == (None, {})
    assert layer.read(ScriptedAws({LIST: refused("ListLayerVersions", "ResourceNotFoundException")})) is None


def test_the_tenth_version_is_newer_than_the_ninth(place: Place) -> None:
    """Versions are numbers, and their ARNs are texts."""
    layer = place.layer()
    aws = ScriptedAws({LIST: {"LayerVersions": [ours(place, number, "x = 1") for number in (9, 10, 8)]}})
    assert layer.version(aws, final(layer)["CodeSha256"]) == f"{ARN}:10"


def test_a_version_that_does_not_hold_what_it_says_does_not_stay(place: Place) -> None:
    layer = place.layer()
    answer = {**ours(place, 7, "x = 1"), "Content": {"CodeSha256": "something else"}}
    aws = ScriptedAws({LIST: {"LayerVersions": []}, PUBLISH: answer, "lambda:DeleteLayerVersion": {}})
    with pytest.raises(ArtifactError, match="is not what was uploaded"):
        layer.create(aws, final(layer))
    assert aws.sent("lambda:DeleteLayerVersion") == {"LayerName": "t-deps", "VersionNumber": 7}


def test_one_listing_answers_every_function(place: Place) -> None:
    layer = place.layer()
    aws = ScriptedAws({LIST: {"LayerVersions": [ours(place, 2, "x = 2"), ours(place, 1, "x = 1"), listed(3)]}})
    result: list[str | None] = []
    threads = [Thread(target=lambda: result.append(layer.content(aws, f"{ARN}:1"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert result == [final(layer)["CodeSha256"]] * 20
    assert layer.content(aws, f"{ARN}:3") is None
    assert aws.operations == [LIST]
    assert layer.content(aws, f"{ARN}:9") is layer.content(aws, f"{ARN}:9") is None
    assert aws.operations == [LIST, LIST], "a version that is not there is looked for once"


def test_an_update_follows_from_its_change_and_not_from_what_was_read_last(place: Place) -> None:
    """Another process may carry it out: it has read nothing."""
    layer = place.layer()
    there = {LIST: {"LayerVersions": [ours(place, 2, "x = 2"), ours(place, 1, "x = 1")]}}
    live = layer.read(ScriptedAws(there))
    other = ScriptedAws({})
    assert updated(other, layer, {"CodeSha256"}, live) == {"LayerVersionArn": f"{ARN}:1"}
    assert other.operations == []


def test_a_version_that_was_published_meanwhile_is_taken_and_not_published_again(place: Place) -> None:
    """By another deploy, after ours had listed the versions; one that is not ours is not taken whatever it says it holds."""
    layer = place.layer()
    content = final(layer)["CodeSha256"]
    others = listed(4, f"environment=t/other inputs={layer.code.input_digest()} sha256={content}")
    before, after = [ours(place, 2, "x = 2")], [others, ours(place, 3, "x = 1"), ours(place, 2, "x = 2")]
    aws = ScriptedAws({LIST: [{"LayerVersions": before}, {"LayerVersions": after}]})
    layer.read(aws)
    assert layer.version(aws, content) == f"{ARN}:3"
    assert aws.operations == [LIST, LIST]


def test_a_refused_listing_is_loud(place: Place) -> None:
    denied = refused("ListLayerVersions", "AccessDeniedException", "not authorized")
    with pytest.raises(AwsError, match="not authorized"):
        place.layer().read(ScriptedAws({LIST: denied}))


def test_layers_of_an_environment_are_told_by_their_newest_versions(place: Place) -> None:
    mine = {"LayerArn": ARN, "LatestMatchingVersion": listed(1, "environment=t/test project=p inputs=a sha256=b=")}
    theirs = {"LayerArn": f"{ARN}2", "LatestMatchingVersion": listed(1, "environment=t/other project=p inputs=a sha256=b=")}
    other = {"LayerArn": f"{ARN}3", "LatestMatchingVersion": {"LayerVersionArn": f"{ARN}3:1", "Version": 1}}
    assert existing(ScriptedAws({"lambda:ListLayers": {"Layers": [mine, theirs, other]}}), "t/test") == {ARN: "p"}


def test_a_description_of_somebody_else_says_nothing(place: Place) -> None:
    for text in ("environment=t/test", "sha256", "a = b", "", "inputs=x"):
        assert not Version.of(listed(1, text)).tags


def test_only_our_versions_are_deleted(moto_aws: AwsSession, place: Place) -> None:
    layer = place.layer()
    prepare(moto_aws, layer)
    content = {"ZipFile": zipped("").data}
    moto_aws.call("lambda", "PublishLayerVersion", LayerName="t-deps", Content=content)
    layer.create(moto_aws, final(layer))
    moto_aws.call("lambda", "PublishLayerVersion", LayerName="t-deps", Content=content, Description="environment=t/test")
    assert layer.live_tags(moto_aws, layer) == {"deployer:environment": "t/test"}
    layer.delete(moto_aws)
    assert [version.number for version in versions(moto_aws, "t-deps")] == [3, 1]
    assert layer.live_tags(moto_aws, layer) == {}
    layer.delete(moto_aws)
    assert [version.number for version in versions(moto_aws, "t-deps")] == [3, 1]
