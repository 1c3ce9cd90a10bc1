"""The secret of the embedded AWS: made at each start, in a file of its user's alone, handed to what runs inside and to nobody."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import local
from tests.local.conftest import create_function
from tests.local.fixtures import ACCOUNT, REGION, Client, client_of
from tests.local.signing import send
from tests.support.repository import Repository
from tests.support.waiting import until

LISTENING = "0A"
SHOWING = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
WAITING = """
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(3).write.parquet("s3://tests-bucket/waiting/")
time.sleep(120)
"""
IDENTITY = """
import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Account"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    local.stop(tmp_path)


def start(root: Path) -> local.Embedded:
    return local.start(root, account_id=ACCOUNT, region=REGION)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_others_cannot_read_the_secret_nor_what_is_kept(root: Path) -> None:
    folder = root / "build/local"
    folder.mkdir(parents=True)
    folder.chmod(0o755)  # as older versions made it
    before = os.umask(0)
    try:
        aws = start(root)
    finally:
        os.umask(before)
    assert aws.credentials == str(folder / "credentials")
    assert (mode(folder), mode(Path(aws.credentials))) == (0o700, 0o600)
    assert [path for path in folder.rglob("*") if path.is_file() and aws.secret in path.read_text(errors="replace")] == [
        folder / "credentials"
    ]
    assert aws.secret not in repr(aws)
    processes = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert aws.secret not in processes
    assert mode(Path(f"/proc/{aws.pid}/environ")) == 0o400 if Path("/proc").exists() else True


def test_each_start_has_a_secret_of_its_own(root: Path) -> None:
    first = start(root)
    assert len(first.secret) >= 40
    local.stop(root)
    second = start(root)
    assert second.secret != first.secret
    assert second.endpoint == first.endpoint
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client_of(first, "s3").list_buckets()


def test_a_server_from_before_there_were_secrets_is_started_anew(root: Path) -> None:
    old = start(root)
    client_of(old, "s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    announcement = root / "build/local/embedded.json"
    announced = {name: value for name, value in json.loads(announcement.read_text()).items() if name != "credentials"}
    announcement.write_text(json.dumps(announced))
    (root / "build/local/credentials").unlink()
    assert local.running(root) is None

    lines: list[str] = []
    new = local.start(root, account_id=ACCOUNT, region=REGION, say=lines.append)

    assert "restarting the embedded AWS, which has no credentials yet ..." in lines
    assert new.pid != old.pid
    assert [bucket["Name"] for bucket in client_of(new, "s3").list_buckets()["Buckets"]] == ["kept"]


def test_other_tools_find_it_by_the_line_that_is_printed(repository: Repository) -> None:
    repository.configure("local", embedded={})
    try:
        done = repository.shell("invoke", "local.start")
        running = local.running(repository.root)
        assert running is not None, done
        assert running.secret not in done.out + done.err
        line = next(line.strip() for line in done.out.splitlines() if line.strip().startswith("unset "))
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        plain |= {"AWS_ACCESS_KEY_ID": "of-another-account", "AWS_SECRET_ACCESS_KEY": "its-secret"}
        shown = subprocess.run(
            ["sh", "-c", f'{line} && "$0" -c "$1"', sys.executable, SHOWING],
            env=plain,
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown.stdout.strip() == running.account_id, shown
    finally:
        local.stop(repository.root)


def test_what_runs_inside_has_its_credentials_and_hears_no_file_of_the_users(
    client: Client, embedded: local.Embedded, run_job: Any, job: Any, bucket: str
) -> None:
    create_function(client, "identity", IDENTITY)
    answer = client("lambda").invoke(FunctionName="identity")
    assert json.loads(answer["Payload"].read()) == embedded.account_id
    script = (
        f"{SHOWING}\nimport os\nassert os.environ['AWS_CONFIG_FILE'] == os.environ['AWS_SHARED_CREDENTIALS_FILE'] == os.devnull"
    )
    run = run_job(job("identity", script, kind="pythonshell"))
    assert run["JobRunState"] == "SUCCEEDED", run


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens in files")
def test_every_socket_is_of_this_machine_and_tells_nobody_anything(
    client: Client, embedded: local.Embedded, job: Any, bucket: str
) -> None:
    name = job("waiting", WAITING)
    run_id = client("glue").start_job_run(JobName=name)["JobRunId"]
    try:
        until(lambda: "Contents" in client("s3").list_objects_v2(Bucket=bucket, Prefix="waiting/_SUCCESS"))
        sockets = listening(embedded.pid)
        assert len(sockets) >= 3  # the embedded AWS, WebHDFS, and Spark's own
        assert {address for address, _ in sockets} <= {"127.0.0.1", "::1"}
        for port in {port for _, port in sockets}:
            for path in (f"/webhdfs/v1/{run_id}/{bucket}?op=LISTSTATUS", f"/webhdfs/v1/{bucket}?op=LISTSTATUS", "/"):
                assert b"200" not in first_line(port, path), (port, path)
    finally:
        client("glue").batch_stop_job_run(JobName=name, JobRunIds=[run_id])


def test_other_interfaces_are_closed(embedded: local.Embedded) -> None:
    assert send(embedded, "GET", "/_ministack/health").status == 200
    port = int(embedded.endpoint.rpartition(":")[2])
    addresses = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), port, type=socket.SOCK_STREAM)}
    for address in {*addresses, "::1"} - {"127.0.0.1"}:
        family = socket.AF_INET6 if ":" in str(address) else socket.AF_INET
        with socket.socket(family) as probe:
            probe.settimeout(2)
            assert probe.connect_ex((str(address), port)) != 0


def listening(pid: int) -> set[tuple[str, int]]:
    """Address and port of every socket that a process or what it has started listens on."""
    inodes = {inode for process in descendants(pid) for inode in inodes_of(process)}
    sockets = set()
    for table, family in (("/proc/net/tcp", socket.AF_INET), ("/proc/net/tcp6", socket.AF_INET6)):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                words, port = fields[1].split(":")
                packed = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
                sockets.add((socket.inet_ntop(family, packed).removeprefix("::ffff:"), int(port, 16)))
    return sockets


def descendants(pid: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def inodes_of(pid: int) -> set[str]:
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = str(path.readlink())
        except OSError:  # it was just closed
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


def first_line(port: int, path: str) -> bytes:
    """What a server answers to a request for a path, if anything."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.settimeout(1)
        try:
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return raw.recv(200).partition(b"\r\n")[0]
        except OSError:
            return b""
