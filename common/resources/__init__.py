"""The AWS types, one a file; a type is found by its `kind`, and no list of them has to be kept."""

import pkgutil
from functools import cache
from importlib import import_module

from common.model.declared import Declared
from common.model.orphan import Type


def of_kind(kind: str) -> Type | None:
    """The type whose keys begin with `kind`; None if there is none. What a record says is compared, never imported."""
    return _types().get(kind)


@cache
def _types() -> dict[str, Type]:
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    types = [one for module in modules for one in vars(module).values() if isinstance(one, type) and issubclass(one, Declared)]
    return {one.kind: one for one in types if one.kind}  # type: ignore[misc] # Declared leaves its two verbs to the types
