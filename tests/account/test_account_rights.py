"""The printed policy is judged strictly, and what is taken out of it is missed."""

import copy
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from common import local
from common.environment import config_files
from common.environment.config import Environment
from tests.account import commands, rights
from tests.account.findings import Check, Finding, Verdict, judged
from tests.account.gate import Gate
from tests.account.place import Place
from tests.account.requests import model_of, request_of
from tests.account.runner import Run
from tests.faults.proxy import Call, Refused
from tests.support.iam import NEEDS, Asked, allows
from tests.support.repository import ROOT, Repository

PREFIX = "acctest-11252158"
Policy = dict[str, Any]
Change = Callable[[Policy], None]
ANYTHING = {"Effect": "Allow", "Action": ["glue:GetJob", "lambda:GetFunction"], "Resource": ["*"]}


class Poorer(Place):
    """Prints a policy of which something was taken out."""

    without: Change = staticmethod(lambda _: None)

    def guard(self, policy: Mapping[str, Any]) -> None:
        poorer = copy.deepcopy(dict(policy))
        type(self).without(poorer)
        super().guard(poorer)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Poorer(tmp_path_factory.mktemp("proof"), config_files.load(ROOT, "local"), PREFIX, 1.0)
    yield made
    made.close()


@pytest.fixture
def place(started: Place) -> Place:
    """Nothing is deployed there, and nothing was refused yet."""
    local.reset(started.repository.root)
    started.refused()
    return started


def no_action(action: str) -> Change:
    def take(policy: Policy) -> None:
        for statement in policy["Statement"]:
            statement["Action"] = [other for other in statement["Action"] if other != action]

    return take


def no_resource(part: str) -> Change:
    def take(policy: Policy) -> None:
        for statement in policy["Statement"]:
            statement["Resource"] = [arn for arn in statement["Resource"] if part not in arn]

    return take


def no_service(name: str) -> Change:
    def take(policy: Policy) -> None:
        for statement in policy["Statement"]:
            services = statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService", [])
            if name in services:
                services.remove(name)

    return take


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (no_action("iam:ListRoles"), "iam:ListRoles on *"),
        (no_resource(f":role/{PREFIX}/dev/"), f"iam:CreateRole on arn:aws:iam::000000000000:role/{PREFIX}/dev/proof/"),
        (no_action("s3:PutObjectTagging"), "s3:PutObjectTagging on"),
        (no_resource(f"{PREFIX}-artifacts-000000000000/*"), f"arn:aws:s3:::{PREFIX}-artifacts-000000000000/"),
        (no_resource(":function:"), "lambda:"),
        (no_action("lambda:GetLayerVersion"), "lambda:GetLayerVersion on"),
        (no_action("glue:CreateJob"), "glue:CreateJob on"),
        (no_service("glue.amazonaws.com"), "iam:PassRole on"),
        (no_action("states:TagResource"), "states:TagResource on"),
        (no_action("iam:PassRole"), "iam:PassRole on"),
        (no_action("logs:CreateLogDelivery"), "logs:CreateLogDelivery on *"),
    ],
)
@pytest.mark.timeout(120)
def test_what_is_taken_out_of_the_policy_is_missed_by_the_first_deploy(place: Place, without: Change, message: str) -> None:
    Poorer.without = staticmethod(without)
    finding = commands.first_deploy(place)
    assert finding.verdict is Verdict.DIFFERENT
    assert message in finding.what
    assert any(message in refusal for refusal in place.refused())


@pytest.mark.timeout(300)
def test_each_action_that_is_used_is_one_that_cannot_be_taken_out(place: Place, tmp_path: Path) -> None:
    Poorer.without = staticmethod(lambda _: None)
    assert commands.first_deploy(place).verdict is Verdict.EXPECTED
    assert place.gate is not None
    statements, needed = place.gate.statements, [*place.gate.needed.values()]
    assert len(needed) > 100
    assert refused({"Statement": statements}, needed) == []
    for action in {question.action for question in needed}:
        no_action(action)(poorer := {"Statement": copy.deepcopy(statements)})
        assert refused(poorer, needed), action


