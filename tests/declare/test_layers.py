"""Layers: published when their content changes, and with them every function that uses them, in one deploy."""

import itertools
import shutil
from collections import Counter

import pytest

from common.aws.session import AwsSession
from common.commands.deployment_command import DeploymentCommand
from common.model import steps
from common.model.choices import Choices
from tests.support.fake_world import Killed
from tests.support.layered import DECLARED, LAYER, MODULE, aws, calls, changes, layered, layers_of, ran, versions
from tests.support.repository import ACCOUNT, HANDLER, Repository, fresh_imports


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    return layered(repository)


def test_a_layer_is_published_and_its_change_reaches_every_function_in_the_same_deploy(acres: Repository) -> None:
    first = changes(acres)
    assert {"artifact/analytics.layer": "upload", "layer/analytics": "create", "lambda/One": "create"}.items() <= first.items()
    assert layers_of("t-dev-acres-One") == layers_of("t-dev-acres-Two") == [f"{LAYER}:1"]
    assert layers_of("t-dev-acres-Validate") == []
    assert changes(acres) == {}

    acres.write(MODULE, "X = 2\n")
    report = ran(acres)
    because = {change["key"]: (change["action"], change["reason"]) for change in report["changes"] if change["action"] != "noop"}
    assert because == {
        "artifact/analytics.layer": ("upload", "grain.py changed"),
        "layer/analytics": ("update", "grain.py changed"),
        "lambda/One": ("update", "grain.py changed; Layers changed"),
        "lambda/Two": ("update", "grain.py changed; Layers changed"),
    }
    assert layers_of("t-dev-acres-One") == layers_of("t-dev-acres-Two") == [f"{LAYER}:2"]
    assert Counter(report["api_calls"]["by_operation"])["lambda:ListLayerVersions"] == 1
    assert Counter(report["api_calls"]["by_operation"])["lambda:UpdateFunctionCode"] == 0
    assert changes(acres) == changes(acres, "plan", "--verify") == {}
    assert acres.invoke("drift", "--env", "dev").code == 0

    acres.write(MODULE, "X = 1\n")
    assert changes(acres).keys() == {"layer/analytics", "lambda/One", "lambda/Two"}
    assert versions() == [2, 1], "what was published once is used again"
    assert layers_of("t-dev-acres-One") == layers_of("t-dev-acres-Two") == [f"{LAYER}:1"]
    assert changes(acres) == changes(acres, "plan", "--verify") == {}


def test_what_is_unchanged_costs_one_call_and_only_where_there_is_a_layer(acres: Repository) -> None:
    ran(acres)
    counts = calls(acres)
    assert counts["lambda:ListLayers"] == 1
    assert {name for name in counts if name.startswith("lambda:")} == {"lambda:ListLayers"}
    acres.project("acres")
    shutil.rmtree(acres.root / "projects/acres/layers")
    assert calls(acres)["lambda:ListLayers"] == 0


def test_the_same_content_of_other_inputs_is_not_published_again(acres: Repository) -> None:
    ran(acres)
    acres.write("projects/acres/layers/analytics/requirements.txt", "# nothing yet\n")
    acres.write("projects/acres/layers/analytics/.deployignore", "*.txt\n")
    assert changes(acres) == {}
    acres.write("projects/acres/deploy.py", (acres.root / "projects/acres/deploy.py").read_text().replace('"analytics")', BUILT))
    assert changes(acres) == {
        "artifact/analytics.layer": "upload",
        **dict.fromkeys(("layer/analytics", "lambda/One", "lambda/Two"), "record"),
    }
    assert versions() == [1]


BUILT = '"analytics", build="mkdir -p dist/python && cp grain.py dist/python")'


def test_what_an_interrupted_deploy_has_published_is_not_published_again(acres: Repository) -> None:
    ran(acres)
    acres.write(MODULE, "X = 2\n")
    ran(acres, "deploy", "--only", "layer/*")
    assert versions() == [2, 1]
    body = aws().call("s3", "GetObject", Bucket="t-dev-artifacts", Key="dev/acres/records/layer/analytics.json")
    tags = "desired-sha256=" + "0" * 64  # as before the record was written
    aws().call(
        "s3",
        "PutObject",
        Bucket="t-dev-artifacts",
        Key="dev/acres/records/layer/analytics.json",
        Body=body["Body"].read(),
        Tagging=tags,
    )
    aws().call("s3", "DeleteObject", Bucket="t-dev-artifacts", Key="dev/acres/release.json")
    assert changes(acres) == {"layer/analytics": "record", "lambda/One": "update", "lambda/Two": "update"}
    assert versions() == [2, 1]


