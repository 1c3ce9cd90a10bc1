"""The settings of resources: a model for each type, every field with its default.

A value is looked up in three places, and the most specific wins: `projects.<project>.<type>.<name>` of the environment, the
declaration in `projects/<project>/deploy.py`, `defaults.<type>` of the environment. Maps (environment variables, arguments) are
merged key by key. The models are strict: "512" is not 512, and an unknown key is an error.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from common.base import schedules
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import did_you_mean, known_names
from common.base.text_rules import LayerArn, LogGroupArn, RoleArn, Text
from common.environment import aws_versions
from common.environment.names import PhysicalName

Retention = Literal[
    "never", 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""How many days log lines are kept; CloudWatch Logs accepts only these numbers. With ``never`` lines are not deleted."""


Verify = Literal["always", "on_request"]
"""When a plan reads the live state of a resource that is recorded as unchanged: always, or with --verify."""


class Model(BaseModel):
    """The base of every model: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Settings(Model):
    """Settings of one resource."""

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


def explain_settings_error(error: ValidationError) -> str:
    """Explains the errors in settings of a declaration, each with its name, as sentences on one line."""
    settings: list[type[Model]] = [*Settings.__subclasses__(), Network]
    models = {model.__name__: model for model in settings}
    problems = []
    for problem in error.errors(include_url=False):
        location = [part for part in problem["loc"] if part != "[key]"]
        path = ".".join(map(str, location))
        if problem["type"] == "extra_forbidden" and error.title in models:
            keys = keys_at(models[error.title], location[:-1])
            problems.append(f"{error.title} has no {path!r}.{did_you_mean(location[-1], keys, otherwise=known_names(keys))}")
        else:
            problems.append(f"{path}: {problem['msg']}.")
    return " ".join(problems)


def keys_at(model: type[Model], location: Sequence[int | str]) -> list[str]:
    """Returns the keys that the object at `location` of a model may have, from the model's JSON schema."""
    root = model.model_json_schema(by_alias=True)
    node = _dereferenced(root, root)
    for part in location:
        named = node.get("properties", {}).get(part)
        many = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties") or node.get("items"))
        node = _dereferenced(root, named if named is not None else many or {})
    return list(node.get("properties", {}))


def _dereferenced(root: JsonMapping, node: JsonMapping) -> JsonMapping:
    """Returns the model that a node of a JSON schema refers to, or the node itself."""
    choices = [node, *node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    reference = next((choice["$ref"] for choice in choices if "$ref" in choice), None)
    return root["$defs"][reference.rpartition("/")[2]] if reference else node


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


class FunctionSettings(Settings):
    """A Lambda function."""

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    runtime: Annotated[str, Field(pattern=r"^(python3\.[0-9]+|nodejs[0-9]+\.x)$")] = "python3.11"
    """Lambda's name of the runtime, as in python3.12 or nodejs22.x."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """The processor on which the function runs."""
    memory_mb: int = Field(default=256, ge=128, le=10240)
    """Memory in MB. Lambda gives CPU in proportion to it."""
    timeout_seconds: int = Field(default=60, ge=1, le=900)
    """How long one invocation may last."""
    ephemeral_storage_mb: int = Field(default=512, ge=512, le=10240)
    """The size of /tmp."""
    environment: dict[Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]+$")], Text] = Field(default_factory=dict)
    """Environment variables. `${parameter}` is replaced. Never a secret: name it instead."""
    layers: tuple[LayerArn, ...] = Field(default=(), max_length=5)
    """Layer version ARNs, in the order in which Lambda unpacks them."""
    vpc: bool = False
    """Run in the environment's network."""
    network: Network | None = None
    """Another network than the environment's; implies `vpc`."""
    log_retention_days: Retention = 30
    """How many days the function's log group keeps its lines."""
    logging: Literal["managed", "unmanaged"] = "managed"
    """With `unmanaged` the function's log group is somebody else's: it is not created, and its retention stays as it is."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""
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

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    glue_version: Literal["3.0", "4.0", "5.0", "5.1", "6.0"] = "5.0"
    """The version of Glue, which decides the versions of Spark and Python."""
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"] = "G.1X"
    """The size of a worker. G.12X, G.16X and R come with Glue 4.0."""
    workers: int = Field(default=2, ge=1, le=299)
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
    logging: Literal["managed", "unmanaged"] = "managed"
    """With `unmanaged` the job's arguments about logs stay as they are, or as `arguments` says, and it needs no log group."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""
    package: Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]+/.+@[0-9a-f]{64}$")] | None = None
    """Where the script of an imported job is, as `s3://bucket/key@digest`, until the file with this digest is edited."""

    @field_validator("worker_type")
    @classmethod
    def _has_such_workers(cls, worker_type: str, settings: ValidationInfo) -> str:
        if settings.data.get("glue_version") == "3.0" and worker_type not in {"G.1X", "G.2X", "G.4X", "G.8X"}:
            raise ValueError("Glue 3.0 has G.1X, G.2X, G.4X and G.8X; the others come with glue_version 4.0")
        return worker_type


