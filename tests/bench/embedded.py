"""The embedded AWS behind the proxy that delays and counts: what the benchmarks deploy to."""

import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common import local
from tests.bench.critical_path import Call
from tests.support.repository import ROOT

ACCOUNT, REGION = "123456789012", "eu-central-1"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Aws(NamedTuple):
    """An AWS of which the benchmark knows the proxy's address and the secret that clients sign with."""

    proxy: str
    secret: str
    folder: Path

    def empty(self) -> None:
        """Deletes everything in it."""
        local.reset(self.folder)

    def set_delay(self, milliseconds: int) -> list[Call]:
        """Sets how long each call waits, and returns the calls since the last time."""
        with DIRECT.open(f"{self.proxy}/_proxy/{milliseconds}") as answer:
            return [Call(*call) for call in json.loads(answer.read())]

    def client(self, service: str) -> "boto3.client":
        """A client of this AWS that sends each call once."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.proxy,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def warm_up(self) -> None:
        """Lets it load all of its services: it loads each at its first call, and all at the first call of one that it lacks."""
        self.client("sts").get_caller_identity()
        self.client("iam").list_roles()
        self.client("cloudformation").describe_stacks()
        with contextlib.suppress(ClientError):
            self.client("service-quotas").get_service_quota(ServiceCode="glue", QuotaCode="L-611FDDE4")
        self.set_delay(0)


@contextmanager
def embedded_aws() -> Iterator[Aws]:
    """An empty embedded AWS, warmed up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        running = local.start(folder, account_id=ACCOUNT, region=REGION, say=lambda text: print(text, file=sys.stderr))
        try:
            with _proxied(running.endpoint) as proxy:
                aws = Aws(proxy, running.secret, folder)
                aws.warm_up()
                yield aws
        finally:
            local.stop(folder)


@contextmanager
def _proxied(endpoint: str) -> Iterator[str]:
    """A running proxy's address."""
    command = [sys.executable, "-m", "tests.bench.proxy", endpoint]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield proxy.stdout.readline().strip()
        finally:
            proxy.kill()
