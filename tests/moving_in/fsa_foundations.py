"""What the first fixture account has of other teams and of old: a key, buckets, a network, roles, a topic, a queue, a table."""

import json
from collections.abc import Callable
from typing import Any

from tests.moving_in import fsa_sources as sources
from tests.moving_in.zips import packed

ACCOUNT, REGION = "204417093321", "us-east-1"
LANDING, CLEANSED, CODE = "fsa-dev-landing-zone", "fsa-dev-cleansed-zone", "fsa-dev-deployment"


class Foundations:
    """Makes them with these clients."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._arns: dict[str, str] = {}
        self._vpc: dict[str, list[str]] = {}

    def make(self) -> None:
        """Everything, in the order in which one needs the other."""
        self._key_and_buckets()
        self._network()
        self._roles()
        self._messages()

    def _key_and_buckets(self) -> None:
        kms, s3 = self._client("kms"), self._client("s3")
        key = kms.create_key(Description="FSA DEV data", Tags=[{"TagKey": "Team", "TagValue": "Platform"}])["KeyMetadata"]
        self._arns["key"] = key["Arn"]
        kms.create_alias(AliasName="alias/fsa-dev-data", TargetKeyId=key["KeyId"])
        for bucket in (LANDING, CLEANSED, CODE):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "Team", "Value": "Platform"}]})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}}
        s3.put_bucket_encryption(Bucket=CLEANSED, ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_bucket_versioning(Bucket=CLEANSED, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_notification_configuration(Bucket=LANDING, NotificationConfiguration={"EventBridgeConfiguration": {}})
        expiry = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "archive/"}, "Expiration": {"Days": 400}}
        s3.put_bucket_lifecycle_configuration(Bucket=LANDING, LifecycleConfiguration={"Rules": [expiry]})
        s3.put_object(Bucket=LANDING, Key="orders/in/first.csv", Body=b"order_id,customer,amount\n1,a,2\n")
        s3.put_object(Bucket=CODE, Key="glue/orders/orders_landing.py", Body=sources.LANDING.encode())
        s3.put_object(Bucket=CODE, Key="glue/orders/orders_report.py", Body=sources.REPORT.encode())
        s3.put_object(
            Bucket=CODE,
            Key="glue/lib/fsa_glue.zip",
            Body=packed({"fsa_glue/__init__.py": "", "fsa_glue/columns.py": sources.COLUMNS}),
        )

    def _network(self) -> None:
        ec2 = self._client("ec2")
        network = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnets = [ec2.create_subnet(VpcId=network, CidrBlock=f"10.20.{part}.0/24")["Subnet"]["SubnetId"] for part in (1, 2)]
        group = ec2.create_security_group(GroupName="fsa-dev-lambda", Description="FSA functions", VpcId=network)["GroupId"]
        self._vpc = {"SubnetIds": subnets, "SecurityGroupIds": [group]}

    def _roles(self) -> None:
        iam = self._client("iam")
        boundary = self._policy("FSA-Developers-Boundary", "*", "*")
        data = self._policy("FSA-DEV-Data", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], [f"arn:aws:s3:::{LANDING}*"])
        for name, path, service, managed in (
            ("FSA-DEV-Orders-Lambda", "/fsa/dev/", "lambda", ["AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole"]),
            ("FSA-DEV-Glue", "/service-role/", "glue", ["AWSGlueServiceRole"]),
            ("FSA-DEV-StepFunctions", "/", "states", []),
            ("FSA-DEV-Orders-Events", "/fsa/", "events", []),
        ):
            trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
            made = iam.create_role(
                RoleName=name,
                Path=path,
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
                Description=f"{service} of the farm orders",
                MaxSessionDuration=7200,
                PermissionsBoundary=boundary,
                Tags=[{"Key": "Team", "Value": "Farm-Orders"}],
            )
            self._arns[service] = made["Role"]["Arn"]
            for policy in managed:
                iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
            iam.attach_role_policy(RoleName=name, PolicyArn=data)
            for policy, action in (("kms", "kms:Decrypt"), ("start", ["states:StartExecution", "lambda:InvokeFunction"])):
                document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
                iam.put_role_policy(RoleName=name, PolicyName=f"{name}-{policy}", PolicyDocument=json.dumps(document))

    def _policy(self, name: str, actions: Any, resources: Any) -> str:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
        return str(self._client("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"])

    def _messages(self) -> None:
        topic = self._client("sns").create_topic(Name="FSA-DEV-Alerts", Tags=[{"Key": "Team", "Value": "Platform"}])
        queue = self._client("sqs").create_queue(
            QueueName="FSA-DEV-Orders-DeadLetters", Attributes={"MessageRetentionPeriod": "1209600"}
        )
        self._arns["topic"] = topic["TopicArn"]
        self._arns["queue"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FSA-DEV-Orders-DeadLetters"
        assert queue["QueueUrl"]
        self._client("secretsmanager").create_secret(Name="fsa/dev/orders/db", SecretString="not-in-any-snapshot")
        self._client("dynamodb").create_table(
            TableName="FSA_DEV_ORDERS_RUNS",
            AttributeDefinitions=[{"AttributeName": "RUN_ID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "RUN_ID", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "Team", "Value": "Farm-Orders"}],
        )
