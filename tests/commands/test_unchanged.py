"""A command knows without loading a declaration that nothing has changed, and is never wrong about it. On moto."""

import json
import os
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.digest import Digest
from common.base.errors import AccountError, AwsError
from common.declare.trace import Recalled, Trace, TraceFile
from common.environment.site import Port, RememberedSite
from common.model.choices import Choices
from common.model.resource import Action, Change, Key
from tests.support.lagging_index import index
from tests.support.repository import ACCOUNT, Repository
from tests.support.traced import FUNCTION, Ran, forget

SITE = RememberedSite(
    name="dev",
    account_id=ACCOUNT,
    region="eu-central-1",
    partition="aws",
    name_prefix="t-dev",
    tag_prefix="deployer:",
    artifact_bucket="t-dev-artifacts",
    bucket_account=ACCOUNT,
    store_prefix="",
    protected=False,
    endpoints={"s3": "https://s3.example.com"},
    embedded=Port(None),
)
ONE = Change(Key("acres", "lambda", "Validate"), Action.NOOP, "up to date", name="another-name")
TRACE = Trace(
    SITE,
    ["acres"],
    frozenset({"acres", "shared"}),
    {"acres": Digest("0" * 64)},
    frozenset({"arn:aws:lambda:x"}),
    {"acres": {"role/Validate": "arn:aws:iam::x"}},
    [(ONE, "deploy-lambdas")],
    frozenset({"deploy-lambdas"}),
    ["Support ends."],
)


@pytest.fixture
def deployed(repository: Repository, moto: None) -> Repository:
    """A repository that is deployed, and of which a trace is kept."""
    repository.project("acres", FUNCTION, 'p.job("load", script="glue/landing/load.py")')
    assert Ran(repository.root).loaded
    return repository


def test_the_second_command_loads_nothing_and_tells_the_same(deployed: Repository) -> None:
    root = deployed.root
    fast = Ran(root)
    forget(root)
    full = Ran(root)
    assert (fast.loaded, full.loaded) == (False, True)
    assert fast.plan == full.plan
    assert fast.told == full.told
    assert fast.calls == full.calls


def test_a_plan_and_a_step_know_it_too(deployed: Repository) -> None:
    for more in ({"planning": True}, {"json": True}, {"requested": "deploy-lambdas"}, {"yes": True, "wait": True}):
        Ran(deployed.root)
        ran = Ran(deployed.root, **more)
        assert not ran.loaded, more
        forget(deployed.root)
        full = Ran(deployed.root, **more)
        assert full.loaded
        assert (ran.plan, ran.told) == (full.plan, full.told), more


@pytest.mark.parametrize(
    "chosen",
    [{"verify": True}, {"force": True}, {"only": "lambda/*"}, {"rebuild": True}, {"prune": True}, {"exclusive": True}],
    ids=lambda chosen: next(iter(chosen)),
)
def test_whoever_asks_for_more_gets_more(deployed: Repository, chosen: dict[str, Any]) -> None:
    assert Ran(deployed.root, **chosen).loaded


def test_an_edit_is_deployed_and_then_known(deployed: Repository) -> None:
    deployed.project("acres", FUNCTION.replace('"1"', '"2"'), 'p.job("load", script="glue/landing/load.py")')
    edited = Ran(deployed.root)
    assert (edited.loaded, edited.changes) == (True, {"lambda/Validate": Action.UPDATE})
    assert not Ran(deployed.root).loaded, "the trace was kept although something changed"
    deployed.project("acres", FUNCTION, 'p.job("load", script="glue/landing/load.py")')
    assert Ran(deployed.root).changes == {"lambda/Validate": Action.UPDATE}, "what was deployed before counts as changed"


def test_where_to_ask_is_known_unless_the_settings_change(deployed: Repository) -> None:
    """So the first reads of a plan begin before the models of configuration are loaded, and none is made twice."""
    deployed.project("acres", FUNCTION.replace('"1"', '"2"'), 'p.job("load", script="glue/landing/load.py")')
    edited = Ran(deployed.root)
    assert (edited.is_early, edited.loaded) == (True, True)
    assert edited.calls["resourcegroupstaggingapi:GetResources"] == edited.calls["sts:GetCallerIdentity"] == 1
    deployed.configure(tags={"team": "farms"})
    tagged = Ran(deployed.root, planning=True)
    assert (tagged.is_early, tagged.loaded) == (False, True)
    assert Action.UPDATE in tagged.changes.values()


