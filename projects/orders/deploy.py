"""Orders of seed: messages of a queue in, a table of each day's totals out, encrypted with a key of the project's own."""

import os
import sys
from pathlib import Path

if not __package__:  # started as a script, Python looks for modules in this folder alone
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from common import Environment, FunctionSettings, JobSettings, Pipeline, allow, main


def pipeline(env: Environment) -> Pipeline:
    """A function that takes orders from a queue, a job that a machine starts each morning, and what protects and watches them."""
    p = Pipeline("orders", env, Path(__file__).parent)
    taken, totals = p.shared.bucket("landing") / "orders", p.shared.bucket("final") / "orders/daily_totals"

    account = {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}  # roles of the account then decide who may use the key
    everything = {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    key = p.resource("key", "AWS::KMS::Key", {"EnableKeyRotation": True, "KeyPolicy": policy})

    rejected = p.queue("rejected", retention_seconds=14 * 24 * 3600, kms_key="${key.Arn}")
    incoming = p.queue(
        "incoming",
        dead_letter=rejected,
        max_receives=3,
        visibility_timeout_seconds=p.parameters.integer("retry_seconds"),
        kms_key="${key.Arn}",
    )
    take = p.function(
        "TakeOrders",
        writes=[taken, key],
        environment={"BUCKET": taken.bucket.name, "PREFIX": taken.prefix, "KEY_ARN": "${key.Arn}"},
        settings=FunctionSettings(timeout_seconds=5),
    )
    counted = {"MetricsConfig": {"Metrics": ["EventCount"]}}  # how many orders were received, and how many failed
    p.on_messages("orders", take, incoming, batch_size=10, max_concurrency=5, properties=counted)

    encryption = {"S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": "${key.Arn}"}]}
    p.resource("encrypted", "AWS::Glue::SecurityConfiguration", {"EncryptionConfiguration": encryption})
    p.job(
        "daily_totals",
        reads=[taken],
        writes=[totals, key],
        permissions=[allow("glue:GetSecurityConfiguration")],  # its own, which says how it encrypts
        arguments={"--orders_location": taken.uri, "--totals_location": totals.uri},
        settings=JobSettings(queuing=True, security_configuration="${encrypted.name}"),
    )
    machine = p.state_machine("orders", "orders.asl.yaml")
    p.schedule("morning", machine, "cron(30 6 * * ? *)", timezone="America/Chicago")

    p.alert(p.shared.topic("alerts"))
    p.shared.database("acreage")  # so that the files may say ${acreage.name}
    p.resources("infra/*.yaml")  # an alarm about rejected orders, and how people query the totals
    p.run_by(machine, starting={}, sample={"tests/data/orders.jsonl": incoming}, preview=totals)
    return p


if __name__ == "__main__":
    main("deploy", "orders")
