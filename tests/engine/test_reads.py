"""The first reads begin before declarations are loaded, and nothing waits for those that are not needed."""

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.aws.session import AwsSession
from common.base.background import Background
from common.base.digest import Digest
from common.base.digest_cache import StatCache
from common.base.errors import OwnershipError
from common.declare.edited_files import cache_path
from common.engine.first_reads import FirstReads
from common.engine.reads import Reads
from common.model.resource import Key
from common.state.records import Records
from tests.resources.scripted import ScriptedAws, refused
from tests.support.deploying import ENV, things
from tests.support.fake_aws import FakeAws, Text, World
from tests.support.repository import ACCOUNT, Repository

WAITS_FOR_A_CALL = """
import time
from pathlib import Path

end = time.monotonic() + 60
while not Path({asked!r}).exists():
    assert time.monotonic() < end, "AWS was not asked before this was loaded"
    time.sleep(0.01)
raise RuntimeError("the declaration is broken")
"""

WAITS_FOR_THE_SCANNER = """
import sys
import time

end = time.monotonic() + 60
while "kingfisher_sdk" not in sys.modules:
    assert time.monotonic() < end, "the scanner is not loaded before the declarations"
    time.sleep(0.01)
raise RuntimeError("as it should be")
"""
HAS_NO_SCANNER = """
import sys
import time

time.sleep(0.2)
assert "kingfisher_sdk" not in sys.modules, "the scanner is loaded although nothing was edited"
raise RuntimeError("as it should be")
"""


