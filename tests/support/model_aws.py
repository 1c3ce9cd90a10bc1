"""AWS in this process, as botocore's models describe it: every call is checked against the model, and what was sent is kept.

Each operation does what its documentation says: what replaces a whole resource forgets what it is not given, what sets an
attribute leaves the others. An operation that is not here fails. Functions, jobs, crawlers and machines are those of
`ReplacingAws`.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from common.base.errors import AwsError
from tests.support.finding import Finds
from tests.support.model_stores import ModelStores, model
from tests.support.replacing_aws import Answer, Fields

_CLIENTS = {"stepfunctions": "sfn"}


class ModelAws(ModelStores, Finds):
    """The resources of an account, and a session with it."""

    def __init__(self, region: str, account_id: str, codes: Mapping[str, bytes]) -> None:
        super().__init__(region, account_id)
        self._codes = codes
        self.calls: list[tuple[str, Fields]] = []
        """Every call, as ``service:Operation``, with its parameters."""
        own: dict[str, Answer] = {
            name.removeprefix("_on_").replace("_", ".", 1): getattr(self, name) for name in dir(self) if name.startswith("_on_")
        }
        self._answers = {**self.answers(), **own}

    # The session ---------------------------------------------------------------------------------------------------------------

    def call(self, service: str, operation: str, /, **parameters: Any) -> Fields:
        if report := ParamValidator().validate(parameters, model(service, operation).input_shape).generate_report():
            raise AssertionError(f"{service}:{operation}: {report}")
        self.calls.append((f"{service}:{operation}", deepcopy(parameters)))
        answer = self._answers.get(f"{_CLIENTS.get(service, service)}.{operation}")
        assert answer is not None or service == "s3", f"{operation} is not known here"
        try:
            response = answer(deepcopy(parameters)) if answer else self._bucket_setting(operation, deepcopy(parameters))
        except ClientError as error:
            raise AwsError(service, operation, error.response["Error"]["Code"], error.response["Error"]["Message"]) from None
        return {**(response or {}), "ResponseMetadata": {"HTTPStatusCode": 200}}

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Fields]:
        yield self.call(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        pass

    def _bytes(self, code: Fields) -> bytes:
        return self._codes[code["S3Key"]]

    # SNS and SQS ---------------------------------------------------------------------------------------------------------------

    def _on_sns_CreateTopic(self, sent: Fields) -> Fields:
        self.live[f"sns/{sent['Name']}"] = sent.get("Attributes", {})
        self.tags[sent["Name"]] = {tag["Key"]: tag["Value"] for tag in sent["Tags"]}
        return {}

    def _on_sns_GetTopicAttributes(self, sent: Fields) -> Fields:
        return {"Attributes": dict(self._at("sns", sent["TopicArn"]))}

    def _on_sns_SetTopicAttributes(self, sent: Fields) -> None:
        self._at("sns", sent["TopicArn"])[sent["AttributeName"]] = sent["AttributeValue"]

    def _on_sns_ListTagsForResource(self, sent: Fields) -> Fields:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags(sent["ResourceArn"]).items()]}

    def _on_sqs_CreateQueue(self, sent: Fields) -> None:
        self.live[f"sqs/{sent['QueueName']}"] = sent["Attributes"]
        self.tags[f"queue/{sent['QueueName']}"] = sent["tags"]

    def _on_sqs_GetQueueAttributes(self, sent: Fields) -> Fields:
        return {"Attributes": dict(self._at("sqs", sent["QueueUrl"]))}

    def _on_sqs_SetQueueAttributes(self, sent: Fields) -> None:
        live = self._at("sqs", sent["QueueUrl"])
        live.update(sent["Attributes"])
        for name in [name for name, value in live.items() if value == ""]:
            del live[name]

    def _on_sqs_ListQueueTags(self, sent: Fields) -> Fields:
        return {"Tags": self.tags[f"queue/{sent['QueueUrl'].rpartition('/')[2]}"]}

    # Log groups ----------------------------------------------------------------------------------------------------------------

    def _on_logs_CreateLogGroup(self, sent: Fields) -> None:
        self.tags[f"log-group:{sent['logGroupName']}"] = sent.pop("tags")
        self.live[f"logs{sent['logGroupName']}"] = sent

    def _on_logs_DescribeLogGroups(self, _sent: Fields) -> Fields:
        return {"logGroups": [group for name, group in self.live.items() if name.startswith("logs/")]}

    def _on_logs_ListTagsForResource(self, sent: Fields) -> Fields:
        return {"tags": self._tags(sent["resourceArn"])}

    def _on_logs_PutRetentionPolicy(self, sent: Fields) -> None:
        self.live[f"logs{sent['logGroupName']}"].update(sent)

    def _on_logs_AssociateKmsKey(self, sent: Fields) -> None:
        self.live[f"logs{sent['logGroupName']}"].update(sent)

    def _on_logs_DisassociateKmsKey(self, sent: Fields) -> None:
        del self.live[f"logs{sent['logGroupName']}"]["kmsKeyId"]

    def _on_logs_PutLogGroupDeletionProtection(self, sent: Fields) -> None:
        self.live[f"logs{sent.pop('logGroupIdentifier')}"].update(sent)

    # Databases and layers ------------------------------------------------------------------------------------------------------

    def _on_glue_CreateDatabase(self, sent: Fields) -> None:
        self._note_database(sent)
        self.live[f"glue/{sent['DatabaseInput']['Name']}"] = sent["DatabaseInput"]

    def _on_glue_GetDatabase(self, sent: Fields) -> Fields:
        return {"Database": self._at("glue", sent["Name"])}

    def _on_glue_UpdateDatabase(self, sent: Fields) -> None:
        self.live[f"glue/{sent['Name']}"] = sent["DatabaseInput"]

    def _on_lambda_PublishLayerVersion(self, sent: Fields) -> Fields:
        versions = self.live.setdefault("layer", {"versions": []})["versions"]
        arn, content = f"arn:aws:lambda:x:1:layer:{sent.pop('LayerName')}", sent.pop("Content")
        code = base64.b64encode(hashlib.sha256(self._codes[content["S3Key"]]).digest()).decode()
        number = len(versions) + 1
        versions.insert(0, {**sent, "LayerVersionArn": f"{arn}:{number}", "Version": number})
        return {**versions[0], "Content": {"CodeSha256": code}}

    def _on_lambda_ListLayerVersions(self, _sent: Fields) -> Fields:
        return {"LayerVersions": self.live.get("layer", {"versions": []})["versions"]}

    # Versions of functions -----------------------------------------------------------------------------------------------------

    def _on_lambda_GetFunction(self, sent: Fields) -> Fields:
        if "Qualifier" not in sent:
            return self._get_function(sent)
        number = self._existing(f"Alias/{sent['FunctionName']}:{sent['Qualifier']}", "ResourceNotFoundException")["number"]
        return {"Configuration": self.live[f"Versions/{sent['FunctionName']}"]["all"][int(number) - 1]}

    def _on_lambda_PublishVersion(self, sent: Fields) -> Fields:
        """Publishes nothing if nothing has changed since the last version."""
        every = self.live.setdefault(f"Versions/{sent['FunctionName']}", {"all": []})["all"]
        now = self._function(sent["FunctionName"])
        if not every or {**every[-1], "Version": None} != {**now, "Version": None}:
            every.append({**now, "Version": str(len(every) + 1)})
        return {"Version": str(len(every)), "State": "Active"}

    def _on_lambda_ListVersionsByFunction(self, sent: Fields) -> Fields:
        every = self.live.get(f"Versions/{sent['FunctionName']}", {"all": []})["all"]
        return {"Versions": [{"Version": "$LATEST"}, *(version for version in every if version)]}

    def _on_lambda_ListAliases(self, sent: Fields) -> Fields:
        begin = f"Alias/{sent['FunctionName']}:"
        aliases = [alias for name, alias in self.live.items() if name.startswith(begin)]
        return {"Aliases": [{"FunctionVersion": alias["number"], **alias} for alias in aliases]}

    def _on_lambda_DeleteFunction(self, sent: Fields) -> None:
        """Deletes one version, unless an alias leads to it, as AWS says on the page of DeleteFunction."""
        aliases = self._on_lambda_ListAliases(sent)["Aliases"]
        if any(alias["FunctionVersion"] == sent["Qualifier"] for alias in aliases):
            raise ClientError({"Error": {"Code": "ResourceConflictException", "Message": "an alias uses it"}}, "DeleteFunction")
        self.live[f"Versions/{sent['FunctionName']}"]["all"][int(sent["Qualifier"]) - 1] = {}

    def _on_lambda_CreateAlias(self, sent: Fields) -> None:
        self.live[f"Alias/{sent['FunctionName']}:{sent['Name']}"] = {"number": sent["FunctionVersion"]}

    def _on_lambda_UpdateAlias(self, sent: Fields) -> None:
        alias = self._existing(f"Alias/{sent['FunctionName']}:{sent['Name']}", "ResourceNotFoundException")
        alias["number"] = sent["FunctionVersion"]
        if "RoutingConfig" in sent:
            alias["weights"] = sent["RoutingConfig"]["AdditionalVersionWeights"]

    def _on_lambda_DeleteAlias(self, sent: Fields) -> None:
        self.live.pop(f"Alias/{sent['FunctionName']}:{sent['Name']}", None)

    def _on_lambda_PutProvisionedConcurrencyConfig(self, sent: Fields) -> None:
        alias = self._existing(f"Alias/{sent['FunctionName']}:{sent['Qualifier']}", "ResourceNotFoundException")
        alias["provisioned"] = sent["ProvisionedConcurrentExecutions"]

    def _on_lambda_GetProvisionedConcurrencyConfig(self, sent: Fields) -> Fields:
        alias = self._existing(f"Alias/{sent['FunctionName']}:{sent['Qualifier']}", "ResourceNotFoundException")
        number = alias.get("provisioned")
        if number is None:
            code = {"Code": "ProvisionedConcurrencyConfigNotFoundException", "Message": "there is none"}
            raise ClientError({"Error": code}, "GetProvisionedConcurrencyConfig")
        return {"RequestedProvisionedConcurrentExecutions": number, "Status": "READY"}

    def _on_lambda_DeleteProvisionedConcurrencyConfig(self, sent: Fields) -> None:
        self.live.get(f"Alias/{sent['FunctionName']}:{sent['Qualifier']}", {}).pop("provisioned", None)

    # Rules ---------------------------------------------------------------------------------------------------------------------

    def _on_events_PutRule(self, sent: Fields) -> None:
        targets = self.live.get(f"events/{sent['Name']}", {}).get("Targets", {})
        self.tags.setdefault(sent["Name"], {tag["Key"]: tag["Value"] for tag in sent.pop("Tags", ())})
        self.live[f"events/{sent['Name']}"] = {**sent, "Targets": targets}

    def _on_events_DescribeRule(self, sent: Fields) -> Fields:
        return {name: value for name, value in self._at("events", sent["Name"]).items() if name != "Targets"}

    def _on_events_PutTargets(self, sent: Fields) -> None:
        self._at("events", sent["Rule"])["Targets"].update({target["Id"]: target for target in sent["Targets"]})

    def _on_events_ListTargetsByRule(self, sent: Fields) -> Fields:
        return {"Targets": list(self._at("events", sent["Rule"])["Targets"].values())}

    def _on_events_ListTagsForResource(self, sent: Fields) -> Fields:
        tags = self.tags[sent["ResourceARN"].rpartition("/")[2]]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