def test_a_version_that_somebody_has_deleted_is_published_again(acres: Repository) -> None:
    ran(acres)
    aws().call("lambda", "DeleteLayerVersion", LayerName=LAYER, VersionNumber=1)
    assert changes(acres) == {"layer/analytics": "create"}, "functions keep what they have"
    assert changes(acres, "deploy", "--verify") == {"lambda/One": "update", "lambda/Two": "update"}
    assert layers_of("t-dev-acres-One") == [f"{LAYER}:2"]
    acres.write("projects/acres/layers/analytics/grain.py", "X = 3\n")
    ran(acres)
    aws().call("lambda", "DeleteLayerVersion", LayerName=LAYER, VersionNumber=3)
    acres.write("projects/acres/lambda/One/handler.py", HANDLER + "#\n")
    ran(acres)
    assert layers_of("t-dev-acres-One") == [f"{LAYER}:4"], "an older version was there, so nothing was known to be amiss"
    assert changes(acres, "plan", "--verify") == {"lambda/Two": "update"}


def test_what_others_have_published_under_the_name_is_not_ours(acres: Repository) -> None:
    content = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    aws().call("lambda", "PublishLayerVersion", LayerName=LAYER, Content=content, Description="sha256 of mine")
    ended = acres.invoke("deploy", "--env", "dev")
    assert ended.code == 1
    assert "layer/analytics: arn:aws:lambda:eu-central-1:123456789012:layer:t-dev-acres-analytics exists" in ended.err
    assert changes(acres, "deploy", "--adopt")["layer/analytics"] == "update"
    assert changes(acres, "plan", "--verify") == {}
    aws().call("lambda", "PublishLayerVersion", LayerName=LAYER, Content=content)
    assert changes(acres, "plan", "--verify") == changes(acres) == {}
    assert acres.invoke("destroy", "--env", "dev", "--yes", "dev").code == 0
    assert versions() == [3, 1], "theirs"


def test_layers_go_after_the_functions_and_with_every_version(acres: Repository) -> None:
    ran(acres)
    acres.write(MODULE, "X = 2\n")
    ran(acres)
    acres.project("acres")
    for folder in ("layers", "lambda/One", "lambda/Two"):
        shutil.rmtree(acres.root / "projects/acres" / folder)
    assert changes(acres, "plan")["layer/analytics"] == "orphan"
    assert changes(acres, "deploy", "--prune")["layer/analytics"] == "delete"
    assert versions() == []
    assert changes(acres, "plan") == {"log-group/One": "orphan", "log-group/Two": "orphan"}
    assert changes(acres, "deploy", "--prune", "--data") == {"log-group/One": "delete", "log-group/Two": "delete"}
    assert changes(acres, "plan") == {}


SHARED = 'shared.layer("geo", Path(__file__).parent / "layers/geo")\n    return shared'


def test_a_shared_layer_serves_several_projects(acres: Repository) -> None:
    text = (acres.root / "deploy.py").read_text().replace("return shared", SHARED)
    acres.write("deploy.py", f"from pathlib import Path\n{text}")
    acres.write("layers/geo/geo.py", "X = 1\n")
    for name in ("acres", "bees"):
        lines = DECLARED[:1] if name == "acres" else ()
        acres.project(name, *lines, 'p.function("Validate", layers=[p.shared.layer("geo")])')
    first = changes(acres)
    assert first["layer/geo"] == "create"
    assert layers_of("t-dev-acres-Validate") == layers_of("t-dev-bees-Validate") == ["t-dev-geo:1"]
    acres.write("layers/geo/geo.py", "X = 2\n")
    assert changes(acres, "deploy", "--project", "acres") == {
        "artifact/geo.layer": "upload",
        "layer/geo": "update",
        "lambda/Validate": "update",
    }
    assert layers_of("t-dev-bees-Validate") == ["t-dev-geo:1"]
    assert changes(acres) == {"lambda/Validate": "update"}
    assert layers_of("t-dev-bees-Validate") == ["t-dev-geo:2"]
    assert changes(acres) == changes(acres, "plan", "--verify") == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'p.function("One", layers=[p.layer("other", folder="layers/analytics", runtime="python3.12")])',
            "projects/acres: lambda/One runs python3.11 on x86_64, but layer/other is for python3.12 on x86_64. Give the",
        ),
        (
            'p.function("One", layers=[p.shared.layer("geo")])',
            "refers to the shared layer/geo, which deploy.py does not declare.",
        ),
        ('p.function("One", layers=[p.function("Two")])', "lambda/Two is not a layer."),
        ('p.function("One", layers=[p.layer("a", folder="layers/analytics")] * 2)', "layer/a is named twice."),
        ('p.layer("lost")', "projects/acres/layers/lost/."),
        ('p.layer("a", folder="layers/analytics", runtime="python2")', "runtime: String should match pattern"),
        (
            'p.function("One", layers=[p.layer(f"l{n}", folder="layers/analytics") for n in range(6)])',
            "projects/acres: lambda/One has 6 layers; Lambda accepts 5.",
        ),
    ],
)
def test_a_wrong_declaration_is_told(acres: Repository, line: str, message: str) -> None:
    acres.project("acres", line)
    ended = acres.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert message in ended.err


