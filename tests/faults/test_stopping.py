"""Ctrl-C and SIGTERM: what is under way is finished and recorded; a second one ends the process at once."""

import signal

import pytest

from tests.faults.commands import PACE, Clone, ended, held, interrupt, settled, told
from tests.faults.proxy import Proxy
from tests.faults.test_two import CHANGE, LEASE, settled_later, updates_a_function, upstream

CHANGES = 7
"""Four functions, and three jobs whose timeout of their own goes with the defaults that are replaced."""


def lock_left(proxy: Proxy) -> bool:
    return any(name.endswith("lock.json") for name in upstream(proxy).objects())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_under_way_is_finished_and_recorded(repo: Clone, ready: Proxy, number: int, code: int) -> None:
    with repo.configured(**CHANGE):
        with held(ready, updates_a_function) as holding:
            running = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1", pace=PACE)
            assert holding.here.wait(60)
            running.send_signal(number)
            told(running, "Stopping: running calls are finished and recorded")
        stopped = ended(running)
        assert stopped.code == code, stopped
        assert stopped.out.count("not tried") > 1
        assert "deploy again" in stopped.err
        assert not lock_left(ready)
        assert sum(updates_a_function(call) for call in ready.calls) == 1
        rest = repo.deploy(ready.endpoint, pace=PACE)
        assert sorted(rest.changes().values()) == ["update"] * (CHANGES - 1)
        settled(repo, ready)


def test_programs_are_told_what_was_not_tried(repo: Clone, ready: Proxy) -> None:
    with repo.configured(**CHANGE):
        with held(ready, updates_a_function) as holding:
            running = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1", "--json", pace=PACE)
            assert holding.here.wait(60)
            interrupt(running, signal.SIGTERM)
        stopped = ended(running)
        assert (stopped.code, stopped.said["outcome"], stopped.said["failed"]) == (143, "stopped", {})
        assert len(stopped.said["not_tried"]) == CHANGES - 1
        assert stopped.err == f"error: {stopped.said['error']}\n"
        rest = repo.deploy(ready.endpoint, pace=PACE)
        assert {*rest.changes()} == {*stopped.said["not_tried"]}


def test_a_second_ctrl_c_ends_it_at_once(repo: Clone, ready: Proxy) -> None:
    with repo.configured(**CHANGE):
        with held(ready, updates_a_function) as holding:
            running = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1", pace=PACE)
            assert holding.here.wait(60)
            running.send_signal(signal.SIGINT)
            told(running, "Stopping: running calls are finished and recorded")
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
            stopped = ended(running, 5)
        assert stopped.code == 130
        assert "Stopped at once" in stopped.err
        upstream(ready).put_clock_forward(LEASE + 5)
        assert repo.deploy(ready.endpoint, pace=PACE).code == 0
        settled_later(repo, ready)


@pytest.mark.parametrize("task", ["deploy", "plan"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_while_it_plans_it_ends_and_has_changed_nothing(repo: Clone, ready: Proxy, task: str, number: int, code: int) -> None:
    with repo.configured(**CHANGE):
        with held(ready, lambda call: call.service == "lambda", delivered=False) as holding:
            running = repo.start(ready.endpoint, task, "--env", "local")
            assert holding.here.wait(60)
            interrupt(running, number)
        stopped = ended(running)
        assert stopped.code == code, stopped
        assert stopped.err == "Stopped.\n"
        written = [call for call in ready.calls if not call.is_read]
        assert all(call.path.endswith("lock.json") for call in written), written
        assert not written or task == "deploy"
        assert not lock_left(ready)


def test_ctrl_c_while_it_waits_for_another(repo: Clone, ready: Proxy) -> None:
    with repo.configured(**CHANGE), held(ready, updates_a_function) as holding:
        first = repo.start(ready.endpoint, "deploy", "--env", "local", "--jobs", "1", pace=PACE)
        assert holding.here.wait(60)
        second = repo.start(ready.endpoint, "deploy", "--env", "local", "--wait", pace=PACE)
        assert second.stdout is not None
        assert next(line for line in second.stdout if "waiting for" in line)
        second.send_signal(signal.SIGINT)
        assert ended(second).code == 130
        holding.until.set()
        assert ended(first).code == 0
        settled(repo, ready)
