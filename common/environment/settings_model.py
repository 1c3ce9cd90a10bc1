"""The base of the models of configuration: settings are merged, and errors in them are explained.

Nothing is coerced, so that "512" is not 512, and an unknown key is an error.
"""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from common.base.json_types import JsonMapping, JsonObject
from common.base.suggestions import did_you_mean, known_names


class Model(BaseModel):
    """The base of every model: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    def __deepcopy__(self, memo: object = None) -> Self:
        """The model itself: nothing changes it. Pydantic copies defaults for each model that has them."""
        return self


class Settings(Model):
    """Settings of one resource."""

    def over(self, *weaker: "JsonMapping | Settings | None") -> Self:
        """Merges settings: those set here win, then the first of `weaker` that sets a value, then the default."""
        merged: JsonObject = {}
        for layer in (*reversed(weaker), self):
            for name, value in _set_fields(layer).items():
                both = isinstance(value, dict) and isinstance(merged.get(name), dict)
                merged[name] = {**merged[name], **value} if both else value
        return type(self).model_validate(merged, strict=False)


def _set_fields(layer: JsonMapping | Settings | None) -> JsonObject:
    if isinstance(layer, Settings):
        return {name: getattr(layer, name) for name in layer.model_fields_set}
    return {name: value for name, value in (layer or {}).items() if value is not None}


def explain_settings_error(error: ValidationError) -> str:
    """Explains the errors in settings of a declaration, each with its name, as sentences on one line."""
    models: dict[str, type[Model]] = {model.__name__: model for model in (*Model.__subclasses__(), *Settings.__subclasses__())}
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
