"""Lambda functions as pipelines declare them, with their package, their log group and their role.

Follows, for variables, https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean
from common.declare import configuration, grants, images, layers, permissions, properties, validation
from common.declare.allowed_actions import Permission
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.named_access import Access, Granted, NamedThing
from common.declare.naming import Exact
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.validation import Reason, Variables
from common.environment import partitions
from common.environment.resource_settings import FunctionSettings, Network
from common.model.reference import Ref
from common.packaging import source_files
from common.packaging.imported_package import ImportedPackage
from common.packaging.imports import Libraries
from common.packaging.lambda_package import Package
from common.packaging.node import Command, command
from common.packaging.package_reference import PackageReference
from common.resources import function_versions, kind_of
from common.resources.function import Function
from common.resources.function_image import Image
from common.resources.layer import Layer
from common.resources.log_group import LogGroup

LAMBDA_VARIABLES = frozenset(
    {
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    }
)
"""The environment variables that Lambda sets itself."""


@dataclass(frozen=True, kw_only=True)
class FunctionDeclaration:
    """A Lambda function; `Pipeline.function` explains every field."""

    folder: Path
    handler: str | None
    access: Access
    settings: DeclaredSettings
    libraries: Libraries
    includes: tuple[str, ...]
    command: Command | None
    layers: tuple[Ref, ...]

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the function, its log group and its role."""
        where = project.where(ref)
        settings = configuration.merged(FunctionSettings, configured, self.settings, where)
        image = images.image(project, settings, lambda: self._of_package(ref, configured, where), where)
        if image is not None:
            settings = settings.model_copy(update={"layers": ()})  # those of the defaults are for packages
        elif not self.folder.is_dir():
            guess = did_you_mean(self.folder.name, [path.name for path in self.folder.parent.glob("*/")])
            raise DeclarationError(f"{where}: there is no folder {source_files.display_path(self.folder)}/.{guess}")
        if others_layers := layers.of_others(self.layers):
            settings = settings.model_copy(update={"layers": (*(layer.arn for layer in others_layers), *settings.layers)})
        environment, refs = project.names.substitute(_check_variables(settings.environment, where), where, texts=True)
        partitions.require_usable_arns(settings.layers, project.env.account, where)
        network = _network(project, settings, where)
        if problem := _problem(settings):
            raise DeclarationError(f"{where}: {problem}")
        fields, named = properties.render(project, ref, settings.properties, settings)
        mounted, mounting = _file_system(project, settings, where)
        group = _log_group(project, ref, settings)
        groups = [group.key] if settings.logging == "managed" else []
        granted = self.access.refs
        statements = [*grants.grants(project, where, self.access), permissions.logs([group.arn])]
        statements += permissions.network_interfaces(ref.arn) if network else []
        statements += grants.dead_letter(project, fields["DeadLetterConfig"]["TargetArn"], named) if settings.dead_letter else []
        statements += [permissions.file_system(mounted[0]["Arn"])] if mounted else []
        statements += [permissions.tracing()] if settings.tracing else []
        statements += [permissions.own_key(fields["KMSKeyArn"])] if settings.kms_key else []
        role = project.role(ref, settings.role, statements, self.access.further, [*granted, *named])
        own_layers = layers.find_used_layers(self.layers, project.known(), settings, where)
        code = image or self._package(project, ref, settings, own_layers)
        built = [] if isinstance(code, Image) else [code.key]
        needs = [*role.needs, *groups, *built, *(key for layer in own_layers for key in (layer.key, layer.code.key))]
        function = Function(
            identity=project.identity(ref, [*needs, *named, *mounting, *refs, *granted, *others_layers], settings.verify, role),
            role_arn=role.arn,
            handler="" if isinstance(code, Image) else code.handler,
            code=code,
            bucket=project.env.artifact_bucket,
            code_is_sent=project.env.is_away,
            settings=settings,
            properties={**fields, **({"FileSystemConfigs": mounted} if mounted else {})},
            environment=environment,
            network=network,
            log_group=group.name,
            layers=own_layers,
        )
        project.add(function)

    def _of_package(self, ref: Ref, configured: Configured, where: str) -> set[str]:
        """What is declared or configured for this function itself, and only functions with packages can have."""
        own = configuration.merged(FunctionSettings, Configured(configured.own), self.settings, where)
        parts = {"handler": self.handler, "includes": self.includes, "build": self.command, "layers": self.layers}
        has_folder = self.folder.is_dir() or self.folder.parts[-2:] != ("lambda", ref.key.name)
        folders = {f"the folder {source_files.display_path(self.folder)}/"} if has_folder else set()
        return {name for name, value in parts.items() if value} | (own.model_fields_set & images.OF_PACKAGES) | folders

    def _package(self, project: ProjectResources, ref: Ref, settings: FunctionSettings, own_layers: tuple[Layer, ...]) -> Package:
        default_handler = "handler.handler" if settings.runtime.startswith("python") else "index.handler"
        make = (
            Package if settings.package is None else partial(ImportedPackage, reference=PackageReference.parse(settings.package))
        )
        package = make(
            key=project.key("artifact", ref.key.name),
            prefix=project.prefix,
            project_folder=project.folder,
            folder=self.folder,
            handler=self.handler or default_handler,
            runtime=settings.runtime,
            architecture=settings.architecture,
            libraries=self.libraries,
            includes=self.includes,
            command=self.command,
            layers=layers.packages(own_layers),
            has_unknown_layers=bool(settings.layers),
            here=project.runs_here,
            accept_secret=project.accepted[ref.key],
        )
        package.check_handler()
        return package


