"""A folder in a bucket: what is ours there comes and goes, what is not ours stays."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common import digest
from common.aws import AwsSession
from common.digest import Digest
from common.errors import ArtifactError
from common.resources.directory import Content, Directory
from tests.repository import SHARED, Repository
from tests.resources.builders import ARTIFACTS, Place, final, live_state, prepare, updated


def keys(aws: AwsSession) -> list[str]:
    return [one["Key"] for one in aws.call("s3", "ListObjectsV2", Bucket=ARTIFACTS).get("Contents", ())]


@pytest.fixture
def deployed(moto_aws: AwsSession, place: Place) -> Directory:
    one = place.directory()
    prepare(moto_aws, one)
    one.create(moto_aws, final(one))
    return one


def test_an_unchanged_folder_costs_three_reads(moto_aws: AwsSession, deployed: Directory) -> None:
    before = moto_aws.calls.copy()
    assert live_state(moto_aws, deployed) == final(deployed)
    assert moto_aws.calls - before == {"s3:HeadBucket": 1, "s3:ListObjectsV2": 1, "s3:GetObjectTagging": 1}


def test_only_what_changed_is_put(moto_aws: AwsSession, place: Place, deployed: Directory) -> None:
    after = place.directory({"sql/acres.sql": "select 1", "codes.csv": "c", "more.csv": "d"})
    before = moto_aws.calls.copy()
    updated(moto_aws, after, {"Files"})
    assert (moto_aws.calls - before)["s3:PutObject"] == 2
    assert live_state(moto_aws, after) == final(after)


def test_what_is_no_longer_in_the_folder_goes_and_what_others_keep_there_stays(
    moto_aws: AwsSession, place: Place, deployed: Directory
) -> None:
    moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs/theirs.csv", Body=b"x", Tagging="team=soil")
    moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs2/other.csv", Body=b"x")
    assert live_state(moto_aws, deployed) == final(deployed)
    after = place.directory({"codes.csv": "a,b"})
    live = live_state(moto_aws, after)
    assert live is not None
    assert sorted(live["Files"]) == ["codes.csv", "sql/acres.sql"]
    updated(moto_aws, after, {"Files"})
    assert keys(moto_aws) == ["configs/codes.csv", "configs/theirs.csv", "configs2/other.csv"]
    after.delete(moto_aws)
    assert keys(moto_aws) == ["configs/theirs.csv", "configs2/other.csv"]
    assert after.read(moto_aws) is None


def test_an_object_of_somebody_else_under_one_of_our_names_shows_no_tags_of_ours(moto_aws: AwsSession, place: Place) -> None:
    one = place.directory({"codes.csv": "a,b"})
    prepare(moto_aws, one)
    moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs/codes.csv", Body=b"theirs")
    live = live_state(moto_aws, one)
    assert live is not None
    assert live["Tags"] == {}


def test_a_file_that_changes_during_a_deploy_is_refused(embedded_aws: AwsSession, tmp_path: Path) -> None:
    one = Place(embedded_aws.account_id, embedded_aws.region).directory({"codes.csv": "a,b"})
    prepare(embedded_aws, one)
    (path := tmp_path / "codes.csv").write_text("a,b")
    late = replace(one, files={"codes.csv": Content(path, path.stat(), digest.md5)})
    planned = final(late)
    path.write_text("changed since")
    with pytest.raises(
        ArtifactError, match=r"directory/t-artifacts/configs/: codes\.csv was changed after the plan was made\. Deploy again\."
    ):
        late.create(embedded_aws, planned)


class Remembered:
    """Knows every file."""

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, found: os.stat_result) -> Digest:
        del kind, read, path, found
        return Digest("remembered")


def test_what_is_known_is_not_read(place: Place) -> None:
    one = place.directory({"codes.csv": "a,b"})
    read = one.desired()["Files"]
    one.look(Remembered())
    assert (read, one.desired()["Files"]) == ({"codes.csv": "b345e1dc09f20fdefdea469f09167892"}, {"codes.csv": "remembered"})


def test_a_secret_is_not_put_there(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project("acres", 'p.directory("configs", p.shared.bucket("landing") / "acres/configs")')
    repository.write("projects/acres/configs/.env", "TOKEN=x")
    ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert "projects/acres/configs/.env holds secrets by its name" in ended.err


def test_a_project_declares_a_folder(repository: Repository, moto: None) -> None:
    shared = '    shared.bucket("landing")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project("acres", 'p.directory("configs", p.shared.bucket("landing") / "acres/configs")')
    repository.write("projects/acres/configs/sql/acres.sql", "select 1")
    repository.write("projects/acres/configs/notes.md", "x")
    repository.write("projects/acres/configs/.deployignore", "*.md")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    assert repository.invoke("plan", "--env", "dev").code == 0
    repository.write("projects/acres/configs/sql/acres.sql", "select 2")
    planned = repository.invoke("plan", "--env", "dev")
    assert planned.code == 2
    assert "update directory/configs: Files.sql/acres.sql changed" in planned.out
    assert repository.invoke("upload-glue", "--env", "dev").code == 0
    repository.project("acres")
    assert "orphan directory/configs: no longer declared" in repository.invoke("plan", "--env", "dev").out
    pruned = repository.invoke("deploy", "--env", "dev", "--prune")
    assert pruned.code == 0, pruned.err
    assert "delete directory/configs" in pruned.out


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['p.directory("nowhere", landing / "a")'], "directory/nowhere: the folder nowhere/ is empty, or not there"),
        (
            ['p.directory("configs", landing / "a")', 'p.directory("configs/sql", landing / "a/b")'],
            "would be one within the other",
        ),
        (['p.directory("configs", landing / "a")', 'p.directory("configs", landing / "a")'], "declares directory/configs twice"),
    ],
)
def test_what_cannot_be_is_told(repository: Repository, lines: list[str], told: str) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project("acres", 'landing = p.shared.bucket("landing")', *lines)
    repository.write("projects/acres/configs/sql/acres.sql", "select 1")
    ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert told in ended.err
