"""The AWS types, each in a file of its own that declares its `KIND`. The types are found by their files, without any list."""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from common.aws.rates import STORAGE, Budgets
from common.aws.retries import Refusals
from common.model.declared import Declared
from common.model.kind import Kind, Kinds
from common.model.orphan import Type


@cache
def every_kind() -> Kinds:
    """All kinds by their names: those of resources, and those of things that are only referred to."""
    return {module.KIND.name: module.KIND for module in _modules()}


@cache
def kinds() -> Kinds:
    """All kinds of resources by their names."""
    return {name: kind for name, kind in every_kind().items() if kind.step}


def kind_of(name: str) -> Kind:
    """The kind with this name, which the file of a type declares."""
    return every_kind()[name]


@cache
def budgets() -> Budgets:
    """How fast the services of all kinds may be called."""
    return {**STORAGE, **{name: budget for kind in kinds().values() for name, budget in kind.budgets.items()}}


@cache
def refusals() -> Refusals:
    """The errors of AWS that pass by themselves, of all kinds."""
    codes: dict[str, dict[str, str]] = {}
    for kind in kinds().values():
        codes.setdefault(kind.service, {}).update(kind.passing.codes)
    messages = tuple((kind.service, text) for kind in kinds().values() for text in kind.passing.messages)
    seconds = {(kind.service, code): seconds for kind in kinds().values() for code, seconds in kind.passing.seconds.items()}
    return Refusals(codes, messages, seconds)


def of_kind(name: str) -> Type | None:
    """The type whose keys begin with `name`; None if no type does. The name may come from a record, so it is never imported."""
    return _types().get(name)


@cache
def _types() -> dict[str, Type]:
    return {module.KIND.name: _type_of(module) for module in _modules() if module.KIND.step}


def _modules() -> Iterator[ModuleType]:
    modules = (import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__))
    return (module for module in modules if hasattr(module, "KIND"))


def _type_of(module: ModuleType) -> Type:
    """The resource type that a file defines."""
    (type_,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Declared) and value is not Declared
    )
    return type_  # type: ignore[return-value] # Declared leaves its two verbs to the types
