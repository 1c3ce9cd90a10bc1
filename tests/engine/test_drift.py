"""Drift, type by type: nothing right after a deploy, each field that somebody changes, and everything that is gone."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base import digest
from common.base.digest import Digest
from common.engine.drift import DriftResult, compare
from common.environment.config import Environment
from common.model.comparison import OPTIONAL, is_empty, merged
from common.model.resource import Artifact, Key, Resource, State
from common.state.records import Records
from common.state.release_root import CLEAN, Root, RootTag
from tests.resources.builders import Code, Place, brought, final, prepare
from tests.resources.cases import CASES, Case
from tests.resources.conftest import moto_aws, moto_gaps, moto_glue, place, slept

__all__ = ["moto_aws", "moto_gaps", "moto_glue", "place", "slept"]


class Applied(Records):
    """Records that say that a resource has this state and these artifacts, of which one may be lost."""

    def __init__(self, aws: AwsSession, env: Environment, item: Resource, applied: State | None, lost: Key | None = None) -> None:
        super().__init__(aws, env)
        self._one, self._applied, self._lost = item, applied, lost

    def read(self, key: Key) -> Mapping[str, Any]:
        assert key == self._one.key
        return {"desired": self._applied} if self._applied is not None else {}

    def uploaded_content(self, artifact: Artifact) -> str | None:
        assert isinstance(artifact, Code)
        return None if artifact.key == self._lost else digest.of_bytes(artifact.data)

    def recorded_digest(self, key: Key) -> Digest | None:
        raise NotImplementedError(f"the root says nothing of {key} to compare its tag with")

    def root_tag(self, project: str) -> RootTag | None:
        root, _ = self.root(project)
        return RootTag(CLEAN, root.digest()) if root else None

    def root(self, project: str, version: str | None = None) -> tuple[Root | None, str | None]:
        assert (project, version) == (self._one.key.project, None)
        return Root({str(artifact.key): artifact.input_digest() for artifact in self._one.artifacts}), "etag"


@pytest.fixture
def env(moto_aws: AwsSession) -> Environment:
    return Environment(
        name="test", account_id=moto_aws.account_id, region=moto_aws.region, name_prefix="t", artifact_bucket="t-artifacts"
    )


MAY_BE_LEFT_OUT = {*OPTIONAL} - {"Policies", "AttachedPolicies"}
ENTRIES = {"Environment", "DefaultArguments"}


def within(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a map has all that another one has."""
    return merged(after, before) == after


def found(aws: AwsSession, env: Environment, item: Resource, applied: State | None, lost: Key | None = None) -> DriftResult:
    with ThreadPoolExecutor(2) as pool:
        return compare(env, aws, Applied(aws, env, item, applied, lost), [item], pool)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_right_after_a_deploy_then_every_field_that_somebody_changes(
    moto_aws: AwsSession, env: Environment, place: Place, case: Case
) -> None:
    """Somebody makes of it, by hand, what the case would deploy next."""
    before, after = case.before(place), case.after(place)
    prepare(moto_aws, before, after)
    before.create(moto_aws, final(before))
    assert found(moto_aws, env, before, final(before)) == DriftResult(1, (), ())

    brought(moto_aws, after, final(before))
    # Tags that are not ours are none of ours; and of a layer a version more takes nothing from the one that is in use.
    more_tags_alone = case.changed == {"Tags"} and final(before)["Tags"].items() <= final(after)["Tags"].items()
    # Nor is what nobody declared: somebody may have good reasons for it.
    unsaid = {name for name in case.changed & MAY_BE_LEFT_OUT if not final(before)[name] or is_empty(final(before)[name])}
    unsaid |= {"SqsManagedSseEnabled"} & case.changed if "KmsMasterKeyId" in unsaid else set()
    unsaid |= {name for name in case.changed & ENTRIES if within(final(before)[name], final(after)[name])}
    drifted = found(moto_aws, env, before, final(before)).drifted
    assert [drift.how for drift in drifted] == (
        [] if more_tags_alone or case.changed == unsaid or before.key.kind == "layer" else ["changed"]
    )
    for drift in drifted:
        both = {"SqsManagedSseEnabled"} if "KmsMasterKeyId" in case.changed else set()
        assert {field.name.partition(".")[0] for field in drift.fields} == case.changed - unsaid | both
        assert all(field.live not in (field.applied, field.declared) for field in drift.fields)

    assert found(moto_aws, env, after, final(before)).drifted == ()  # what is declared now is not drift, whoever has made it

    before.delete(moto_aws)
    assert [drift.how for drift in found(moto_aws, env, before, final(before)).drifted] == ["deleted"]
    assert found(moto_aws, env, before, None) == DriftResult(0, (), (f"{before.key.project}:{before.key}",))


@pytest.mark.parametrize("emptied", [True, False])
def test_an_empty_map_is_no_difference_beside_its_keys(
    moto_aws: AwsSession, env: Environment, place: Place, emptied: bool
) -> None:
    """Of a map that is empty on one side, only what the other side has in it is told."""
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    plain, allowing = place.role(), place.role(statements=(allowed,))
    declared, made = (allowing, plain) if emptied else (plain, allowing)
    made.create(moto_aws, final(made))
    (drift,) = found(moto_aws, env, declared, final(declared)).drifted
    names = [field.name for field in drift.fields]
    assert names
    assert all(name.startswith("Policies.") for name in names), names


def test_every_artifact_that_is_lost_is_told(moto_aws: AwsSession, env: Environment, place: Place) -> None:
    """The script of a job, and what it imports."""
    job = place.job(shared_code=Code("shared_code", b"x = 1"), wheels=(Code("wheels", b"PK"),))
    prepare(moto_aws, job)
    job.create(moto_aws, final(job))
    assert found(moto_aws, env, job, final(job)).drifted == ()
    assert len(job.artifacts) == 3
    for artifact in job.artifacts:
        (lost,) = found(moto_aws, env, job, final(job), artifact.key).drifted
        assert (lost.key, lost.how) == (str(artifact.key), "deleted")
