"""Stored data, configuration and names that are not what they should be: a clear error or no effect, never a false skip."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import ConfigError, DeclarationError, LockedError, NewerSchemaError
from common.declare.pipeline import Pipeline
from common.engine.options import Options
from common.environment import config_files
from common.model.resource import Action
from tests.faults.bounded import bounded
from tests.faults.hostile import TAGS, changed, stored
from tests.faults.sequences import _wrong
from tests.support.deploying import ENV, deploy, plan, things
from tests.support.fake_aws import Thing, World

FUZZ = bounded(400)
FIELDS: dict[str, Any] = {"a": {"Size": 1}, "b": {"Size": 1, "Kind": "x"}, "c": {"Size": 1}}
CODES = {"b": "print(1)", "c": "print(2)"}
NEW = ({**FIELDS, "a": {"Size": 2}}, {**CODES, "c": "print(3)"})
OBJECTS = ["dev/p/release.json", "dev/shared/release.json", "dev/p/records/thing/a.json", "dev/p/records/thing/b.json"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """Everything of FIELDS is deployed."""
    world, build_dir = World(), tmp_path_factory.mktemp("build")
    deploy(world, things(FIELDS, CODES), build_dir)
    return world, build_dir


@FUZZ
@given(data=st.data())
def test_whatever_is_stored_the_deploy_is_right(deployed: tuple[World, Path], data: st.DataObject) -> None:
    """One object of ours is another; what is declared has changed, or not. What is said to be up to date is."""
    world, build_dir = copy.deepcopy(deployed[0]), deployed[1]
    objects = world.buckets[ENV.artifact_bucket]
    path = data.draw(st.sampled_from(OBJECTS))
    if data.draw(st.booleans()):
        objects[path].body = data.draw(stored(objects[path].body))
    else:
        objects[path].tags = data.draw(TAGS)
    resources = things(*data.draw(st.sampled_from([(FIELDS, CODES), NEW, ({"a": {"Size": 1}}, {})])))
    options = Options(prune=data.draw(st.booleans()), verify=data.draw(st.booleans()))
    bystander = "arn:aws:fake:eu-central-1:123456789012:other/x"
    world.live[bystander] = {"Size": 1, "Tags": {}}
    try:
        result = deploy(world, resources, build_dir, options=options)
    except ConfigError as refusal:
        if "but its records name" not in str(refusal):
            raise
        return  # another letter in an ARN may make another region of it
    assert not result.failed
    assert world.live[bystander] == {"Size": 1, "Tags": {}}
    for resource in resources:
        if isinstance(resource, Thing):
            assert not _wrong(resource, world.live[resource.arn])
    again = deploy(world, resources, build_dir)
    assert all(action in {Action.ORPHAN, Action.NOOP} for action in again.actions().values())


@FUZZ
@given(data=st.data())
def test_whatever_a_lock_says_it_is_a_lock_and_runs_out(deployed: tuple[World, Path], data: st.DataObject) -> None:
    world, build_dir = copy.deepcopy(deployed[0]), deployed[1]
    about = json.dumps({"schema": 1, "token": "t", "holder": "h", "host": "m", "since": "now", "commit": "c"}).encode()
    world.seconds += 10
    root = world.buckets[ENV.artifact_bucket]["dev/p/release.json"]
    world.buckets[ENV.artifact_bucket]["dev/p/lock.json"] = copy.copy(root)
    lock = world.buckets[ENV.artifact_bucket]["dev/p/lock.json"]
    lock.body, lock.tags, lock.modified = data.draw(stored(about)), data.draw(TAGS), world.now()
    with pytest.raises((LockedError, NewerSchemaError)) as refusal:
        deploy(world, things(*NEW), build_dir)
    assert len(str(refusal.value)) < 2000
    assert all(letter.isprintable() for letter in str(refusal.value))
    if isinstance(refusal.value, NewerSchemaError):
        return  # a lease of a format that is not known may mean anything
    world.seconds += 3600
    assert deploy(world, things(*NEW), build_dir).done


@FUZZ
@given(data=st.data())
def test_any_configuration_is_valid_or_told_what_is_wrong(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.getbasetemp() / "any-configuration"
    (root / "config" / "p").mkdir(parents=True, exist_ok=True)
    whole = {
        **ENV.model_dump(mode="json", exclude_defaults=True),
        "tags": {"a": "b"},
        "projects": {"p": {"parameters": {"x": "1"}}},
    }
    (root / "config" / "dev.json").write_bytes(data.draw(stored(json.dumps(whole).encode())))
    overlay = root / "config" / "p" / "dev.json"
    overlay.write_bytes(data.draw(changed(b'{"jobs": {"load": {"workers": 3}}, "parameters": {"x": "2"}}')))
    message = ""
    try:
        config_files.load(root, "dev")
    except ConfigError as error:
        message = str(error)
    assert message == "" or message.startswith("config/")
    assert len(message.encode()) < 20_000


NAMES = st.one_of(
    st.text(max_size=100),
    st.sampled_from(
        ["../x", "..", ".", "a/../../b", "/abs", "a b", "a\nb", "a*", "${x}", "a" * 300, "é", "-a", "a.", "a/b", "A", "\x00"]
    ),
)


@FUZZ
@given(name=NAMES, project=st.one_of(st.just("p"), NAMES))
def test_a_name_never_leads_out_of_its_prefix(tmp_path_factory: pytest.TempPathFactory, name: str, project: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "names" / "projects" / "p"
    for path in ("lambda/Validate/handler.py", "glue/load.py", "../../outside/handler.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("def handler(event, context):\n    return event\n")
    try:
        declared = Pipeline(project, ENV, folder)
        declared.function(name, folder="lambda/Validate")
        declared.job(name, script="glue/load.py")
        machine = declared.state_machine(name, {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        declared.schedule(name, machine, "rate(1 day)")
        resources = declared.rendered()
    except DeclarationError:
        return
    for resource in resources:
        prefix = f"{ENV.name}/{resource.key.project}/"
        parts = f"{prefix}records/{resource.key.kind}/{resource.key.name}.json".split("/")
        assert not {"", ".", ".."} & set(parts), resource.key
        assert "/" not in resource.key.project
        if resource.artifact is not None:
            assert resource.artifact.location.startswith(f"{prefix}artifacts/")
            assert not {"", ".", ".."} & set(resource.artifact.location.split("/"))


@pytest.mark.parametrize("outside", ["../outside", "/etc", "lambda/../../../outside", "link"])
@pytest.mark.parametrize("kind", ["function", "job", "state_machine"])
def test_code_comes_from_the_project_alone(tmp_path: Path, outside: str, kind: str) -> None:
    folder = tmp_path / "projects" / "p"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to("/etc")
    declared = Pipeline("p", ENV, folder)
    declare = {
        "function": lambda: declared.function("Validate", folder=outside),
        "job": lambda: declared.job("load", script=outside),
        "state_machine": lambda: declared.state_machine("m", outside),
    }
    with pytest.raises(DeclarationError, match="leads out of the project's folder"):
        declare[kind]()


def test_plans_are_unmoved_by_values_of_any_type(deployed: tuple[World, Path]) -> None:
    """Nothing that is stored is executed, formatted or followed: a plan from nonsense is the plan from nothing."""
    world, build_dir = copy.deepcopy(deployed[0]), deployed[1]
    for path in OBJECTS:
        world.buckets[ENV.artifact_bucket][path].body = b'{"schema": 1, "key": "{0.__class__}", "digests": {"%s": "{x}"}}'
        world.buckets[ENV.artifact_bucket][path].tags = {"state": "clean", "root-sha256": "{0}"}
    outcome, _ = plan(world, things(FIELDS, CODES), build_dir)
    assert {str(change.action) for change in outcome.plan.changes} <= {"noop", "record"}