def test_layers_of_others_come_after_ours(acres: Repository) -> None:
    other = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:layer:theirs:1"
    content = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    aws().call("lambda", "PublishLayerVersion", LayerName="theirs", Content=content)
    acres.configure(projects={"acres": {"functions": {"One": {"layers": [other]}}}})
    ran(acres)
    assert layers_of("t-dev-acres-One") == [f"{LAYER}:1", "theirs:1"]
    assert changes(acres) == changes(acres, "plan", "--verify") == {}


class Dying(AwsSession):
    """A session whose process is gone after so many calls."""

    def __init__(self, left: int) -> None:
        super().__init__("eu-central-1", ACCOUNT)
        self._left = left

    def _count(self, service: str, operation: str) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1
        super()._count(service, operation)


def killed(repository: Repository, left: int) -> bool:
    """Deploys, and dies after so many calls; whether it got that far."""
    with fresh_imports():
        dying = Dying(left)
        choices = Choices(env="dev", jobs=1)
        command = DeploymentCommand(repository.root, choices, steps.STEPS, lambda _: None, aws=lambda: dying)
        try:
            for step in steps.STEPS:
                command.deployment().step(step)
            command.close()
        except Killed:
            return True
        finally:  # what a process takes with it when it dies, and what runs out
            engine = command._deployment._applying.engine if command._deployment else None
            for lock in engine._leases.held.values() if engine else ():
                lock._stopping.set()
            aws().call("s3", "DeleteObject", Bucket="t-dev-artifacts", Key="dev/acres/lock.json")
    return False


def test_killed_at_any_call_nothing_is_published_twice_and_every_function_follows(acres: Repository) -> None:
    ran(acres)
    published = 1
    for left in itertools.count(sum(calls(acres).values()) + 1):
        acres.write(MODULE, f"X = {left}\n")
        happened = killed(acres, left)
        ran(acres)
        published += 1
        assert versions()[0] == published, left
        assert layers_of("t-dev-acres-One") == layers_of("t-dev-acres-Two") == [f"{LAYER}:{published}"]
        if not happened:
            break
    assert left > 20
    assert changes(acres) == changes(acres, "plan", "--verify") == {}


def test_a_change_of_a_layer_costs_a_constant_and_five_calls_for_each_function(acres: Repository) -> None:
    names = [f"Fn{number}" for number in range(8)]
    acres.project("acres", DECLARED[0], *(f'p.function("{name}", layers=[deps])' for name in names))
    for name in names:
        acres.write(f"projects/acres/lambda/{name}/handler.py", HANDLER)
    ran(acres)
    before = calls(acres)
    acres.write(MODULE, "X = 2\n")
    layer = Counter({"lambda:ListLayerVersions": 1, "lambda:PublishLayerVersion": 1, "s3:GetObjectTagging": 1, "s3:PutObject": 2})
    release = Counter({"s3:GetObject": 2, "s3:PutObject": 3, "s3:DeleteObject": 1})
    each = dict.fromkeys(("s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"), 8)
    each |= {"lambda:GetFunction": 8, "lambda:UpdateFunctionConfiguration": 8}
    assert calls(acres, "deploy") - before == layer + release + Counter(each)
    assert calls(acres) == before
