"""A folder in a bucket: what is ours there comes and goes, what is not ours stays."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from common.aws.session import AwsSession
from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError, DeployError
from common.model.comparison import difference
from common.model.existing import ExistingRef
from common.model.orphan import Orphan
from common.model.resource import Key
from common.resources import directory
from common.resources.directory import Content, Directory
from tests.resources.builders import ARTIFACTS, Place, final, live_state, prepare, updated


def keys(aws: AwsSession) -> list[str]:
    return [content["Key"] for content in aws.call("s3", "ListObjectsV2", Bucket=ARTIFACTS).get("Contents", ())]


@pytest.fixture
def deployed(moto_aws: AwsSession, place: Place) -> Directory:
    resource = place.directory()
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    return resource


def test_in_a_bucket_of_others_the_deployer_needs_its_place_alone(place: Place) -> None:
    """By hand from https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html."""
    theirs = ExistingRef(Key("existing", "bucket", "lake"), "lake", "arn:aws:s3:::lake")
    needs = place.directory(uses=(theirs,)).deployer_needs()
    assert {arn: sorted(actions) for arn, actions in needs.items()} == {
        f"arn:aws:s3:::{ARTIFACTS}/configs/*": [
            *("s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging")
        ],
        "arn:aws:s3:::lake": ["s3:GetEncryptionConfiguration", "s3:ListBucket"],
    }


def test_reading_a_folder_asks_about_every_object(moto_aws: AwsSession, deployed: Directory) -> None:
    before = moto_aws.calls.copy()
    assert live_state(moto_aws, deployed) == final(deployed)
    assert moto_aws.calls - before == {"s3:HeadBucket": 1, "s3:ListObjectsV2": 1, "s3:GetObjectTagging": 2}


def test_what_lies_elsewhere_in_the_bucket_is_not_looked_at(moto_aws: AwsSession, place: Place, deployed: Directory) -> None:
    """Not even what another directory of the same project has put there, with the same tags."""
    name, arn = f"{ARTIFACTS}/configs-of-others/", f"arn:aws:s3:::{ARTIFACTS}/configs-of-others/"
    other = place.directory({"codes.csv": "x", "more.csv": "y"}, name=name, arn=arn)
    other.create(moto_aws, final(other))
    before = moto_aws.calls.copy()
    assert live_state(moto_aws, deployed) == final(deployed)
    assert (moto_aws.calls - before)["s3:GetObjectTagging"] == 2
    deployed.delete(moto_aws)
    assert keys(moto_aws) == ["configs-of-others/codes.csv", "configs-of-others/more.csv"]


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
    updated(moto_aws, after, {"Files"}, after.read(moto_aws))
    assert keys(moto_aws) == ["configs/codes.csv", "configs/theirs.csv", "configs2/other.csv"]
    after.delete(moto_aws)
    assert keys(moto_aws) == ["configs/theirs.csv", "configs2/other.csv"]
    assert after.read(moto_aws) is None


def test_an_object_of_somebody_else_under_one_of_our_names_shows_no_tags_of_ours(moto_aws: AwsSession, place: Place) -> None:
    resource = place.directory({"codes.csv": "a,b"})
    prepare(moto_aws, resource)
    moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs/codes.csv", Body=b"theirs")
    live = live_state(moto_aws, resource)
    assert live is not None
    assert (live["Foreign"], live["Tags"]) == (["codes.csv"], {"deployer:environment": ""})


def test_a_file_that_changes_during_a_deploy_is_refused(embedded_aws: AwsSession, tmp_path: Path) -> None:
    resource = Place(embedded_aws.account_id, embedded_aws.region).directory({"codes.csv": "a,b"})
    prepare(embedded_aws, resource)
    (path := tmp_path / "codes.csv").write_text("a,b")
    late = replace(resource, files={"codes.csv": Content(path, path.stat(), digest.md5)})
    planned = final(late)
    path.write_text("changed since")
    with pytest.raises(
        ArtifactError, match=r"directory/t-artifacts/configs/: codes\.csv was changed after the plan was made\. Deploy again\."
    ):
        late.create(embedded_aws, planned)


def test_what_is_not_the_first_is_asked_about_too(moto_aws: AwsSession, place: Place, deployed: Directory) -> None:
    theirs = {"Bucket": ARTIFACTS, "Key": "configs/sql/acres.sql", "Body": b"select 1", "Tagging": "deployer:environment=o/prod"}
    moto_aws.call("s3", "PutObject", **theirs)
    live = live_state(moto_aws, deployed)
    assert live is not None
    assert (live["Foreign"], live["Tags"]) == (["sql/acres.sql"], {"deployer:environment": "o/prod"})
    deployed.delete(moto_aws)
    assert keys(moto_aws) == ["configs/sql/acres.sql"]


def test_a_place_with_too_much_of_others_is_refused_and_what_is_recorded_can_be_deleted_there(
    moto_aws: AwsSession, deployed: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "MAX_OTHERS", 2)
    for number in range(3):
        moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key=f"configs/data/{number}", Body=b"x")
    with pytest.raises(DeployError, match=r"holds 3 other objects.* Keep the directory at a place of its own"):
        deployed.read(moto_aws)
    remains = Orphan(deployed.key, deployed.name, deployed.arn, moto_aws.account_id, recorded={"desired": final(deployed)})
    before = moto_aws.calls.copy()
    Directory.erase(moto_aws, remains)
    assert keys(moto_aws) == ["configs/data/0", "configs/data/1", "configs/data/2"]
    assert (moto_aws.calls - before)["s3:GetObjectTagging"] == 3


class Remembered:
    """Knows every file."""

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, status: os.stat_result) -> Digest:
        del kind, read, path, status
        return Digest("remembered")


def test_what_is_known_is_not_read(place: Place) -> None:
    resource = place.directory({"codes.csv": "a,b"})
    read = resource.desired()["Files"]
    resource.look(Remembered())
    assert (read, resource.desired()["Files"]) == ({"codes.csv": "b345e1dc09f20fdefdea469f09167892"}, {"codes.csv": "remembered"})


class KeyOfItsOwn(AwsSession):
    """A bucket that is encrypted with KMS: an ETag is not an MD5 there, which moto does not know.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        for page in super().pages(service, operation, **parameters):
            etags = [{**entry, "ETag": f'"{entry["ETag"][::-1]}"'} for entry in page.get("Contents", ())]
            yield {**page, "Contents": etags} if etags else page