def _check_variables(variables: Mapping[str, str], where: str) -> dict[str, str]:
    """Returns the environment variables of a function if Lambda accepts their names.

    Raises:
        DeclarationError: Lambda sets one of them itself, and refuses functions that set it.
    """
    for name in variables:
        if name in LAMBDA_VARIABLES:
            raise DeclarationError(f"{where}: environment.{name}: Lambda sets this variable itself. Choose another name.")
    return dict(variables)


def _network(project: ProjectResources, settings: FunctionSettings, where: str) -> Network | None:
    """The network in which a function runs; None if it runs in Lambda's own.

    Raises:
        DeclarationError: the network is in another region, or lacks subnets or security groups.
    """
    network = settings.network or (project.env.network if settings.vpc else None)
    if network is project.env.network and project.env.is_away:
        raise DeclarationError(
            f"{where}: the network of the environment is in {project.env.home_region}, the project in {project.env.region}. "
            f"Give the function a network of that region in its settings."
        )
    if network is not None and not (network.subnet_ids and network.security_group_ids):
        raise DeclarationError(
            f"{where}: it is to run in a network that has {len(network.subnet_ids)} subnet_ids and "
            f"{len(network.security_group_ids)} security_group_ids, and needs some of both. Add them to `network` in "
            f"config/{project.env.name}.json, or take `vpc` and `network` out of its settings."
        )
    return network


