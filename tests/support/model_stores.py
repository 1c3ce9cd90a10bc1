"""Buckets and tables of `ModelAws`, and how it finds what is there."""

from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from tests.support.replacing_aws import Fields, ReplacingAws

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


class ModelStores(ReplacingAws):
    """The buckets and tables of an account, besides what `ReplacingAws` has."""

    def _at(self, service: str, name: str) -> Fields:
        return self._existing(f"{service}/{name.rpartition(':')[2].rpartition('/')[2]}", _GONE[service])

    # Buckets -------------------------------------------------------------------------------------------------------------------

    def _on_s3_CreateBucket(self, sent: Fields) -> None:
        """Makes the settings of every new bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html."""
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self.live[f"s3/{sent['Bucket']}"] = {
            "PublicAccessBlockConfiguration": dict.fromkeys(blocks, True),
            "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": sent.get("ObjectOwnership", "BucketOwnerEnforced")}]},
        }

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
