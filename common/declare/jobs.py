"""Glue jobs as pipelines declare them, with their script, what it imports, and their role."""

from dataclasses import dataclass
from pathlib import Path

from common.base.errors import DeclarationError
from common.declare import configuration, permissions
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.project_resources import ProjectResources
from common.environment import aws_versions
from common.environment.resource_settings import JobSettings
from common.model.reference import Grantable, Ref
from common.packaging import job_imports
from common.packaging.artifact import Script
from common.packaging.imports import Libraries
from common.resources.job import Job


@dataclass(frozen=True, kw_only=True)
class JobDeclaration:
    """A Glue job; `Pipeline.job` explains every field."""

    script: Path
    reads: tuple[Grantable, ...]
    writes: tuple[Grantable, ...]
    settings: DeclaredSettings
    shell: bool
    libraries: Libraries
    includes: tuple[str, ...]
    requirements: Path

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the job and its role."""
        env, where = project.env, project.where(ref)
        settings = configuration.merged(JobSettings, configured, self.settings, where)
        if not self.script.is_file():
            raise DeclarationError(f"{where}: there is no file {self.script.name}.")
        accepted = project.accepted[ref.key]
        script = Script(
            key=project.key("artifact", ref.key.name), prefix=project.prefix, path=self.script, accept_secret=accepted
        )
        imported = job_imports.find_imports(
            script,
            libraries=self.libraries,
            includes=self.includes,
            shell=self.shell,
            requirements_file=self.requirements,
            glue_version=settings.glue_version,
            here=project.runs_here,
        )
        group_names = aws_versions.log_groups(settings.glue_version, shell=self.shell)
        groups = [project.shared.log_group(name) for name in group_names]
        arguments, refs = project.names.substitute(dict(settings.arguments), where, texts=True)
        statements = [
            *permissions.grants(env, self.reads, self.writes),
            permissions.artifacts(env, f"{project.prefix}artifacts/{ref.key.name}"),
            permissions.logs(group.arn for group in groups) if groups else permissions.shell_logs(env),
            *(permissions.connections(env, settings.connections) if settings.connections else []),
            *([] if self.shell else permissions.metastore(env, arguments)),
        ]
        role = project.role(ref, settings.role, statements)
        used = (*groups, *refs, *permissions.references(self.reads, self.writes))
        job = Job(
            identity=project.identity(ref, [*role.needs, script.key, *imported.keys(), *(other.key for other in used)]),
            role_arn=role.arn,
            script=script,
            bucket=env.artifact_bucket,
            settings=settings,
            arguments=arguments,
            shell=self.shell,
            log_group=project.shared.log_group("glue").name,
            shared_code=imported.shared_code,
            wheels=imported.wheels,
        )
        project.add(job)