def refused(policy: Policy, needed: list[Asked]) -> list[Asked]:
    return [question for question in needed if not allows(policy["Statement"], question, {})]


@pytest.mark.timeout(120)
def test_what_is_refused_and_passed_over_is_called_different(place: Place, tmp_path: Path) -> None:
    Poorer.without = staticmethod(no_action("s3:GetObjectTagging"))
    assert rights.narrow(place) == ""

    def tolerant(where: Place) -> Finding:
        where.invoke("plan")
        return judged(True, "It went on.")

    run = Run(place, tmp_path / "result.json", "2026-11-25T21:57:07Z")
    run.ask([Check("tolerant", "Does it go on?", tolerant)], lambda _, __: None)
    finding = run.findings["tolerant"]
    assert finding.verdict is Verdict.DIFFERENT
    assert "It went on. The printed policy did not allow all of it: s3 GET " in finding.what


def call(service: str, method: str, path: str, body: bytes = b"", operation: str = "") -> Call:
    return Call(0, service, operation, method, path, body, Message())


@pytest.fixture
def env(repository: Repository) -> Environment:
    return repository.environment()


def test_what_nobody_has_looked_up_is_refused(env: Environment) -> None:
    gate = Gate(env, lambda _: "/")
    gate.statements = [ANYTHING]
    for request, message in (
        (call("glue", "POST", "/", b"{}", "CreateTrigger"), "cannot be judged: KeyError('glue:CreateTrigger')"),
        (call("glue", "POST", "/", b"{}", "GetJob"), "cannot be judged: KeyError('JobName')"),
        (call("lambda", "GET", "/2015-03-31/functions/f/policy"), "cannot be judged: KeyError('lambda:GetPolicy')"),
        (call("lambda", "GET", "/nowhere"), "is of no operation that botocore knows"),
        (call("lambda", "GET", "/2015-03-31/functions/f"), "is not authorized to perform lambda:ListTags on"),
    ):
        answer = gate.judge(request)
        assert isinstance(answer, Refused)
        assert message in answer.message
    assert len(gate.refusals) == 5
    assert gate.judge(call("glue", "POST", "/", b'{"JobName": "j"}', "GetJob")) is None


def test_a_role_is_judged_by_its_path_and_where_there_is_none_by_its_name_alone(env: Environment) -> None:
    gate = Gate(env, lambda name: {"r": "/a/b/"}.get(name, "/"))
    gate.statements = [{"Effect": "Allow", "Action": ["iam:GetRole"], "Resource": ["arn:aws:iam::123456789012:role/a/*"]}]
    requests = (call("iam", "POST", "/", f"Action=GetRole&RoleName={name}".encode(), "GetRole") for name in "rs")
    there, absent = map(gate.judge, requests)
    assert there is None
    assert isinstance(absent, Refused)
    assert absent.message.endswith("iam:GetRole on arn:aws:iam::123456789012:role/s")


def test_each_object_that_is_deleted_is_judged(env: Environment) -> None:
    gate = Gate(env, lambda _: "/")
    actions = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    gate.statements = [{"Effect": "Allow", "Action": actions, "Resource": ["arn:aws:s3:::bucket/a"]}]
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
    answer = gate.judge(call("s3", "POST", "/bucket?delete", body))
    assert isinstance(answer, Refused)
    assert answer.message.endswith("s3:DeleteObject on arn:aws:s3:::bucket/b")


@pytest.mark.parametrize("name", sorted(name for name in NEEDS if name.startswith(("lambda:", "s3:"))))
def test_requests_are_told_apart(name: str) -> None:
    service, _, operation = name.partition(":")
    model = model_of(service).operation_model(operation)
    path = model.http["requestUri"].replace("+}", "}").format_map(Values())
    path += "?tagKeys=a" * (name == "lambda:UntagResource")
    request = request_of(call(service, model.http["method"], path, b"" if service == "s3" else b"{}"))
    assert request.call == name
    assert request.parameters.get("Key") == ("key" if "{Key+}" in model.http["requestUri"] else None)


class Values(dict[str, str]):
    """A value for each name in a path."""

    def __missing__(self, name: str) -> str:
        return name.lower()
