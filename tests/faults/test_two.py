"""Two deploys at once: one goes on, the other knows of it; and whoever has lost its lease changes nothing more."""

import json
import signal
import threading
import time

import pytest

from common.aws.fence import REQUEST_SECONDS
from tests.faults.bounded import SEED
from tests.faults.commands import PACE, Clone, ended, held, settled
from tests.faults.deployers import HANDLER
from tests.faults.emulator import Emulator
from tests.faults.proxy import Call, Proxy

CHANGE = {"defaults": {"function": {"timeout_seconds": 77}}}
TAGS = {"tags": {"team": "another-team"}}
LEASE = 60


def updates_a_function(call: Call) -> bool:
    return call.service == "lambda" and call.method == "PUT" and call.path.endswith("/configuration")


def updates_a_job(call: Call) -> bool:
    return call.operation == "UpdateJob"


def upstream(proxy: Proxy) -> Emulator:
    return Emulator(0, proxy.upstream)


def settled_later(repo: Clone, proxy: Proxy) -> None:
    """What a lost holder had begun is read, and is as declared; and believed when a deploy has seen it after all could arrive."""
    doubting = repo.run(proxy.endpoint, "plan", "--env", "local", "--json")
    assert (doubting.code, doubting.changes()) == (0, {})
    assert doubting.said["api_calls"]["by_operation"]["glue:GetJob"] == 3
    upstream(proxy).put_clock_forward(REQUEST_SECONDS + 2 * LEASE)
    assert repo.deploy(proxy.endpoint).code == 0
    settled(repo, proxy)


def test_the_second_is_told_who_is_deploying_and_uploads_nothing(repo: Clone, ready: Proxy) -> None:
    handler = (repo.root / HANDLER).read_text()
    with repo.configured(**CHANGE), held(ready, updates_a_function) as holding:
        first = repo.start(ready.endpoint, "deploy", "--env", "local", "--json", pace=PACE)
        assert holding.here.wait(60)
        with repo.edited(HANDLER, f"{handler}\n# edited\n"):
            second = repo.run(ready.endpoint, "deploy", "--env", "local")
        assert second.code == 1
        assert "1 to upload" in second.out
        assert "is being deployed by" in second.err
        assert "--wait" in second.err
        assert not any(call.method == "PUT" and "/artifacts/" in call.path for call in ready.calls)
        holding.until.set()
        assert ended(first).code == 0
        settled(repo, ready)
    assert sum(updates_a_function(call) for call in ready.calls) == 4


@pytest.mark.parametrize("change", ["the same", "another"])
def test_the_second_waits_if_it_is_told_to(repo: Clone, ready: Proxy, change: str) -> None:
    """And then does what is still to be done, by a plan of its own: the one it had was made before the first one ended."""
    with repo.configured(**CHANGE), held(ready, updates_a_function) as holding:
        first = repo.start(ready.endpoint, "deploy", "--env", "local", "--json", pace=PACE)
        assert holding.here.wait(60)
        with repo.configured(**(CHANGE if change == "the same" else TAGS)):
            second = repo.start(ready.endpoint, "deploy", "--env", "local", "--wait", pace=PACE)
            assert second.stdout is not None
            waiting_line = next(line for line in second.stdout if "waiting for" in line)
            assert "fpac_pipeline" in waiting_line
            holding.until.set()
            assert ended(first).code == 0
            assert ended(second).code == 0
            settled(repo, ready)


def test_many_starts_at_once_change_everything_once(repo: Clone, ready: Proxy) -> None:
    for seconds in (71, 72) if SEED else (71,):
        ready.calls.clear()
        with repo.configured(defaults={"function": {"timeout_seconds": seconds}}):
            both = [repo.start(ready.endpoint, "deploy", "--env", "local", pace=PACE) for _ in range(2)]
            results = [ended(process) for process in both]
            codes = [result.code for result in results]
            assert 0 in codes, results
            for result in results:
                assert result.code == 0 or "is being deployed by" in result.err or "another deploy has changed it" in result.err
            settled(repo, ready)
        assert sum(updates_a_function(call) for call in ready.calls) == 4


