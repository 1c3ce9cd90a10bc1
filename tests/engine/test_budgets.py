"""How many calls AWS gets, whatever the size: what has not changed costs a page of the index for each 100, a change a constant.

Counted on moto, whose tagging index is complete.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from common.aws.session import AwsSession
from common.commands.deployment_command import DeploymentCommand
from common.engine.prediction import predict
from common.model import steps
from common.model.choices import Choices
from common.model.events import Event
from common.model.resource import Action, Change
from tests.bench.generated import PROJECT, Size, declare, edit_function, edit_job, generate
from tests.support.lagging_index import index
from tests.support.repository import ACCOUNT, ROOT, Repository, fresh_imports

BUCKET = f"t-dev-artifacts-{ACCOUNT}"
ROOT_KEY = f"dev/{PROJECT}/release.json"
OWN, FIRST = 6, 60
"""What projects share, and what it costs to make it: two buckets above all, and two releases."""
PROJECTS = 2
"""The generated one, and the shared resources."""
SIZES = {10: Size(2, 4, 1, 1), 100: Size(10, 70, 9, 1), 1000: Size(10, 960, 18, 2)}
"""With each function's log group: so many resources, those that projects share on top."""
MARKED = Counter({"s3:PutObject": 4, "s3:DeleteObject": 1})
"""What every change costs: the lock, the root as deploying, the record, the clean root; the lock given back."""


