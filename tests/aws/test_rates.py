"""Virtual time: what is sent when, and whether AWS, as it describes its limits, would have refused it."""

import heapq
import threading
from collections import Counter
from collections.abc import Callable
from io import BytesIO

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from common.aws import rates
from common.aws.rates import OPERATION_GROUPS, Budget, Rates
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.engine.deployer_policy import account_wide_operations, operations_by_service
from common.environment.endpoints import Endpoints
from common.resources import budgets, machine_versions

BUDGETS = budgets()


def test_what_a_plan_begins_with_has_no_budget() -> None:
    """So an unchanged deploy takes no token, for which it would have to load all kinds of resources."""
    operations = [(service, operation) for name in rates.UNLIMITED for service, _, operation in [name.partition(":")]]
    assert [rates.group_of(service, operation, BUDGETS) for service, operation in operations] == [None] * len(operations)
    waits: list[float] = []
    shared = Rates(lambda: pytest.fail("the kinds are loaded"), lambda: 0.0, waits.append)
    for service, operation in operations:
        shared.take(service, operation)
    shared.take("s3", "GetObjectTagging")
    assert waits == []


class VirtualTime:
    """Many callers in one thread: each wakes when its time has come, in order."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, 0.0
        self.rates = Rates(lambda: BUDGETS, lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept = seconds

    def run(self, callers: int, calls: list[tuple[str, str]], latency: float) -> list[tuple[float, str, str]]:
        """When each call is sent, if so many callers work off the calls, each call lasting `latency` seconds."""
        free = [0.0] * callers
        sent = []
        for service, operation in calls:
            self.now, self.slept = heapq.heappop(free), 0.0
            self.rates.take(service, operation)
            at = self.now + self.slept
            sent.append((at, service, operation))
            heapq.heappush(free, at + latency)
        return sorted(sent)


def refused(sent: list[tuple[float, str, str]], budget: Budget) -> int:
    """How many calls a bucket of AWS's own refuses."""
    left, at, count = budget.burst, 0.0, 0
    for now, *_ in sent:
        left, at = min(budget.burst, left + (now - at) * budget.rate), now
        if left < 1 - 1e-6:
            count += 1
        else:
            left -= 1
    return count


def busiest_second(sent: list[tuple[float, str, str]]) -> int:
    times = [at for at, *_ in sent]
    return max(sum(start <= at < start + 1 - 1e-6 for at in times) for start in times)


DEPLOY = [call for _ in range(500) for call in (("lambda", "CreateFunction"), ("lambda", "GetFunction"))]


@pytest.mark.parametrize("callers", [1, 16, 64])
@pytest.mark.parametrize("latency", [0.0, 0.02, 0.4])
def test_500_functions_neither_exceed_the_budget_nor_idle(callers: int, latency: float) -> None:
    sent = VirtualTime().run(callers, DEPLOY, latency)
    control = [request for request in sent if request[2] == "CreateFunction"]
    assert busiest_second(control) <= 15
    assert busiest_second([request for request in sent if request[2] == "GetFunction"]) <= 100
    assert refused(control, Budget(1, 15)) == 0
    bound_by_callers, bound_by_budget = len(DEPLOY) * latency / callers, 500 / 15
    assert sent[-1][0] <= max(bound_by_callers, bound_by_budget) * 1.05 + 1


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    sent = VirtualTime().run(16, [("stepfunctions", "UpdateStateMachine")] * 130, 0.0)
    assert sum(at == 0 for at, *_ in sent) == 100
    assert sent[-1][0] == pytest.approx(30)
    assert refused(sent, BUDGETS["stepfunctions:UpdateStateMachine"]) == 0


def test_each_operation_of_step_functions_has_its_own_and_all_of_lambda_share_one() -> None:
    machines = [("stepfunctions", name) for name in ("CreateStateMachine", "UpdateStateMachine") for _ in range(100)]
    assert VirtualTime().run(1, machines, 0.0)[-1][0] == 0
    functions = [("lambda", name) for name in ("CreateFunction", "UpdateFunctionCode", "TagResource") for _ in range(10)]
    assert VirtualTime().run(1, functions, 0.0)[-1][0] == pytest.approx(29 / 15)


def test_what_was_not_used_is_not_saved_up_beyond_the_burst() -> None:
    time = VirtualTime()
    time.run(1, [("lambda", "CreateFunction")], 0.0)
    time.now = 1000.0
    waits = []
    for _ in range(3):
        time.slept = 0.0
        time.rates.take("lambda", "CreateFunction")
        waits.append(time.slept)
    assert waits == pytest.approx([0, 1 / 15, 2 / 15])