def test_a_killed_holders_lease_runs_out_and_is_taken_over(repo: Clone, ready: Proxy) -> None:
    with repo.configured(**CHANGE), held(ready, updates_a_function) as holding:
        first = repo.start(ready.endpoint, "deploy", "--env", "local")
        assert holding.here.wait(60)
        first.send_signal(signal.SIGKILL)
        ended(first)
        holding.until.set()
        kept_out = repo.run(ready.endpoint, "deploy", "--env", "local")
        assert kept_out.code == 1
        assert "if it is dead, deploy again in" in kept_out.err
        upstream(ready).put_clock_forward(LEASE + 5)
        second = repo.run(ready.endpoint, "deploy", "--env", "local")
        assert second.code == 0, second
        assert "taking over the lease of" in second.out
        settled_later(repo, ready)


def test_a_holder_that_was_stopped_for_too_long_changes_nothing_more(repo: Clone, ready: Proxy) -> None:
    """Its own clock tells it to ask, before it writes again."""
    pace = 20
    with repo.configured(**CHANGE):
        with held(ready, updates_a_function) as holding:
            first = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1", pace=pace)
            assert holding.here.wait(60)
            first.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            upstream(ready).put_clock_forward(LEASE + 5)
            second = repo.run(ready.endpoint, "deploy", "--env", "local")
            assert second.code == 0, second
            upstream(ready).put_clock_forward(0)
            threading.Event().wait(max(0.0, LEASE / pace + 0.5 - (time.monotonic() - stopped)))
            ready.calls.clear()
            first.send_signal(signal.SIGCONT)
        lost = ended(first)
        assert lost.code == 1
        assert "was lost" in lost.out + lost.err
        written = [call for call in ready.calls if not call.is_read and not call.path.endswith("/lock.json")]
        assert written == []
        settled_later(repo, ready)


@pytest.mark.parametrize("delivered", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("second", ["of other fields", "of what was there before"])
def test_a_holder_that_is_stopped_while_its_lease_is_removed(repo: Clone, ready: Proxy, second: str, delivered: bool) -> None:
    """It is stopped with a request on its way, which AWS gets before or after all that the second deploy does.

    Glue has no revision that an update could name. So the late one is carried out, and has to be seen by the next plan.
    """
    before = json.loads((repo.root / "config/local.json").read_text()).get("defaults", {})
    first_job, second_job = ({**before, "job": {**before.get("job", {}), "timeout_minutes": minutes}} for minutes in (11, 22))
    with repo.configured(defaults=first_job), held(ready, updates_a_job, delivered=delivered) as holding:
        first = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1")
        assert holding.here.wait(60)
        first.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        with repo.configured(defaults=second_job if second == "of other fields" else before):
            unlocked = repo.run(ready.endpoint, "unlock", "--env", "local", "--project", "fpac_pipeline", "--yes")
            assert "the lease is removed" in unlocked.out
            assert "is read from AWS by every plan" in unlocked.out
            won = repo.deploy(ready.endpoint)
            assert won.code == 0, won
            threading.Event().wait(max(0.0, 6 - (time.monotonic() - stopped)))
            ready.calls.clear()
            holding.until.set()
            first.send_signal(signal.SIGCONT)
            lost = ended(first)
            assert lost.code == 1
            assert "was lost" in lost.out + lost.err
            assert [call for call in ready.calls if not call.is_read and not call.path.endswith("/lock.json")] == []
            planned = repo.run(ready.endpoint, "plan", "--env", "local", "--json")
            updates = {key for key, action in planned.changes().items() if action == "update"}
            assert (planned.code, len(updates)) == ((0, 0) if delivered else (2, 1)), planned
            assert repo.deploy(ready.endpoint).code == 0
            again = repo.run(ready.endpoint, "plan", "--env", "local", "--json", "--verify")
            assert (again.code, again.changes()) == (0, {})
            settled_later(repo, ready)
