"""Glue jobs as pipelines declare them, with their script, what it imports, and their role."""

from collections.abc import Iterable
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.declare import configuration, grants, permissions, properties, validation
from common.declare.allowed_actions import Permission
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.named_access import Access, Granted, NamedThing
from common.declare.naming import Exact
from common.declare.permissions import Statement
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.validation import Reason, Variables
from common.environment import aws_versions
from common.environment.config import Environment
from common.environment.resource_settings import JobSettings
from common.model.reference import Ref
from common.packaging import job_imports
from common.packaging.artifact import Script
from common.packaging.imports import Libraries
from common.packaging.job_imports import Imports
from common.packaging.package_reference import PackageReference
from common.resources import job_commands
from common.resources.job import Job


@dataclass(frozen=True, kw_only=True)
class JobDeclaration:
    """A Glue job; `Pipeline.job` explains every field."""

    script: Path
    access: Access
    settings: DeclaredSettings
    command: str
    libraries: Libraries
    includes: tuple[str, ...]
    requirements: Path
    connections: tuple[Ref, ...]

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the job and its role."""
        where = project.where(ref)
        settings = self._settings(configured, where)
        script = self._script(project, ref, settings)
        imported = self._imports(project, script, settings, where)
        is_managed, is_spark = settings.logging == "managed", self.command in job_commands.ON_SPARK
        group_names = aws_versions.log_groups(settings.glue_version, shell=not is_spark) if is_managed else ()
        groups = [project.shared.log_group(name) for name in group_names]
        arguments, refs = project.names.substitute(dict(settings.arguments), where, texts=True)
        statements = [
            *grants.grants(project, where, self.access),
            *_reading(project, script),
            *self._logs(project.env, [group.arn for group in groups], is_managed=is_managed),
            *(permissions.connections(project.env, settings.connections) if settings.connections else []),
            *(permissions.metastore(project.env, arguments) if is_spark else []),
        ]
        granted = self.access.refs
        role = project.role(ref, settings.role, statements, self.access.further, [*granted, *self.connections])
        used = (*groups, *refs, *granted, *self.connections)
        fields, named = properties.render(project, ref, settings.properties, settings)
        job = Job(
            identity=project.identity(ref, [*role.needs, script.key, *imported.keys(), *named, *used], settings.verify, role),
            role_arn=role.arn,
            script=script,
            bucket=project.env.artifact_bucket,
            settings=settings,
            properties=fields,
            arguments=arguments,
            command=self.command,
            log_group=project.shared.log_group("glue").name if is_managed else None,
            shared_code=imported.shared_code,
            wheels=imported.wheels,
        )
        project.add(job)

    def _settings(self, configured: Configured, where: str) -> JobSettings:
        """The settings, with the connections that the declaration names.

        Raises:
            DeclarationError: Glue does not allow them for a job with this command.
        """
        settings = configuration.merged(JobSettings, configured, self.settings, where)
        if names := dict.fromkeys((*(connection.name for connection in self.connections), *settings.connections)):
            settings = settings.model_copy(update={"connections": tuple(names)})
        if problem := job_commands.problem(self.command, settings):
            raise DeclarationError(f"{where}: {problem}")
        return settings

    def _script(self, project: ProjectResources, ref: Ref, settings: JobSettings) -> Script:
        """The script.

        Raises:
            DeclarationError: there is no such file.
        """
        if not self.script.is_file():
            raise DeclarationError(f"{project.where(ref)}: there is no file {self.script.name}.")
        return Script(
            key=project.key("artifact", ref.key.name),
            prefix=project.prefix,
            path=self.script,
            accept_secret=project.accepted[ref.key],
            project_folder=project.folder,
            reference=PackageReference.parse(settings.package) if settings.package else None,
        )

    def _imports(self, project: ProjectResources, script: Script, settings: JobSettings, where: str) -> Imports:
        """What the script imports.

        Raises:
            DeclarationError: it is a Ray job with a file of requirements.
        """
        imported = job_imports.find_imports(
            script,
            libraries=self.libraries,
            includes=self.includes,
            shell=self.command == job_commands.SHELL,
            requirements_file=self.requirements,
            glue_version=settings.glue_version,
            here=project.runs_here,
        )
        if imported.wheels and self.command == job_commands.RAY:
            raise DeclarationError(
                f"{where}: Ray installs packages when a run starts. Name them in the argument --pip-install instead of a file "
                f"of requirements."
            )
        return imported

    def _logs(self, env: Environment, group_arns: list[str], *, is_managed: bool) -> list[Statement]:
        """The statements to write logs; a job whose logging is left alone may write to all groups that Glue makes itself."""
        if not is_managed:
            return [permissions.glue_logs(env, "*")]
        if self.command == job_commands.RAY:
            return [permissions.glue_logs(env, "ray/*")]
        return [permissions.logs(group_arns) if group_arns else permissions.shell_logs(env)]


def _reading(project: ProjectResources, script: Script) -> Iterable[Statement]:
    """The statements to read the script and what it imports."""
    if uri := script.in_aws:
        return [permissions.script(project.env, uri)]
    return permissions.artifacts(project.env, f"{project.prefix}artifacts/{script.key.name}")


def _command(**flags: bool) -> str:
    """The word of `job_commands` for a job.

    Raises:
        ValueError: it is to be two things at once.
    """
    words = [word for word, flag in flags.items() if flag]
    if len(words) > 1:
        raise ValueError(f"a job is {' or '.join(words)}, and not both")
    return words[0] if words else job_commands.SPARK


class Jobs(PipelineParts):
    """Glue jobs of a pipeline."""

    def job(
        self,
        reference: str,
        /,
        *,
        script: str | None = None,
        reads: Iterable[Granted] = (),
        writes: Iterable[Granted] = (),
        permissions: Iterable[Permission | NamedThing] = (),
        managed_policies: Iterable[str] = (),
        arguments: Variables = None,
        includes: Iterable[str] = (),
        requirements: str | None = None,
        settings: JobSettings | None = None,
        properties: JsonMapping | None = None,
        shell: bool = False,
        streaming: bool = False,
        ray: bool = False,
        package: str | None = None,
        connections: Iterable[Ref] = (),
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """A Glue job, its script `glue/<stage>/<name>.py` (or `script`). Without an option it is a Spark job.

        Args:
            reference: what references and configuration call it.
            script: where the script is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            permissions: what its role is allowed beside that, action by action: ``[allow("athena:GetWorkGroup", on="arn:…")]``.
            managed_policies: the ARNs of policies that its role gets as well.
            arguments: the arguments of each run; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            requirements: the file of requirements; `<script>.requirements.txt` beside the script is found.
            settings: what the declaration wants different from the defaults.
            properties: fields in AWS's own spelling that have no setting, as in ``{"JobMode": "…"}``; tokens are replaced.
            shell: whether it is a python-shell job.
            streaming: whether it is a Spark job that runs until it is stopped; its `timeout_minutes` count only if they are set.
            ray: whether it is a Ray job; its packages are named in the argument ``--pip-install``.
            package: where the script of an imported job is, until its file is edited; `invoke import` writes it.
            connections: Glue connections that it uses, as in ``[p.shared.connection("warehouse")]``; settings may name more.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: as of a function.
            role_name: as of a function.
            role: as of a function.
        """
        path = self._inside.taken(script) if script else self._inside.script(reference)
        declaration = JobDeclaration(
            script=path,
            access=self._access(permissions, managed_policies, reads, writes),
            settings=validation.with_values(
                validation.with_properties(settings, properties), "arguments", arguments, package=package
            ),
            command=_command(shell=shell, streaming=streaming, ray=ray),
            libraries=self._inside.importable(path, self._libraries),
            includes=validation.check_texts("includes", includes),
            requirements=self._inside.requirements(path, requirements, f"glue-job/{reference}"),
            connections=tuple(validation.check_kind("connections", connection, "connection") for connection in connections),
        )
        return self._declarations.add("glue-job", reference, declaration, accept_secret, Exact(name, role_name), role)
