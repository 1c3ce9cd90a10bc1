"""The least that a first deploy takes by AWS's own calls: ``uv run python -m tests.bench.floor``.

A program that makes the same resources and does nothing else: no plan, no check, no record, no lease. What is faster than this
beside `tests.bench.peers` does not make these calls, but has CloudFormation make the resources within the embedded AWS.
"""

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

THREADS = 32
ROLE = f"arn:aws:iam::{os.environ.get('AWS_ACCESS_KEY_ID')}:role/pipelines"
TAGS = {"team": "farm-data"}
DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})


class Maker:
    """Makes resources that others do not have yet.

    Args:
        endpoint: where AWS is.
        name: begins all names.
    """

    def __init__(self, endpoint: str, name: str) -> None:
        settings = Config(max_pool_connections=THREADS, s3={"addressing_style": "path"})
        client = partial(boto3.client, endpoint_url=endpoint, config=settings)
        self._name, self._code = name, _package()
        self._s3, self._functions, self._glue = client("s3"), client("lambda"), client("glue")
        self._machines, self._logs = client("stepfunctions"), client("logs")

    def shared(self) -> None:
        """The bucket and the database."""
        self._s3.create_bucket(Bucket=self._name, CreateBucketConfiguration={"LocationConstraint": self._s3.meta.region_name})
        self._glue.create_database(DatabaseInput={"Name": self._name})

    def function(self, number: int) -> None:
        """A function with its code and its log group, which is active at the end."""
        name = f"{self._name}-{number}"
        group: dict[str, Any] = {"logGroupName": f"/aws/lambda/{name}"}
        self._logs.create_log_group(**group, tags=TAGS)
        self._logs.put_retention_policy(**group, retentionInDays=30)
        self._s3.put_object(Bucket=self._name, Key=f"{name}.zip", Body=self._code)
        code = {"S3Bucket": self._name, "S3Key": f"{name}.zip"}
        runs = {"Runtime": "python3.12", "Handler": "handler.handler", "Role": ROLE}
        self._functions.create_function(FunctionName=name, Code=code, **runs, Tags=TAGS)
        while self._functions.get_function_configuration(FunctionName=name)["State"] != "Active":
            time.sleep(0.1)

    def job(self, number: int) -> None:
        """A job with its script."""
        self._s3.put_object(Bucket=self._name, Key=f"{number}.py", Body=b"print('rows')\n")
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{self._name}/{number}.py"}
        self._glue.create_job(Name=f"{self._name}-{number}", Role=ROLE, Command=command, Tags=TAGS)

    def crawler(self, number: int) -> None:
        """A crawler."""
        targets = {"S3Targets": [{"Path": f"s3://{self._name}/rows"}]}
        self._glue.create_crawler(Name=f"{self._name}-{number}", Role=ROLE, DatabaseName=self._name, Targets=targets, Tags=TAGS)

    def machine(self, number: int) -> None:
        """A state machine."""
        tags = [{"key": key, "value": value} for key, value in TAGS.items()]
        self._machines.create_state_machine(name=f"{self._name}-{number}", roleArn=ROLE, definition=DEFINITION, tags=tags)


def _package() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("handler.py", "def handler(event, context):\n    return event\n")
    return file.getvalue()


def make(endpoint: str, name: str, functions: int, jobs: int, crawlers: int, machines: int) -> None:
    """Makes so many resources, functions first, and waits for them."""
    maker = Maker(endpoint, name)
    maker.shared()
    kinds = ((maker.function, functions), (maker.job, jobs), (maker.crawler, crawlers), (maker.machine, machines))
    with ThreadPoolExecutor(THREADS) as pool:
        made = [pool.submit(create, number) for create, count in kinds for number in range(count)]
    for future in made:
        future.result()


def main() -> None:
    """Measures and prints."""
    from tests.bench import measuring  # the program that is measured loads none of these
    from tests.bench.embedded import ACCOUNT, REGION, embedded_aws
    from tests.bench.peers.__main__ import SIZES

    parser = argparse.ArgumentParser(prog="python -m tests.bench.floor", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=[*SIZES], help="resources; default: all")
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 50], help="milliseconds; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    chosen = parser.parse_args()
    print("| resources | delay ms | seconds | AWS calls |\n|---|---|---|---|", flush=True)
    with embedded_aws() as aws, tempfile.TemporaryDirectory() as folder:
        own = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": aws.secret, "AWS_DEFAULT_REGION": REGION}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))} | own
        for resources, delay in product(chosen.sizes, chosen.delays):
            seconds, calls = list[float](), 0
            for number in range(chosen.rounds):
                counts = [str(count) for count in vars(SIZES[resources]).values()]
                command = [sys.executable, __file__, aws.proxy, f"floor-{resources}-{delay}-{number}", *counts]
                aws.set_delay(delay)
                seconds.append(measuring.run(command, Path(folder), environment).wall)
                calls = len(aws.set_delay(0))
            print(f"| {resources} | {delay} | {statistics.median(seconds):.2f} | {calls} |", flush=True)


if __name__ == "__main__":
    if __package__:
        main()
    else:  # run as a script, by the above
        make(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
