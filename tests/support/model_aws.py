"""AWS in this process, as botocore's models describe it: every call is checked against the model, and what was sent is kept.

Each operation does what its documentation says: what replaces a whole resource forgets what it is not given, what sets an
attribute leaves the others. An operation that is not here fails. Functions, jobs, crawlers and machines are those of
`ReplacingAws`.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from common.base.errors import AwsError
from tests.support.replacing_aws import Answer, Fields, ReplacingAws

_CLIENTS = {"stepfunctions": "sfn"}
_GONE = {
    "sns": "NotFound",
    "sqs": "AWS.SimpleQueueService.NonExistentQueue",
    "glue": "EntityNotFoundException",
    "dynamodb": "ResourceNotFoundException",
    "events": "ResourceNotFoundException",
    "s3": "404",
}
ABSENT = {
    "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "GetBucketCors": "NoSuchCORSConfiguration",
    "GetBucketWebsite": "NoSuchWebsiteConfiguration",
    "GetBucketReplication": "ReplicationConfigurationNotFoundError",
    "GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
    "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
    "GetBucketOwnershipControls": "OwnershipControlsNotFoundError",
    "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
    "GetBucketPolicy": "NoSuchBucketPolicy",
    "GetBucketTagging": "NoSuchTagSet",
}
"""How S3 says that a bucket has none: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
_DELETES = {
    "DeleteBucketCors": "CORSConfiguration",
    "DeleteBucketLifecycle": "LifecycleConfiguration",
    "DeleteBucketTagging": "Tagging",
}


@cache
def model(service: str, operation: str) -> Any:
    """The model of an operation."""
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


class ModelAws(ReplacingAws):
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

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> Fields | None:
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code != absent:
                raise
            return None

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Fields]:
        yield self.call(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        pass

    def _bytes(self, code: Fields) -> bytes:
        return self._codes[code["S3Key"]]

    def _at(self, service: str, name: str) -> Fields:
        return self._existing(f"{service}/{name.rpartition(':')[2].rpartition('/')[2]}", _GONE[service])

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

    # Buckets -------------------------------------------------------------------------------------------------------------------

    def _on_s3_CreateBucket(self, sent: Fields) -> None:
        self.live[f"s3/{sent['Bucket']}"] = {}

    def _on_s3_HeadBucket(self, sent: Fields) -> Fields:
        self._at("s3", sent["Bucket"])
        return {}

    def _bucket_setting(self, operation: str, sent: Fields) -> Fields:
        """Puts, gets or deletes one setting, whose name is that of the parameter of the operation that puts it."""
        live = self._at("s3", sent["Bucket"])
        if operation.startswith("Delete"):
            live.pop(_DELETES.get(operation) or f"{operation.removeprefix('DeleteBucket')}Configuration", None)
            return {}
        put = model("s3", operation.replace("Get", "Put", 1)).input_shape
        name = put.serialization.get("payload", "Policy")
        if operation.startswith("Put"):
            live[name] = sent[name]
            return {}
        if name not in live and operation in ABSENT:
            raise ClientError({"Error": {"Code": ABSENT[operation], "Message": "there is none"}}, operation)
        value = live.get(name, {})
        return {name: value} if name in model("s3", operation).output_shape.members else value

    # Tables --------------------------------------------------------------------------------------------------------------------

    def _on_dynamodb_CreateTable(self, sent: Fields) -> None:
        self.tags[f"table/{sent['TableName']}"] = {tag["Key"]: tag["Value"] for tag in sent.pop("Tags")}
        self.live[f"dynamodb/{sent['TableName']}"] = {"Table": sent, "Recovery": "DISABLED", "TimeToLive": {}}

    def _on_dynamodb_UpdateTable(self, sent: Fields) -> None:
        self._at("dynamodb", sent["TableName"])["Table"].update(sent)

    def _on_dynamodb_DescribeTable(self, sent: Fields) -> Fields:
        """Spells some settings otherwise than UpdateTable does.

        See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
        """
        table = dict(self._at("dynamodb", sent["TableName"])["Table"])
        encryption = table.pop("SSESpecification", {})
        described: Fields = {"TableStatus": "ACTIVE", "BillingModeSummary": {"BillingMode": table.pop("BillingMode")}}
        if encryption.get("Enabled"):
            key = {"KMSMasterKeyArn": encryption["KMSMasterKeyId"]} if "KMSMasterKeyId" in encryption else {}
            described["SSEDescription"] = {"Status": "ENABLED", "SSEType": encryption.get("SSEType", "KMS"), **key}
        if "TableClass" in table:
            described["TableClassSummary"] = {"TableClass": table.pop("TableClass")}
        if not table.get("StreamSpecification", {"StreamEnabled": True})["StreamEnabled"]:
            del table["StreamSpecification"]
        return {"Table": {**table, **described}}

    def _on_dynamodb_DescribeContinuousBackups(self, sent: Fields) -> Fields:
        status = self._at("dynamodb", sent["TableName"])["Recovery"]
        recovery = {"PointInTimeRecoveryStatus": status}
        return {
            "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
        }

    def _on_dynamodb_UpdateContinuousBackups(self, sent: Fields) -> None:
        self._at("dynamodb", sent["TableName"])["Recovery"] = "ENABLED"

    def _on_dynamodb_UpdateTimeToLive(self, sent: Fields) -> None:
        self._at("dynamodb", sent["TableName"])["TimeToLive"] = sent["TimeToLiveSpecification"]

    def _on_dynamodb_DescribeTimeToLive(self, sent: Fields) -> Fields:
        live = self._at("dynamodb", sent["TableName"])["TimeToLive"]
        status = {"TimeToLiveStatus": "ENABLED" if live.get("Enabled") else "DISABLED"}
        return {"TimeToLiveDescription": {**status, "AttributeName": live.get("AttributeName")}}

    def _on_dynamodb_ListTagsOfResource(self, sent: Fields) -> Fields:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags(sent["ResourceArn"]).items()]}
