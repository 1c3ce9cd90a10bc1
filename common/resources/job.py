"""A Glue job: a Spark or python-shell script in the artifact bucket, and how it runs.

UpdateJob replaces the whole job, so every update sends everything. The script's key is immutable: a changed script is another
key, so a running job and its retries keep the script that they started with.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.resource_settings import JobSettings
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import AT_ONCE, GLUE_NAMES, ArnForm, Calls, Kind, Passing, Policy, Quota
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Artifact, Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags
from common.resources import accepted_fields, job_commands

_EXISTS = frozenset({"AlreadyExistsException", "IdempotentParameterMismatchException"})
_LOGGING = frozenset(
    {
        *("--enable-continuous-cloudwatch-log", "--enable-continuous-log-filter", "--continuous-log-logGroup"),
        *("--continuous-log-logStreamPrefix", "--continuous-log-conversionPattern"),
        *("--custom-logGroup-prefix", "--custom-logStream-prefix"),
    }
)
"""These arguments say where and what a job logs.

See https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

KIND = Kind(
    name="glue-job",
    word="job",
    service="glue",
    step=steps.JOBS,
    console="gluestudio/home?region={region}#/editor/job/{name}/details",
    arn=ArnForm("glue", "job/"),
    names=GLUE_NAMES,
    is_packaged=True,
    section="jobs",
    principal="glue.amazonaws.com",
    runs_artifacts=True,
    has_secrets=True,
    listing=Listing("ListJobs", "JobNames", tags="Tags", size=("MaxResults", 1000)),
    quota=Quota("Glue jobs", "glue", "L-611FDDE4", 1000),
    calls=Calls(("CreateJob",), reads_first=True),
    properties=accepted_fields.OF_JOB,
    passing=Passing(
        codes={"ConcurrentModificationException": AT_ONCE, "OperationTimeoutException": "Glue has not finished in time"},
        messages=(
            "Service is unable to assume",
            "role's TrustPolicy",
            "should be given assume role permissions for Glue Service",
        ),
    ),
    policy=Policy(
        operations=("CreateJob", "UpdateJob", "DeleteJob", "GetJob", "GetTags", "TagResource", "UntagResource"),
        everywhere=("ListJobs", "GetJobs"),
        left_over=("DeleteJob", "UntagResource"),
        actions={"CreateJob": ("glue:CreateJob", "glue:TagResource")},
    ),
    lookup=Lookup("GetJob", lambda job: {"JobName": job.name}, ("EntityNotFoundException",), abroad=False),
)


