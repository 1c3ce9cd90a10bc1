"""Layers of Lambda functions in the declarations of pipelines and of root `deploy.py`.

The declarations alone determine which functions can use a layer: it is for one runtime and architecture.

Follows https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.declare import properties, validation
from common.declare.declaration import Configured
from common.declare.naming import Exact
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.validation import Reason
from common.environment.config import Environment
from common.environment.resource_settings import FunctionSettings
from common.model.declared import Identity
from common.model.existing import ExistingRef
from common.model.reference import Ref
from common.model.resource import Key, Resource
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.layer_package import LayerPackage
from common.packaging.node import Command, command
from common.packaging.source_files import display_path
from common.resources.layer import Layer

MAX_LAYERS = 5
"""How many layers Lambda accepts for a function."""


@dataclass(frozen=True, kw_only=True)
class LayerDeclaration:
    """A layer; `Pipeline.layer` explains every field."""

    folder: Path
    runtime: str | None = None
    architecture: str | None = None
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None
    properties: JsonMapping = field(default_factory=dict)

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the layer."""
        fields, named = properties.render(project, ref, self.properties)
        project.add(replace(self, properties=fields).layer(project.env, project.identity(ref, named)))

    def layer(self, env: Environment, identity: Identity) -> Layer:
        """Returns the layer. Its runtime and architecture are the declared ones, or else the defaults of functions.

        Raises:
            DeclarationError: there is no such folder.
        """
        key = identity.key
        if not self.folder.is_dir():
            raise DeclarationError(f"{key.project}: {key}: there is no folder {display_path(self.folder)}/.")
        runtime = self.runtime or env.defaults.function.runtime
        architecture = self.architecture or env.defaults.function.architecture
        FunctionSettings.model_validate({"runtime": runtime, "architecture": architecture})  # raises if they are wrong
        code = LayerPackage(
            key=key._replace(kind="artifact", name=f"{key.name}.layer"),
            prefix=env.stored(key.project),
            project_folder=env.folder(key.project),
            folder=self.folder,
            handler="",
            runtime=runtime,
            architecture=architecture,
            libraries=self.libraries,
            includes=self.includes,
            command=self.command,
            here=env.embedded is not None,
            accept_secret=identity.accept_secret,
        )
        return Layer(
            identity=replace(identity, needs=(*identity.needs, code.key)),
            code=code,
            bucket=env.artifact_bucket,
            runtime=runtime,
            architecture=architecture,
            properties=self.properties,
        )


def find_used_layers(
    refs: Iterable[Ref], resources: Mapping[Key, Resource], settings: FunctionSettings, where: str
) -> tuple[Layer, ...]:
    """Returns the layers that a function names.

    Args:
        refs: references to the layers, in the order in which Lambda unpacks them.
        resources: the declared resources.
        settings: the settings of the function.
        where: the subject of errors.

    Raises:
        DeclarationError: there are too many layers, or one is repeated, not a layer, or for another runtime or architecture.
    """
    used_layers: dict[Key, Layer] = {}
    every = list(refs)
    for ref in every:
        if ref.key.kind != "layer" or every.count(ref) > 1:
            wrong = "is named twice" if every.count(ref) > 1 else "is not a layer"
            raise DeclarationError(f"{where}: {ref.key} {wrong}. Name each of its layers once in `layers`.")
        if isinstance(ref, ExistingRef):
            continue
        layer = resources.get(ref.key)
        if not isinstance(layer, Layer):
            raise DeclarationError(f"{where} refers to the shared {ref.key}, which deploy.py does not declare.")
        if (layer.runtime, layer.architecture) != (settings.runtime, settings.architecture):
            raise DeclarationError(
                f"{where} runs {settings.runtime} on {settings.architecture}, but {ref.key} is for {layer.runtime} on "
                f"{layer.architecture}. Give the function a layer of its own runtime and architecture."
            )
        used_layers[ref.key] = layer
    if len(used_layers) + len(settings.layers) > MAX_LAYERS:
        raise DeclarationError(f"{where} has {len(used_layers) + len(settings.layers)} layers; Lambda accepts {MAX_LAYERS}.")
    return tuple(used_layers.values())


def of_others(refs: Iterable[Ref]) -> tuple[ExistingRef, ...]:
    """Returns those layers of a function that belong to others: versions, by their ARNs."""
    return tuple(ref for ref in refs if isinstance(ref, ExistingRef) and ref.key.kind == "layer")


def packages(layers: Iterable[Layer]) -> tuple[LayerPackage, ...]:
    """Returns the packages of layers."""
    return tuple(layer.code for layer in layers if isinstance(layer.code, LayerPackage))


class Layers(PipelineParts):
    """Layers of a pipeline."""

    def layer(
        self,
        reference: str,
        /,
        *,
        folder: str | None = None,
        runtime: str | None = None,
        architecture: str | None = None,
        includes: Iterable[str] = (),
        build: str | None = None,
        output: str = "dist",
        properties: JsonMapping | None = None,
        accept_secret: Reason = None,
        name: str | None = None,
    ) -> Ref:
        """A Lambda layer of the dependencies and files in `layers/<name>/` (or `folder`), for functions to share.

        Args:
            reference: what references call it.
            folder: where its files are, relative to the project.
            runtime: the runtime of the functions that use it; by default that of the environment's functions.
            architecture: see `runtime`.
            includes: dotted names of shared modules that it contains although none of its own modules imports them.
            build: as for a function; the output of the command is unpacked to /opt unchanged.
            output: see `build`.
            properties: fields in AWS's own spelling, as in ``{"LicenseInfo": "MIT"}``; tokens are replaced.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: as of a function.
        """
        declaration = LayerDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"layers/{reference}"),
            runtime=runtime,
            architecture=architecture,
            libraries=self._importable,
            includes=validation.check_texts("includes", includes),
            command=command(build, output),
            properties=validation.check_object("properties", properties or {}),
        )
        return self._declarations.add("layer", reference, declaration, accept_secret, Exact(name))
