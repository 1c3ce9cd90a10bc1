"""The AWS types, one a file, which declares its `KIND`. A type is found by its file, and no list of them has to be kept."""

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
def kinds() -> Kinds:
    """Every kind of resource by its name."""
    return {module.KIND.name: module.KIND for module in _modules()}


def kind_of(name: str) -> Kind:
    """The kind of this name, which is declared in a type's file."""
    return kinds()[name]


@cache
def budgets() -> Budgets:
    """How fast AWS may be called."""
    return {**STORAGE, **{name: budget for kind in kinds().values() for name, budget in kind.budgets.items()}}


@cache
def refusals() -> Refusals:
    """Which refusals of AWS pass by themselves."""
    codes: dict[str, dict[str, str]] = {}
    for kind in kinds().values():
        codes.setdefault(kind.service, {}).update(kind.passing.codes)
    messages = tuple((kind.service, text) for kind in kinds().values() for text in kind.passing.messages)
    seconds = {(kind.service, code): seconds for kind in kinds().values() for code, seconds in kind.passing.seconds.items()}
    return Refusals(codes, messages, seconds)


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