def test_a_project_that_is_new_or_gone_is_no_surprise_to_what_was_asked_early(deployed: Repository) -> None:
    deployed.project("new", 'p.function("Validate")')
    added = Ran(deployed.root)
    assert (added.is_early, added.changes["lambda/Validate"]) == (True, Action.CREATE)
    assert not Ran(deployed.root).loaded
    (deployed.root / "projects/new").rename(deployed.root / "new")
    gone = Ran(deployed.root)
    assert (gone.is_early, gone.changes) == (True, {})
    assert "new is deployed, but" in gone.told


def delete_function(_: Repository) -> None:
    AwsSession("eu-central-1", ACCOUNT).call("lambda", "DeleteFunction", FunctionName="t-dev-acres-Validate")


def mark_as_deploying(_: Repository) -> None:
    aws = AwsSession("eu-central-1", ACCOUNT)
    root = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/release.json"}
    tags = aws.call("s3", "GetObjectTagging", **root)["TagSet"]
    changed = [{**tag, "Value": "deploying"} if tag["Key"] == "state" else tag for tag in tags]
    aws.call("s3", "PutObjectTagging", **root, Tagging={"TagSet": changed})


def remake_role(_: Repository) -> None:
    aws = AwsSession("eu-central-1", ACCOUNT)
    (role,) = [role for page in aws.pages("iam", "ListRoles", PathPrefix="/t-dev/dev/acres/") for role in page["Roles"]][:1]
    name = {"RoleName": role["RoleName"]}
    tags = aws.call("iam", "ListRoleTags", **name)["Tags"]
    for policy in aws.call("iam", "ListRolePolicies", **name)["PolicyNames"]:
        aws.call("iam", "DeleteRolePolicy", **name, PolicyName=policy)
    aws.call("iam", "DeleteRole", **name)
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    aws.call("iam", "CreateRole", **name, Path=role["Path"], AssumeRolePolicyDocument=trust, Tags=tags)


def release_other_code(deployed: Repository) -> None:
    """Somebody else deploys other code, from another clone."""
    handler = deployed.root / "projects/acres/lambda/Validate/handler.py"
    text, status = handler.read_text(), handler.stat()
    handler.write_text("def handler(event, context):\n    return None\n")
    forget(deployed.root)
    Ran(deployed.root)
    handler.write_text(text)
    os.utime(handler, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [delete_function, mark_as_deploying, remake_role, release_other_code])
def test_what_happened_in_aws_is_noticed(deployed: Repository, change: Callable[[Repository], None]) -> None:
    change(deployed)
    after = Ran(deployed.root)
    assert after.loaded
    assert Ran(deployed.root).changes == {}, "it was put right"


def test_an_index_that_shows_nothing_yet_proves_nothing(deployed: Repository) -> None:
    with index(lambda _: []):
        lagging = Ran(deployed.root)
    assert (lagging.loaded, lagging.changes) == (True, {})


def test_what_others_have_left_is_told(deployed: Repository) -> None:
    deployed.project("old", 'p.function("Validate")')
    Ran(deployed.root)
    assert not Ran(deployed.root).loaded
    (deployed.root / "projects/old").rename(deployed.root / "old")
    for _ in range(2):
        ran = Ran(deployed.root)
        assert ran.loaded, "its note would be missing"
        assert "old is deployed, but" in ran.told


def test_advice_is_repeated(deployed: Repository) -> None:
    deployed.configure(defaults={"function": {"runtime": "nodejs18.x"}})
    handler = deployed.root / "projects/acres/lambda/Validate"
    (handler / "handler.py").rename(handler / "index.js")
    full, fast = Ran(deployed.root), Ran(deployed.root)
    assert (full.loaded, fast.loaded) == (True, False)
    assert "nodejs18.x" in fast.told
    forget(deployed.root)
    assert fast.told == Ran(deployed.root).told


DECLARED: dict[str, tuple[str, ...]] = {
    "the clock": ("from datetime import date", 'p.function("Validate", environment={"DAY": str(date.today())})'),
    "another program": ("import subprocess", FUNCTION),
    "a resource that is always verified": ('p.function("Validate", settings={"verify": "always"})',),
    "a layer": ('p.layer("tables", folder="layers/tables")',),
}


