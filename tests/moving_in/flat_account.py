"""Another live account: lower case, one role for everything, one flat bucket of code, nothing on a schedule.

It was made in the console and by the AWS CLI over the years; plain boto3, and nothing of the deployer.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.moving_in import flat_sources as sources
from tests.moving_in.zips import packed, vendored

ACCOUNT, REGION = "318200440077", "eu-central-1"
SELECTED = ("--from-machine", "fields-daily", "--tag", "app=fields")
IMPORTED = (
    "function ingest_fields",
    "function field_stats",
    "function weather",
    "job load_fields",
    "job export-fields",
    "job stream_fields",
    "crawler fields",
    "state machine fields-daily",
    "state machine fields-quick",
    "rule new-fields",
)
"""What must carry our tags once it is adopted, as the snapshot calls it."""
TOOLS, DATA = "acme-tools-eu", "acme-fields"
_TAGS = {"app": "fields"}


class FlatAccount:
    """Makes the account with these clients."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._role = f"arn:aws:iam::{ACCOUNT}:role/data-platform"
        self._topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:acme-alerts"

    def make(self) -> None:
        """Everything, in the order in which one needs the other."""
        self._shared_role()
        self._buckets()
        self._tables()
        self._messages()
        self._functions()
        self._jobs()
        self._crawler()
        self._machines()
        self._rules()

    def _shared_role(self) -> None:
        iam = self._client("iam")
        services = [f"{service}.amazonaws.com" for service in ("lambda", "glue", "states", "events")]
        trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="data-platform", AssumeRolePolicyDocument=document)
        iam.attach_role_policy(RoleName="data-platform", PolicyArn="arn:aws:iam::aws:policy/PowerUserAccess")
        iam.attach_role_policy(RoleName="data-platform", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole")
        inline = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": self._role}]}
        iam.put_role_policy(RoleName="data-platform", PolicyName="pass", PolicyDocument=json.dumps(inline))

    def _buckets(self) -> None:
        s3 = self._client("s3")
        for bucket in (TOOLS, DATA):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_notification_configuration(Bucket=DATA, NotificationConfiguration={"EventBridgeConfiguration": {}})
        rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://fields.acme.example"], "MaxAgeSeconds": 300}]
        s3.put_bucket_cors(Bucket=DATA, CORSConfiguration={"CORSRules": rules})
        for name, text in (("load_fields.py", sources.LOAD), ("export.py", sources.EXPORT), ("Count.scala", "object Count {}\n")):
            s3.put_object(Bucket=TOOLS, Key=name, Body=text.encode())

    def _tables(self) -> None:
        tables = self._client("dynamodb")
        index = {
            "IndexName": "by_crop",
            "KeySchema": [{"AttributeName": "crop", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        tables.create_table(
            TableName="acme_fields",
            AttributeDefinitions=[
                {"AttributeName": "field", "AttributeType": "S"},
                {"AttributeName": "year", "AttributeType": "N"},
                {"AttributeName": "crop", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "field", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[index],
            BillingMode="PAY_PER_REQUEST",
        )
        tables.update_time_to_live(TableName="acme_fields", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})

    def _messages(self) -> None:
        topics, queues = self._client("sns"), self._client("sqs")
        topics.create_topic(Name="acme-alerts")
        failed = queues.create_queue(QueueName="acme-fields-failed")
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-fields-failed", "maxReceiveCount": "3"}
        attributes = {"VisibilityTimeout": "120", "RedrivePolicy": json.dumps(redrive)}
        queues.create_queue(QueueName="acme-fields", Attributes=attributes)
        topics.subscribe(TopicArn=self._topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-fields")
        assert failed["QueueUrl"]

    def _functions(self) -> None:
        functions = self._client("lambda")
        self._client("logs").create_log_group(logGroupName="/aws/lambda/ingest_fields")
        self._function(
            "ingest_fields",
            {"lambda_function.py": sources.INGEST, **vendored("idna", "certifi", "pygments")},
            Runtime="python3.12",
            Handler="lambda_function.lambda_handler",
            Timeout=15,
            Environment={"Variables": {"TABLE": "acme_fields", "bucket": DATA, "PARTNER_API_KEY": "AKq81-zzT0pW93nd-Lx"}},
            Tags=_TAGS,
        )
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-fields"
        functions.create_event_source_mapping(EventSourceArn=queue, FunctionName="ingest_fields", BatchSize=5)
        functions.add_permission(
            FunctionName="ingest_fields",
            StatementId="alerts",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=self._topic,
        )
        self._function(
            "field_stats",
            {"stats.py": sources.STATS, "tables.json": json.dumps({"crops": ["wheat", "corn"]}), "sub dir/notes.txt": "über\n"},
            Runtime="python3.13",
            Handler="stats.run",
            MemorySize=2048,
            Timeout=900,
            Architectures=["arm64"],
            Description="Counts",
        )
        functions.publish_version(FunctionName="field_stats", Description="first")
        functions.create_alias(FunctionName="field_stats", Name="live", FunctionVersion="1")
        self._function(
            "weather",
            {
                "src/index.js": sources.WEATHER,
                "package.json": json.dumps({"name": "weather", "version": "0.0.1", "private": True}),
            },
            Runtime="nodejs20.x",
            Handler="src/index.handler",
            Tags=_TAGS,
        )

    def _function(self, name: str, files: dict[str, Any], **fields: Any) -> None:
        functions = self._client("lambda")
        functions.create_function(FunctionName=name, Role=self._role, Code={"ZipFile": packed(files, 9)}, **fields)
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def _jobs(self) -> None:
        glue = self._client("glue")
        glue.create_job(
            Name="load_fields",
            Role="data-platform",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{TOOLS}/load_fields.py"},
            DefaultArguments={
                "--additional-python-modules": "shapely==2.0.6",
                "--enable-auto-scaling": "true",
                "--job-bookmark-option": "job-bookmark-enable",
                "--db_password": "hunter2-5Tq0pLx81",
            },
            GlueVersion="5.0",
            WorkerType="G.1X",
            NumberOfWorkers=10,
            ExecutionClass="FLEX",
            Timeout=2880,
        )
        glue.create_job(
            Name="export-fields",
            Role=self._role,
            Command={"Name": "pythonshell", "ScriptLocation": f"s3://{TOOLS}/export.py", "PythonVersion": "3.9"},
            MaxCapacity=0.0625,
            Tags=_TAGS,
        )
        glue.create_job(
            Name="stream_fields",
            Role=self._role,
            Command={"Name": "gluestreaming", "ScriptLocation": f"s3://{TOOLS}/load_fields.py", "PythonVersion": "3"},
            GlueVersion="4.0",
            WorkerType="G.025X",
            NumberOfWorkers=2,
            Tags=_TAGS,
        )
        # A job in Scala carries the tag, too, but no declaration can express it.
        glue.create_job(
            Name="count_fields",
            Role=self._role,
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{TOOLS}/Count.scala"},
            DefaultArguments={"--job-language": "scala", "--class": "Count"},
            GlueVersion="4.0",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            Tags=_TAGS,
        )

    def _crawler(self) -> None:
        glue = self._client("glue")
        glue.create_database(DatabaseInput={"Name": "acme"})
        targets = {"S3Targets": [{"Path": f"s3://{DATA}/fields"}]}
        glue.create_crawler(Name="fields", Role="data-platform", DatabaseName="acme", Targets=targets)

    def _machines(self) -> None:
        states = self._client("stepfunctions")
        group = "/aws/vendedlogs/states/fields-quick"
        self._client("logs").create_log_group(logGroupName=group)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
        logging = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]}
        base = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
        states.create_state_machine(
            name="fields-quick",
            definition=sources.quick(function),
            roleArn=self._role,
            type="EXPRESS",
            loggingConfiguration=logging,
        )
        daily = sources.daily(f"{base}:fields-quick", self._topic)
        states.create_state_machine(name="fields-daily", definition=daily, roleArn=self._role)

    def _rules(self) -> None:
        events = self._client("events")
        detail = {"bucket": {"name": [DATA]}, "object": {"key": [{"suffix": ".geojson"}]}}
        pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
        events.put_rule(Name="new-fields", EventPattern=json.dumps(pattern), Tags=[{"Key": "app", "Value": "fields"}])
        machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:fields-daily"
        events.put_targets(
            Rule="new-fields", Targets=[{"Id": "machine", "Arn": machine, "RoleArn": self._role, "InputPath": "$.detail"}]
        )
