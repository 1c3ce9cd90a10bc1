"""The settings of resources: a model for each type, every field with its default.

A value is looked up in three places, and the most specific wins: `projects.<project>.<type>.<name>` of the environment, the
declaration in `projects/<project>/deploy.py`, `defaults.<type>` of the environment. Maps (environment variables, arguments) are
merged key by key. The models are strict: "512" is not 512, and an unknown key is an error.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from common.base import schedules
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.text_rules import LayerArn, LogGroupArn, RoleArn, Text
from common.environment import aws_versions
from common.environment.container_images import ImageConfig, ImageUri
from common.environment.crawler_targets import CatalogTarget, DeltaTarget, DynamoTarget, IcebergTarget, JdbcTarget
from common.environment.names import PhysicalName
from common.environment.setting_types import PATTERN_CHARACTERS, DeadLetter, FileSystem, KmsKey, QueueArn, Retention, Verify
from common.environment.settings_model import Model


class Network(Model):
    """Where functions with `vpc` run."""

    subnet_ids: tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")], ...] = Field(default=(), max_length=16)
    """The subnets."""
    security_group_ids: tuple[Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")], ...] = Field(default=(), max_length=5)
    """The security groups."""


class Embedded(Model):
    """The embedded AWS on this machine instead of a real account."""

    port: int | None = Field(default=None, ge=1024, le=65535)
    """A fixed port. Without it a free one is taken."""


class Settings(Model):
    """What resources of every type have."""

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""

    def over(self, *weaker: "JsonMapping | Settings | None") -> Self:
        """Merges settings: those set here win, then the first of `weaker` that sets a value, then the default."""
        merged: JsonObject = {}
        for layer in (*reversed(weaker), self):
            for name, value in _set_fields(layer).items():
                both = isinstance(value, dict) and isinstance(merged.get(name), dict)
                merged[name] = {**merged[name], **value} if both else value
        return type(self).model_validate(merged, strict=False)


def _set_fields(layer: JsonMapping | Settings | None) -> JsonObject:
    if isinstance(layer, Settings):
        return {name: getattr(layer, name) for name in layer.model_fields_set}
    return {name: value for name, value in (layer or {}).items() if value is not None}


class FunctionSettings(Settings):
    """A Lambda function."""

    runtime: Annotated[str, Field(pattern=r"^(python3\.[0-9]+|nodejs[0-9]+\.x)$")] = "python3.11"
    """Lambda's name of the runtime, as in python3.12 or nodejs22.x."""
    image: ImageUri | None = None
    """The container image that the function runs instead of a package: in ECR, by its digest. It is built elsewhere."""
    image_config: ImageConfig | None = None
    """What the function does otherwise than its image says."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """The processor on which the function runs."""
    memory_mb: int = Field(default=256, ge=128, le=32768)
    """Memory in MB, more than 10240 on managed instances alone. Lambda gives CPU in proportion to it."""
    timeout_seconds: int = Field(default=60, ge=1, le=5400)
    """How long one invocation may last, longer than 900 on managed instances alone."""
    ephemeral_storage_mb: int = Field(default=512, ge=512, le=32768)
    """The size of /tmp, more than 10240 with an accelerator alone."""
    environment: dict[Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]+$")], Text] = Field(default_factory=dict)
    """Environment variables. `${parameter}` is replaced. Never a secret: name it instead."""
    layers: tuple[LayerArn, ...] = Field(default=(), max_length=5)
    """Layer version ARNs, in the order in which Lambda unpacks them."""
    vpc: bool = False
    """Run in the environment's network."""
    network: Network | None = None
    """Another network than the environment's; implies `vpc`."""
    description: Annotated[Text, Field(max_length=256)] | None = None
    """What the function is for. `${parameter}` is replaced."""
    tracing: bool | None = None
    """Trace invocations with X-Ray; `false` leaves it to the caller. Without it nothing is changed."""
    dead_letter: DeadLetter | None = None
    """The queue or topic that gets the events of asynchronous invocations that failed: its ARN, or `${name.arn}`."""
    reserved_concurrency: int | None = Field(default=None, ge=0)
    """How many invocations may run at once; they are taken from those of the account, and 0 stops the function."""
    kms_key: KmsKey | None = None
    """The key that encrypts the environment variables: its ARN, or a reference. Without it Lambda's own does."""
    log_format: Literal["Text", "JSON"] | None = None
    """How log lines are written."""
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] | None = None
    """The lowest level of the function's own lines that is logged. It needs log_format JSON."""
    publish: bool = False
    """Publish a version after each change. The alias `live`, `${Name.live}`, is always the newest one, and triggers start it."""
    keep_versions: int = Field(default=10, ge=1, le=1000)
    """How many of the newest versions stay, with `publish`."""
    provisioned_concurrency: int | None = Field(default=None, ge=1)
    """How many instances of the newest version wait for invocations of `live`. It needs `publish`."""
    snap_start: bool | None = None
    """Start instances of a version from a snapshot that is made when it is published, as with `publish`."""
    file_system: FileSystem | None = None
    """A file system that the function mounts; it needs a network."""
    log_retention_days: Retention = 30
    """How many days the function's log group keeps its lines."""
    logging: Literal["managed", "unmanaged"] = "managed"
    """With `unmanaged` the function's log group is somebody else's: it is not created, and its retention stays as it is."""
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=@[0-9a-f]{64}$")] | None = None
    """The code that an imported function runs, as `CodeSha256@digest`, until files with this digest are edited."""

    @field_validator("runtime")
    @classmethod
    def _is_a_runtime(cls, runtime: str) -> str:
        if not aws_versions.is_runtime(runtime):
            raise ValueError(f"Lambda has no runtime {runtime}; {aws_versions.newest_runtimes()} are the newest")
        return runtime


