"""The tools that are compared, each as the commands with which its users deploy.

Tools come from their package registries with `uvx` and `npm`, before anything is timed. One that cannot be had on this machine
says why, and is not measured.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.support.repository import ROOT

HERE = Path(__file__).parent
NODE_PACKAGES = ("aws-cdk@2.1148.1", "aws-cdk-lib@2.276.0", "constructs@10.8.1")
NODE_FOLDER = ROOT / "build" / "bench" / "node"
STACK = "peers"
BUCKET = "peers-assets"
"""The bucket of the other tools, which exists before their first deploy."""
DOWNLOAD_SECONDS = 300

Command = Sequence[str]


class MissingToolError(Exception):
    """A tool cannot be had on this machine; the text says why."""


class Place(NamedTuple):
    """Where a tool finds the template, and may leave what it makes of it."""

    template: Path
    folder: Path


class Tool(Protocol):
    """A tool that deploys."""

    name: str

    def get(self) -> None:
        """Brings the tool to this machine.

        Raises:
            MissingToolError: that is not possible.
        """

    def commands(self, place: Place) -> Sequence[Command]:
        """The commands that deploy what the template describes, one after the other."""


class Ours:
    """This deployer."""

    name = "this deployer"

    def get(self) -> None:
        """It is here."""

    def commands(self, place: Place) -> Sequence[Command]:
        """The template is not used: the repository itself is deployed."""
        return [[sys.executable, "-m", "invoke", "deploy", "--env", "dev", "--json"]]


class CloudFormation:
    """CloudFormation's API and nothing else; a lower bound for whatever deploys with it."""

    name = "CloudFormation by boto3"

    def get(self) -> None:
        """It is here."""

    def commands(self, place: Place) -> Sequence[Command]:
        """Uploads, a change set, its execution."""
        return [[sys.executable, str(HERE / "cloudformation.py"), str(place.template), STACK, BUCKET]]


class Uvx:
    """A command line tool from PyPI."""

    def __init__(self, name: str, package: str, program: str) -> None:
        self.name, self._package, self._program = name, package, program

    def get(self) -> None:
        """Has `uvx` install it."""
        if not self.path:
            raise MissingToolError(f"`uvx --from {self._package} {self._program}` does not work here")

    @cached_property
    def path(self) -> str:
        """The path of the program, so that the time of `uvx` itself is not measured; empty if there is none."""
        find = f"import shutil; print(shutil.which({self._program!r}) or '')"
        return _output(["uvx", "--from", self._package, "python", "-c", find]).strip()

    def commands(self, place: Place) -> Sequence[Command]:
        """Package and deploy; SAM does both in one command."""
        if self._program == "sam":
            options = ["--stack-name", STACK, "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_NAMED_IAM"]
            options += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
            return [[self.path, "deploy", "--template-file", str(place.template), *options]]
        packaged = str(place.folder / "packaged.json")
        package = ["--template-file", str(place.template), "--s3-bucket", BUCKET, "--output-template-file", packaged]
        package += ["--use-json"]
        deploy = ["--template-file", packaged, "--stack-name", STACK, "--s3-bucket", BUCKET]
        deploy += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
        return [[self.path, "cloudformation", "package", *package], [self.path, "cloudformation", "deploy", *deploy]]


class Cdk:
    """The CDK, with an application in JavaScript that makes the resources of the template."""

    name = "AWS CDK"

    def get(self) -> None:
        """Has `npm` install it in the build folder."""
        if any(shutil.which(program) is None for program in ("node", "npm")):
            raise MissingToolError("there is no Node.js on this machine")
        if not (NODE_FOLDER / "node_modules" / "aws-cdk").exists():
            _output(["npm", "install", "--prefix", str(NODE_FOLDER), "--no-audit", "--no-fund", *NODE_PACKAGES])
        if not (NODE_FOLDER / "node_modules" / "aws-cdk").exists():
            raise MissingToolError(f"`npm install {' '.join(NODE_PACKAGES)}` does not work here")

    def commands(self, place: Place) -> Sequence[Command]:
        """Synthesis and deployment, without questions."""
        cdk = str(NODE_FOLDER / "node_modules" / "aws-cdk" / "bin" / "cdk")
        options = ["--require-approval", "never", "--no-notices", "--no-version-reporting"]
        where = ["--app", f"node {HERE / 'app.js'}", "--output", str(place.folder / "cdk.out")]
        return [["node", cdk, "deploy", *where, *options]]


TOOLS: dict[str, Tool] = {
    "ours": Ours(),
    "cloudformation": CloudFormation(),
    "aws": Uvx("aws cloudformation package, deploy", "awscli==1.45.11", "aws"),
    "sam": Uvx("AWS SAM", "aws-sam-cli==1.170.0", "sam"),
    "cdk": Cdk(),
}


def variables(place: Place, endpoint: str, account: str, region: str) -> Mapping[str, str]:
    """The environment variables of the other tools: where AWS is, and no calls to the makers of the tools."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": str(place.folder / "no-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NODE_PATH": str(NODE_FOLDER / "node_modules"),
        "TEMPLATE": str(place.template),
        "STACK": STACK,
        "BUCKET": BUCKET,
        "ACCOUNT": account,
    }


def _output(command: Command) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
