"""References in place of ARNs and names: replaced again, they give what was live, letter by letter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.environment.config import Environment
from common.importing.references import References
from common.importing.selection import Keys, Selection
from common.model.reference import Names, Ref
from common.model.resource import Key
from common.resources import kinds
from tests.support.repository import ACCOUNT, CONFIG

ENV = Environment.model_validate(dict(CONFIG))
HERE = f"eu-central-1:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:{HERE}:function:fsa-dev-Validate"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:fsa-dev-Load"
OTHER = f"arn:aws:lambda:{HERE}:function:customers-Lookup"
ELSEWHERE = "arn:aws:lambda:eu-west-1:999999999999:function:fsa-dev-Validate"
IMPORTED = {
    ("lambda", "fsa-dev-Validate"): "Validate",
    ("glue-job", "fsa-dev-clean"): "clean",
    ("state-machine", "fsa-dev-Load"): "Load",
    ("state-machine", "fsa-dev-Validate"): "Validate",
    ("crawler", "fsa-dev-tables"): "tables",
}


def references() -> References:
    stem = Selection(("fsa-dev-*",)).stem_of_used
    keys = Keys((kind, key) for (kind, _), key in IMPORTED.items())
    return References(ENV, keys, lambda name: stem(name, ENV, ""), IMPORTED, {"fsa-dev-landing"})


def names(made: References) -> Names:
    """The names to which a declaration with these references could refer."""
    result = Names(made.parameters, kinds(), ENV.account)
    for (kind, name), key in IMPORTED.items():
        result.add(Ref(Key("orders", kind, key), name, kinds()[kind].arn_of(ENV, name)))
    for used in made.new_uses():
        arn = used.name if used.name.startswith("arn:") else kinds()[used.kind].arn_of(ENV, used.name)
        result.add(Ref(Key("existing", used.kind, used.key), used.name, arn))
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FUNCTION, "${function.Validate.arn}"),
        (f"{FUNCTION}:live", "${function.Validate.arn}:live"),
        (f"{FUNCTION}:$LATEST", "${function.Validate.arn}:$LATEST"),
        (MACHINE, "${Load.arn}"),
        (OTHER, "${customers-Lookup.arn}"),
        ("s3://fsa-dev-landing/in/", "s3://${landing.name}/in/"),
        ("s3://company-raw", "s3://${company-raw.name}"),
        ("arn:aws:s3:::company-raw/*", "${company-raw.arn}/*"),
        ("fsa-dev-landing", "${landing.name}"),
        ("fsa-dev-clean", "${clean.name}"),
        ("fsa-dev-Validate", "fsa-dev-Validate"),  # a function and a machine are called so: it may be either
        ("landing", "landing"),
        ("${stage}", "$${stage}"),
        ("$${x}", "$$${x}"),
        (f"${FUNCTION}", f"${FUNCTION}"),
        (f"arn:aws:dynamodb:{HERE}:table/runs/index/by-day", "${runs.arn}/index/by-day"),
        (f"arn:aws:sns:{HERE}:FSA-DEV-Alerts", "${Alerts.arn}"),
        ("s3://Bad_Bucket/x", "s3://Bad_Bucket/x"),
        ("", ""),
    ],
)
def test_a_text_gets_references(text: str, expected: str) -> None:
    made = references()
    assert made.text(text) == expected
    assert names(made).substitute(expected, "here", texts=True)[0] == text


def test_what_is_elsewhere_is_used_by_its_arn() -> None:
    made = references()
    made.text(ELSEWHERE)
    (used,) = made.new_uses()
    assert (used.kind, used.name) == ("lambda", ELSEWHERE)


PARTS = (FUNCTION, MACHINE, OTHER, ELSEWHERE, "s3://fsa-dev-landing/", "fsa-dev-clean", "${", "$", "}", "{", " ", "/", ":", "a")


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
def test_replaced_again_every_text_is_as_it_was(text: str) -> None:
    made = references()
    written = made.text(text)
    assert names(made).substitute(written, "here", texts=True)[0] == text


def task(integration: str, after: str = "", **parameters: Any) -> dict[str, Any]:
    end = {"Next": after} if after else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{integration}", "Parameters": parameters, **end}


CRAWL = {"StartAt": "Crawl", "States": {"Crawl": task("aws-sdk:glue:startCrawler", Name="fsa-dev-tables")}}
START = {"StartAt": "Start", "States": {"Start": task("states:startExecution.sync:2", StateMachineArn=MACHINE)}}
DEFINITION: dict[str, Any] = {
    "StartAt": "fsa-dev-Validate",
    "States": {
        "fsa-dev-Validate": {"Type": "Task", "Resource": FUNCTION, "Next": "Clean"},
        "Clean": task("glue:startJobRun.sync", "Both", JobName="fsa-dev-clean", Arguments={"--name": "fsa-dev-clean"}),
        "Both": {"Type": "Parallel", "Branches": [CRAWL, START], "Next": "Look"},
        "Look": task("lambda:invoke", "Choose", FunctionName="customers-Lookup:live"),
        "Choose": task("lambda:invoke", "Remember", **{"FunctionName.$": "$.function"}),
        "Remember": task("dynamodb:putItem", TableName="fsa_runs", Item={"id": {"S.$": "$.id"}}),
    },
}


def test_a_definition_gets_references_where_a_parameter_says_what_it_names() -> None:
    made = references()
    written = made.definition(DEFINITION)
    states = written["States"]
    assert written["StartAt"] == "fsa-dev-Validate", "names of states are not names of functions"
    assert states["fsa-dev-Validate"]["Resource"] == "${function.Validate.arn}"
    assert states["Clean"]["Parameters"] == {"JobName": "${clean.name}", "Arguments": {"--name": "fsa-dev-clean"}}
    crawl, start = (branch["States"] for branch in states["Both"]["Branches"])
    assert crawl["Crawl"]["Parameters"] == {"Name": "${tables.name}"}
    assert start["Start"]["Parameters"] == {"StateMachineArn": "${Load.arn}"}
    assert states["Look"]["Parameters"] == {"FunctionName": "${customers-Lookup.name}:live"}
    assert states["Choose"]["Parameters"] == {"FunctionName.$": "$.function"}
    assert states["Remember"]["Parameters"]["TableName"] == "${runs.name}"
    assert names(made).substitute(written, "here")[0] == DEFINITION


def test_of_two_that_refer_to_each_other_one_is_spelled_out() -> None:
    """Names are known before anything exists, but each resource waits for those that it refers to."""
    made = references()
    made.present = ("state-machine", "fsa-dev-Load")
    assert made.text(MACHINE) == "${Load.arn}", "any may refer to itself"
    assert made.text(FUNCTION) == "${function.Validate.arn}"
    made.present = ("lambda", "fsa-dev-Validate")
    written = made.text(MACHINE)
    assert written == "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:fsa-${stage}-Load"
    assert names(made).substitute(written, "here", texts=True)[0] == MACHINE
    made.present = ("glue-job", "fsa-dev-clean")
    assert made.text(MACHINE) == "${Load.arn}"


def test_the_environment_in_a_name_is_a_parameter() -> None:
    made = references()
    assert made.staged("fsa-dev-orders_DEV") == "fsa-${stage}-orders_${stage_in_capitals}"
    assert made.parameters == {"stage": "dev", "stage_in_capitals": "DEV"}
    assert made.staged("develop-devices") == "develop-devices"


def test_a_parameter_that_means_something_else_is_left_alone() -> None:
    made = references()
    made.taken = {"stage": "development", "stage_in_capitals": "DEV"}
    assert made.staged("fsa-dev-orders_DEV") == "fsa-${stage_in_names}-orders_${stage_in_capitals}"
