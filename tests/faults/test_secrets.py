"""No secret value is ever shown or stored, wherever it was found."""

import io
import zipfile

import boto3
import pytest
from botocore.config import Config

from tests.faults.commands import PACE, Clone
from tests.faults.emulator import Emulator
from tests.faults.proxy import Proxy

PLANTED = "s3cr3t-value-that-nobody-may-see"


def test_a_secret_parameter_is_refused_without_being_told(repo: Clone, fresh: Proxy) -> None:
    where = {"region_name": "us-east-1", "endpoint_url": fresh.endpoint, "config": Config(proxies={})}
    ssm = boto3.client("ssm", aws_access_key_id="000000000000", aws_secret_access_key="any", **where)
    ssm.put_parameter(Name="/acres/secret", Value=PLANTED, Type="SecureString")
    parameters = {"max_misfit_percent": "ssm:/acres/secret", "max_rejected_percent": "25"}
    with repo.configured(projects={"fpac_pipeline": {"parameters": parameters}}):
        fresh.calls.clear()
        done = repo.deploy(fresh.endpoint)
    assert done.code == 1
    assert "/acres/secret is a secret" in done.err
    assert PLANTED not in done.out + done.err
    assert all(call.is_read for call in fresh.calls)


def test_a_file_that_holds_secrets_by_its_name_is_not_packaged(repo: Clone, fresh: Proxy) -> None:
    forgotten = repo.root / "projects" / "fpac_pipeline" / "lambda" / "Validate" / ".env"
    forgotten.write_text(f"TOKEN={PLANTED}\n")
    try:
        done = repo.deploy(fresh.endpoint, pace=PACE)
    finally:
        forgotten.unlink()
    assert done.code == 1
    assert "lambda/Validate/.env holds secrets by its name" in done.err
    assert Emulator(0, fresh.upstream).objects() == {}


def test_what_signs_the_calls_is_stored_nowhere(repo: Clone, fresh: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what the shell holds besides: artifacts are opened, records and output read."""
    monkeypatch.setenv("SOME_TOKEN", PLANTED)
    done = repo.deploy(fresh.endpoint, pace=PACE)
    assert done.code == 0
    objects = Emulator(0, fresh.upstream).objects()
    assert len(objects) > 40
    opened = 0
    for name, (text, tags) in objects.items():
        content = text.encode("latin-1")
        if name.endswith(".zip"):
            opened += 1
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = b"".join(archive.read(member) for member in archive.namelist())
        assert PLANTED.encode() not in content, name
        assert PLANTED not in str(tags), name
    assert opened == 4 + 3  # functions, and jobs whose shared code is an archive
    assert PLANTED not in done.out + done.err
