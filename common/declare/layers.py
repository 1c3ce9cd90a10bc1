"""Layers as pipelines declare them: a folder, its dependencies and the shared code it names, packed where Lambda looks for them.

A layer is unpacked to /opt, and Lambda looks for modules in some folders there, not in all: `python/` and `nodejs/node_modules/`.
What a function may use is told by the declarations alone: a layer is for one runtime and architecture.

Follows https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from common.base.errors import DeclarationError
from common.environment.config import Environment
from common.environment.resource_settings import FunctionSettings
from common.model.reference import Ref
from common.model.resource import Key, Resource
from common.packaging.archive import Members
from common.packaging.lambda_package import Package
from common.packaging.tree import shown
from common.resources.layer import Layer

MOST = 5
"""Layers of one function."""


@dataclass(frozen=True)
class LayerPackage(Package):
    """What a layer holds.

    Args:
        users: the packages that it is unpacked beside; what it may weigh depends on them.
    """

    users: list[Package] = field(default_factory=list, repr=False, compare=False)
    _made: dict[Path, Members] = field(default_factory=dict, repr=False, compare=False)
    kind: ClassVar[str] = "layer-package"

    def check_handler(self, *, glance: bool = True) -> None:
        """It has none."""

    def members(self, build_dir: Path) -> Members:
        """What it holds; asked for by each function that uses it."""
        return self._made.get(build_dir) or self._made.setdefault(build_dir, super().members(build_dir))

    def check_size(self, members: Members, build_dir: Path) -> None:
        """Compares it, and every function that uses it, with what Lambda accepts.

        Raises:
            ArtifactError: something is too large.
        """
        super().check_size(members, build_dir)
        for user in self.users:
            user.check_size(user.members(build_dir), build_dir)

    def placed(self, members: Members) -> Members:
        """Whoever builds a layer says where things go; what is none of that goes where Lambda looks for modules."""
        folder = "python" if self.runtime.startswith("python") else "nodejs"
        made = set() if self.command is None else {name for name, found in members.items() if self._shared.get(name) != found}
        return {name if name in made else f"{folder}/{name}": found for name, found in members.items()}


def layer(env: Environment, common: Mapping[str, Any], folder: Path, fits: tuple[str | None, str | None], *built: Any) -> Layer:
    """The layer that is made of a folder.

    Args:
        env: says what functions run on, unless the declaration does.
        common: what every resource has.
        folder: where its files are.
        fits: runtime and architecture.
        built: libraries, included modules and command, as `Package` takes them.

    Raises:
        DeclarationError: there is no such folder.
    """
    key: Key = common["key"]
    if not folder.is_dir():
        raise DeclarationError(f"{key.project}: {key}: there is no folder {shown(folder)}/.")
    runtime, architecture = fits[0] or env.defaults.function.runtime, fits[1] or env.defaults.function.architecture
    FunctionSettings.model_validate({"runtime": runtime, "architecture": architecture})  # says what is wrong with them
    name = key._replace(kind="artifact", name=f"{key.name}.layer")
    code = LayerPackage(
        name,
        f"{env.name}/{key.project}/",
        folder,
        "",
        runtime,
        architecture,
        *built,
        accept_secret=common.get("accept_secret", ""),
        here=env.embedded is not None,
    )
    needs = (*common.get("needs", ()), name)
    return Layer(**{**common, "needs": needs}, code=code, bucket=env.artifact_bucket, runtime=runtime, architecture=architecture)


def used(refs: Iterable[Ref], known: Mapping[Key, Resource], settings: FunctionSettings, where: str) -> tuple[Layer, ...]:
    """The layers that a function names.

    Args:
        refs: of the layers, in the order in which Lambda unpacks them.
        known: what is declared.
        settings: the function's.
        where: named in errors.

    Raises:
        DeclarationError: there are too many, one is named twice or is no layer, or is for another runtime or architecture.
    """
    found: dict[Key, Layer] = {}
    for ref in refs:
        one = known.get(ref.key)
        if ref.key.kind != "layer" or ref.key in found:
            wrong = "is named twice" if ref.key in found else "is no layer"
            raise DeclarationError(f"{where}: {ref.key} {wrong}. Name each of its layers once in `layers`.")
        if not isinstance(one, Layer):
            raise DeclarationError(f"{where} refers to the shared {ref.key}, which deploy.py does not declare.")
        if (one.runtime, one.architecture) != (settings.runtime, settings.architecture):
            raise DeclarationError(
                f"{where} runs {settings.runtime} on {settings.architecture}, but {ref.key} is for {one.runtime} on "
                f"{one.architecture}. Give the function a layer of its own runtime and architecture."
            )
        found[ref.key] = one
    if len(found) + len(settings.layers) > MOST:
        raise DeclarationError(f"{where} has {len(found) + len(settings.layers)} layers; Lambda accepts {MOST}.")
    return tuple(found.values())


def packages(layers: Iterable[Layer]) -> tuple[LayerPackage, ...]:
    """What layers hold."""
    return tuple(one.code for one in layers if isinstance(one.code, LayerPackage))
