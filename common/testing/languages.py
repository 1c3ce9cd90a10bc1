"""How states prepare what they call, and make their output, in the two query languages.

JSONPath: InputPath, Parameters, (call), ResultSelector, ResultPath, OutputPath. JSONata: Arguments, (call), Output. In both,
Assign sees the variables as they were when the state was entered.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
and https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from collections.abc import Mapping
from typing import Protocol

from common.base.json_types import Json, JsonMapping, JsonObject
from common.testing import intrinsic_values, json_path_values, jsonata_values
from common.testing.errors import RUNTIME, StateError
from common.testing.scope import Scope

ENDING = ".$"
"""Names of fields end so whose values are paths or intrinsic functions."""
WITH_RESULT = frozenset({"Task", "Parallel", "Map", "Pass"})
"""The types of states that have a result."""


class Language(Protocol):
    """A query language."""

    def selected(self, state: JsonMapping, scope: Scope) -> Json:
        """What the state works with: in JSONPath its input after InputPath, in JSONata its input."""

    def arguments(self, state: JsonMapping, scope: Scope) -> Json:
        """What the state hands to what it calls.

        Raises:
            StateError: an expression fails.
        """

    def value(self, state: JsonMapping, name: str, scope: Scope, default: Json = None) -> Json:
        """The value of a field such as TimeoutSeconds, which may be an expression or have a path beside it.

        Raises:
            StateError: an expression fails.
        """

    def template(self, value: Json, scope: Scope, field: str, data: Json = None) -> Json:
        """A template with its expressions evaluated; `data` is what paths begin in.

        Raises:
            StateError: an expression fails.
        """

    def finished(
        self, state: JsonMapping, scope: Scope, result: Json, rule: JsonMapping | None = None
    ) -> tuple[Json, JsonObject]:
        """The output of a state and the variables that it assigns; `rule` is the rule of a Choice that holds.

        Raises:
            StateError: an expression fails.
        """

    def caught(self, catcher: JsonMapping, scope: Scope, error_output: Json) -> tuple[Json, JsonObject]:
        """The same of an error that was caught.

        Raises:
            StateError: an expression fails.
        """


class PathLanguage:
    """JSONPath."""

    def selected(self, state: JsonMapping, scope: Scope) -> Json:
        """See `Language`."""
        return self._path(state, "InputPath", scope.input, scope)

    def arguments(self, state: JsonMapping, scope: Scope) -> Json:
        """See `Language`."""
        data = self.selected(state, scope)
        return self.template(state["Parameters"], scope, "Parameters", data) if "Parameters" in state else data

    def value(self, state: JsonMapping, name: str, scope: Scope, default: Json = None) -> Json:
        """See `Language`."""
        if f"{name}Path" in state:
            path = state[f"{name}Path"]
            if not path.startswith("$"):
                return intrinsic_values.evaluate(path, self.selected(state, scope), scope, f"{name}Path")
            return json_path_values.evaluate(path, self.selected(state, scope), scope, f"{name}Path")
        return state.get(name, default)

    def template(self, value: Json, scope: Scope, field: str, data: Json = None) -> Json:
        """See `Language`."""
        if isinstance(value, list):
            return [self.template(inner, scope, field, data) for inner in value]
        if not isinstance(value, Mapping):
            return value
        result: JsonObject = {}
        for name, inner in value.items():
            if not name.endswith(ENDING):
                result[name] = self.template(inner, scope, name, data)
            elif inner.startswith("$"):
                result[name.removesuffix(ENDING)] = json_path_values.evaluate(inner, data, scope, name)
            else:
                result[name.removesuffix(ENDING)] = intrinsic_values.evaluate(inner, data, scope, name)
        return result

    def finished(
        self, state: JsonMapping, scope: Scope, result: Json, rule: JsonMapping | None = None
    ) -> tuple[Json, JsonObject]:
        """See `Language`."""
        if state["Type"] in WITH_RESULT:
            result = (
                self.template(state["ResultSelector"], scope, "ResultSelector", result) if "ResultSelector" in state else result
            )
            path = state.get("ResultPath", "$")
            whole = scope.input if path is None else json_path_values.put(path, scope.input, result)
        else:
            whole = result = self.selected(state, scope)
        assign = (state if rule is None else rule).get("Assign", {})
        return self._path(state, "OutputPath", whole, scope), self.template(assign, scope, "Assign", result)

    def caught(self, catcher: JsonMapping, scope: Scope, error_output: Json) -> tuple[Json, JsonObject]:
        """See `Language`."""
        path = catcher.get("ResultPath", "$")
        output = scope.input if path is None else json_path_values.put(path, scope.input, error_output)
        return output, self.template(catcher.get("Assign", {}), scope, "Assign", error_output)

    def _path(self, state: JsonMapping, field: str, data: Json, scope: Scope) -> Json:
        path = state.get(field, "$")
        return {} if path is None else json_path_values.evaluate(path, data, scope, field)


class JsonataLanguage:
    """JSONata."""

    def selected(self, state: JsonMapping, scope: Scope) -> Json:
        """See `Language`."""
        return scope.input

    def arguments(self, state: JsonMapping, scope: Scope) -> Json:
        """See `Language`."""
        return self.template(state["Arguments"], scope, "Arguments") if "Arguments" in state else scope.input

    def value(self, state: JsonMapping, name: str, scope: Scope, default: Json = None) -> Json:
        """See `Language`."""
        return self.template(state[name], scope, name) if name in state else default

    def template(self, value: Json, scope: Scope, field: str, data: Json = None) -> Json:
        """See `Language`."""
        return jsonata_values.evaluate_template(value, {}, scope, field)

    def finished(
        self, state: JsonMapping, scope: Scope, result: Json, rule: JsonMapping | None = None
    ) -> tuple[Json, JsonObject]:
        """See `Language`."""
        calling = state["Type"] in WITH_RESULT - {"Pass"}
        states = {"result": result} if calling else {}
        part = state if rule is None else rule
        output = result if calling else scope.input
        if "Output" in part:
            output = jsonata_values.evaluate_template(part["Output"], states, scope, "Output")
        return output, jsonata_values.evaluate_template(part.get("Assign", {}), states, scope, "Assign")

    def caught(self, catcher: JsonMapping, scope: Scope, error_output: Json) -> tuple[Json, JsonObject]:
        """See `Language`."""
        states = {"errorOutput": error_output}
        output = jsonata_values.evaluate_template(catcher.get("Output", error_output), states, scope, "Output")
        return output, jsonata_values.evaluate_template(catcher.get("Assign", {}), states, scope, "Assign")


LANGUAGES: Mapping[str, Language] = {"JSONPath": PathLanguage(), "JSONata": JsonataLanguage()}
"""The query languages by the value of QueryLanguage."""


def seconds(value: Json, field: str) -> float:
    """Returns a number of seconds.

    Raises:
        StateError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise StateError(RUNTIME, f"{field} must be a number of seconds, not {value!r}.")
    return value