@pytest.fixture(autouse=True)
def whole_pages(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto ends a page at 100 tags though it was asked for 100 resources; AWS counts tags only where it is asked to."""
    paged = ResourceGroupsTaggingAPIBackend.get_resources

    def by_resources(backend: Any, **parameters: Any) -> Any:
        return paged(backend, **{**parameters, "tags_per_page": 10**9})

    monkeypatch.setattr(ResourceGroupsTaggingAPIBackend, "get_resources", by_resources)


class Deployed:
    """What one deploy, or a plan, has cost and done."""

    def __init__(self, root: Path, *, planning: bool = False, **chosen: Any) -> None:
        events: list[Event] = []
        with fresh_imports():
            aws = AwsSession("eu-central-1", ACCOUNT)  # without rates: what is counted is calls, not time
            choices = Choices(env="dev", jobs=4, **chosen)
            command = DeploymentCommand(root, choices, steps.covered(["deploy"]), events.append, aws=lambda: aws)
            try:
                deployment = command.deployment()
                self.plan = deployment.plan()
                for name in () if planning else steps.STEPS:
                    deployment.step(name)
            finally:
                command.close()
        self.resources = len(deployment._declarations.resources)
        self.calls = Counter(aws.calls)
        self.total = self.calls.total()

    @property
    def foretold(self) -> int:
        """The calls that applying the plan was said to cost."""
        return predict(self.plan).calls

    @property
    def changes(self) -> dict[str, Action]:
        return {str(change.key): change.action for change in self.plan.changes if change.action is not Action.NOOP}

    def change(self, key: str) -> Change:
        return next(change for change in self.plan.changes if str(change.key) == key)


def unchanged(resources: int) -> int:
    """Caller identity, roles by path, pages of the index, one root for each project."""
    return 2 + -(-resources // 100) + PROJECTS


def is_write(operation: str) -> bool:
    return not operation.partition(":")[2].startswith(("Get", "List", "Describe", "Head"))


@pytest.fixture(params=SIZES)
def deployed(request: pytest.FixtureRequest, repository: Repository) -> tuple[Repository, Size, Deployed]:
    """A first deploy of each size."""
    size = SIZES[request.param]
    generate(repository, size, ACCOUNT)
    AwsSession("eu-central-1", ACCOUNT).call("iam", "CreateRole", RoleName="pipelines", AssumeRolePolicyDocument="{}")
    planned = Deployed(repository.root, planning=True)
    first = Deployed(repository.root)
    assert first.resources - OWN == request.param
    # What is not foretold is a constant: waiting for buckets, and proving once that the store keeps to conditions.
    assert planned.foretold == pytest.approx(first.total - planned.total, abs=16)
    return repository, size, first


def test_every_row_of_the_table(deployed: tuple[Repository, Size, Deployed]) -> None:
    """One test, as the first deploy of 1,000 resources is what takes the time."""
    repository, size, first = deployed
    root, documented_calls = repository.root, documented()
    assert first.total <= 3 * (first.resources - OWN) + FIRST
    assert set(first.changes.values()) == {Action.CREATE, Action.UPLOAD}

    base = Deployed(root)
    assert base.changes == {}
    assert base.total == unchanged(base.resources)
    assert not any(map(is_write, base.calls))
    assert Deployed(root, planning=True).calls == base.calls

    with index(lambda _: []):  # as it is right after a first deploy
        empty = Deployed(root)
    assert empty.changes == {}
    assert empty.total <= 3 * base.total

    edits: list[tuple[Callable[[], None], Mapping[str, Action], Counter[str], int]] = [
        (
            lambda: edit_function(repository, "edited"),
            {"artifact/Fn0000": Action.UPLOAD, "lambda/Fn0000": Action.UPDATE},
            Counter({"s3:GetObject": 2, "s3:GetObjectTagging": 1, "lambda:GetFunction": 1})
            + Counter({"s3:PutObject": 1, "lambda:UpdateFunctionCode": 1}),
            documented_calls["one function's code changed"],
        ),
        (
            lambda: edit_job(repository, "edited"),
            {"artifact/job_0000": Action.UPLOAD, "glue-job/job_0000": Action.UPDATE},
            Counter({"s3:GetObject": 2, "s3:GetObjectTagging": 1, "glue:GetJob": 1, "glue:GetTags": 1})
            + Counter({"s3:PutObject": 1, "glue:GetJob": 1, "glue:UpdateJob": 1}),
            documented_calls["one Glue script changed"],
        ),
    ]
    for edit, actions, own, budget in edits:
        edit()
        planned = Deployed(root, planning=True)
        assert planned.changes == actions
        assert not any(map(is_write, planned.calls))
        assert planned.total <= base.total + sum(own.values())
        changed = Deployed(root)
        assert changed.changes == actions
        assert changed.total - planned.total == planned.foretold
        assert changed.calls - base.calls == own + MARKED
        assert changed.total - base.total == budget
        assert Deployed(root).calls == base.calls

    declare(repository, size, "edited")
    machines = Deployed(root)
    assert machines.changes == {f"state-machine/flow_{number:04}": Action.UPDATE for number in range(size.machines)}
    own = Counter({"stepfunctions:DescribeStateMachine": 1, "stepfunctions:ListTagsForResource": 1, "s3:GetObject": 1})
    own += Counter({"stepfunctions:UpdateStateMachine": 1, "s3:PutObject": 1})
    assert machines.calls - base.calls == _times(own, size.machines) + Counter(
        {"s3:GetObject": 1, "s3:PutObject": 3, "s3:DeleteObject": 1}
    )
    assert machines.total - base.total == documented_calls["one state machine changed"] + (size.machines - 1) * own.total()
    assert Deployed(root).calls == base.calls


def documented() -> dict[str, int]:
    """The calls on top of an unchanged deploy, by situation, as the page of performance tells them."""
    rows = re.findall(r"^\| (one .+?) \| the above \+ (\d+)", (ROOT / "docs/performance.md").read_text(), re.MULTILINE)
    return {situation: int(calls) for situation, calls in rows}


def _times(calls: Counter[str], number: int) -> Counter[str]:
    return Counter({operation: count * number for operation, count in calls.items()})


@pytest.fixture
def small(repository: Repository) -> Repository:
    """A small project, deployed."""
    generate(repository, SIZES[10], ACCOUNT)
    AwsSession("eu-central-1", ACCOUNT).call("iam", "CreateRole", RoleName="pipelines", AssumeRolePolicyDocument="{}")
    Deployed(repository.root)
    return repository


def test_a_directory_costs_nothing_while_it_is_unchanged(small: Repository) -> None:
    """The digest of its record covers every file and its place; no index knows objects."""
    before = Deployed(small.root)
    path = small.root / f"projects/{PROJECT}/deploy.py"
    path.write_text(path.read_text().replace("    return p\n", '    p.directory("sql", data / "sql")\n    return p\n'))
    for number in range(30):
        small.write(f"projects/{PROJECT}/sql/{number}.sql", "select 1")
    assert Deployed(small.root).changes == {"directory/sql": Action.CREATE}
    assert Deployed(small.root).calls == before.calls
    small.write(f"projects/{PROJECT}/sql/7.sql", "select 2")
    changed = Deployed(small.root)
    assert changed.changes == {"directory/sql": Action.UPDATE}
    own = {"s3:HeadBucket": 2, "s3:ListObjectsV2": 2, "s3:GetObjectTagging": 30, "s3:GetObject": 2, "s3:PutObject": 1}
    assert changed.calls - before.calls == Counter(own) + MARKED
    assert Deployed(small.root).calls == before.calls


def s3(operation: str, **parameters: Any) -> dict[str, Any]:
    return AwsSession("eu-central-1", ACCOUNT).call("s3", operation, Bucket=BUCKET, Key=ROOT_KEY, **parameters)


ROOTS: dict[str, Callable[[], object]] = {
    "missing": lambda: s3("DeleteObject"),
    "without tags": lambda: s3("DeleteObjectTagging"),
    "of other bytes": lambda: s3("PutObject", Body=b"{}", Tagging="state=clean&root-sha256=" + "0" * 64),
    "not clean": lambda: s3("PutObjectTagging", Tagging={"TagSet": [{"Key": "state", "Value": "deploying"}]}),
}


@pytest.mark.parametrize("damage", ROOTS)
def test_a_root_that_proves_nothing_costs_calls_and_skips_nothing(small: Repository, damage: str) -> None:
    before = Deployed(small.root)
    ROOTS[damage]()
    edit_job(small, "edited")
    changed = Deployed(small.root)
    assert changed.changes == {"artifact/job_0000": Action.UPLOAD, "glue-job/job_0000": Action.UPDATE}
    assert changed.total > before.total + 11
    assert Deployed(small.root).calls == before.calls


@pytest.mark.parametrize("damage", [b"", b"\xff", b'1 {"forged": true}'])
def test_a_damaged_stat_cache_skips_nothing(small: Repository, damage: bytes) -> None:
    before = Deployed(small.root)
    edit_function(small, "edited")
    (small.root / "build/stat-cache.json").write_bytes(damage)
    changed = Deployed(small.root)
    assert changed.changes == {"artifact/Fn0000": Action.UPLOAD, "lambda/Fn0000": Action.UPDATE}
    assert Deployed(small.root).calls == before.calls


@pytest.mark.parametrize("sizes", ['{"glue:job": 4000, "lambda": 4000}', '{"sns": 1, "lambda": 100}', "{}"])
def test_wrong_sizes_of_the_index_cost_calls_and_create_nothing_twice(small: Repository, sizes: str) -> None:
    before = Deployed(small.root)
    (small.root / "build/index/dev.json").write_text(sizes)
    again = Deployed(small.root)
    assert again.changes == {}
    assert again.total >= before.total
    assert not any(map(is_write, again.calls))
    assert Deployed(small.root).calls == before.calls


@pytest.mark.parametrize(("parameters", "calls"), [(0, 0), (1, 1), (10, 1), (11, 2)])
def test_parameters_are_read_ten_in_a_call_and_nothing_else_is_asked_for_them(
    repository: Repository, parameters: int, calls: int
) -> None:
    names = [f"p{number}" for number in range(parameters)]
    for name in names:
        AwsSession("eu-central-1", ACCOUNT).call("ssm", "PutParameter", Name=f"/acres/{name}", Value="x", Type="String")
    repository.configure(projects={"acres": {"parameters": {name: f"ssm:/acres/{name}" for name in names}}})
    repository.project("acres", f'p.function("Validate", environment={ {name.upper(): f"${{{name}}}" for name in names}!r})')
    Deployed(repository.root)
    again = Deployed(repository.root)
    assert again.changes == {}
    assert again.calls["sts:GetCallerIdentity"] == 1
    assert again.calls["ssm:GetParameters"] == calls
    assert again.total == unchanged(again.resources) + calls
