"""What the bucket holds under an artifact's name is compared with what this repository builds, whatever its tags say."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import boto3
import pytest

from common.base import digest, digest_cache
from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging import archive
from common.packaging.lambda_package import Package
from common.state.records import Records
from common.state.stored_artifacts import ArtifactVerifier
from tests.support.deploying import ENV, WHOSE
from tests.support.fake_aws import FakeAws, World
from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
BUCKET = "t-dev-artifacts"


@pytest.fixture
def world() -> World:
    made = World()
    FakeAws(made).call("s3", "CreateBucket", name=ENV.artifact_bucket)
    return made


@pytest.fixture
def package(tmp_path: Path) -> Package:
    folder = tmp_path / "lambda" / "Validate"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("def handler(event, context):\n    return event\n" * 50)
    (folder / "codes.json").write_text("[1, 2, 3]" * 100)
    return Package(Key("p", "artifact", "Validate"), "dev/p/", folder, "handler.handler", "python3.12", "arm64")


def check(world: World, package: Package, build_dir: Path) -> None:
    records = Records(FakeAws(world), ENV)
    tagged = records.uploaded_content(package)
    assert tagged is not None
    ArtifactVerifier(FakeAws(world), ENV, build_dir).check(package, tagged)


def put(world: World, package: Package, body: bytes) -> None:
    """As somebody who can write to the bucket would, with tags that fit."""
    tags = urlencode({"input-sha256": package.input_digest(), "content-sha256": digest.of_bytes(body)})
    FakeAws(world).call("s3", "PutObject", **WHOSE, Key=package.location, Body=body, Tagging=tags)


def packed(members: list[tuple[zipfile.ZipInfo, bytes]], level: int = 1) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for member, content in members:
            archive.writestr(member, content, compresslevel=level)
    return target.getvalue()


def members(built: Path) -> list[tuple[zipfile.ZipInfo, bytes]]:
    with zipfile.ZipFile(built) as archive:
        return [(copied(member), archive.read(member)) for member in archive.infolist()]


def copied(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(member.filename, member.date_time)
    made.compress_type, made.create_system, made.external_attr = member.compress_type, 3, member.external_attr
    return made


def test_what_is_built_here_may_be_there(world: World, package: Package, tmp_path: Path) -> None:
    put(world, package, package.build(tmp_path / "other").read_bytes())
    check(world, package, tmp_path / "build")


def test_an_archive_that_another_zlib_has_deflated_is_accepted(world: World, package: Package, tmp_path: Path) -> None:
    built = package.build(tmp_path / "build")
    other = packed(members(built))
    assert other != built.read_bytes()
    put(world, package, other)
    check(world, package, tmp_path / "build")


def edited(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    return packed([(member, content + b"\n# evil\n") for member, content in members])


def added(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    return packed([*members, (zipfile.ZipInfo("sitecustomize.py"), b"evil = True\n")])


def executable(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    for member, _ in members:
        member.external_attr = 0o100755 << 16
    return packed(members)


def hidden(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """Before the first member, where only those see it who read an archive from its beginning."""
    return packed([(zipfile.ZipInfo("handler.py"), b"evil = True\n")]) + packed(members)


def between(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """A member that is there and in no directory."""
    whole = packed([*members, (zipfile.ZipInfo("sitecustomize.py"), b"evil = True\n")])
    good = packed(members)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        start = archive.start_dir
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        evil = whole[archive.infolist()[-1].header_offset : archive.start_dir]
    end = bytearray(good[start:])
    end[-6:-2] = (start + len(evil)).to_bytes(4, "little")
    return good[:start] + evil + bytes(end)


def no_archive(_: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    return b"evil"


@pytest.mark.parametrize("forged", [edited, added, executable, hidden, between, no_archive])
def test_an_archive_with_other_members_is_refused(
    world: World, package: Package, tmp_path: Path, forged: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], bytes]
) -> None:
    body = forged(members(package.build(tmp_path / "build")))
    put(world, package, body)
    with pytest.raises(ArtifactError, match="is not what this repository builds") as caught:
        check(world, package, tmp_path / "build")
    assert package.location in str(caught.value)
    assert digest.of_bytes(body) in str(caught.value)
    assert package.content(tmp_path / "build") in str(caught.value)


def test_a_tag_that_does_not_fit_the_bytes_is_told(world: World, package: Package, tmp_path: Path) -> None:
    put(world, package, b"evil")
    world.buckets[ENV.artifact_bucket][package.location].tags["content-sha256"] = package.content(tmp_path / "build")
    with pytest.raises(ArtifactError, match="its tag says that"):
        check(world, package, tmp_path / "build")


# What is built ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: data[:50] + b"\0" + data[51:], lambda _: b""])
@pytest.mark.parametrize("remembered", [True, False])
def test_a_built_file_that_was_damaged_is_built_again(
    package: Package, tmp_path: Path, damage: Callable[[bytes], bytes], remembered: bool
) -> None:
    built = package.build(tmp_path / "build")
    good = built.read_bytes()
    before = built.stat()
    built.write_bytes(damage(good))
    os.utime(built, ns=(before.st_atime_ns, before.st_mtime_ns))
    if not remembered:
        built.with_name(f"{built.name}.sha256").unlink()
    assert package.content(tmp_path / "build") == digest.of_bytes(good)
    assert built.read_bytes() == good


def test_a_folder_that_was_made_once_is_made_again_when_it_was_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(fresh: Path) -> None:
        made.append(fresh)
        (fresh / "numpy").mkdir()
        (fresh / "numpy" / "core.py").write_text("good = True\n")
        (fresh / "link").symlink_to("numpy/core.py")

    folder = archive.build_once(tmp_path / ("a" * 64), make)
    for damage in (
        lambda: (folder / "numpy" / "core.py").write_text("good = 1   \n"),
        lambda: (folder / "sitecustomize.py").write_text("evil = True\n"),
        lambda: (folder / "numpy" / "core.py").chmod(0o755),
        (folder / "link").unlink,
    ):
        monkeypatch.setattr(archive, "_seen", set())  # another process
        damage()
        archive.build_once(folder, make)
        assert (folder / "numpy" / "core.py").read_text() == "good = True\n"
        assert sorted(path.name for path in folder.iterdir()) == ["link", "numpy"]
    monkeypatch.setattr(archive, "_seen", set())
    archive.build_once(folder, make)
    assert len(made) == 5


# Commands --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def deployed(repository: Repository, moto: None) -> Repository:
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    repository.commit()
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


def poisoned(repository: Repository, ending: str) -> str:
    """The object of an artifact, with other bytes and tags that fit; its key."""
    s3 = boto3.client("s3", **PLACE)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="dev/acres/artifacts/")["Contents"]
    key = str(next(entry["Key"] for entry in listed if entry["Key"].endswith(ending)))
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}
    body = b"print('evil')\n"
    tags["content-sha256"] = hashlib.sha256(body).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, Tagging=urlencode(tags))
    del repository
    return key


@pytest.mark.parametrize("ending", [".zip", ".py"])
@pytest.mark.parametrize("option", ["--verify", "--rebuild"])
@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_other_bytes_under_our_name_are_told_and_nothing_is_deployed(
    deployed: Repository, aws_calls: list[str], ending: str, option: str, command: str
) -> None:
    key = poisoned(deployed, ending)
    aws_calls.clear()
    ended = deployed.invoke(command, "--env", "dev", option)
    assert (ended.code, f"{key} is not what this repository builds" in ended.err) == (1, True), ended
    assert not [call for call in aws_calls if call.partition(":")[2].startswith(("Put", "Update", "Create", "Delete"))]


def test_unpoisoned_there_is_nothing_to_do(deployed: Repository) -> None:
    for option in ("--verify", "--rebuild"):
        ended = deployed.invoke("plan", "--env", "dev", option)
        assert ended.code == 0, ended
    assert list((deployed.root / "build" / "artifacts" / ".rebuilt").iterdir()) == []


def test_a_protected_environment_compares_what_it_is_about_to_deploy(deployed: Repository, aws_calls: list[str]) -> None:
    """What is unchanged costs no call more than elsewhere."""
    job = "projects/acres/glue/landing/load.py"
    first = (deployed.root / job).read_text()
    deployed.write(job, "print('quite other rows')\n")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    deployed.configure(protected=True)
    aws_calls.clear()
    assert deployed.invoke("deploy", "--env", "dev", "--yes").code == 0
    assert "s3:HeadObject" not in aws_calls
    deployed.write(job, first)  # back to what the bucket has
    deployed.commit()
    good = boto3.client("s3", **PLACE)
    listed = good.list_objects_v2(Bucket=BUCKET, Prefix="dev/acres/artifacts/load/")["Contents"]
    kept = {entry["Key"]: good.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}
    (old,) = [key for key, body in kept.items() if body == first.encode()]
    tags = urlencode({tag["Key"]: tag["Value"] for tag in good.get_object_tagging(Bucket=BUCKET, Key=old)["TagSet"]})
    good.put_object(Bucket=BUCKET, Key=old, Body=b"print('evil')\n", Tagging=tags)
    ended = deployed.invoke("deploy", "--env", "dev", "--yes")
    assert (ended.code, "is not what this repository builds" in ended.err) == (1, True), ended
    good.put_object(Bucket=BUCKET, Key=old, Body=first.encode(), Tagging=tags)
    assert deployed.invoke("deploy", "--env", "dev", "--yes").code == 0


def test_verify_reads_files_whose_stat_has_not_changed(deployed: Repository) -> None:
    """As after a write through a memory map within the same tick: only the bytes tell."""
    job = deployed.root / "projects/acres/glue/landing/load.py"
    cache = deployed.root / "build" / "stat-cache.json"
    text = job.read_text()
    job.write_text(text.replace("print", "PRINT"))
    seen = digest.of_stat(job.stat())
    kept = cache.read_bytes().partition(b"\n")[2]
    entries = {**json.loads(kept), str(job): [*seen, digest.of_bytes(text.encode())]}
    body = json.dumps(entries, separators=(",", ":")).encode()
    cache.write_bytes(f"{digest_cache.SCHEMA} {digest.of_bytes(body)}\n".encode() + body)
    assert deployed.invoke("plan", "--env", "dev").code == 0, "the test does not hide the change"
    ended = deployed.invoke("plan", "--env", "dev", "--verify")
    assert (ended.code, "load.py changed" in ended.out) == (2, True), ended
    assert deployed.invoke("plan", "--env", "dev").code == 2, "what was read is remembered"