@dataclass(frozen=True, kw_only=True)
class Job(Declared):
    """A job. `arguments` are complete and rendered; `command` is the word of `job_commands` for what runs the script.

    From Glue 5.0 on a Spark job logs to two groups, `log_group` followed by ``/output`` and ``/error``; before, to `log_group`
    itself; a python-shell job cannot choose.
    """

    artifact_field: ClassVar[str] = "Command"
    removable: ClassVar[frozenset[str]] = frozenset({"Connections", "DefaultArguments", "Tags", *accepted_fields.JOB})
    usual: ClassVar[State] = {"JobMode": "SCRIPT", "ExecutionClass": "STANDARD"}
    role_arn: str
    script: Artifact
    bucket: str
    settings: JobSettings
    arguments: Mapping[str, str]
    command: str = job_commands.SPARK
    log_group: str | None = None
    shared_code: Artifact | None = None
    wheels: tuple[Artifact, ...] = ()

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The script, the shared code and the wheels that it imports."""
        return tuple(artifact for artifact in (self.script, self.shared_code, *self.wheels) if artifact is not None)

    @property
    def artifact(self) -> Artifact:
        """The script."""
        return self.script

    @property
    def shell(self) -> bool:
        """Whether it is a python-shell job."""
        return self.command == job_commands.SHELL

    @property
    def hidden(self) -> frozenset[str]:
        """The arguments."""
        return frozenset({"DefaultArguments"})

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permissions to read the logs that Glue writes in log groups of the whole account, and a script that is kept."""
        logs = self.arn.partition(":job/")[0].replace(":glue:", ":logs:")
        reading = ("logs:FilterLogEvents", "logs:GetLogEvents")
        names = ["jobs", "python-jobs", *(["jobs-*"] if self.settings.security_configuration else [])]
        needs: dict[str, tuple[str, ...]] = {f"{logs}:log-group:/aws-glue/{name}/*": reading for name in names}
        if kept := self.script.in_aws:
            needs[f"arn:{self.arn.split(':')[1]}:s3:::{kept.removeprefix('s3://')}"] = ("s3:GetObject",)
        return needs

    def desired(self) -> State:
        """The owned fields, spelled as in GetJob."""
        return {**self._job(), "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state, with the empty maps and defaults that Glue leaves out."""
        response = aws.find("glue", "GetJob", "EntityNotFoundException", JobName=self.name)
        if response is None:
            return None
        live = job_commands.filled(response["Job"])
        tags = aws.call("glue", "GetTags", ResourceArn=self.arn).get("Tags")
        filled = {
            "Role": _arn(live.get("Role", ""), self.role_arn),
            "Command": job_commands.live_command(live, self._own()["Command"]),
            "DefaultArguments": comparison.entries(live.get("DefaultArguments") or {}, self._arguments())[0],
            "Connections": {"Connections": (live.get("Connections") or {}).get("Connections") or []},
            "ExecutionProperty": live.get("ExecutionProperty") or {"MaxConcurrentRuns": 1},
            "ExecutionClass": live.get("ExecutionClass") or "STANDARD",
            "MaxRetries": live.get("MaxRetries") or 0,
        }
        if job_commands.names_its_interpreter(live):
            filled["GlueVersion"] = job_commands.SHELL_GLUE_VERSION
        own = self._own()
        state, _ = comparison.released({name: filled.get(name, live.get(name)) for name in own}, own, ("Connections",))
        state = comparison.with_selected(state, live, self.properties)
        kept = self._undeclared(live) | other_tags(tags, self.tags)
        if self.log_group is None and (arguments := kept.get("DefaultArguments")):  # left alone, whoever has set them
            kept["DefaultArguments"] = {name: value for name, value in arguments.items() if name not in _LOGGING}
        return Live({**state, "Tags": owned_tags(tags, self.tags)}, undeclared=kept)

    def runs_in_place(self, live: Live | None) -> bool:
        """Whether its script stays where it was when the job was imported."""
        return bool(self.script.in_aws)

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the job with its tags in one call."""
        try:
            aws.call("glue", "CreateJob", Name=self.name, Tags=desired["Tags"], **self._as_sent(desired))
        except AwsError as error:
            if error.code not in _EXISTS:
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends the whole job if more than its tags changed, with its undeclared fields as they are now."""
        return self.update_from(aws, change, self.reread(aws, change))

    def reread(self, aws: Aws, change: Change) -> JsonObject:
        """The live job, which UpdateJob replaces; empty if only its tags change."""
        if not change.changed - {"Tags"}:
            return {}
        response = aws.find("glue", "GetJob", "EntityNotFoundException", JobName=self.name)
        return dict(response["Job"]) if response else {}

    def update_from(self, aws: Aws, change: Change, live: JsonObject) -> Outputs:
        """Sends the job, with the undeclared fields of the `live` one."""
        if change.changed - {"Tags"}:
            kept = comparison.without(self._undeclared(live), change.stale) if live else {}
            update = comparison.merged(self._as_sent(change.desired), kept)
            if self.shell and job_commands.names_its_interpreter(live):
                update["GlueVersion"] = live.get("GlueVersion") or job_commands.SHELL_GLUE_VERSION
            aws.call("glue", "UpdateJob", JobName=self.name, JobUpdate=update)
        if "Tags" in change.changed:
            aws.call("glue", "TagResource", ResourceArn=self.arn, TagsToAdd=change.desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        if aws.find("glue", "GetJob", "EntityNotFoundException", JobName=resource.name) is None:
            return None
        tags: dict[str, str] = aws.call("glue", "GetTags", ResourceArn=resource.arn).get("Tags", {})
        return tags

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("glue", "UntagResource", ResourceArn=resource.arn, TagsToRemove=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the job. Glue does not mind if it does not exist."""
        aws.find("glue", "DeleteJob", "EntityNotFoundException", JobName=resource.name)

    def _job(self) -> State:
        return comparison.merged(self.properties, self._own())

    def _own(self) -> State:
        """The fields that have settings or defaults."""
        settings = self.settings
        common: State = {
            "Role": self.role_arn,
            "Command": job_commands.command_of(
                self.command, settings, self.script.in_aws or f"s3://{self.bucket}/{self.script.location}"
            ),
            "DefaultArguments": self._arguments(),
            "Connections": {"Connections": list(settings.connections)},
            "ExecutionProperty": {"MaxConcurrentRuns": settings.max_concurrent_runs},
            "MaxRetries": settings.max_retries,
        }
        return {**common, **job_commands.sizes_of(self.command, settings)}

    def _undeclared(self, live: State) -> State:
        """The undeclared fields, which UpdateJob would reset. Capacity is declared, so its other spellings do not count."""
        declared = self._job()
        fields = dict.fromkeys(("AllocatedCapacity", "MaxCapacity", "WorkerType", "NumberOfWorkers"))
        kept = comparison.undeclared(live, {**fields, **declared}, {**accepted_fields.JOB, "Timeout": {}})
        if live.get("Command", {}).get("Name") != declared["Command"]["Name"]:
            kept.pop("Command", None)  # a runtime is that of another kind of job
        _, arguments = comparison.entries(live.get("DefaultArguments") or {}, declared["DefaultArguments"])
        kept |= {"DefaultArguments": arguments} if arguments else {}
        names = (live.get("Connections") or {}).get("Connections")
        return kept | ({"Connections": {"Connections": names}} if names and not self.settings.connections else {})

    def _arguments(self) -> dict[str, str]:
        return {**self._special_arguments(), **self.arguments, **self._library_arguments()}

    def _special_arguments(self) -> dict[str, str]:
        """The settings that Glue accepts as arguments."""
        special: dict[str, str] = {}
        if self.command in {job_commands.SHELL, job_commands.RAY}:
            return special
        if self.settings.bookmarks:
            special["--job-bookmark-option"] = "job-bookmark-enable"
        if self.settings.auto_scaling:
            special["--enable-auto-scaling"] = "true"
        if self.log_group and self.settings.glue_version in {"3.0", "4.0"}:
            special["--enable-continuous-cloudwatch-log"] = "true"
            special["--continuous-log-logGroup"] = self.log_group
        elif self.log_group:
            special["--custom-logGroup-prefix"] = self.log_group
        return special

    def _library_arguments(self) -> dict[str, str]:
        """The arguments that name the shared code and the wheels, before those that the declaration names itself.

        A python-shell job accepts wheels in the bucket only as files. In a Spark job pip installs them and needs no index for
        them; if the declaration names modules itself, it must also say whether pip may use an index.
        """
        code = [f"s3://{self.bucket}/{artifact.location}" for artifact in (self.shared_code,) if artifact is not None]
        wheels = [f"s3://{self.bucket}/{wheel.location}" for wheel in self.wheels]
        files, modules = ([*code, *wheels], []) if self.shell else (code, wheels)
        of_files = "--s3-py-modules" if self.command == job_commands.RAY else "--extra-py-files"
        lists = {of_files: files, "--additional-python-modules": modules}
        arguments = {name: ",".join([*ours, *filter(None, [self.arguments.get(name)])]) for name, ours in lists.items() if ours}
        silent = not self.arguments.keys() & {"--additional-python-modules", "--python-modules-installer-option"}
        return arguments | ({"--python-modules-installer-option": "--no-index"} if modules and silent else {})

    def _as_sent(self, desired: State) -> State:
        """The parameters of CreateJob and UpdateJob, in which an empty list of connections must be left out."""
        unsaid = {"Tags"} if desired["Connections"]["Connections"] else {"Tags", "Connections"}
        return {name: value for name, value in desired.items() if name not in unsaid}


def _arn(live: str, declared: str) -> str:
    """The declared ARN if `live` is the name of this role, with or without its path."""
    return declared if live and declared.endswith(f"/{live}") else live
