"""Parameters that a declaration reads as whole numbers."""

import pytest

from common.environment.parameter_values import Parameters, Value


@pytest.mark.parametrize("value", [5, "5", " 5 ", 5.0])
def test_a_whole_number_is_read_from_configuration_and_from_parameter_store(value: Value) -> None:
    parameters = Parameters({"wait": value})
    assert parameters.integer("wait") == 5
    assert parameters.used == {"wait"}


@pytest.mark.parametrize("value", ["5.5", 5.5, True, "soon", [5], "1e3"])
def test_anything_else_is_refused_with_its_name(value: Value) -> None:
    with pytest.raises(ValueError, match="the parameter wait must be a whole number, not "):
        Parameters({"wait": value}).integer("wait")
