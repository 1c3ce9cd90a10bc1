"""Versions of layers that nothing needs are deleted, and no other."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from common.base.errors import AwsError, UnfinishedError
from common.engine.garbage import Collector
from common.model.resource import Key
from common.resources.layer_versions import remove
from common.state.lease import Lock
from common.state.records import Records
from tests.support.deploying import pool_of
from tests.support.layered import LAYER, MODULE, aws, changes, layered, layers_of, ran, versions
from tests.support.repository import Repository

RELEASES = 13


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    return layered(repository)


@pytest.fixture
def released(acres: Repository) -> Repository:
    """A layer with a version for each of thirteen releases."""
    return release(acres, RELEASES)


def release(repository: Repository, number: int) -> Repository:
    for release in range(number):
        repository.write(MODULE, f"X = {release}\n")
        ran(repository)
    assert versions() == list(range(number, 0, -1))
    return repository


def collected(repository: Repository, *, days_later: int = 400, only_find: bool = False) -> list[str]:
    session, env = aws(), repository.environment()
    lock = Lock(session, env, "acres", {"holder": "test"}, lambda _: None)
    with pool_of(4) as pool:
        collector = Collector(env, session, Records(session, env), pool, datetime.now(UTC) + timedelta(days=days_later))
        result = collector.find("acres") if only_find else collector.collect("acres", lock, {"id": "gc"})
    return [item.key for item in result if item.key.startswith("layer/")]


def test_what_the_last_ten_releases_name_stays(released: Repository) -> None:
    assert collected(released, days_later=20) == []
    assert collected(released) == [f"layer/{LAYER}:{number}" for number in (3, 2, 1)]
    assert versions() == list(range(RELEASES, 3, -1))
    assert collected(released) == []
    assert changes(released) == changes(released, "plan", "--verify") == {}


def test_what_some_function_still_uses_stays(released: Repository) -> None:
    session = aws()
    role = session.call("lambda", "GetFunction", FunctionName="t-dev-acres-One")["Configuration"]["Role"]
    layer = f"arn:aws:lambda:eu-central-1:{session.account_id}:layer:{LAYER}:2"
    fields = {"Runtime": "python3.11", "Handler": "a.b", "Role": role, "Layers": [layer]}
    session.call("lambda", "CreateFunction", FunctionName="theirs", Code={"ZipFile": b"PK\x05\x06" + bytes(18)}, **fields)
    assert collected(released) == [f"layer/{LAYER}:3", f"layer/{LAYER}:1"]
    session.call("lambda", "DeleteFunction", FunctionName="theirs")
    assert collected(released) == [f"layer/{LAYER}:2"]


def test_going_back_to_a_version_that_is_gone_publishes_it_again(released: Repository) -> None:
    collected(released)
    released.write(MODULE, "X = 0\n")
    assert changes(released) == {"layer/analytics": "update", "lambda/One": "update", "lambda/Two": "update"} | {
        "artifact/analytics.layer": "upload"
    }
    assert layers_of("t-dev-acres-One") == [f"{LAYER}:{RELEASES + 1}"]
    assert changes(released) == {}


def test_the_version_in_use_stays_whatever_it_was_made_from(acres: Repository) -> None:
    """Its content was not published again when only what it was made from changed."""
    release(acres, 2)
    text = (acres.root / "projects/acres/deploy.py").read_text()
    built = '"analytics", build="mkdir -p dist/python && cp grain.py dist/python")'
    acres.write("projects/acres/deploy.py", text.replace('"analytics")', built))
    for number in range(11):
        acres.write("projects/acres/layers/analytics/README", f"{number}")
        assert changes(acres)["layer/analytics"] == "record"
    assert collected(acres) == [f"layer/{LAYER}:1"]
    assert versions() == [2]
    assert layers_of("t-dev-acres-One") == [f"{LAYER}:2"]


def test_what_is_not_ours_or_not_recorded_stays(acres: Repository) -> None:
    release(acres, 12)
    session = aws()
    content = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    session.call("lambda", "PublishLayerVersion", LayerName=LAYER, Content=content)
    assert len(collected(acres, only_find=True)) == 2
    Records(session, acres.environment()).forget(Key("acres", "layer", "analytics"))
    assert collected(acres, only_find=True) == []


def test_an_unfinished_deploy_is_not_cleaned_up_after(acres: Repository) -> None:
    release(acres, 2)
    place = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/release.json"}
    tags = aws().call("s3", "GetObjectTagging", **place)["TagSet"]
    unfinished = [{**tag, "Value": "deploying"} if tag["Key"] == "state" else tag for tag in tags]
    aws().call("s3", "PutObjectTagging", **place, Tagging={"TagSet": unfinished})
    with pytest.raises(UnfinishedError):
        collected(acres)
    assert versions() == [2, 1]
    remove(aws(), LAYER, 1)
    remove(aws(), LAYER, 1)


def test_what_a_collection_that_failed_was_about_is_looked_at_by_the_next_deploy(
    released: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layer and its artifacts: a deploy that goes back to one must not rely on what may be gone."""

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DeleteLayerVersion")

    with monkeypatch.context() as patched:
        refusal = ("before-call.lambda.DeleteLayerVersion", refuse)
        patched.setattr(handlers, "BUILTIN_HANDLERS", [refusal, *handlers.BUILTIN_HANDLERS])
        with pytest.raises(AwsError, match="lambda:DeleteLayerVersion"):
            collected(released)
    root, _ = Records(aws(), released.environment()).root("acres")
    assert root is not None
    assert root.pending.keys() == {"layer/analytics", "artifact/analytics.layer"}
    assert changes(released).keys() <= {"layer/analytics"}
    assert collected(released) == [f"layer/{LAYER}:{number}" for number in (4, 3, 2, 1)], "that was a release, too"


def test_the_command_deletes_no_version_of_today(acres: Repository) -> None:
    release(acres, 2)
    result = ran(acres, "gc", "--dry-run")
    assert (result["layers"], result["deleted"]) == ([], False)
