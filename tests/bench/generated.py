"""A project of any size, as plain as it gets: what is measured is the deployer, not what it deploys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.repository import HANDLER, Repository

PROJECT = "bulk"
SHARED = """
from common import Environment, SharedResources


def pipeline(env: Environment) -> SharedResources:
    shared = SharedResources(env)
    shared.bucket("artifacts")
    shared.bucket("data")
    shared.database("tables")
    shared.log_group("states")
    shared.log_group("glue/output")
    shared.log_group("glue/error")
    return shared
"""
DECLARATION = """
from pathlib import Path

from common import Environment, Pipeline


def pipeline(env: Environment) -> Pipeline:
    p = Pipeline("{project}", env, Path(__file__).parent)
    data, tables = p.shared.bucket("data"), p.shared.database("tables")
    for number in range({crawlers}):
        p.crawler(f"crawl_{{number:04}}", targets=[data / f"table_{{number:04}}"], database=tables)
    for number in range({machines}):
        run = {{"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}}
        run["Parameters"] = {{"JobName": f"${{{{job_{{number:04}}.name}}}}"}}
        p.state_machine(f"flow_{{number:04}}", {{"Comment": "{comment}", "StartAt": "Run", "States": {{"Run": run}}}})
    return p
"""


@dataclass(frozen=True)
class Size:
    """How many of each kind a project has."""

    functions: int
    jobs: int
    crawlers: int = 0
    machines: int = 0

    @classmethod
    def of(cls, number: int) -> "Size":
        """N functions, N jobs, N/5 crawlers, N/10 state machines."""
        return cls(number, number, number // 5, number // 10)

    @property
    def resources(self) -> int:
        """Those of the project, each function's log group not counted."""
        return self.functions + self.jobs + self.crawlers + self.machines


def generate(repository: Repository, size: Size, account: str, endpoint: str | None = None, *, own_roles: bool = False) -> None:
    """Writes the project. AWS may be at another endpoint.

    Args:
        repository: where the project is written.
        size: how many resources of each kind it has.
        account: the account of the environment.
        endpoint: the address of AWS; None for its own.
        own_roles: the deployer creates a role for each resource; else one exists, as where deployers may not create any.
    """
    role = f"arn:aws:iam::{account}:role/pipelines"
    kinds = ("lambda", "glue-job", "crawler", "state-machine")
    settings: dict[str, Any] = {"account_id": account, "artifact_bucket": f"t-dev-artifacts-{account}"}
    settings |= {"endpoints": {"default": endpoint}} if endpoint else {}
    settings |= {} if own_roles else {"roles": {"arns": dict.fromkeys(kinds, role)}}
    repository.configure(**settings)
    repository.write("deploy.py", SHARED)
    declare(repository, size)
    for number in range(size.functions):
        edit_function(repository, f"function {number}", number)
    for number in range(size.jobs):
        edit_job(repository, f"job {number}", number)


def declare(repository: Repository, size: Size, comment: str = "as generated") -> None:
    """Writes the declaration; another comment changes the state machines."""
    text = DECLARATION.format(project=PROJECT, crawlers=size.crawlers, machines=size.machines, comment=comment)
    repository.write(f"projects/{PROJECT}/deploy.py", text)


def edit_function(repository: Repository, text: str, number: int = 0) -> None:
    """Writes one function's code."""
    repository.write(f"projects/{PROJECT}/lambda/Fn{number:04}/handler.py", f"# {text}\n{HANDLER}")


def edit_job(repository: Repository, text: str, number: int = 0) -> None:
    """Writes one job's script."""
    repository.write(f"projects/{PROJECT}/glue/landing/job_{number:04}.py", f'print("{text}")\n')


Edit = Callable[[Repository, str], None]
