"""Resources of any type, against an AWS that answers as the Cloud Control API is documented to.

https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html
"""

import json
from dataclasses import replace
from typing import Any

import pytest

from common.aws.protocol import Aws
from common.aws.tagging_index import resource_type
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass, field
from common.engine.recorded import with_request
from common.model.declared import Identity
from common.model.hidden_fields import stored
from common.model.orphan import Orphan
from common.model.resource import Action, Change, Key, Resource
from common.model.tags import tag_list
from common.resources.cloud_control import CloudResource
from tests.support.finding import Finds

STAYS = {
    "cloudcontrol:ServiceLimitExceededException": "a quota",
    "cloudcontrol:ClientTokenConflictException": "two requests with one token would be a mistake of the deployer",
}
TAGS = {"deployer:environment": "acres-dev/dev", "deployer:project": "acres", "deployer:resource": "AWS-SQS-Queue/dead/q"}
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/q"


@dataclass(eq=False)
class CloudControl(Finds):
    """The API with its requests; what it makes has the identifier `URL` and the attributes that are given."""

    given: JsonObject = field(default_factory=lambda: {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "QueueUrl": URL})
    resources: dict[str, JsonObject] = field(default_factory=dict)
    fails: list[str] = field(default_factory=list)
    """The error codes with which the next requests end."""
    words: str = "so it is"
    calls: list[tuple[str, JsonObject]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    _requests: dict[str, JsonObject] = field(default_factory=dict)

    def aws(self) -> Aws:
        return self  # type: ignore[return-value]  # it waits for nothing

    def call(self, service: str, operation: str, /, **parameters: Any) -> JsonObject:
        assert service == "cloudcontrol"
        self.calls.append((operation, parameters))
        if operation == "GetResourceRequestStatus":
            return {"ProgressEvent": self._requests[parameters["RequestToken"]]}
        identifier = parameters.get("Identifier", URL)
        if operation in {"GetResource", "UpdateResource", "DeleteResource"} and identifier not in self.resources:
            raise AwsError(service, operation, "ResourceNotFoundException", "not found")
        if operation == "GetResource":
            return {"ResourceDescription": {"Identifier": identifier, "Properties": json.dumps(self.resources[identifier])}}
        token = parameters.get("ClientToken") or f"token {len(self._requests)}"
        if token in self._requests:
            return {"ProgressEvent": self._requests[token]}
        self._requests[token] = self._event(operation, identifier, token, parameters)
        return {"ProgressEvent": {**self._requests[token], "OperationStatus": "IN_PROGRESS"}}

    def _event(self, operation: str, identifier: str, token: str, parameters: JsonObject) -> JsonObject:
        event = {"Operation": operation.removesuffix("Resource").upper(), "RequestToken": token, "Identifier": identifier}
        if self.fails:
            return {**event, "OperationStatus": "FAILED", "ErrorCode": self.fails.pop(0), "StatusMessage": self.words}
        if operation == "CreateResource":
            self.resources[identifier] = {**json.loads(parameters["DesiredState"]), **self.given}
        elif operation == "DeleteResource":
            del self.resources[identifier]
        for change in json.loads(parameters.get("PatchDocument", "[]")):
            name = change["path"].removeprefix("/")
            assert change["op"] in {"add", "remove"}  # RFC 6902: the first one replaces, too
            if change["op"] == "remove":
                del self.resources[identifier][name]
            else:
                self.resources[identifier][name] = change["value"]
        return {**event, "OperationStatus": "SUCCESS"}

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        self.calls.append((operation, parameters))
        listed = [{"Identifier": url, "Properties": json.dumps({"QueueUrl": url})} for url in self.resources]
        yield {"ResourceDescriptions": listed}

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def made(self) -> list[str]:
        """The operations that change something, in order."""
        return [operation for operation, _ in self.calls if operation in {"CreateResource", "UpdateResource", "DeleteResource"}]


def queue(type_name: str = "AWS::SQS::Queue", **properties: Any) -> CloudResource:
    name = {"QueueName": "q"} if type_name == "AWS::SQS::Queue" else {}
    arn = "arn:aws:cloudcontrol:us-east-1:123456789012:acres/AWS-SQS-Queue/dead/q"
    identity = Identity(key=Key("acres", "resource", "dead"), name="q", arn=arn, tags=TAGS)
    return CloudResource(identity=identity, type_name=type_name, properties={**name, **properties})


def record(resource: Resource, outputs: dict[str, str]) -> JsonObject:
    return {"desired": stored(resource, resource.desired()), "outputs": outputs}


def deployed(api: CloudControl, resource: CloudResource) -> JsonObject:
    """The record of a resource that was created."""
    return record(resource, resource.recall({"token": "t1"}).create(api.aws(), resource.desired()))


def brought(api: CloudControl, resource: CloudResource, recorded: JsonObject) -> frozenset[str]:
    """Updates a resource as a deploy would. Returns the fields that changed."""
    live = resource.recall(recorded).read(api.aws())
    assert live is not None
    desired = resource.desired()
    changed = frozenset(name for name in {*desired, *live.state} if desired.get(name) != live.state.get(name))
    change = Change(resource.key, Action.UPDATE, "", desired, live, changed)
    if changed:
        with_request(resource, change, {resource.key: "t2"}).update(api.aws(), change)
    return changed


def test_it_is_created_waited_for_and_what_aws_gave_is_recorded() -> None:
    api = CloudControl()
    outputs = deployed(api, queue(DelaySeconds=5))["outputs"]
    assert outputs == {"Identifier": URL, "QueueUrl": URL, "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}
    sent = json.loads(api.calls[0][1]["DesiredState"])
    assert sent["DelaySeconds"] == 5
    assert {"Key": "deployer:project", "Value": "acres"} in sent["Tags"]
    assert len(api.slept) == 1


def test_what_was_just_created_is_as_declared() -> None:
    api, resource = CloudControl(), queue(RedrivePolicy={"deadLetterTargetArn": "arn:x", "maxReceiveCount": 3})
    recorded = deployed(api, resource)
    api.resources[URL] |= {"RedrivePolicy": {"maxReceiveCount": "3", "deadLetterTargetArn": "arn:x"}, "VisibilityTimeout": 30}
    live = resource.recall(recorded).read(api.aws())
    assert live is not None
    assert live.state == resource.desired()
    assert live.revision == URL
    assert live.undeclared == {"VisibilityTimeout": 30}


def test_an_update_patches_what_changed_and_keeps_the_rest() -> None:
    api, before = CloudControl(), queue(DelaySeconds=5, MaximumMessageSize=2048)
    recorded = deployed(api, before)
    api.resources[URL] |= {"VisibilityTimeout": 60}
    api.resources[URL]["Tags"].append({"Key": "owner", "Value": "ann"})
    after = queue(DelaySeconds=7, MessageRetentionPeriod=60)
    assert brought(api, after, recorded) == {"DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod"}
    live = api.resources[URL]
    assert (live["DelaySeconds"], live["MessageRetentionPeriod"], live["VisibilityTimeout"]) == (7, 60, 60)
    assert "MaximumMessageSize" not in live  # it was declared, and is not any more
    assert {"Key": "owner", "Value": "ann"} in live["Tags"]


def test_tags_of_others_stay_when_ours_change() -> None:
    api, resource = CloudControl(), queue()
    recorded = deployed(api, resource)
    api.resources[URL]["Tags"] = [{"Key": "owner", "Value": "ann"}]
    assert brought(api, resource, recorded) == {"Tags"}
    tags = {tag["Key"]: tag["Value"] for tag in api.resources[URL]["Tags"]}
    assert tags == {**TAGS, "owner": "ann"}


def test_a_deploy_that_died_after_its_request_finds_the_resource_by_the_token() -> None:
    api, resource = CloudControl(), queue()
    first = resource.recall({"token": "t1"}).create(api.aws(), resource.desired())
    again = resource.recall({"token": "t1"}).create(api.aws(), resource.desired())
    assert first == again
    assert len(api.resources) == 1
    tokens = [parameters["ClientToken"] for operation, parameters in api.calls if operation == "CreateResource"]
    assert tokens[0] == tokens[1]


def test_a_request_that_failed_is_made_anew_with_another_token() -> None:
    api, resource = CloudControl(fails=["NotStabilized"]), queue()
    with pytest.raises(AwsError, match="CreateResource was refused: NotStabilized: so it is"):
        resource.recall({"token": "t1"}).create(api.aws(), resource.desired())
    outputs = resource.recall({"token": "t1"}).create(api.aws(), resource.desired())
    assert outputs["Identifier"] == URL


def test_without_a_record_it_is_found_by_its_name() -> None:
    api, resource = CloudControl(), queue()
    deployed(api, resource)
    live = resource.read(api.aws())
    assert live is not None
    assert live.revision == URL
    assert queue().read(CloudControl().aws()) is None


def test_an_identifier_that_is_declared_needs_no_listing() -> None:
    api = CloudControl(given={})
    api.resources["primary"] = {"Name": "primary", "State": "ENABLED"}
    group = queue("AWS::Athena::WorkGroup", Name="primary", State="ENABLED")
    live = group.read(api.aws())
    assert live is not None
    assert live.state["State"] == "ENABLED"
    assert live.state["Tags"] == {}
    assert [operation for operation, _ in api.calls] == ["GetResource"]


def test_a_type_without_tags_is_ours_if_our_record_names_it() -> None:
    api = CloudControl(given={"Arn": URL})
    mail = queue("AWS::SNS::Subscription", TopicArn="arn:t", Protocol="email", Endpoint="a@example.com")
    recorded = deployed(api, mail)
    assert "Tags" not in json.loads(api.calls[0][1]["DesiredState"])
    live = mail.recall(recorded).read(api.aws())
    assert live is not None
    assert live.state == mail.desired()
    assert not mail.indexed


def test_a_secret_that_aws_never_tells_is_compared_by_its_digest_and_never_recorded() -> None:
    api = CloudControl(given={"Id": URL})
    secret = queue("AWS::SecretsManager::Secret", Name="db", SecretString="one")
    recorded = deployed(api, secret)
    del api.resources[URL]["SecretString"]
    assert "one" not in json.dumps(recorded)
    assert brought(api, secret, recorded) == set()
    assert brought(api, queue("AWS::SecretsManager::Secret", Name="db", SecretString="two"), recorded) == {"SecretString"}


def test_only_a_property_with_such_a_part_is_hidden() -> None:
    plain: JsonObject = {"WorkGroupConfiguration": {"EnforceWorkGroupConfiguration": True}}
    spark: JsonObject = {
        "WorkGroupConfiguration": {"AdditionalConfiguration": "x", "EngineConfiguration": {"AdditionalConfigs": {}}}
    }
    assert queue("AWS::Athena::WorkGroup", **plain).hidden == set()
    with_spark = queue("AWS::Athena::WorkGroup", **spark)
    assert with_spark.hidden == {"WorkGroupConfiguration"}
    applied = stored(with_spark, with_spark.desired())
    assert queue("AWS::Athena::WorkGroup", **plain).recall({"desired": applied}).hidden == {"WorkGroupConfiguration"}


def test_what_aws_sets_only_at_creation_makes_a_replacement() -> None:
    resource = queue("AWS::SNS::Subscription", TopicArn="arn:t", Protocol="email", Endpoint="a@example.com")
    assert resource.is_fixed("Endpoint", "a@example.com", "b@example.com")
    assert not resource.is_fixed("FilterPolicy", {}, {"a": ["b"]})


def test_the_policy_of_a_deployer_is_about_its_name() -> None:
    needs = queue().deployer_needs()
    (arns,) = [arn for arn, actions in needs.items() if "sqs:CreateQueue" in actions]
    assert arns == "arn:aws:sqs:us-east-1:123456789012:*q*"


def orphan(recorded: JsonObject) -> Orphan:
    key = Key("acres", "resource", "dead")
    return Orphan(
        key, "q", "arn:aws:cloudcontrol:us-east-1:123456789012:acres/AWS-SQS-Queue/dead/q", "123456789012", recorded=recorded
    )


def test_what_is_no_longer_declared_is_deleted_by_its_record() -> None:
    api = CloudControl()
    gone = orphan(deployed(api, queue()))
    assert CloudResource.live_tags(api.aws(), gone) == TAGS
    assert CloudResource.holds_data(gone)  # a queue has messages
    CloudResource.untag(api.aws(), gone, ["deployer:project"])
    assert "deployer:project" not in (CloudResource.live_tags(api.aws(), gone) or {})
    CloudResource.erase(api.aws(), gone)
    CloudResource.erase(api.aws(), gone)  # twice is not an error
    assert api.resources == {}
    assert CloudResource.live_tags(api.aws(), gone) is None


def test_a_type_that_only_some_regions_have_is_known_by_its_record_there() -> None:
    recorded = {"desired": {"TypeName": "AWS::IoTEvents::Input", "Tags": TAGS}, "outputs": {"Identifier": URL}}
    canadian = replace(orphan(recorded), arn="arn:aws:cloudcontrol:ca-central-1:123456789012:acres/AWS-IoTEvents-Input/dead/q")
    api = CloudControl(resources={URL: {"Tags": tag_list(TAGS)}})
    assert CloudResource.live_tags(api.aws(), canadian) == TAGS


def test_a_request_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    api = CloudControl()
    monkeypatch.setattr(api, "_event", lambda *_: {"RequestToken": _[2], "OperationStatus": "IN_PROGRESS"})
    with pytest.raises(AwsError, match="has not ended"):
        queue().create(api.aws(), queue().desired())
    assert 3000 < sum(api.slept) < 4000


def test_the_index_is_asked_for_the_type_of_its_service() -> None:
    assert resource_type(queue().index_arn) == "sqs"
    assert resource_type(queue("AWS::Athena::WorkGroup", Name="w").index_arn) == "athena"


def test_the_record_of_one_that_was_renamed_is_not_its_own() -> None:
    api = CloudControl()
    recorded = {**deployed(api, queue()), "arn": "arn:aws:cloudcontrol:us-east-1:123456789012:acres/AWS-SQS-Queue/dead/older"}
    renamed = queue(QueueName="newer")
    assert renamed.recall(recorded).read(api.aws()) is None
