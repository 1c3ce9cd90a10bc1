"""What an account is asked, and what of it is selected."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.base.errors import AwsError, UsageError
from common.importing import deployers, policy
from common.importing.absent import find_absent
from common.importing.account import LiveAccount
from common.importing.references import SECTIONS, Used
from common.importing.selection import Selection
from common.importing.writers import why_not
from tests.importing.live import ENV, Live, account, arn, client, tasks
from tests.resources.scripted import ScriptedAws

INVOKE, RUN, CRAWL = (
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::aws-sdk:glue:startCrawler",
)
START = "arn:aws:states:::states:startExecution.sync:2"
IAM_NAMES = {"stepfunctions": "states", "cloudwatch-events": "events", "eventbridge": "events", "resourcegroupstaggingapi": "tag"}


@pytest.fixture
def live(moto: None) -> Live:
    """Two functions and a job that a machine reaches, through another machine; a function, a job and a rule that none reaches."""
    made = Live()
    validate = made.function("fsa-dev-orders-Validate")
    made.function("fsa-dev-orders-Notify")
    made.function("fsa-dev-other")
    made.job("fsa-dev-orders-clean")
    made.job("fsa-dev-other")
    made.crawler("fsa-dev-orders-tables")
    load = arn("states", "stateMachine:fsa-dev-orders-Load")
    main = made.machine("fsa-dev-orders-Main", tasks((f"{validate}:live", {}), (START, {"StateMachineArn": load})))
    made.machine(
        "fsa-dev-orders-Load",
        tasks(
            (RUN, {"JobName": "fsa-dev-orders-clean"}),
            (CRAWL, {"Name": "fsa-dev-orders-tables"}),
            (INVOKE, {"FunctionName": "fsa-dev-orders-Notify:$LATEST"}),
            (INVOKE, {"FunctionName": "elsewhere"}),
            (START, {"StateMachineArn": main}),
        ),
    )
    made.rule("every-night", main, ScheduleExpression="cron(0 3 * * ? *)", State="ENABLED")
    made.rule("unrelated", arn("lambda", "function:fsa-dev-other"), ScheduleExpression="rate(1 day)", State="ENABLED")
    return made


def selected(selection: Selection) -> list[str]:
    with account() as reading:
        return [str(resource) for resource in reading.selected(selection)]


ORDERS = [
    "function fsa-dev-orders-Notify",
    "function fsa-dev-orders-Validate",
    "job fsa-dev-orders-clean",
    "crawler fsa-dev-orders-tables",
    "state_machine fsa-dev-orders-Load",
    "state_machine fsa-dev-orders-Main",
    "trigger every-night",
]


def test_names_select_every_kind_and_what_starts_a_machine_comes_with_it(live: Live) -> None:
    assert selected(Selection(("fsa-dev-orders-*",))) == ORDERS


def test_a_machine_is_selected_with_all_that_it_reaches(live: Live) -> None:
    assert selected(Selection(machines=("fsa-dev-orders-Main",))) == ORDERS
    assert selected(Selection(machines=(arn("states", "stateMachine:fsa-dev-orders-Load"),))) == ORDERS, "they name each other"


def test_what_a_tag_names_is_selected(live: Live) -> None:
    client("lambda").tag_resource(Resource=arn("lambda", "function:fsa-dev-other"), Tags={"team": "orders"})
    assert selected(Selection(tags={"team": "orders"})) == ["function fsa-dev-other"]


def test_all_that_is_selected_is_imported_together(live: Live) -> None:
    both = selected(Selection(("unrelated", "fsa-dev-other")))
    assert both == ["function fsa-dev-other", "job fsa-dev-other", "trigger unrelated"]


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(("fsa-dev-orders-*", "fsa-prod-*")), "--match 'fsa-prod-*' matches no function"),
        (Selection(("FSA-dev-orders-*",)), "capital letters count"),
        (Selection(tags={"team": "nobody"}), "--tag team=nobody: nothing"),
        (Selection(machines=("fsa-dev-orders-Mian",)), "Did you mean 'fsa-dev-orders-Main'?"),
    ],
)
def test_what_selects_nothing_is_refused(live: Live, selection: Selection, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        selected(selection)
    assert words in str(caught.value)
    assert "Nothing was written." in str(caught.value)


def test_a_role_that_glue_shows_by_its_name_has_its_path(live: Live) -> None:
    with account() as reading:
        resources = reading.selected(Selection(("fsa-dev-orders-*",)))
    roles = {resource.live["Role"] for resource in resources if resource.kind in {"glue-job", "crawler"}}
    assert roles == {live.role}
    assert live.role.endswith(":role/team/fsa")


def test_a_machine_that_a_key_keeps_from_the_caller_does_not_stop_the_others() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html#API_DescribeStateMachine_Errors."""
    machine = {"name": "secret", "stateMachineArn": arn("states", "stateMachine:secret"), "type": "STANDARD"}
    refused = AwsError("stepfunctions", "DescribeStateMachine", "KmsAccessDeniedException", "the key is not yours.")
    script: dict[str, Any] = {
        "lambda:ListFunctions": {"Functions": []},
        "glue:GetJobs": {"Jobs": []},
        "glue:GetCrawlers": {"Crawlers": []},
        "stepfunctions:ListStateMachines": {"stateMachines": [machine]},
        "stepfunctions:DescribeStateMachine": refused,
        "stepfunctions:ListStateMachineAliases": {"stateMachineAliases": []},
        "events:ListRules": {"Rules": []},
        "events:ListRuleNamesByTarget": {"RuleNames": []},
    }
    with ThreadPoolExecutor(1) as pool:
        (resource,) = LiveAccount(ENV, ScriptedAws(script), pool).selected(Selection(("secret",), machines=("secret",)))
    assert why_not(resource) == "AWS does not show it: the key is not yours."


