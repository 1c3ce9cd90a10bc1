"""What is selected, and what it is called in the project."""

import pytest

from common.base.errors import UsageError
from common.environment.config import Environment
from common.importing.selection import Keys, Selection, common_beginning
from tests.support.repository import CONFIG

ENV = Environment.model_validate(dict(CONFIG))


@pytest.mark.parametrize(
    ("pattern", "name", "stem"),
    [
        ("fsa-dev-orders-*", "fsa-dev-orders-Validate", "Validate"),
        ("fsa-dev-orders*", "fsa-dev-orders-Validate", "orders-Validate"),
        ("fsa-dev-ord*", "fsa-dev-orders-Validate", "orders-Validate"),
        ("FSA_*_DEV", "FSA_load_orders_DEV", "load_orders"),
        ("*_DEV", "load_DEV", "load"),
        ("*DEV", "loadDEV", "loadDEV"),
        ("orders-*", "orders-", "orders-"),
        ("orders", "orders", "orders"),
        ("fsa-[pd]*-x", "fsa-dev-x", "dev"),
        ("*", "fsa-dev-orders", "fsa-dev-orders"),
    ],
)
def test_a_key_is_what_the_pattern_does_not_say(pattern: str, name: str, stem: str) -> None:
    selection = Selection((pattern,))
    assert selection.matches(name)
    assert selection.stem(name, "") == stem


def test_without_a_pattern_what_all_names_have_in_common_is_left_out() -> None:
    names = ["fsa-dev-orders-Validate", "fsa-dev-orders-Values", "fsa-dev-orders-load"]
    assert common_beginning(names) == "fsa-dev-orders-"
    assert [Selection().stem(name, common_beginning(names)) for name in names] == ["Validate", "Values", "load"]
    assert common_beginning(["load"]) == ""
    assert common_beginning(["load", "load-2"]) == ""


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("fsa-dev-landing-zone", "landing-zone"),
        ("FSA-DEV-Alerts", "Alerts"),
        ("t-dev-raw-123456789012", "raw"),
        ("company-raw-123456789012-eu-central-1", "company-raw"),
        ("fsa", "fsa"),
        ("fsa-dev", "dev"),
        ("fsa_dev_orders", "orders"),
    ],
)
def test_what_is_used_is_called_without_words_that_say_whose_it_is(name: str, stem: str) -> None:
    assert Selection(("fsa-dev-orders-*",)).stem_of_used(name, ENV, "") == stem


def test_keys_are_given_once_whatever_their_case() -> None:
    keys = Keys([("lambda", "Validate")])
    assert keys.give("lambda", "validate") == "validate_function"
    assert keys.give("glue-job", "VALIDATE") == "VALIDATE_job", "artifacts of functions and jobs share their names"
    assert keys.give("state-machine", "Validate") == "Validate"
    assert keys.give("state-machine", "Validate") == "Validate_state_machine"
    assert keys.give("state-machine", "Validate") == "Validate_state_machine_2"


@pytest.mark.parametrize(
    ("stem", "key"),
    [("a b.c", "a_b_c"), ("01-load", "job_01-load"), ("--", "job"), ("über", "ber"), ("con", "job_con"), ("x()", "x")],
)
def test_a_key_has_the_characters_that_keys_may_have(stem: str, key: str) -> None:
    assert Keys().give("glue-job", stem) == key


def test_what_is_used_shares_its_key_with_nothing() -> None:
    keys = Keys()
    assert keys.give("lambda", "orders") == "orders"
    assert keys.give_apart("bucket", "Orders") == "Orders_bucket"


def test_options_are_given_several_times_or_with_commas() -> None:
    selection = Selection.of(["a-*, b-*", "c"], ["team=orders", "app=x=y"], ["m"])
    assert selection == Selection(("a-*", "b-*", "c"), {"team": "orders", "app": "x=y"}, ("m",))


@pytest.mark.parametrize("tag", ["team", "=orders", "="])
def test_a_tag_is_a_pair(tag: str) -> None:
    with pytest.raises(UsageError, match="a tag is key=value"):
        Selection.of([], [tag], [])


@pytest.mark.parametrize("empty", [[], [""], [" , "]])
def test_something_must_be_selected(empty: list[str]) -> None:
    with pytest.raises(UsageError, match=r"What is to be imported\?"):
        Selection.of(empty, [], [])
