"""The base of the models of configuration, whose errors are explained.

Nothing is coerced, so that "512" is not 512, and an unknown key is an error.
"""

from collections.abc import Iterator, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from common.base.json_types import JsonMapping
from common.base.suggestions import did_you_mean, known_names


class Model(BaseModel):
    """The base of every model: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    def __deepcopy__(self, memo: object = None) -> Self:
        """The model itself: nothing changes it. Pydantic copies defaults for each model that has them."""
        return self

    def __copy__(self) -> Self:
        """A copy that computes anew what was computed of the original, as `model_copy` gives it other fields."""
        copy = super().__copy__()
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy


def explain_settings_error(error: ValidationError) -> str:
    """Explains the errors in settings of a declaration, each with its name, as sentences on one line."""
    models = {model.__name__: model for model in _models_below(Model)}
    problems = []
    for problem in error.errors(include_url=False):
        location, is_unknown = list(problem["loc"]), problem["type"] == "extra_forbidden"
        if location[-1] == "[key]" and not is_unknown:
            location.pop()
        path = ".".join(map(str, location))
        if is_unknown and error.title in models:
            keys = keys_at(models[error.title], location[:-1])
            problems.append(f"{error.title} has no {path!r}.{did_you_mean(location[-1], keys, otherwise=known_names(keys))}")
        else:
            problems.append(f"{path}: {problem['msg']}.")
    return " ".join(problems)


def _models_below(model: type[Model]) -> Iterator[type[Model]]:
    for below in model.__subclasses__():
        yield below
        yield from _models_below(below)


def keys_at(model: type[Model], location: Sequence[int | str]) -> list[str]:
    """Returns the keys that the object at `location` of a model may have, from the model's JSON schema."""
    root = model.model_json_schema(by_alias=True)
    node = _dereferenced(root, root)
    for part in location:
        named = node.get("properties", {}).get(part)
        many = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties") or node.get("items"))
        node = _dereferenced(root, named if named is not None else many or {})
    return list(node.get("properties", {}))


def _dereferenced(root: JsonMapping, node: JsonMapping) -> JsonMapping:
    """Returns the model that a node of a JSON schema refers to, or the node itself."""
    choices = [node, *node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    reference = next((choice["$ref"] for choice in choices if "$ref" in choice), None)
    return root["$defs"][reference.rpartition("/")[2]] if reference else node