@pytest.fixture
def silent(repository: Repository) -> Iterator[str]:
    """An AWS that takes calls and never answers; the file `asked` is there once it was called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:  # the test is over
                    return
                repository.write("asked", "")

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


def test_a_broken_declaration_is_told_although_aws_was_asked_and_never_answers(repository: Repository, silent: str) -> None:
    repository.configure(endpoints={"default": silent})
    repository.write("projects/acres/deploy.py", WAITS_FOR_A_CALL.format(asked=str(repository.root / "asked")))
    began = time.monotonic()
    ended = repository.shell("invoke", "plan", "--env", "dev", AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="any")
    assert ended.code == 1
    assert "the declaration is broken" in ended.err
    assert time.monotonic() - began < 50, "an answer is waited for for a minute"


@pytest.mark.parametrize("edited", [True, False])
def test_the_scanner_for_secrets_loads_while_declarations_do_if_a_file_was_edited(
    repository: Repository, silent: str, edited: bool
) -> None:
    repository.configure(endpoints={"default": silent})
    handler = repository.root / "projects/acres/lambda/Validate/handler.py"
    repository.write(str(handler.relative_to(repository.root)), "print(1)")
    with StatCache(cache_path(repository.root)) as cache:
        cache.of_file(handler, handler.stat())
    if edited:
        handler.write_text("print(2)")
    repository.write("projects/acres/deploy.py", WAITS_FOR_THE_SCANNER if edited else HAS_NO_SCANNER)
    ended = repository.shell("invoke", "plan", "--env", "dev", AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="any")
    assert (ended.code, "as it should be" in ended.err) == (1, True), ended


def test_what_was_read_first_is_not_read_again() -> None:
    aws = FakeAws(World())
    with ThreadPoolExecutor(4) as pool:
        reads = FirstReads(aws, Records(aws, ENV), ENV, ["shared", "acres"], [("lambda",), ("glue", "logs")], pool)
        assert reads.root_tag("acres") is reads.root_tag("acres")
        assert reads.root_tag("other").result() is None
        assert reads.present() == {}
    assert aws.calls == {
        "resourcegroupstaggingapi:GetResources": 2,
        "iam:ListRoles": 1,
        "s3:GetObjectTagging": 3,
    }


def test_the_account_is_proved_once_for_all_threads(moto: None) -> None:
    aws = AwsSession("eu-central-1", ACCOUNT)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: aws.guard(), range(8)))) == 1
    assert aws.calls == {"sts:GetCallerIdentity": 1}


def test_what_is_stored_is_listed_with_a_single_thread() -> None:
    """The listing never waits for the tags on the thread that they need."""
    for _ in range(50):
        pool, free = Background(1), threading.Event()
        pool.submit(free.wait, 10)
        reads = FirstReads(FakeAws(World()), Records(FakeAws(World()), ENV), ENV, (), (), pool)
        paths = reads.stored_paths("acres")
        free.set()
        assert paths.result(10) == frozenset()
        pool.shutdown()


def test_a_root_that_cannot_be_read_says_so_and_lists_nothing() -> None:
    aws = ScriptedAws({"s3:GetObjectTagging": refused("GetObjectTagging", "AccessDenied"), "iam:ListRoles": {"Roles": []}})
    with ThreadPoolExecutor(2) as pool:
        reads = FirstReads(aws, Records(aws, ENV), ENV, (), (), pool)
        assert reads.stored_paths("acres").result(10) is None
        with pytest.raises(OwnershipError, match="cannot be used"):
            reads.root_tag("acres").result(10)
    assert "s3:ListObjectsV2" not in aws.operations


def test_a_listing_that_is_refused_is_told() -> None:
    aws = ScriptedAws(
        {
            "s3:GetObjectTagging": refused("GetObjectTagging", "NoSuchKey"),
            "s3:ListObjectsV2": refused("ListObjectsV2", "AccessDenied"),
            "iam:ListRoles": {"Roles": []},
        }
    )
    with ThreadPoolExecutor(2) as pool, pytest.raises(OwnershipError, match="cannot be used"):
        FirstReads(aws, Records(aws, ENV), ENV, (), (), pool).stored_paths("acres").result(10)


@pytest.mark.parametrize(("stored", "reads"), [((), 0), (("records/thing/other.json",), 0), (("records/thing/x.json",), 1)])
def test_of_a_project_without_a_root_only_the_records_that_are_listed_are_read(
    tmp_path: Path, stored: tuple[str, ...], reads: int
) -> None:
    """A first plan of what refers to what AWS gives asked for the record of each, and a plan of any type, too."""
    listed = [{"Key": f"{ENV.stored('acres')}{path}"} for path in stored]
    aws = ScriptedAws(
        {
            "s3:GetObjectTagging": refused("GetObjectTagging", "NoSuchKey"),
            "s3:ListObjectsV2": {"Contents": listed},
            "s3:GetObject": {"Body": io.BytesIO(b"{}"), "ETag": "e"},
            "iam:ListRoles": {"Roles": []},
        }
    )
    records = Records(aws, ENV)
    with ThreadPoolExecutor(2) as first, ThreadPoolExecutor(2) as pool:
        everything = Reads(FirstReads(aws, records, ENV, (), (), first), ENV, aws, records, tmp_path, pool)
        assert everything.body(Key("acres", "thing", "x")).result(10) == {}
    assert aws.operations.count("s3:GetObject") == reads


def test_as_many_artifacts_are_built_at_once_as_there_are_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    lock, building, most = threading.Lock(), 0, 0

    class Slow(Text):
        def content(self, build_dir: Path) -> Digest:
            nonlocal building, most
            with lock:
                building += 1
                most = max(most, building)
            time.sleep(0.01)
            with lock:
                building -= 1
            return super().content(build_dir)

    aws = FakeAws(World())
    records = Records(aws, ENV)
    with ThreadPoolExecutor(2) as first, ThreadPoolExecutor(8) as pool:
        reads = Reads(FirstReads(aws, records, ENV, (), (), first), ENV, aws, records, tmp_path, pool)
        artifacts = [Slow(key=Key("p", "artifact", f"a{number}"), text="text") for number in range(8)]
        user = things({"a": {}})[-1]
        contents = [reads.content(artifact, user) for artifact in artifacts]
        assert [uploaded for _, uploaded in (content.result(10) for content in contents)] == [False] * 8
    assert most == 2