class JobSettings(Settings):
    """A Glue job."""

    glue_version: Literal["3.0", "4.0", "5.0", "5.1", "6.0", "auto"] = "5.0"
    """The version of Glue, which decides the versions of Spark and Python. With `auto` Glue moves the job to newer ones."""
    worker_type: Literal["G.025X", "G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X", "Z.2X"] = (
        "G.1X"
    )
    """The size of a worker. G.12X, G.16X and R come with Glue 4.0; G.025X is for streaming jobs, Z.2X for Ray."""
    workers: int = Field(default=2, ge=1, le=10_000)
    """The number of workers; with `auto_scaling` the greatest number."""
    auto_scaling: bool = False
    """Glue adds and removes workers while the job runs."""
    timeout_minutes: int = Field(default=60, ge=1, le=10080)
    """How long one run may last."""
    max_retries: int = Field(default=0, ge=0, le=10)
    """How often Glue starts a run again that failed."""
    max_concurrent_runs: int = Field(default=1, ge=1, le=1000)
    """How many runs of the job may be under way at once."""
    execution_class: Literal["STANDARD", "FLEX"] = "STANDARD"
    """FLEX is cheaper and may start later."""
    bookmarks: bool = False
    """Glue remembers which data a run has read, so that the next one reads only new data."""
    python_shell_capacity: Literal["0.0625", "1"] = "0.0625"
    """Data processing units of a python-shell job (Spark jobs are sized by their workers)."""
    connections: tuple[Annotated[Text, Field(min_length=1, max_length=255)], ...] = ()
    """Names of Glue connections that the job uses."""
    arguments: dict[Annotated[str, Field(pattern=r"^--[A-Za-z0-9_.-]+$")], Text] = Field(default_factory=dict)
    """Default arguments of each run. `${parameter}` is replaced."""
    description: Annotated[Text, Field(max_length=2048)] | None = None
    """What the job is for. `${parameter}` is replaced."""
    security_configuration: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    """The name of a Glue security configuration, which encrypts what the job writes; `permissions` allow its key."""
    notify_delay_minutes: int | None = Field(default=None, ge=1)
    """After how many minutes of a run Glue sends an event that it takes long."""
    non_overridable_arguments: dict[Annotated[str, Field(pattern=r"^--[A-Za-z0-9_.-]+$")], Text] | None = None
    """Arguments that a run cannot replace. `${parameter}` is replaced."""
    queuing: bool | None = None
    """Runs wait in a queue where the account has no room for them, instead of failing."""
    maintenance_window: Annotated[str, Field(pattern=r"^(Sun|Mon|Tue|Wed|Thu|Fri|Sat):([01]?[0-9]|2[0-3])$")] | None = None
    """The day and hour, as in Sun:10 (UTC), at which Glue may restart a streaming job."""
    python_version: Literal["3", "3.9"] | None = None
    """The Python of the command. Without it 3 for Spark, 3.9 for a python-shell job and for Ray."""
    logging: Literal["managed", "unmanaged"] = "managed"
    """With `unmanaged` the job's arguments about logs stay as they are, or as `arguments` says, and it needs no log group."""
    package: Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]+/.+@[0-9a-f]{64}$")] | None = None
    """Where the script of an imported job is, as `s3://bucket/key@digest`, until the file with this digest is edited."""

    @field_validator("worker_type")
    @classmethod
    def _has_such_workers(cls, worker_type: str, settings: ValidationInfo) -> str:
        if settings.data.get("glue_version") == "3.0" and worker_type not in {"G.025X", "G.1X", "G.2X", "G.4X", "G.8X"}:
            raise ValueError("Glue 3.0 has G.1X, G.2X, G.4X and G.8X; the others come with glue_version 4.0")
        return worker_type


