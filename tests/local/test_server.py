"""Starting, finding, stopping and emptying, with no process left behind."""

import fcntl
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from common import local
from common.base.errors import LocalError
from tests.local.conftest import create_function
from tests.local.fixtures import ACCOUNT, REGION, ROLE, client_of
from tests.support.waiting import until


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    local.stop(tmp_path)


def start(root: Path, **settings: int) -> local.Embedded:
    return local.start(root, account_id=ACCOUNT, region=REGION, port=settings.get("port"))


def listens(endpoint: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(endpoint.rsplit(":", 1)[1]))) == 0


def group_of(pid: int) -> list[str]:
    """The processes of a group, without those that ended and only wait to be noticed."""
    lines = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if line.split()[0] == str(pid) and not line.split()[1].startswith("Z")]


def processes_of(root: Path) -> list[str]:
    """Every process that names the root in its command line: server, handlers, jobs, their Java."""
    lines = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if str(root) in line and " ps " not in line]


def runs(root: Path, program: str) -> bool:
    return any(program in line for line in processes_of(root))


def test_it_is_found_while_it_runs_and_gone_when_it_is_stopped(root: Path) -> None:
    assert local.running(root) is None
    assert local.stop(root) is False

    started = start(root)

    assert local.running(root) == started == start(root)
    assert local.stop(root) is True
    assert (local.running(root), listens(started.endpoint)) == (None, False)
    assert processes_of(root) == []
    assert group_of(started.pid) == []


def test_a_stop_ends_handlers_and_jobs_too(root: Path) -> None:
    aws = start(root)
    client = partial(client_of, aws)
    create_function(client, "sleeper", "import time\ndef handler(e, c): time.sleep(300)")
    client("lambda").invoke(FunctionName="sleeper", InvocationType="Event")
    client("s3").create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket="code", Key="s.py", Body=b"import subprocess; subprocess.run(['sleep', '300'])")
    command = {"Name": "pythonshell", "ScriptLocation": "s3://code/s.py"}
    client("glue").create_job(Name="sleeper", Role=ROLE, Command=command)
    run_id = client("glue").start_job_run(JobName="sleeper")["JobRunId"]
    until(lambda: runs(root, "boot.py") and runs(root, "_worker.py"))

    assert local.stop(root)

    assert processes_of(root) == []
    aws = start(root)
    run = client_of(aws, "glue").get_job_run(JobName="sleeper", RunId=run_id)["JobRun"]
    assert run["JobRunState"] == "STOPPED"


def test_a_job_does_not_outlive_a_server_that_was_killed(root: Path) -> None:
    aws = start(root)
    s3, glue = client_of(aws, "s3"), client_of(aws, "glue")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="code", Key="s.py", Body=b"import time; time.sleep(300)")
    glue.create_job(Name="orphan", Role=ROLE, Command={"Name": "pythonshell", "ScriptLocation": "s3://code/s.py"})
    glue.start_job_run(JobName="orphan")
    until(lambda: runs(root, "boot.py"))

    os.kill(aws.pid, signal.SIGKILL)

    until(lambda: not processes_of(root))
    assert local.running(root) is None


def test_a_busy_handler_does_not_outlive_a_server_that_was_killed(root: Path) -> None:
    aws = start(root)
    client = partial(client_of, aws)
    create_function(client, "busy", "def handler(e, c):\n    while True: pass")
    client("lambda").invoke(FunctionName="busy", InvocationType="Event")
    until(lambda: runs(root, "_worker.py"))

    os.kill(aws.pid, signal.SIGKILL)

    until(lambda: not group_of(aws.pid))


def test_state_survives_a_stop_on_the_same_port_and_a_reset_empties_it(root: Path) -> None:
    first = start(root)
    s3 = client_of(first, "s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="kept", Key="a/b", Body=b"content", Tagging="digest=1")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    client_of(first, "stepfunctions").create_state_machine(name="kept", definition=definition, roleArn=ROLE)
    local.stop(root)

    second = start(root)

    assert second.endpoint == first.endpoint
    s3 = client_of(second, "s3")  # the secret is another one
    assert s3.get_object(Bucket="kept", Key="a/b")["Body"].read() == b"content"
    assert s3.get_object_tagging(Bucket="kept", Key="a/b")["TagSet"] == [{"Key": "digest", "Value": "1"}]
    assert len(client_of(second, "stepfunctions").list_state_machines()["stateMachines"]) == 1

    local.reset(root)
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="again", CreateBucketConfiguration={"LocationConstraint": REGION})
    local.stop(root)
    local.reset(root)
    assert client_of(start(root), "s3").list_buckets()["Buckets"] == []


def test_two_starts_at_once_make_one_server(root: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(start, [root, root])

    assert first == second
    assert len([line for line in processes_of(root) if "launcher.py" in line]) == 1


def test_a_port_in_use_is_said_clearly(root: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=rf"^port {port} is in use by another program: choose another one"):
            start(root, port=port)


def test_another_account_needs_a_stop_first(root: Path) -> None:
    start(root)

    with pytest.raises(LocalError, match=f"already runs for account {ACCOUNT}"):
        local.start(root, account_id="210987654321", region=REGION)


def test_two_roots_run_side_by_side(root: Path, embedded: local.Embedded) -> None:
    own = start(root)
    client_of(own, "s3").create_bucket(Bucket="only-here", CreateBucketConfiguration={"LocationConstraint": REGION})

    assert own.endpoint != embedded.endpoint
    names = [bucket["Name"] for bucket in client_of(embedded, "s3").list_buckets()["Buckets"]]
    assert "only-here" not in names


@pytest.mark.parametrize("edited", ["of another", "of a group", "text", "none", "no JSON", "gone", "elsewhere"])
def test_a_stop_ends_its_own_server_and_nobody_else(root: Path, edited: str) -> None:
    """Whatever stands in the file that tells of the server."""
    started = start(root)
    announcement = root / "build/local/embedded.json"
    announced = json.loads(announcement.read_text())
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        pids: dict[str, object] = {"of another": other.pid, "of a group": -other.pid, "text": "all", "none": None}
        if edited in pids:
            announcement.write_text(json.dumps({**announced, "pid": pids[edited]}))
        elif edited == "elsewhere":
            announcement.write_text(json.dumps({**announced, "endpoint": "http://192.0.2.1:4566"}))
            assert local.running(root) is None
        elif edited == "no JSON":
            announcement.write_text("[")
        else:
            announcement.unlink()
        assert local.stop(root) is True
        assert other.poll() is None
        assert (processes_of(root), group_of(started.pid), listens(started.endpoint)) == ([], [], False)
        assert local.stop(root) is False
    finally:
        other.kill()
        other.wait()


def test_a_server_whose_process_is_not_found_is_left_alone(root: Path) -> None:
    """As one that was started where its folder was before."""
    folder = root / "build/local"
    folder.mkdir(parents=True)
    (folder / "embedded.json").write_text(json.dumps({"pid": os.getpid()}))
    with (folder / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LocalError, match=r"end the process that locks .*/embedded\.lock$"):
            local.stop(root)
