"""A live account of a team that deploys with a script of its own: names in capitals, a role for each service, a VPC, a KMS key.

Plain boto3, and nothing of the deployer: what is made here must not follow from what the deployer expects.
"""

import json
from typing import Any

from tests.moving_in import fsa_sources as sources
from tests.moving_in.fsa_foundations import ACCOUNT, CLEANSED, CODE, LANDING, REGION, Foundations
from tests.moving_in.zips import packed, private_distribution, vendored

MATCH = "FSA-DEV-Orders-*,orders_*_DEV"
"""What selects the team's own: all but a function and a layer of another team."""
IMPORTED = (
    "function FSA-DEV-Orders-Validate",
    "function FSA-DEV-Orders-Enrich",
    "function FSA-DEV-Orders-Notify",
    "job orders_landing_DEV",
    "job orders_report_DEV",
    "crawler FSA-DEV-Orders-Crawler",
    "state machine FSA-DEV-Orders-Main",
    "state machine FSA-DEV-Orders-Load",
    "rule FSA-DEV-Orders-Arrived",
    "rule FSA-DEV-Orders-Nightly",
)
"""What must carry our tags once it is adopted, as the snapshot calls it."""
_TEAM = {"Team": "Farm-Orders", "CostCenter": "4711", "fsa:env": "DEV"}