@pytest.mark.parametrize("lines", DECLARED.values(), ids=DECLARED)
def test_what_may_differ_each_time_is_loaded_each_time(deployed: Repository, lines: tuple[str, ...]) -> None:
    deployed.write("projects/acres/layers/tables/python/tables.py", "TABLES = {}\n")
    deployed.project("acres", *lines)
    Ran(deployed.root)
    assert Ran(deployed.root).loaded


def test_files_elsewhere_count_once_they_are_used(deployed: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "level.txt"
    outside.write_text("1")
    deployed.write("libs/level.txt", "1")
    levels = f'levels = [Path(path).read_text() for path in ({str(outside)!r}, Path(__file__).parents[2] / "libs/level.txt")]'
    deployed.project("acres", levels, 'p.function("Validate", environment={"LEVEL": "".join(levels)})')
    Ran(deployed.root)
    assert not Ran(deployed.root).loaded
    for path in (outside, deployed.root / "libs/level.txt"):
        path.write_text("2")
        assert Ran(deployed.root).changes == {"lambda/Validate": Action.UPDATE}, path
        assert not Ran(deployed.root).loaded


def test_a_file_that_was_just_written_may_change_again(deployed: Repository) -> None:
    later = TraceFile(deployed.root, Choices(env="dev"), time.time_ns() + 10**10)
    now = TraceFile(deployed.root, Choices(env="dev"))
    now.write(TRACE, (), ())
    assert now.read() is None
    later.write(TRACE, (), ())
    assert now.read() == later.read() == Recalled(TRACE, is_current=True)
    deployed.write("new.txt", "")
    later.write(TRACE, (), (str(deployed.root / "libs/new.txt"),))
    assert later.read() == Recalled(TRACE, is_current=True)
    deployed.write("libs/new.txt", "")
    assert later.read() == Recalled(TRACE, is_current=False)
    assert TraceFile(deployed.root, Choices(env="dev")).read() == Recalled(TRACE, is_current=False)


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data.replace(b"acres", b"acre5"), lambda _: b""])
def test_a_damaged_trace_is_none(deployed: Repository, damage: Callable[[bytes], bytes]) -> None:
    (file,) = (deployed.root / "build/traces").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert Ran(deployed.root).loaded
    assert not Ran(deployed.root).loaded


class Refusing(AwsSession):
    """AWS, with an error instead of the answer of one operation."""

    def __init__(self, operation: str, error: BaseException) -> None:
        super().__init__("eu-central-1", ACCOUNT)
        self._refused, self._error = operation, error

    def _count(self, service: str, operation: str) -> None:
        super()._count(service, operation)
        if operation == self._refused:
            raise self._error


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    ("operation", "error"),
    [
        *((name, AwsError("any", name, "AccessDenied", "no")) for name in ("ListRoles", "GetResources", "GetObjectTagging")),
        ("GetCallerIdentity", AwsError("sts", "GetCallerIdentity", "InvalidClientTokenId", "no")),
        ("GetCallerIdentity", AccountError("There are no credentials.")),
        ("GetCallerIdentity", KeyboardInterrupt()),
    ],
)
def test_an_error_is_told_as_if_nothing_was_remembered(
    deployed: Repository, operation: str, error: BaseException, json: bool
) -> None:
    traced = Ran(deployed.root, json=json, aws=lambda: Refusing(operation, error))
    forget(deployed.root)
    full = Ran(deployed.root, json=json, aws=lambda: Refusing(operation, error))
    assert traced.error == full.error != ""
    assert without_calls(traced.told) == without_calls(full.told)
    assert traced.calls["sts:GetCallerIdentity"] == full.calls["sts:GetCallerIdentity"] == 1
    if operation != "GetCallerIdentity":  # after that, how many others have begun is a matter of time
        assert traced.calls == full.calls


def without_calls(told: str) -> str:
    return re.sub(r'\d+ AWS calls?|"api_calls": \{.*?\}\}', "", told)


def test_an_account_that_cannot_be_opened_is_told_as_if_nothing_was_remembered(deployed: Repository) -> None:
    def refuse() -> AwsSession:
        raise AccountError("The profile asks for a code, and nobody can be asked.")

    traced = Ran(deployed.root, aws=refuse)
    forget(deployed.root)
    full = Ran(deployed.root, aws=refuse)
    assert traced.error == full.error
    assert traced.told == full.told
    assert traced.told.count(ACCOUNT) == 1
