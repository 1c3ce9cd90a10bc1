"""What `aws-sdk:` calls need besides their own action, where a service works with the rights of its caller.

Follows https://docs.aws.amazon.com/textract/latest/dg/security_iam_id-based-policy-examples.html,
https://docs.aws.amazon.com/rekognition/latest/dg/security_iam_id-based-policy-examples.html,
https://docs.aws.amazon.com/transcribe/latest/dg/security_iam_id-based-policy-examples.html,
https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html and
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json
from common.declare import permissions
from common.declare.asl.needs import Need, need
from common.declare.asl.special_permissions import S3_URI
from common.declare.asl.targets import Targets, values_at

READ, WRITE = "s3:GetObject", "s3:PutObject"
OBJECTS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "polly": ((WRITE, "OutputS3BucketName", ""),),
    "rekognition": tuple(
        (READ, f"{of}.S3Object.Bucket", f"{of}.S3Object.Name") for of in ("Image", "SourceImage", "TargetImage", "Video")
    ),
    "textract": (
        *((READ, f"{of}.S3Object.Bucket", f"{of}.S3Object.Name") for of in ("Document", "DocumentLocation")),
        (WRITE, "OutputConfig.S3Bucket", ""),
    ),
    "transcribe": ((WRITE, "OutputBucketName", "OutputKey"),),
}
"""The parameters that name a bucket and an object in it, with the action on the object, by the prefix of the service."""
URIS: Mapping[str, str] = {"transcribe": "Media.MediaFileUri"}
"""The parameters that name an object to read by its URI."""
WITH_SECRET = frozenset({"rds-data", "redshift-data"})
"""Services that read the secret that a call names."""


def needs(targets: Targets, prefix: str, parameters: Json, place: str) -> Iterator[Need]:
    """Yields what a call of a service needs besides its own action.

    Args:
        targets: finds targets, and collects problems.
        prefix: the prefix of the actions of the service.
        parameters: the parameters of the task.
        place: the state.
    """
    for action, bucket, key in OBJECTS.get(prefix, ()):
        names = [targets.text_of(value, place) for _, value in values_at(parameters, key)] if key else []
        for field, value in values_at(parameters, bucket):
            yield _object(action, targets.of_value("bucket", value, f"{place}.{field}", (action,)), names[0] if names else None)
    for field, value in values_at(parameters, URIS[prefix]) if prefix in URIS else ():
        text = targets.text_of(value, place)
        uri = S3_URI.fullmatch(text) if text else None
        buckets = targets.of_value("bucket", uri["bucket"] if uri else None, f"{place}.{field}", (READ,))
        yield _object(READ, buckets, uri["key"] if uri else None)
    if prefix in WITH_SECRET:
        action = "secretsmanager:GetSecretValue"
        yield need((action,), targets.of_parameter("secret", "SecretArn", parameters, place, (action,)) or ())
    if prefix == "redshift-data" and not list(values_at(parameters, "SecretArn")):
        yield from _redshift(targets, parameters, place)


def _object(action: str, bucket_arns: set[str], key: str | None) -> Need:
    """The action on one object, or on all that may be meant."""
    objects = {arn for arn in bucket_arns if arn.endswith("*")}
    return need((action,), {f"{arn[:-1]}{permissions.literal(key)}" if key and arn.endswith("/*") else arn for arn in objects})


def _redshift(targets: Targets, parameters: Json, place: str) -> Iterator[Need]:
    """Without a secret, Redshift gives the caller credentials of its database."""
    if list(values_at(parameters, "WorkgroupName")):
        yield need(("redshift-serverless:GetCredentials",), {targets.env.arn("redshift-serverless", "workgroup/*")})
    elif list(values_at(parameters, "ClusterIdentifier")):
        database = targets.filled("redshift:dbname:{ClusterIdentifier}/{Database}", parameters, place)
        if list(values_at(parameters, "DbUser")):
            user = targets.filled("redshift:dbuser:{ClusterIdentifier}/{DbUser}", parameters, place)
            yield need(("redshift:GetClusterCredentials",), {database, user})
        else:
            yield need(("redshift:GetClusterCredentialsWithIAM",), {database})