def test_who_calls_a_function_besides_is_told(live: Live) -> None:
    client("lambda").add_permission(
        FunctionName="fsa-dev-other",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::in",
    )
    with account() as reading:
        (resource,) = reading.selected(Selection(("fsa-dev-orders-Notify",)))
        assert reading.triggers(resource) == []
        other = reading.of("lambda")["fsa-dev-other"]
        assert reading.triggers(other) == ["s3.amazonaws.com arn:aws:s3:::in"]


def test_rules_of_other_buses_are_told_and_stay(live: Live) -> None:
    events, main = client("events"), arn("states", "stateMachine:fsa-dev-orders-Main")
    for bus in ("partners", "quiet"):
        events.create_event_bus(Name=bus)
    events.put_rule(Name="arrived", EventBusName="partners", EventPattern='{"source": ["partner"]}')
    events.put_targets(Rule="arrived", EventBusName="partners", Targets=[{"Id": "1", "Arn": main, "RoleArn": live.role}])
    with account() as reading:
        resources = reading.selected(Selection(("fsa-dev-orders-*",)))
        assert "arrived" not in {resource.name for resource in resources}
        buses = reading.other_buses()
        assert sorted(buses) == ["partners", "quiet"]
        machines_of = {resource.name: resource for resource in resources if resource.kind == "state-machine"}
        told = {name: reading.rules_elsewhere(machine, buses) for name, machine in machines_of.items()}
    assert told == {
        "fsa-dev-orders-Main": ["the rule arrived of the event bus partners"],
        "fsa-dev-orders-Load": [],
    }


def test_schedules_are_known_by_what_they_call(live: Live) -> None:
    main = arn("states", "stateMachine:fsa-dev-orders-Main")
    target = {"Arn": main, "RoleArn": live.role}
    client("scheduler").create_schedule(
        Name="hourly", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    with account() as reading:
        assert reading.schedules() == {main: ["default/hourly"]}


def test_every_call_is_in_the_printed_policy_and_none_changes_anything(live: Live, aws_calls: list[str]) -> None:
    client("s3").put_object(Bucket="company-code", Key="x", Body=b"x")
    aws_calls.clear()
    with account() as reading:
        resources = reading.selected(Selection(("fsa-dev-*",), machines=("fsa-dev-orders-Main",)))
        reading.triggers(next(resource for resource in resources if resource.kind == "lambda"))
        reading.retention("/aws/lambda/x")
        reading.schedules()
        reading.alarms()
        reading.rules_elsewhere(resources[0], reading.other_buses())
        reading.object("s3://company-code/x")
        assert reading.list_buckets()
        named = dict.fromkeys(SECTIONS, "some-name") | {"key": "0" * 32}
        assert find_absent(reading, [Used(kind, "x", name) for kind, name in named.items()])
    allowed = {action for statement in policy.document(ENV)["Statement"] for action in statement["Action"]}
    names = {call.partition(":") for call in aws_calls}
    made = {f"{IAM_NAMES.get(service, service)}:{name}" for service, _, name in names}
    made = {"s3:ListAllMyBuckets" if call == "s3:ListBuckets" else call for call in made}
    assert made <= allowed
    of_types = {"cloudformation:GetResource", "cloudformation:ListResources"}  # moto has no Cloud Control API
    of_versions = {"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:ListVersionsByFunction"}  # of an alias
    of_versions |= {"states:DescribeStateMachineAlias", "states:ListStateMachineVersions"}
    assert allowed - made == {"tag:GetResources", *of_types, *of_versions}, "nothing is allowed that is not used"
    assert all(action.partition(":")[2].startswith(("Get", "List", "Describe")) for action in allowed)


def test_who_else_deploys_what_is_imported_is_told(live: Live) -> None:
    stack = {"aws:cloudformation:stack-name": "orders-stack", "aws:cloudformation:logical-id": "X"}
    others = {"deployer:environment": "t-other/prod", "deployer:project": "orders"}
    ours = {"deployer:environment": ENV.owner, "deployer:project": "sales"}
    client("lambda").tag_resource(Resource=arn("lambda", "function:fsa-dev-orders-Validate"), Tags=stack)
    client("glue").tag_resource(ResourceArn=arn("glue", "job/fsa-dev-orders-clean"), TagsToAdd=stack)
    live.function("fsa-dev-orders-First", Tags=others)
    live.function("fsa-dev-orders-Second", Tags=ours)
    with account() as reading:
        resources = reading.selected(Selection(("fsa-dev-orders-*",)))
        notes = [*deployers.notes(reading, "orders", resources)]
        assert notes[0].startswith(
            "the CloudFormation stack orders-stack deploys function fsa-dev-orders-Validate, job fsa-dev-orders-clean, too. "
        )
        assert notes[1:] == [
            f"{ENV.owner}:sales deploys function fsa-dev-orders-Second already: `--adopt-from {ENV.owner}:sales` takes that over",
            "t-other/prod deploys function fsa-dev-orders-First already: `--adopt-from t-other/prod` takes that over",
        ]
        assert len([*deployers.notes(reading, "sales", resources)]) == 2
