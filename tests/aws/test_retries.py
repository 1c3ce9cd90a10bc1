"""What is tried again, and what is not."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from botocore.session import get_session

from common.aws import fence
from common.aws.retries import ATTEMPTS, ATTEMPTS_WHEN_DOWN, CONNECT_ATTEMPTS, MAX_PAUSE_SECONDS, MAX_RETRY_SECONDS, Retries
from common.aws.session import AwsSession
from common.base.errors import BUSY
from common.engine.deployer_policy import account_wide_operations, operations_by_service
from common.resources import refusals
from tests.support.type_tests import said_by_types


class ResetError(Exception):
    """A connection that ended before the answer came."""


class NobodyError(ResetError):
    """Nobody listens."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def asked(retries: Retries, attempts: int = 1, *, status: int = 200, code: str = "", error: Exception | None = None) -> Any:
    response = None if error else (SimpleNamespace(status_code=status), {"Error": {"Code": code}} if code else {})
    return retries(attempts=attempts, request_dict={"context": {}}, response=response, caught_exception=error, endpoint=None)


@pytest.fixture
def retries() -> Retries:
    return Retries((ResetError,), (NobodyError,), ResetError, refusals, Clock())


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 429, "code": "TooManyRequestsException"},
        {"status": 503, "code": "SlowDown"},
        {"status": 500, "code": "InternalError"},
        {"status": 502},
        {"status": 400, "code": "ThrottlingException"},
        {"status": 400, "code": "Throttling"},
        {"error": ResetError()},
    ],
)
def test_temporary_failures_are_retried(retries: Retries, failure: dict[str, Any]) -> None:
    assert asked(retries, **failure) is not None
    assert asked(retries, ATTEMPTS - 1, **failure) is not None
    assert asked(retries, ATTEMPTS, **failure) is None


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 200},
        {"status": 403, "code": "AccessDenied"},
        {"status": 400, "code": "AccessDeniedException"},
        {"status": 404, "code": "NoSuchKey"},
        {"status": 412, "code": "PreconditionFailed"},
        {"status": 400, "code": "ValidationException"},
        {"error": ValueError("a parameter is wrong")},
    ],
)
def test_what_stays_is_told_at_once(retries: Retries, failure: dict[str, Any]) -> None:
    assert asked(retries, **failure) is None


def test_where_nobody_listens_it_is_told_soon(retries: Retries) -> None:
    pauses = [asked(retries, attempt, error=NobodyError()) for attempt in range(1, ATTEMPTS)]
    assert [pause is not None for pause in pauses].count(True) == CONNECT_ATTEMPTS - 1
    assert sum(2.0 ** (attempt - 1) for attempt in range(1, CONNECT_ATTEMPTS)) <= 7


def test_pauses_grow_and_stay_below_their_bound(retries: Retries) -> None:
    for attempt in range(1, ATTEMPTS):
        pauses = [asked(retries, attempt, status=500) for _ in range(50)]
        assert max(pauses) <= min(2.0 ** (attempt - 1), MAX_PAUSE_SECONDS)
        assert len(set(pauses)) > 40


def test_a_call_that_fails_for_too_long_is_not_tried_again() -> None:
    clock = Clock()
    retries, error = Retries((ResetError,), (NobodyError,), ResetError, refusals, clock), ResetError()
    request: dict[str, Any] = {"context": {}}
    assert retries(attempts=1, request_dict=request, caught_exception=error) is not None
    clock.now += MAX_RETRY_SECONDS - 1
    assert retries(attempts=2, request_dict=request, caught_exception=error) is not None
    clock.now += 2
    assert retries(attempts=3, request_dict=request, caught_exception=error) is None


def test_once_a_call_was_given_up_the_others_are_not_asked_as_patiently(retries: Retries) -> None:
    """A thousand resources shall not each take a minute to find out that AWS is down."""
    assert asked(retries, ATTEMPTS_WHEN_DOWN, status=500) is not None
    assert asked(retries, ATTEMPTS, status=500) is None
    assert asked(retries, 1, status=500) is not None
    assert asked(retries, ATTEMPTS_WHEN_DOWN, status=500) is None
    assert asked(retries, status=404, code="NoSuchKey") is None  # an answer: it is up again
    assert asked(retries, ATTEMPTS_WHEN_DOWN, status=500) is not None


def refused_by(retries: Retries, service: str, code: str, name: str = "DescribeIt", status: int = 400) -> Any:
    model = SimpleNamespace(service_name=service)
    operation = SimpleNamespace(service_model=model, name=name, has_streaming_output=True)
    response = (SimpleNamespace(status_code=status), {"Error": {"Code": code}})
    return retries(attempts=1, request_dict={"context": {}}, response=response, operation=operation)


@pytest.mark.parametrize("name", ["Invoke", "StartJobRun"])
def test_nobody_s_code_is_run_twice_because_an_answer_was_lost(retries: Retries, name: str) -> None:
    """Lambda may have called the function: https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html."""
    for code, status in (("InternalServerException", 500), ("ServiceException", 500), ("OperationTimeoutException", 400)):
        assert refused_by(retries, "glue", code, status=status) is not None
        assert refused_by(retries, "glue", code, name, status) is None
    assert refused_by(retries, "lambda", "TooManyRequestsException", name, 429) is not None
    assert refused_by(retries, "lambda", "ENINotReadyException", name, 502) is not None
    operation = SimpleNamespace(name=name, has_streaming_output=True)
    for error, is_sent_again in ((ResetError(), False), (NobodyError(), True)):
        pause = retries(attempts=1, request_dict={"context": {}}, caught_exception=error, operation=operation)
        assert (pause is not None) == is_sent_again