def _problem(settings: FunctionSettings) -> str:
    """Which settings do not go together, as a sentence; empty if all do.

    Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    if settings.log_level and settings.log_format != "JSON":
        return 'log_level needs log_format "JSON"; text has no levels.'
    if problem := function_versions.problem(settings):
        return problem
    limits = (
        ("memory_mb", 10240, "CapacityProviderConfig", "on managed instances"),
        ("timeout_seconds", 900, "CapacityProviderConfig", "on managed instances"),
        ("ephemeral_storage_mb", 10240, "AcceleratorConfig", "with an accelerator"),
    )
    for name, most, needed, where in limits:  # of functions that are not of a special kind
        if (value := getattr(settings, name)) > most and needed not in settings.properties:
            return f"{name} is {value}; more than {most} is possible {where} alone: set {needed} in properties."
    return ""


def _file_system(project: ProjectResources, settings: FunctionSettings, where: str) -> tuple[list[JsonObject], tuple[Ref, ...]]:
    """The file systems of a function as Lambda spells them, and what they refer to.

    Raises:
        DeclarationError: the function has no network, in which a file system would be reached.
    """
    if settings.file_system is None:
        return [], ()
    if not (settings.network or settings.vpc):
        raise DeclarationError(f"{where}: file_system needs a network: set `vpc` or `network`.")
    values, refs = project.names.substitute(settings.file_system.model_dump(), where)
    return [{"Arn": values["arn"], "LocalMountPath": values["path"]}], refs


def _log_group(project: ProjectResources, ref: Ref, settings: FunctionSettings) -> Ref:
    """The log group of a function; it is a resource of the project unless its logging is unmanaged."""
    kind = kind_of("log-group")
    name = project.physical.of(kind, ref.key.name)
    group_ref = Ref(project.key(kind.name, ref.key.name), name, kind.arn_of(project.env, name))
    if settings.logging == "managed":
        days, by_default = project.env.log_retention(settings)
        project.add(LogGroup(identity=project.identity(group_ref), retention_days=days, by_default=by_default))
    return group_ref


class Functions(PipelineParts):
    """Lambda functions of a pipeline."""

    def function(
        self,
        reference: str,
        /,
        *,
        handler: str | None = None,
        folder: str | None = None,
        reads: Iterable[Granted] = (),
        writes: Iterable[Granted] = (),
        permissions: Iterable[Permission | NamedThing] = (),
        managed_policies: Iterable[str] = (),
        environment: Variables = None,
        includes: Iterable[str] = (),
        build: str | None = None,
        output: str = "dist",
        layers: Iterable[Ref] = (),
        settings: FunctionSettings | None = None,
        properties: JsonMapping | None = None,
        package: str | None = None,
        image: str | None = None,
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
        log_group_name: str | None = None,
    ) -> Ref:
        """A Lambda function in `lambda/<name>/` (or `folder`), its handler `handler.handler` (Node.js: `index.handler`).

        Args:
            reference: what references and configuration call it.
            handler: as Lambda spells it, ``file.function``.
            folder: where its code is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            permissions: what its role is allowed beside that, action by action: ``[allow("athena:GetWorkGroup", on="arn:…")]``.
            managed_policies: the ARNs of policies that its role gets as well.
            environment: variables; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            build: a command that makes the package in the folder `output`; run in a copy of the function's folder.
            output: see `build`.
            layers: layers of this project, shared ones, and those of others, which come after ours; if two have the same file,
                the later one wins.
            settings: what the declaration wants different from the defaults.
            properties: fields in AWS's own spelling that have no setting, as in ``{"LoggingConfig": {…}}``; tokens are replaced.
            image: the container image that it runs instead of a package: in ECR, by its digest, built elsewhere.
            package: the code that an imported function runs, until its files are edited; `invoke import` writes it.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: its exact name in AWS, instead of one that follows from a template; tokens are replaced.
            role_name: the same of its role; one that begins with a slash has a path, as in `/team/validate`.
            log_group_name: the same of its log group.
            role: a role that exists, as ``p.existing.role("company-lambda")``, instead of one that the deployer makes.
        """
        declaration = FunctionDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"lambda/{reference}"),
            handler=None if handler is None else validation.check_length("handler", handler, 128, 1),
            access=self._access(permissions, managed_policies, reads, writes),
            settings=validation.with_values(
                validation.with_properties(settings, properties), "environment", environment, package=package, image=image
            ),
            libraries=self._importable,
            includes=validation.check_texts("includes", includes),
            command=command(build, output),
            layers=validation.check_refs("layers", layers),
        )
        exact = Exact(name, role_name, log_group_name)
        return self._declarations.add("lambda", reference, declaration, accept_secret, exact, role)
