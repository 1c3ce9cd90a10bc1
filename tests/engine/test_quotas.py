"""What a plan would pass of the account's quotas is told before anything is created, and a small plan asks nothing."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.iam.models import AccountSummary
from moto.servicequotas.responses import ServiceQuotasResponse

from common.aws.session import AwsSession
from common.base.errors import AwsError, DeployError
from common.engine.quotas import UNCHECKED_CREATIONS, check_quotas
from common.environment.config import Environment
from common.environment.project import Project
from common.model.declared import Identity
from common.model.resource import Action, Change, Key, Plan, Resource
from common.resources import kinds
from tests.resources.scripted import refused
from tests.support.deploying import ENV, Sequential
from tests.support.fake_aws import FakeAws, Text, Thing, World
from tests.support.repository import Repository

GIGABYTE = 2**30
DENIED = refused("any", "AccessDeniedException", "not authorized")
COUNTED = {
    "bucket": ("ListBuckets", "Buckets", "Name"),
    "crawler": ("ListCrawlers", "CrawlerNames", ""),
    "database": ("GetDatabases", "DatabaseList", "Name"),
    "glue-job": ("ListJobs", "JobNames", ""),
    "rule": ("ListRules", "Rules", "Name"),
    "state-machine": ("ListStateMachines", "stateMachines", "name"),
    "table": ("ListTables", "TableNames", ""),
}


class Account(FakeAws):
    """An account that answers what these operations are to answer, in pages of up to 1,000."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(World())
        self.answers = answers

    def call(self, service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        self.calls[f"{service}:{operation}"] += 1
        answer = self.answers[operation]
        if isinstance(answer, AwsError):
            raise answer
        return dict(answer)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        assert not parameters.keys() & {"Tags", "Prefix", "NamePrefix"}, "others' count, too"
        yield self.call(service, operation, **parameters)


def listing(kind: str, number: int) -> dict[str, Any]:
    operation, items, name = COUNTED[kind]
    return {operation: {items: [{name: str(index)} if name else str(index) for index in range(number)]}}


def creating(kind: str, number: int, action: Action = Action.CREATE) -> Plan:
    return Plan(tuple(Change(Key("p", kind, f"r{index}"), action, "does not exist") for index in range(number)))


def check(aws: Account, plan: Plan, tmp_path: Path, resources: Sequence[Resource] = (), env: Environment = ENV) -> list[str]:
    """What is said."""
    notes: list[str] = []
    with Sequential() as pool:
        check_quotas(env, aws, plan, resources, tmp_path, pool, notes.append)
    return notes


QUOTAS = {name: kind.quota for name, kind in kinds().items() if kind.quota and kind.listing and name != "role"}


def quota(value: float) -> dict[str, Any]:
    return {"GetServiceQuota": {"Quota": {"Value": value}}}


@pytest.mark.parametrize("kind", [kind for kind, item in QUOTAS.items() if item.code])
def test_what_would_pass_a_quota_is_refused_with_all_numbers(kind: str, tmp_path: Path) -> None:
    what, service, code = QUOTAS[kind].what, QUOTAS[kind].service, QUOTAS[kind].code
    aws = Account({**listing(kind, 289), **quota(300.0)})
    assert check(aws, creating(kind, 11), tmp_path) == []
    with pytest.raises(DeployError) as caught:
        check(Account({**listing(kind, 290), **quota(300.0)}), creating(kind, 11), tmp_path)
    assert str(caught.value) == (
        "This plan would pass a quota of account 123456789012 in eu-central-1. Nothing was changed.\n"
        f"  300 {what} are allowed, 290 exist, and this plan would create 11: 1 too many. Raise it (aws service-quotas "
        f"request-service-quota-increase --service-code {service} --quota-code {code} --desired-value 301), "
        "or deploy a part of it: --project, --only."
    )


def test_what_would_pass_quotas_of_two_regions_is_refused_in_one_message(tmp_path: Path) -> None:
    away = {"q": Project(region="us-east-1")}
    changes = creating("glue-job", 11).changes
    plan = Plan((*changes, *(replace(change, key=change.key._replace(project="q")) for change in changes)))
    aws = Account({**listing("glue-job", 290), **quota(300.0)})
    with pytest.raises(DeployError, match=r"in eu-central-1\.(.|\n)* in us-east-1\.") as caught:
        check(aws, plan, tmp_path, env=ENV.model_copy(update={"projects": away}))
    assert str(caught.value).count("300 ") == 2


def test_roles_of_projects_in_two_regions_are_counted_together(tmp_path: Path) -> None:
    away = {"q": Project(region="us-east-1")}
    changes = creating("role", 60).changes
    plan = Plan((*changes, *(replace(change, key=change.key._replace(project="q")) for change in changes)))
    aws = Account({"GetAccountSummary": {"SummaryMap": {"Roles": 900, "RolesQuota": 1000}}})
    with pytest.raises(DeployError, match="this plan would create 120: 20 too many"):
        check(aws, plan, tmp_path, env=ENV.model_copy(update={"projects": away}))
    assert aws.calls == {"iam:GetAccountSummary": 1}


@pytest.mark.parametrize("kind", [*QUOTAS, "role", "lambda", "layer", "log-group"])
def test_a_plan_that_creates_few_of_a_kind_costs_no_call(kind: str, tmp_path: Path) -> None:
    aws = Account({})
    check(aws, creating(kind, UNCHECKED_CREATIONS), tmp_path)
    check(aws, creating(kind, 1000, Action.UPDATE), tmp_path)
    check(aws, creating("log-group", 1000), tmp_path)
    check(aws, creating(kind, 1000), tmp_path, env=ENV.model_copy(update={"embedded": object()}))
    assert aws.calls == {}


def test_roles_are_counted_by_one_call(tmp_path: Path) -> None:
    aws = Account({"GetAccountSummary": {"SummaryMap": {"Roles": 950, "RolesQuota": 1000}}})
    assert check(aws, creating("role", 50), tmp_path) == []
    assert aws.calls == {"iam:GetAccountSummary": 1}
    with pytest.raises(DeployError) as caught:
        check(aws, creating("role", 120), tmp_path)
    assert "1,000 IAM roles are allowed, 950 exist, and this plan would create 120: 70 too many" in str(caught.value)
    assert "--service-code iam --quota-code L-FE177D64 --region us-east-1 --desired-value 1070" in str(caught.value)


def test_code_that_would_not_fit_into_what_lambda_stores_is_refused(tmp_path: Path) -> None:
    texts = [Text(key=Key("p", "artifact", f"r{index}"), text=f"{index}" * 100) for index in range(10, 30)]
    things: list[Resource] = [
        Thing(
            identity=Identity(key=Key("p", "lambda", text.key.name), name=text.key.name, arn=f"arn:{text.key.name}", tags={}),
            fields={},
            code=text,
        )
        for text in texts
    ]
    uploads = tuple(Change(text.key, Action.UPLOAD, "not uploaded yet") for text in texts[:15])
    plan = Plan((*uploads, *creating("lambda", 30).changes))
    limits = {"AccountLimit": {"TotalCodeSize": 75 * GIGABYTE}}
    aws = Account({"GetAccountSettings": {**limits, "AccountUsage": {"TotalCodeSize": 75 * GIGABYTE - 3000}}})
    assert check(aws, plan, tmp_path, things) == []
    aws = Account({"GetAccountSettings": {**limits, "AccountUsage": {"TotalCodeSize": 75 * GIGABYTE - 2999}}})
    with pytest.raises(
        DeployError, match=r"80,530,636,800 bytes of code .* this plan would create 3,000: 1 too many.*--desired-value 76"
    ):
        check(aws, plan, tmp_path, things)


def test_an_account_that_has_asked_for_nothing_has_what_aws_gives_in_the_region(tmp_path: Path) -> None:
    """As GetServiceQuota tells no default.

    See https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    unset = {"GetServiceQuota": refused("GetServiceQuota", "NoSuchResourceException")}
    defaults = {"Quotas": [{"QuotaCode": "L-658A4FD9", "Value": 7.0}, {"QuotaCode": "L-244521F2", "Value": 100.0}]}
    aws = Account({**listing("rule", 95), **unset, "ListAWSDefaultServiceQuotas": defaults})
    with pytest.raises(
        DeployError, match="100 rules of the default event bus are allowed, 95 exist, and this plan would create 11: 6 too many"
    ):
        check(aws, creating("rule", 11), tmp_path)


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalFailure"])
def test_a_quota_that_may_not_be_read_is_told_and_refuses_nothing(code: str, tmp_path: Path) -> None:
    aws = Account({**listing("rule", 295), "GetServiceQuota": refused("GetServiceQuota", code)})
    (note,) = check(aws, creating("rule", 11), tmp_path)
    unknown = f"how many are allowed is unknown ({code}). By default 300 are allowed."
    assert note == f"This plan would create 11 rules of the default event bus; 295 exist; {unknown}"


@pytest.mark.parametrize(
    ("kind", "operation", "default"),
    [("role", "GetAccountSummary", "1,000"), ("layer", "GetAccountSettings", "80,530,636,800"), ("table", "ListTables", "2,500")],
)
def test_what_exists_and_may_not_be_counted_is_told_and_refuses_nothing(
    kind: str, operation: str, default: str, tmp_path: Path
) -> None:
    (note,) = check(Account({operation: DENIED}), creating(kind, 5000), tmp_path)
    assert note.endswith(f"how many exist is unknown (AccessDeniedException). By default {default} are allowed.")


def test_what_has_no_quota_to_be_asked_for_is_held_to_what_is_documented(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"100,000 state machines are allowed, 99,990 exist.*in the console of Service Quotas"):
        check(Account(listing("state-machine", 99_990)), creating("state-machine", 11), tmp_path)


@pytest.mark.parametrize("task", ["plan", "deploy"])
def test_a_command_is_refused_before_anything_is_created(
    task: str, moto: None, repository: Repository, monkeypatch: pytest.MonkeyPatch, aws_calls: list[str]
) -> None:
    repository.project("acres", *(f'p.function("F{number}", folder="lambda/Validate")' for number in range(20)))
    monkeypatch.setattr(AccountSummary, "summary_map", {"Roles": 999, "RolesQuota": 1000})
    ended = repository.invoke(task, "--env", "dev")
    assert ended.code == 1
    assert "1,000 IAM roles are allowed, 999 exist, and this plan would create 21: 20 too many." in ended.err
    assert not [call for call in aws_calls if not call.partition(":")[2].startswith(("Get", "List", "Head", "Describe"))]


def test_quotas_that_are_refused_do_not_stop_a_deploy(
    moto: None, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_response: Any) -> None:
        raise JsonRESTError("AccessDeniedException", "is not authorized to perform: servicequotas:GetServiceQuota")

    monkeypatch.setattr(ServiceQuotasResponse, "get_service_quota", refuse)
    repository.project("acres", *(f'p.job("j{number}", script="glue/landing/load.py")' for number in range(12)))
    ended = repository.invoke("deploy", "--env", "dev")
    assert (ended.code, ended.err) == (0, "")
    assert "This plan would create 12 Glue jobs; 0 exist; how many are allowed is unknown (AccessDeniedException)." in ended.out
    assert AwsSession("eu-central-1", "123456789012").call("glue", "ListJobs")["JobNames"]


def test_a_quota_is_asked_for_beside_what_exists(tmp_path: Path) -> None:
    class QuotaFirst(Account):
        """Answers how many exist only after the quota was asked for: who asks for it afterwards waits for ever."""

        asked = threading.Event()

        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            if operation == "GetServiceQuota":
                self.asked.set()
            assert self.asked.wait(20)
            return super().call(service, operation, **parameters)

    aws = QuotaFirst({**listing("glue-job", 289), **quota(300.0)})
    with ThreadPoolExecutor(2) as pool:
        check_quotas(ENV, aws, creating("glue-job", 11), [], tmp_path, pool, lambda _: None)
    assert aws.calls == {"glue:ListJobs": 1, "service-quotas:GetServiceQuota": 1}
