"""The AWS types, one a file, which declares its `KIND`. A type is found by its file, and no list of them has to be kept."""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from common.model.declared import Declared
from common.model.kind import Kind, Kinds
from common.model.orphan import Type


@cache
def kinds() -> Kinds:
    """Every kind of resource by its name."""
    return {module.KIND.name: module.KIND for module in _modules()}


def kind_of(name: str) -> Kind:
    """The kind of this name, which is declared in a type's file."""
    return kinds()[name]


def of_kind(name: str) -> Type | None:
    """The type whose keys begin with `name`; None if there is none. What a record says is compared, never imported."""
    return _types().get(name)


@cache
def _types() -> dict[str, Type]:
    return {module.KIND.name: _type_of(module) for module in _modules()}


def _modules() -> Iterator[ModuleType]:
    found = (import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__))
    return (module for module in found if hasattr(module, "KIND"))


def _type_of(module: ModuleType) -> Type:
    """The one type of a file."""
    (found,) = (
        one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Declared) and one is not Declared
    )
    return found  # type: ignore[return-value] # Declared leaves its two verbs to the types