class FsaAccount(Foundations):
    """Makes the account with these clients."""

    def make(self) -> None:
        """Everything, in the order in which one needs the other."""
        super().make()
        self._layer()
        self._functions()
        self._jobs()
        self._crawler()
        self._machines()
        self._events()

    def _layer(self) -> None:
        published = self._client("lambda").publish_layer_version(
            LayerName="FSA-DEV-Common",
            Content={"ZipFile": packed({"python/fsa_common/__init__.py": "", "python/fsa_common/layout.py": sources.LAYOUT})},
            CompatibleRuntimes=["python3.11"],
        )
        self._arns["layer"] = published["LayerVersionArn"]

    def _functions(self) -> None:
        functions, logs = self._client("lambda"), self._client("logs")
        own = private_distribution("fsa-geo", "1.4.0", "def state(code):\n    return code[:2]\n")
        validate = {"validate.py": sources.VALIDATE, "lib/__init__.py": "", "lib/rules.py": sources.RULES}
        logs.create_log_group(logGroupName="/aws/lambda/FSA-DEV-Orders-Validate", tags={"Team": "Farm-Orders"})
        logs.put_retention_policy(logGroupName="/aws/lambda/FSA-DEV-Orders-Validate", retentionInDays=14)
        self._function(
            "FSA-DEV-Orders-Validate",
            {**validate, **vendored("six", "python-dateutil"), **own},
            Runtime="python3.11",
            Handler="validate.lambda_handler",
            Description="Checks what has arrived",
            Timeout=95,
            MemorySize=1024,
            EphemeralStorage={"Size": 1024},
            VpcConfig=self._vpc,
            DeadLetterConfig={"TargetArn": self._arns["queue"]},
            TracingConfig={"Mode": "Active"},
            KMSKeyArn=self._arns["key"],
            Layers=[self._arns["layer"]],
            Environment={
                "Variables": {
                    "LANDING_BUCKET": LANDING,
                    "CLEANSED": f"s3://{CLEANSED}/orders/",
                    "TOPIC_ARN": self._arns["topic"],
                    "LOG_LEVEL": "INFO",
                    "DB_SECRET": "fsa/dev/orders/db",
                    "DB_PASSWORD": "Xk29-vPq7!mZt4Lw",
                }
            },
            Tags=_TEAM,
        )
        functions.put_function_concurrency(FunctionName="FSA-DEV-Orders-Validate", ReservedConcurrentExecutions=7)
        functions.put_function_event_invoke_config(
            FunctionName="FSA-DEV-Orders-Validate", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=3600
        )
        functions.add_permission(
            FunctionName="FSA-DEV-Orders-Validate",
            StatementId="from-landing",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{LANDING}",
            SourceAccount=ACCOUNT,
        )
        self._function(
            "FSA-DEV-Orders-Enrich",
            {"app/__init__.py": "", "app/handlers/__init__.py": "", "app/handlers/enrich.py": sources.ENRICH},
            Runtime="python3.12",
            Handler="app.handlers.enrich.handle",
            Architectures=["arm64"],
            Environment={"Variables": {"STAGE": "DEV"}},
        )
        notify = {
            "index.mjs": sources.NOTIFY,
            "package.json": json.dumps(sources.NOTIFY_PACKAGE),
            "node_modules/fsa-text/index.js": sources.TEXT,
            "node_modules/fsa-text/package.json": json.dumps(sources.TEXT_PACKAGE),
        }
        logging = {"LogFormat": "JSON", "LogGroup": "/fsa/dev/notify", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
        logs.create_log_group(logGroupName="/fsa/dev/notify")
        environment = {"Variables": {"TOPIC": self._arns["topic"]}}
        self._function(
            "FSA-DEV-Orders-Notify",
            notify,
            Runtime="nodejs22.x",
            Handler="index.handler",
            LoggingConfig=logging,
            Environment=environment,
        )
        self._function("FSA-DEV-Customers-Lookup", {"lookup.py": sources.LOOKUP}, Runtime="python3.11", Handler="lookup.handler")

    def _function(self, name: str, files: dict[str, Any], **fields: Any) -> None:
        functions = self._client("lambda")
        made = functions.create_function(FunctionName=name, Role=self._arns["lambda"], Code={"ZipFile": packed(files)}, **fields)
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        self._arns[{"Validate": "validate", "Lookup": "lookup"}.get(name.rsplit("-", maxsplit=1)[-1], name)] = made["FunctionArn"]

    def _jobs(self) -> None:
        glue = self._client("glue")
        encryption = {
            "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": self._arns["key"]}],
            "CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"},
            "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "DISABLED"},
        }
        glue.create_security_configuration(Name="FSA-DEV-Security", EncryptionConfiguration=encryption)
        connection = {"JDBC_CONNECTION_URL": "jdbc:postgresql://db.fsa.internal:5432/orders", "SECRET_ID": "fsa/dev/orders/db"}
        place = {
            "SubnetId": self._vpc["SubnetIds"][0],
            "SecurityGroupIdList": self._vpc["SecurityGroupIds"],
            "AvailabilityZone": "us-east-1a",
        }
        glue.create_connection(
            ConnectionInput={
                "Name": "FSA-DEV-Orders-DB",
                "ConnectionType": "JDBC",
                "ConnectionProperties": connection,
                "PhysicalConnectionRequirements": place,
            }
        )
        glue.create_job(
            Name="orders_landing_DEV",
            Description="Orders from the landing zone to the cleansed zone",
            Role=self._arns["glue"],
            LogUri=f"s3://{CODE}/logs/",
            ExecutionProperty={"MaxConcurrentRuns": 4},
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{CODE}/glue/orders/orders_landing.py", "PythonVersion": "3"},
            DefaultArguments={
                "--job-language": "python",
                "--TempDir": f"s3://{CODE}/temp/",
                "--extra-py-files": f"s3://{CODE}/glue/lib/fsa_glue.zip",
                "--enable-metrics": "true",
                "--enable-continuous-cloudwatch-log": "true",
                "--job-bookmark-option": "job-bookmark-disable",
                "--source": f"s3://{LANDING}/orders/in/",
                "--target": f"s3://{CLEANSED}/orders/",
            },
            NonOverridableArguments={"--enable-glue-datacatalog": "true"},
            Connections={"Connections": ["FSA-DEV-Orders-DB"]},
            MaxRetries=1,
            Timeout=130,
            SecurityConfiguration="FSA-DEV-Security",
            NotificationProperty={"NotifyDelayAfter": 15},
            GlueVersion="4.0",
            WorkerType="G.2X",
            NumberOfWorkers=6,
            ExecutionClass="STANDARD",
            Tags=_TEAM,
        )
        glue.create_job(
            Name="orders_report_DEV",
            Role="FSA-DEV-Glue",
            Command={
                "Name": "pythonshell",
                "ScriptLocation": f"s3://{CODE}/glue/orders/orders_report.py",
                "PythonVersion": "3.9",
            },
            DefaultArguments={"--bucket": CLEANSED, "library-set": "analytics"},
            MaxCapacity=1.0,
            MaxRetries=0,
            Timeout=30,
            GlueVersion="3.0",
        )

    def _crawler(self) -> None:
        glue = self._client("glue")
        glue.create_database(DatabaseInput={"Name": "fsa_dev_orders", "Description": "Orders of farms"})
        glue.create_classifier(CsvClassifier={"Name": "FSA-DEV-Pipes", "Delimiter": "|", "ContainsHeader": "PRESENT"})
        output = {
            "Version": 1.0,
            "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}},
            "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"},
        }
        glue.create_crawler(
            Name="FSA-DEV-Orders-Crawler",
            Role="service-role/FSA-DEV-Glue",
            DatabaseName="fsa_dev_orders",
            Description="Tables of the cleansed zone",
            Targets={
                "S3Targets": [
                    {"Path": f"s3://{CLEANSED}/orders/", "Exclusions": ["**/_temporary/**"]},
                    {"Path": f"s3://{CLEANSED}/customers", "SampleSize": 3},
                ],
                "DynamoDBTargets": [{"Path": "FSA_DEV_ORDERS_RUNS", "scanAll": False}],
            },
            Schedule="cron(15 4 * * ? *)",
            Classifiers=["FSA-DEV-Pipes"],
            TablePrefix="fsa_",
            SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
            RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVERYTHING"},
            Configuration=json.dumps(output),
            CrawlerSecurityConfiguration="FSA-DEV-Security",
            Tags={"Team": "Farm-Orders"},
        )

    def _machines(self) -> None:
        states, logs = self._client("stepfunctions"), self._client("logs")
        group = "/aws/vendedlogs/states/FSA-DEV-Orders"
        logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=90)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
        logging = {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        }
        for name in ("main", "load"):
            self._arns[name] = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:FSA-DEV-Orders-{name.capitalize()}"
        for name, written, more in (
            ("Load", sources.load_machine, {}),
            ("Main", sources.main_machine, {"loggingConfiguration": logging, "tracingConfiguration": {"enabled": True}}),
        ):
            states.create_state_machine(
                name=f"FSA-DEV-Orders-{name}",
                definition=written(self._arns),
                roleArn=self._arns["states"],
                tags=[{"key": key, "value": value} for key, value in _TEAM.items()],
                **more,
            )

    def _events(self) -> None:
        events, main = self._client("events"), self._arns["main"]
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [LANDING]}, "object": {"key": [{"prefix": "orders/in/"}]}},
        }
        events.put_rule(
            Name="FSA-DEV-Orders-Arrived",
            EventPattern=json.dumps(pattern),
            Description="A file of orders has arrived",
            State="ENABLED",
            Tags=[{"Key": "Team", "Value": "Farm-Orders"}],
        )
        target = {"Id": "Id4c1f3a-orders", "Arn": main, "RoleArn": self._arns["events"]}
        events.put_targets(Rule="FSA-DEV-Orders-Arrived", Targets=[target])
        events.put_rule(Name="FSA-DEV-Orders-Nightly", ScheduleExpression="cron(30 2 ? * MON-FRI *)", State="DISABLED")
        retrying = {
            "DeadLetterConfig": {"Arn": self._arns["queue"]},
            "RetryPolicy": {"MaximumRetryAttempts": 4, "MaximumEventAgeInSeconds": 7200},
        }
        nightly = {**target, "Id": "1", "Input": json.dumps({"time": "2024-01-01T02:30:00Z", "detail": {}}), **retrying}
        events.put_targets(Rule="FSA-DEV-Orders-Nightly", Targets=[nightly])