class CrawlerSettings(Settings):
    """A Glue crawler."""

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    targets: tuple[Annotated[Text, Field(pattern=r"^s3://[a-z0-9.-]+(/.*)?$")], ...] = ()
    """S3 locations; they replace those of the declaration."""
    exclusions: tuple[Text, ...] = ()
    """Glob patterns below each target that are not crawled."""
    recrawl: Literal["everything", "new_folders"] = "everything"
    """What a crawler reads that has run before."""
    schema_change: Literal["update", "log"] = "update"
    """What to do with a table whose data now looks different."""
    deleted_data: Literal["log", "deprecate", "delete"] = "log"
    """What to do with a table or partition whose data is gone."""
    table_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,128}$")] = ""
    """Begins the names of the tables that the crawler makes."""
    schedule: Annotated[str, AfterValidator(schedules.check_glue)] | None = None
    """When the crawler runs, as in cron(0 3 * * ? *), in UTC. Without it only what starts it runs it."""
    while_running: Literal["wait", "skip", "stop"] = "wait"
    """What a deploy does when the crawler is running and must be changed."""
    configuration: Literal["managed", "unmanaged"] | None = None
    """`managed`: partitions take the schema of their table. Without it a new crawler is, and one that exists keeps its own."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""


class StateMachineSettings(Settings):
    """A Step Functions state machine."""

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    """EXPRESS is for short executions, and keeps no history."""
    log_level: Literal["ALL", "ERROR", "FATAL", "OFF"] = "ERROR"
    """Which events of executions are logged."""
    log_execution_data: bool = False
    """Log inputs and outputs, too."""
    log_group: LogGroupArn | None = None
    """An existing log group. Without it a machine logs to the group that the machines of the environment share."""
    tracing: bool = False
    """Trace executions with X-Ray."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""


class TriggerSettings(Settings):
    """A schedule, or a rule that starts something for each event or new object."""

    name: PhysicalName | None = None
    """Its exact name in AWS. `${parameter}` is replaced. Without it the name follows from a template."""
    enabled: bool = True
    """Whether the schedule or rule starts anything."""
    expression: Annotated[str, AfterValidator(schedules.check_scheduler)] | None = None
    """When a schedule starts its target, in its time zone; replaces the declared expression."""
    role: RoleArn | None = None
    """An existing role. Without it the deployer manages one."""
    verify: Verify | None = None
    """`always`: each plan reads how it is in AWS, and says what others changed. Without it the project's `verify`."""
    properties: dict[str, Json] = Field(default_factory=dict)
    """Fields in AWS's own spelling that have no setting here. `${…}` is replaced."""


class Defaults(Model):
    """Settings of every resource of a type, unless something nearer says otherwise."""

    function: FunctionSettings = FunctionSettings()
    """The defaults of all functions."""
    job: JobSettings = JobSettings()
    """The defaults of all Glue jobs."""
    crawler: CrawlerSettings = CrawlerSettings()
    """The defaults of all crawlers."""
    state_machine: StateMachineSettings = StateMachineSettings()
    """The defaults of all state machines."""
    trigger: TriggerSettings = TriggerSettings()
    """The defaults of all schedules and rules."""
    log_retention_days: Retention = 30
    """How many days the log groups keep their lines that state machines and jobs share."""

    @model_validator(mode="after")
    def _is_of_no_single_resource(self) -> Self:
        for section in type(self).model_fields:
            if getattr(getattr(self, section), "name", None) is not None:
                raise ValueError(f"{section}.name is of a single resource; how all are named, `names` says by a template")
            if getattr(getattr(self, section), "package", None) is not None:
                raise ValueError(f"{section}.package is of a single resource; set it there")
        return self
