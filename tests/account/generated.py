"""The small repository that the checks deploy: one of each kind, so small that it costs next to nothing."""

import json
from pathlib import Path

from common.environment.config import Environment
from common.model.resource import Resource
from tests.support.repository import ROOT, Repository

ENVIRONMENT, PROJECT = "dev", "proof"
GREETING = "hello"
"""The value of the function's variable, which it returns."""
ASKED_TO_FAIL = "asked to fail by the proof"
"""What the function and the job write and raise when their input says so."""
SHARED = """
from common import Environment, SharedResources


def pipeline(env: Environment) -> SharedResources:
    shared = SharedResources(env)
    shared.bucket("artifacts")
    shared.bucket("data")
    shared.database("tables")
    shared.table("runs", partition_key="run_id")
    shared.topic("alerts")
    shared.log_group("states")
    shared.log_group("glue/output")
    shared.log_group("glue/error")
    return shared
"""
DECLARATION = f"""
from pathlib import Path

from common import CrawlerSettings, Environment, Pipeline


def pipeline(env: Environment) -> Pipeline:
    p = Pipeline("{PROJECT}", env, Path(__file__).parent)
    data = p.shared.bucket("data")
    p.function("Echo", reads=[data / "in"], environment={{"GREETING": "{GREETING}"}}, layers=[p.layer("base")])
    p.job("load", reads=[data / "in"], writes=[data / "out", p.shared.table("runs")])
    yearly = CrawlerSettings(schedule="cron(0 4 1 1 ? *)")
    p.crawler("crawl", targets=[data / "out"], database=p.shared.database("tables"), settings=yearly)
    p.directory("configs", data / "configs")
    flow = p.state_machine("flow", "flow.asl.json")
    p.schedule("yearly", flow, "cron(0 3 1 1 ? *)")
    p.run_by(flow, starting={{"fail": "nothing"}})
    return p
"""
HANDLER = f"""
import os


def handler(event, context):
    if event.get("fail") == "function":
        print("{ASKED_TO_FAIL}")
        raise ValueError("{ASKED_TO_FAIL}")
    return {{"greeting": os.environ["GREETING"], "fail": event.get("fail", "nothing")}}
"""
SCRIPT = f"""
import sys

from awsglue.utils import getResolvedOptions

if getResolvedOptions(sys.argv, ["fail"])["fail"] == "job":
    print("{ASKED_TO_FAIL}")
    raise ValueError("{ASKED_TO_FAIL}")
"""
FLOW = {
    "StartAt": "Echo",
    "States": {
        "Echo": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Echo.arn}", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Next": "Load",
        },
        "Load": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "${load.name}", "Arguments": {"--fail.$": "$.fail"}},
            "End": True,
        },
    },
}
WEIGHTS = f"projects/{PROJECT}/lambda/Echo/weights.bin"
IN_LAYER = f"projects/{PROJECT}/layers/base/weights.bin"
HEAVY = 150 * 2**20
"""More than half of what Lambda unpacks; zeros, so that a few hundred kilobytes are uploaded."""
TAKEN = ("account_id", "region", "endpoints", "tags")
"""What its configuration takes over from the environment that is asked about."""


def generate(root: Path, env: Environment, prefix: str) -> Repository:
    """Writes the repository, for the account and region of `env`, under names of its own."""
    repository = Repository(root)
    (root / "common").symlink_to(ROOT / "common")
    configure(repository, env, prefix)
    repository.write("deploy.py", SHARED)
    repository.write(f"projects/{PROJECT}/deploy.py", DECLARATION)
    repository.write(f"projects/{PROJECT}/lambda/Echo/handler.py", HANDLER)
    repository.write(f"projects/{PROJECT}/layers/base/base.py", "NAME = 'base'\n")
    repository.write(f"projects/{PROJECT}/glue/landing/load.py", SCRIPT)
    repository.write(f"projects/{PROJECT}/configs/map.json", {"a": "b"})
    partition = json.dumps(FLOW).replace("arn:aws:", f"arn:{env.partition}:")
    repository.write(f"projects/{PROJECT}/flow.asl.json", partition)
    return repository


def configure(repository: Repository, env: Environment, prefix: str, **tags: str) -> None:
    """Writes the configuration; with more tags, if there are any."""
    taken = env.model_dump(mode="json", include={*TAKEN})
    taken["tags"] |= tags
    kinds = {kind: arn for kind, arn in env.roles.arns.items() if "/" not in kind}  # others are of what is not declared here
    boundary = env.roles.permissions_boundary
    taken["roles"] = {"arns": kinds, **({"permissions_boundary": boundary} if boundary else {})}
    taken |= {} if env.embedded is None else {"embedded": {}}
    repository.configure(**taken, name_prefix=prefix, artifact_bucket=f"{prefix}-artifacts-{env.account_id}")


def resources(repository: Repository) -> list[Resource]:
    """All that is declared, the shared resources included."""
    return [resource for declared in repository.declared() for resource in declared.rendered()]


def heavy_function(repository: Repository) -> None:
    """Gives the function a large file."""
    _zeros(repository.root / WEIGHTS)


def heavy_layer(repository: Repository) -> None:
    """Moves the large file from the function into the layer."""
    (repository.root / WEIGHTS).unlink()
    _zeros(repository.root / IN_LAYER)


def _zeros(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(HEAVY)
