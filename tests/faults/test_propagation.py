"""A role that is not known everywhere yet is waited for; every other refusal of access is told at once."""

import json
from collections.abc import Iterator

import pytest

from common.aws.retries import PROPAGATION_SECONDS
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.environment.endpoints import DEFAULT, Endpoints
from common.resources import refusals
from tests.faults.emulator import Emulator
from tests.faults.proxy import Fault, Proxy, Refused

SAID = {
    "lambda": ("InvalidParameterValueException", "lambda", "GetFunction", {"FunctionName": "f"}),
    "glue": ("InvalidInputException", "glue", "GetJob", {"JobName": "j"}),
    "stepfunctions": ("AccessDeniedException", "states", "DescribeStateMachine", {"stateMachineArn": "arn:aws:states:x"}),
    "events": ("ValidationException", "events", "DescribeRule", {"Name": "r"}),
}
"""By service: the code it says it with, its signing name, and a call that finds nothing."""
ABSENT = {"ResourceNotFoundException", "EntityNotFoundException", "InvalidArn", "StateMachineDoesNotExist"}


def session(proxy: Proxy) -> tuple[AwsSession, list[float]]:
    slept: list[float] = []
    endpoints = Endpoints({DEFAULT: proxy.endpoint}, "any")
    return AwsSession("us-east-1", "000000000000", endpoints=endpoints, sleep=slept.append, refusals=refusals), slept


@pytest.fixture
def refusing(empty: Emulator) -> Iterator[tuple[Proxy, list[Fault]]]:
    """A proxy that answers with the faults of a list, one after the other, then as an AWS of the test's own does."""
    faults: list[Fault] = []
    with empty.copied() as made:
        yield Proxy(made.port, lambda _: faults.pop(0) if faults else None), faults


@pytest.mark.parametrize(("service", "words"), refusals().messages)
def test_a_new_role_is_waited_for(refusing: tuple[Proxy, list[Fault]], service: str, words: str) -> None:
    proxy, faults = refusing
    code, _, operation, parameters = SAID[service]
    with proxy.running():
        aws, slept = session(proxy)
        faults += [Refused(400, code, f"The role {words} for now.")] * 3
        with pytest.raises(AwsError) as refusal:
            aws.call(service, operation, **parameters)
    assert refusal.value.code in ABSENT
    assert len(slept) == 3
    assert slept == sorted(slept)
    assert aws.calls.total() == 4


def test_a_role_that_iam_itself_does_not_know_everywhere_yet_is_waited_for(refusing: tuple[Proxy, list[Fault]]) -> None:
    """One that this session has not created is told at once, and so is a policy that there is not."""
    proxy, faults = refusing
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"PolicyName": "p", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    absent = "Policy arn:aws:iam::aws:policy/None does not exist or is not attachable."
    with proxy.running():
        aws, slept = session(proxy)
        aws.call("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument="{}")
        faults += [Refused(404, "NoSuchEntity", "The role with name r cannot be found.")] * 2
        aws.call("iam", "PutRolePolicy", RoleName="r", **policy)
        assert (len(slept), slept) == (2, sorted(slept))
        for operation, name, message, more in (
            ("PutRolePolicy", "other", "The role with name other cannot be found.", policy),
            ("AttachRolePolicy", "r", absent, {"PolicyArn": "arn:aws:iam::aws:policy/None"}),
        ):
            faults += [Refused(404, "NoSuchEntity", message)]
            with pytest.raises(AwsError, match=r"NoSuchEntity|cannot be found|not attachable"):
                aws.call("iam", operation, RoleName=name, **more)
    assert len(slept) == 2


@pytest.mark.parametrize("service", SAID)
def test_another_refusal_is_told_at_once(refusing: tuple[Proxy, list[Fault]], service: str) -> None:
    proxy, faults = refusing
    _, _, operation, parameters = SAID[service]
    with proxy.running():
        aws, slept = session(proxy)
        faults += [Refused(403, "AccessDeniedException", f"User: ci is not authorized to perform: {service}:{operation}")] * 3
        with pytest.raises(AwsError, match="is not authorized to perform"):
            aws.call(service, operation, **parameters)
    assert slept == []
    assert len(proxy.calls) == 1


def test_a_message_of_one_service_is_no_excuse_for_another(refusing: tuple[Proxy, list[Fault]]) -> None:
    proxy, faults = refusing
    with proxy.running():
        aws, slept = session(proxy)
        faults += [Refused(400, "ValidationException", "The role cannot be assumed by Lambda.")]
        with pytest.raises(AwsError, match="cannot be assumed by Lambda"):
            aws.call("events", "DescribeRule", Name="r")
    assert slept == []


def test_a_role_that_is_never_known_is_told_in_the_end(refusing: tuple[Proxy, list[Fault]]) -> None:
    proxy, _ = refusing
    proxy.rule = lambda _: Refused(400, "InvalidParameterValueException", "The role cannot be assumed by Lambda.")
    with proxy.running():
        aws, slept = session(proxy)
        told: list[tuple[float, str]] = []
        aws.say = lambda text: told.append((sum(slept), text))
        for _ in range(2):
            with pytest.raises(AwsError, match="cannot be assumed by Lambda"):
                aws.call("lambda", "GetFunction", FunctionName="f")
    assert 2 * PROPAGATION_SECONDS <= sum(slept) < 2 * (PROPAGATION_SECONDS + 15)
    [(waited, text)] = told
    assert 8 <= waited < 15, "people are told when it takes long, and once whatever else waits for the same"
    assert text.endswith("cannot be assumed by Lambda. The call is retried for 2.5 minutes; everything else goes on.")


def test_a_role_is_waited_for_no_longer_once_the_deploy_is_to_stop(refusing: tuple[Proxy, list[Fault]]) -> None:
    """What was done is still recorded: the calls that do so go on."""
    proxy, faults = refusing
    with proxy.running():
        aws, slept = session(proxy)
        in_another_region = aws.in_region("eu-west-1")
        aws.stop_waiting()
        for caller in (aws, in_another_region):
            faults += [Refused(400, "InvalidParameterValueException", "The role cannot be assumed by Lambda.")]
            with pytest.raises(AwsError, match="cannot be assumed by Lambda"):
                caller.call("lambda", "GetFunction", FunctionName="f")
        assert slept == []
        aws.call("s3", "CreateBucket", Bucket="acres-records")
        faults += [Refused(404, "NoSuchBucket", "The specified bucket does not exist.")]
        aws.call("s3", "PutObject", Bucket="acres-records", Key="acres/record.json", Body=b"{}")
    assert len(slept) == 1