@pytest.mark.parametrize("service", ["glue", "iam", "logs", "sts", "resourcegroupstaggingapi"])
def test_what_aws_does_not_publish_is_not_held_back(service: str) -> None:
    assert rates.group_of(service, "GetAnything", BUDGETS) is None
    assert VirtualTime().run(1, [(service, "GetAnything")] * 1000, 0.0)[-1][0] == 0


@given(st.lists(st.sampled_from(sorted(BUDGETS)), max_size=200), st.integers(1, 20), st.floats(0, 0.5))
def test_no_bucket_ever_refuses(groups: list[str], callers: int, latency: float) -> None:
    spelled: dict[str, tuple[str, str]] = {"s3:reads": ("s3", "GetObject"), "s3": ("s3", "PutObject"), "lambda": ("lambda", "X")}
    calls = [spelled.get(group) or (group.partition(":")[0], group.partition(":")[2]) for group in groups]
    by_group: dict[str, list[tuple[float, str, str]]] = {}
    for request in VirtualTime().run(callers, calls, latency):
        by_group.setdefault(str(rates.group_of(request[1], request[2], BUDGETS)), []).append(request)
    assert Counter(groups) == {group: len(sent) for group, sent in by_group.items()}
    assert [refused(sent, BUDGETS[group]) for group, sent in by_group.items()] == [0] * len(by_group)


def test_threads_share_the_tokens() -> None:
    waits: list[float] = []
    shared = Rates(lambda: BUDGETS, lambda: 0.0, waits.append)

    def many(take: Callable[[], None]) -> None:
        for _ in range(50):
            take()

    threads = [threading.Thread(target=many, args=(lambda: shared.take("lambda", "CreateFunction"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([number / 15 for number in range(1, 400)])


def test_calls_and_pages_take_tokens(moto: None) -> None:
    waits: list[float] = []
    aws = AwsSession("eu-central-1", "123456789012", rates=Rates(lambda: BUDGETS, lambda: 0.0, waits.append))
    aws.guard()
    aws.call("lambda", "ListFunctions")
    assert len(list(aws.pages("lambda", "ListFunctions"))) == 1
    assert waits == pytest.approx([1 / 15])
    with pytest.raises(AwsError):
        aws.wait("lambda", "function_exists", FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 3})
    assert waits == pytest.approx([1 / 15, 1 / 100, 2 / 100])


def test_each_region_has_tokens_of_its_own(moto: None) -> None:
    """Quotas of Lambda are of each region: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
    waits: list[float] = []
    aws = AwsSession("eu-central-1", "123456789012", rates=Rates(lambda: BUDGETS, lambda: 0.0, waits.append))
    for region in ("eu-central-1", "eu-west-1"):
        aws.in_region(region).call("lambda", "ListFunctions")
    assert waits == []
    aws.in_region("eu-west-1").call("lambda", "ListFunctions")
    assert waits == pytest.approx([1 / 15])


@pytest.mark.parametrize(("address", "waits"), [("http://127.0.0.1:9", []), ("https://logs.example:9", [0.2])])
def test_the_rates_do_not_apply_to_services_on_this_machine(address: str, waits: list[float]) -> None:
    waited: list[float] = []
    endpoints = Endpoints({"logs": address}, "any")
    aws = AwsSession(
        "eu-central-1", "123456789012", endpoints=endpoints, rates=Rates(lambda: BUDGETS, lambda: 0.0, waited.append)
    )
    events = aws.clients.of("logs").meta.events
    events.register("before-send", lambda **_: AWSResponse("", 200, {}, HTTPResponse(BytesIO(b"{}"), preload_content=False)))
    for _ in range(2):
        aws.call("logs", "PutRetentionPolicy", logGroupName="group", retentionInDays=30)
    assert waited == pytest.approx(waits)


def test_only_what_is_called_has_a_budget() -> None:
    called = {
        f"{service}:{name}"
        for service, names in [*operations_by_service().items(), *account_wide_operations().items()]
        for name in names
    } | {*machine_versions.BUDGETS}  # of what is called only where a machine publishes
    named = {name for name in [*BUDGETS, *OPERATION_GROUPS] if ":" in name and name not in OPERATION_GROUPS.values()}
    assert named - called == set()
    assert {*OPERATION_GROUPS.values()} <= BUDGETS.keys()