class CrawlerSettings(Settings):
    """A Glue crawler."""

    targets: tuple[Annotated[Text, Field(pattern=r"^s3://[a-z0-9.-]+(/.*)?$")], ...] = ()
    """S3 locations; they replace those of the declaration."""
    dynamodb_targets: tuple[DynamoTarget, ...] | None = None
    """DynamoDB tables. `${name.name}` is a reference."""
    jdbc_targets: tuple[JdbcTarget, ...] | None = None
    """Databases behind Glue connections."""
    catalog_targets: tuple[CatalogTarget, ...] | None = None
    """Tables that are in the catalog already; `permissions` allow reading their data."""
    delta_targets: tuple[DeltaTarget, ...] | None = None
    """Delta Lake tables."""
    iceberg_targets: tuple[IcebergTarget, ...] | None = None
    """Apache Iceberg tables."""
    sample_size: int | None = Field(default=None, ge=1, le=249)
    """How many files of each folder in S3 are read; without it all."""
    event_queue: QueueArn | None = None
    """The queue with the events of the S3 targets, for recrawl `events`: its ARN, or `${name.arn}`."""
    event_dead_letter: QueueArn | None = None
    """The queue that gets the events that could not be used: its ARN, or `${name.arn}`."""
    exclusions: tuple[Text, ...] = ()
    """Glob patterns below each target that are not crawled."""
    recrawl: Literal["everything", "new_folders", "events"] = "everything"
    """What a crawler reads that has run before; with `events`, the objects whose events S3 has sent to the event_queue."""
    schema_change: Literal["update", "log"] = "update"
    """What to do with a table whose data now looks different."""
    deleted_data: Literal["log", "deprecate", "delete"] = "log"
    """What to do with a table or partition whose data is gone."""
    table_prefix: Annotated[Text, Field(max_length=128)] = ""
    """Begins the names of the tables that the crawler makes."""
    schedule: Annotated[str, AfterValidator(schedules.check_glue)] | None = None
    """When the crawler runs, as in cron(0 3 * * ? *), in UTC. Without it only what starts it runs it."""
    description: Annotated[Text, Field(max_length=2048)] | None = None
    """What the crawler is for. `${parameter}` is replaced."""
    classifiers: tuple[Annotated[Text, Field(min_length=1, max_length=255)], ...] | None = None
    """Names of your own classifiers, which Glue tries before its own."""
    security_configuration: Annotated[Text, Field(min_length=1, max_length=128)] | None = None
    """The name of a Glue security configuration, which encrypts what the crawler logs; `permissions` allow its key."""
    while_running: Literal["wait", "skip", "stop"] = "wait"
    """What a deploy does when the crawler is running and must be changed."""
    configuration: Literal["managed", "unmanaged"] | None = None
    """`managed`: partitions take the schema of their table. `unmanaged`: it is left to others. Without either, a new crawler is
    managed, and an existing one keeps its configuration."""


class StateMachineSettings(Settings):
    """A Step Functions state machine."""

    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    """EXPRESS is for short executions, and keeps no history."""
    publish: bool = False
    """Publish a version on each change and move an alias to it, which triggers start. Executions under way keep their version."""
    alias: Annotated[str, Field(pattern=r"^[0-9]*[A-Za-z_.-][A-Za-z0-9_.-]*$", max_length=80)] = "live"
    """The name of the alias, with `publish`."""
    keep_versions: int = Field(default=10, ge=1, le=1000)
    """How many of the newest versions stay, with `publish`."""
    log_level: Literal["ALL", "ERROR", "FATAL", "OFF"] = "ERROR"
    """Which events of executions are logged."""
    log_execution_data: bool = False
    """Also log inputs and outputs."""
    log_group: LogGroupArn | None = None
    """An existing log group. Without it a machine logs to the group that the machines of the environment share."""
    tracing: bool = False
    """Trace executions with X-Ray."""
    accept: tuple[str, ...] = ()
    """Rules that it may break besides those that its declaration accepts, as in `["ENDLESS_STATE: it runs until stopped"]`."""
    kms_key: KmsKey | None = None
    """The key that encrypts the definition and the data of executions: its ARN, or a reference. Without it AWS's own does."""


class TriggerSettings(Settings):
    """A schedule, or a rule that starts something for each event or new object."""

    enabled: bool = True
    """Whether the schedule or rule starts anything."""
    description: Annotated[Text, Field(max_length=512)] | None = None
    """What the schedule or rule is for. `${parameter}` is replaced. Without it nothing is changed."""
    expression: Annotated[str, AfterValidator(schedules.check_scheduler)] | None = None
    """When a schedule starts its target, in its time zone; replaces the declared expression."""
    timezone: Annotated[str, AfterValidator(schedules.check_timezone)] | None = None
    """The time zone of a schedule's expression, as in America/Chicago. Without it UTC."""
    flexible_minutes: int | None = Field(default=None, ge=0, le=1440)
    """How late a schedule may start its target, so that many do not start at once."""
    retries: int | None = Field(default=None, ge=0, le=185)
    """How often a start that fails is tried again. Without it 185 times within a day."""
    start: Annotated[str, AfterValidator(schedules.check_moment)] | None = None
    """The moment, in UTC, from which on a schedule starts its target, as in 2027-01-31T06:30:00."""
    end: Annotated[str, AfterValidator(schedules.check_moment)] | None = None
    """The moment, in UTC, after which a schedule no longer starts its target."""
    pattern_characters: int = Field(default=PATTERN_CHARACTERS, ge=1, le=4096)
    """How long the pattern of a rule may be. More than 2,048 characters need a quota of the account that AWS has raised."""
