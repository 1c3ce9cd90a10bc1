"""A function and a job that somebody else deployed, and a repository into which they were imported; against moto."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from common.base.digest import Digest
from common.model.resource import Key
from common.packaging.imported_package import ImportedPackage
from common.packaging.package_reference import PackageReference
from common.packaging.unpacking import script_package, unpack
from tests.support.repository import SCRIPT, Ended, Repository
from tests.support.zips import library, zipped

PLACE = {"region_name": "eu-central-1"}
ROLE = "arn:aws:iam::123456789012:role/theirs"
HANDLER = "import grain\n\n\ndef handler(event, context):\n    return event\n"
DATA = zipped({"handler.py": HANDLER, **library("grain", "1.0", {"grain/__init__.py": ""})})
SCRIPT_URI = "s3://theirs/scripts/load.py"


def client(service: str) -> Any:
    return boto3.client(service, **PLACE)


@pytest.fixture
def theirs(repository: Repository, moto_dates: None) -> Repository:
    """A function and a job that somebody else deployed, and a repository into which they were imported."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(policy))
    client("s3").create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client("s3").put_object(Bucket="theirs", Key="scripts/load.py", Body=SCRIPT.encode())
    settings = {"Runtime": "python3.11", "Role": ROLE, "Handler": "handler.handler", "MemorySize": 256, "Timeout": 60}
    client("lambda").create_function(FunctionName="Old-Validate", Code={"ZipFile": DATA}, **settings)
    command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": SCRIPT_URI}
    client("glue").create_job(
        Name="Old-load", Role=ROLE, Command=command, GlueVersion="5.0", WorkerType="G.1X", NumberOfWorkers=2
    )
    lines = (
        f'p.function("Validate", name="Old-Validate", settings={{"role": {ROLE!r}}})',
        f'p.job("load", name="Old-load", settings={{"role": {ROLE!r}}})',
    )
    repository.project("acres", *lines)
    folder = repository.root / "projects/acres/lambda/Validate"
    (folder / "handler.py").unlink()
    folder.rmdir()
    unpacked = unpack(DATA, folder, runtime="python3.11", handler="handler.handler")
    assert unpacked.requirements == ("grain==1.0",)
    packages = {
        "functions": {"Validate": {"package": unpacked.package}},
        "jobs": {"load": {"package": script_package(SCRIPT.encode(), SCRIPT_URI)}},
    }
    repository.write("config/acres/dev.json", packages)
    return repository


def run(repository: Repository, *words: str, code: int = 0) -> dict[str, Any]:
    done = repository.invoke(*words, "--env", "dev", "--json")
    assert (done.code, done.err) == (code, ""), done
    result: dict[str, Any] = json.loads(done.out)
    return result


def changes(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {change["key"]: (change["action"], change["reason"]) for change in result["changes"] if change["action"] != "noop"}


def code() -> str:
    return str(client("lambda").get_function(FunctionName="Old-Validate")["Configuration"]["CodeSha256"])


def imported(folder: Path) -> ImportedPackage:
    reference = PackageReference("", Digest(""))
    key = Key("acres", "artifact", folder.name)
    return ImportedPackage(key, "", folder, "handler.handler", "python3.11", "x86_64", reference=reference)


def artifacts() -> set[str]:
    listed = client("s3").list_objects_v2(Bucket="t-dev-artifacts", Prefix="dev/acres/artifacts/").get("Contents", [])
    return {entry["Key"].split("/")[3] for entry in listed}


def edit(repository: Repository, path: str, text: str) -> None:
    repository.write(f"projects/acres/{path}", text)


def refused(done: Ended) -> str:
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    return done.err
