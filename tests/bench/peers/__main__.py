"""How fast other tools deploy the same: ``uv run python -m tests.bench.peers``.

One project, with the shared resources that it needs, goes to an empty embedded AWS by each tool in turn, behind a proxy that lets
every call wait. All tools deploy the same files of one repository; `template` says it for CloudFormation.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from tests.bench import measuring
from tests.bench.embedded import ACCOUNT, REGION, Aws, embedded_aws
from tests.bench.generated import Size, edit_function, edit_job, generate
from tests.bench.peers.template import write_template
from tests.bench.peers.tools import BUCKET, TOOLS, MissingToolError, Place, Tool, variables
from tests.support.repository import ROOT, Repository

SIZES = {10: Size(4, 4, 1, 1), 115: Size(50, 50, 10, 5)}
"""The sizes of the project by their number of resources; log groups, roles and what is shared come on top."""
SITUATIONS: Mapping[str, Callable[[Repository], None]] = {
    "first deploy": lambda _: None,
    "nothing changed": lambda _: None,
    "one function changed": lambda repository: edit_function(repository, "edited"),
    "one Glue script changed": lambda repository: edit_job(repository, "edited"),
}
"""What is measured, in order, and what is edited before."""
ABOUT = """CloudFormation of the embedded AWS makes a stack without waiting for anything, and its functions are active at once; a
function that is made by Lambda's API is not. On AWS the other tools wait for that, too: seconds for each function alone. Their
bucket exists before their first deploy; this deployer makes its own. "CloudFormation by boto3" is what a tool could reach that
does nothing else, and polls ten times a second."""


class Case(NamedTuple):
    """One project and one AWS."""

    resources: int
    delay: int
    own_roles: bool


class Measured(NamedTuple):
    """A situation: seconds on the clock, seconds of CPU of the tool's own processes, and calls to AWS."""

    seconds: float
    cpu: float
    calls: int


def measure(aws: Aws, tool: Tool, case: Case) -> Iterator[tuple[str, Measured]]:
    """Deploys with a tool to the emptied AWS, and measures each situation."""
    aws.empty()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "repository").mkdir()
        repository = Repository(folder / "repository")
        generate(repository, SIZES[case.resources], ACCOUNT, aws.proxy, own_roles=case.own_roles)
        (repository.root / "common").symlink_to(ROOT / "common")
        place = Place(folder / "template.json", folder)
        write_template(repository, place.template)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        environment |= {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": aws.secret}
        if tool is not TOOLS["ours"]:
            environment |= variables(place, aws.proxy, ACCOUNT, REGION)
            aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for situation, edit in SITUATIONS.items():
            edit(repository)
            time.sleep(1)  # the AWS CLI names a change set by the second, and refuses to use a name twice
            aws.set_delay(case.delay)
            runs = [measuring.run(command, repository.root, environment) for command in tool.commands(place)]
            yield situation, Measured(sum(run.wall for run in runs), sum(run.cpu for run in runs), len(aws.set_delay(0)))


def table(aws: Aws, case: Case, tools: Sequence[Tool], rounds: int) -> Iterator[str]:
    """The table of one case, line by line. In each round each tool has its turn; seconds and ratios are medians of the rounds."""
    roles = "own roles" if case.own_roles else "a role that exists"
    yield f"\n{case.resources} resources, {roles}, {case.delay} ms a call; load of the machine: {_load()}\n"
    yield "| situation | tool | seconds | x ours | CPU s | AWS calls |\n|---|---|---|---|---|---|"
    measured: dict[str, dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    for number, tool in product(range(rounds), tools):
        for situation, result in measure(aws, tool, case):
            print(f"round {number + 1}: {tool.name}, {situation}: {result.seconds:.2f} s", file=sys.stderr, flush=True)
            measured[situation][tool.name].append(result)
    for situation, by_tool in measured.items():
        ours = by_tool.get(TOOLS["ours"].name)
        for name, results in by_tool.items():
            seconds = statistics.median(result.seconds for result in results)
            ratio = f"{statistics.median(_ratios(results, ours)):.2f}" if ours else ""
            cpu = statistics.median(result.cpu for result in results)
            yield f"| {situation} | {name} | {seconds:.2f} | {ratio} | {cpu:.2f} | {results[-1].calls} |"
    yield f"\nload of the machine after that: {_load()}"


def _ratios(results: Sequence[Measured], ours: Sequence[Measured]) -> Iterator[float]:
    """The ratios to ours, of each round."""
    for result, own in zip(results, ours, strict=True):
        yield result.seconds / own.seconds


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=[*SIZES], help="resources; default: all")
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 50], help="milliseconds; default: %(default)s")
    parser.add_argument("--roles", choices=["existing", "own"], default="existing", help="default: %(default)s")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=[*TOOLS], help="default: all")
    parser.add_argument("--rounds", type=int, default=1, help="how often each tool has its turn; default: %(default)s")
    chosen = parser.parse_args()
    print(f"{ABOUT}\n", flush=True)
    tools = []
    for tool in (TOOLS[name] for name in chosen.tools):
        try:
            tool.get()
        except MissingToolError as error:
            print(f"{tool.name} is not measured: {error}.", flush=True)
        else:
            tools.append(tool)
    if not tools:
        return
    with embedded_aws() as aws:
        for resources, delay in product(chosen.sizes, chosen.delays):
            for line in table(aws, Case(resources, delay, chosen.roles == "own"), tools, chosen.rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