def test_in_a_bucket_with_a_key_of_its_own_a_tag_says_what_an_object_holds(moto_aws: AwsSession, place: Place) -> None:
    resource, aws = place.directory(), KeyOfItsOwn(place.region, place.account_id)
    prepare(aws, resource)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    aws.call("s3", "PutBucketEncryption", Bucket=ARTIFACTS, ServerSideEncryptionConfiguration={"Rules": [rule]})
    resource.create(aws, final(resource))
    assert live_state(aws, resource) == final(resource)
    tags = "&".join(f"{name}={value}" for name, value in resource.tags.items())
    aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs/codes.csv", Body=b"theirs", Tagging=tags)
    live = live_state(aws, resource)
    assert live is not None
    assert difference(final(resource), live) == ("Files",)


class Recording(KeyOfItsOwn):
    """Keeps the parameters of every call."""

    sent: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.sent.append((operation, parameters))
        return super().call(service, operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.sent.append((operation, parameters))
        return super().pages(service, operation, **parameters)


@pytest.mark.parametrize("is_declared", [True, False])
def test_every_call_says_whose_bucket_it_must_be_if_the_bucket_is_declared(
    moto_aws: AwsSession, place: Place, *, is_declared: bool
) -> None:
    """S3 then refuses a bucket that somebody else has made under the same name. A bucket of others may be of any account.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    needs = (Key("shared", "bucket", "artifacts"),) if is_declared else ()
    prepare(moto_aws)
    aws = Recording(place.region, place.account_id)
    resource, smaller = place.directory(needs=needs), place.directory({"codes.csv": "c"}, needs=needs)
    resource.create(aws, final(resource))
    resource.read(aws)
    updated(aws, smaller, {"Files"}, smaller.read(aws))
    Directory.erase(aws, Orphan(resource.key, resource.name, resource.arn, place.account_id, needs=needs))
    operations = {"HeadBucket", "ListObjectsV2", "GetObjectTagging", "PutObject", "GetBucketEncryption", "DeleteObject"}
    assert {operation for operation, _ in aws.sent} == operations
    assert {sent.get("ExpectedBucketOwner") for _, sent in aws.sent} == {place.account_id if is_declared else None}
    aws.sent.clear()


def test_owner_tags_of_an_earlier_tag_prefix_are_undeclared_and_those_of_now_are_not(moto_aws: AwsSession, place: Place) -> None:
    resource = place.directory({"codes.csv": "a,b"})
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    read = resource.read(moto_aws)
    assert (read and read.undeclared) == {}
    former = "former:environment=t/test&former:project=p"
    moto_aws.call("s3", "PutObject", Bucket=ARTIFACTS, Key="configs/codes.csv", Body=b"a,b", Tagging=former)
    read = resource.read(moto_aws)
    assert (read and read.undeclared) == {"Tags": {"former:environment": "t/test", "former:project": "p"}}