def test_the_answer_of_a_function_is_waited_for_as_long_as_it_may_run() -> None:
    clients = AwsSession("us-east-1", "123456789012").clients
    assert clients.of("lambda", "Invoke").meta.config.read_timeout > 900
    assert clients.of("lambda", "GetFunction").meta.config.read_timeout == fence.ANSWER_SECONDS
    assert clients.of("lambda", "GetFunction") is clients.of("lambda")


@pytest.mark.parametrize(("service", "code"), [(service, code) for service, codes in refusals().codes.items() for code in codes])
def test_a_code_that_is_temporary_for_one_service_is_final_for_others(retries: Retries, service: str, code: str) -> None:
    assert refused_by(retries, service, code) is not None
    assert refused_by(retries, "ssm", code) is None


def test_what_any_service_says_is_what_botocore_knows() -> None:
    """But for one code, by which most services mean a quota and not a rate."""
    codes = {*ThrottledRetryableChecker._THROTTLED_ERROR_CODES, *TransientRetryableChecker._TRANSIENT_ERROR_CODES}
    assert {code for code in codes if not code.startswith(BUSY)} == {"LimitExceededException"}
    others = {begins for begins in BUSY if not any(code.startswith(begins) for code in codes)}
    assert others == {"ServiceUnavailable", "InternalError", "InternalFailure", "InternalServer", "ServiceException"}  # 5xx


STAYS = {
    "glue:CrawlerNotRunningException": "there is nothing to stop",
    "glue:CrawlerRunningException": "the crawler's own settings say whether to wait",
    "glue:CrawlerStoppingException": "it is being stopped, as was asked",
    "glue:IdempotentParameterMismatchException": "there is another job of that name",
    "glue:ResourceNumberLimitExceededException": "a quota",
    "iam:LimitExceeded": "a quota",
    "glue:ConcurrentRunsExceededException": "the job's own settings say how many runs there may be",
    "lambda:EFSMountTimeoutException": "the network does not let the function reach its file system",
    "lambda:ENILimitReachedException": "a quota",
    "lambda:KMSInvalidStateException": "somebody has switched the key off",
    "lambda:S3FilesMountTimeoutException": "the network does not let the function reach its file system",
    "lambda:ServiceQuotaExceededException": "a quota",
    "lambda:SnapStartTimeoutException": "the code of the function takes too long to start",
    "lambda:SubnetIPAddressLimitReachedException": "the subnet is full",
    "lambda:CodeStorageExceededException": "a quota",
    "lambda:FunctionVersionsPerCapacityProviderLimitExceededException": "a quota",
    "lambda:ResourceConflictException": "the function exists, or is busy: the resource waits for it",
    "dynamodb:ResourceInUseException": "the table exists, or is busy: the resource waits for it",
    "events:LimitExceededException": "a quota",
    "logs:LimitExceededException": "a quota",
    "resourcegroupstaggingapi:PaginationTokenExpiredException": "only the first page can be asked for again",
    "s3:EncryptionTypeMismatch": "it was written with another key",
    "sns:InvalidState": "the topic is not in a state for this",
    "sns:TagLimitExceeded": "a quota",
    "sns:TopicLimitExceeded": "a quota",
    "stepfunctions:ExecutionLimitExceeded": "a quota",
    "stepfunctions:ServiceQuotaExceededException": "a quota",
    "stepfunctions:StateMachineLimitExceeded": "a quota",
    "stepfunctions:KmsInvalidStateException": "somebody has switched the key off",
}
"""What sounds as if it passed, and does not."""
SOUNDS = re.compile(
    r"Abort|Busy|Concurren|Conflict|Deleting|Exceed|Expired|InUse|InvalidState|Limit|Mismatch|NotReady|NotRunning|Pending|Quota|"
    r"Retry|Running|Stale|Stopping|Throttl|Timeout|TimedOut|TooManyRequests|Transition|Unavailable"
)


def test_every_error_of_every_operation_that_sounds_as_if_it_passed_is_judged() -> None:
    """Botocore's models tell what each operation may answer; a new version of them may bring more."""
    session = get_session()
    codes_by_service: dict[str, set[str]] = {}
    for service, operations in [*operations_by_service().items(), *account_wide_operations().items()]:
        model = session.get_service_model(service)
        for operation in operations:
            for shape in model.operation_model(operation).error_shapes:
                codes_by_service.setdefault(service, set()).add(shape.metadata.get("error", {}).get("code") or shape.name)
    for service in refusals().codes.keys() - codes_by_service.keys():  # its calls are not limited to resources
        shapes = [
            shape
            for name in session.get_service_model(service).operation_names
            for shape in session.get_service_model(service).operation_model(name).error_shapes
        ]
        codes_by_service[service] = {shape.metadata.get("error", {}).get("code") or shape.name for shape in shapes}
    assert {
        (service, code) for service, codes in refusals().codes.items() for code in codes if code not in codes_by_service[service]
    } == set()
    sounding = {f"{service}:{code}" for service, codes in codes_by_service.items() for code in codes if SOUNDS.search(code)}
    retried = {f"{service}:{code}" for service, codes in refusals().codes.items() for code in codes}
    server = {name for name in sounding if name.partition(":")[2].startswith(BUSY)}
    assert sounding - retried - server == {*STAYS, *said_by_types("STAYS")}
