"""What it means to read and to write a resource of each type of the Cloud Control API, and where its properties name its key.

A type that is also a kind of ours is granted as that kind. Of the others only those are here of which everybody means the same by
reading and writing; for any other, declarations allow actions by name.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from typing import NamedTuple

from common.model.generated import BUCKET, GeneratedRef
from common.model.reference import Ref
from common.resources import kind_of

_QUERYING = (
    *("athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup"),
    *("athena:StartQueryExecution", "athena:StopQueryExecution"),
)


class TypeAccess(NamedTuple):
    """What is granted on a resource of a type.

    Args:
        kind: the kind of ours that is the same thing; empty if there is none.
        reads: the IAM actions that read it, if it is not a kind of ours.
        writes: the IAM actions that write it.
        encryption: the path of the property that names the key with which it is encrypted; empty if callers need no key.
    """

    kind: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    encryption: tuple[str, ...] = ()

    def actions(self, *, writing: bool) -> tuple[str, ...]:
        """The IAM actions that read, or write."""
        of = kind_of(self.kind) if self.kind else self
        return of.writes if writing else of.reads


NO_ACCESS = TypeAccess()
"""What is granted on a resource of any other type."""
_BUCKET_KEY = ("BucketEncryption", "ServerSideEncryptionConfiguration", "*", "ServerSideEncryptionByDefault", "KMSMasterKeyID")
TYPES = {
    BUCKET: TypeAccess("bucket", encryption=_BUCKET_KEY),
    "AWS::SQS::Queue": TypeAccess("queue", encryption=("KmsMasterKeyId",)),
    "AWS::SNS::Topic": TypeAccess("topic", encryption=("KmsMasterKeyId",)),
    "AWS::DynamoDB::Table": TypeAccess("table", encryption=("SSESpecification", "KMSMasterKeyId")),
    "AWS::DynamoDB::GlobalTable": TypeAccess("table", encryption=("Replicas", "*", "SSESpecification", "KMSMasterKeyId")),
    "AWS::SecretsManager::Secret": TypeAccess("secret", encryption=("KmsKeyId",)),
    "AWS::SSM::Parameter": TypeAccess("parameter"),
    "AWS::KMS::Key": TypeAccess("key"),
    "AWS::KMS::ReplicaKey": TypeAccess("key"),
    "AWS::Glue::Database": TypeAccess("database"),
    "AWS::Lambda::Function": TypeAccess("lambda"),
    "AWS::StepFunctions::StateMachine": TypeAccess("state-machine"),
    "AWS::Glue::Job": TypeAccess("glue-job"),
    "AWS::Glue::Crawler": TypeAccess("crawler"),
    "AWS::Kinesis::Stream": TypeAccess(
        reads=(
            *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
            "kinesis:ListShards",
        ),
        writes=("kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords"),
        encryption=("StreamEncryption", "KeyId"),
    ),
    "AWS::KinesisFirehose::DeliveryStream": TypeAccess(writes=("firehose:PutRecord", "firehose:PutRecordBatch")),
    "AWS::Events::EventBus": TypeAccess(writes=("events:PutEvents",)),
    "AWS::Athena::WorkGroup": TypeAccess(
        reads=_QUERYING,
        writes=_QUERYING,
        encryption=("WorkGroupConfiguration", "ResultConfiguration", "EncryptionConfiguration", "KmsKey"),
    ),
}
"""The types with a natural meaning. Who writes to a delivery stream or an event bus needs no key: these use theirs themselves.

See https://docs.aws.amazon.com/firehose/latest/dev/encryption.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
"""


def access_of(ref: Ref) -> TypeAccess:
    """What is granted on what is referred to: by its type if it is a resource of any type, otherwise by its kind."""
    return TYPES.get(ref.type_name, NO_ACCESS) if isinstance(ref, GeneratedRef) else TypeAccess(ref.key.kind)
