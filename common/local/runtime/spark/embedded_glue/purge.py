"""``purge_s3_path``: deletes the objects below a path that are older than a number of hours.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html#aws-glue-api-crawler-pyspark-extensions-glue-context-purge_s3_path
"""

from datetime import UTC, datetime, timedelta

from embedded_glue.records import Options
from embedded_glue.unavailable import refuse

RETENTION_HOURS = 168
"""How old an object must be unless the script says otherwise, in hours: a week."""
_KNOWN = {"retentionPeriod", "excludeStorageClasses"}


def purge(path: str, options: Options) -> None:
    """Delete the objects; all of them are in the class STANDARD here."""
    unknown = sorted(options.keys() - _KNOWN)
    if unknown:
        raise refuse(f"The option {unknown[0]} of GlueContext.purge_s3_path", "Leave it out locally.")
    if "STANDARD" in options.get("excludeStorageClasses", ()):
        return
    import boto3  # only a job that purges pays for it

    bucket, _, prefix = path.split("://", 1)[-1].partition("/")
    latest = datetime.now(UTC) - timedelta(hours=float(options.get("retentionPeriod", RETENTION_HOURS)))
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        old = [{"Key": item["Key"]} for item in page.get("Contents", ()) if item["LastModified"] <= latest]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": old}) if old else {}
        for kept in answer.get("Errors", ()):  # AWS goes on, too: it lists them in Failed.csv of the manifest
            print(f"purge_s3_path: s3://{bucket}/{kept.get('Key')} stays: {kept.get('Code')}: {kept.get('Message')}")
