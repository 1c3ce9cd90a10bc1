"""What others do meanwhile to the code of imported functions and jobs, and who may read a script that is kept; against moto."""

import io
from urllib.request import OpenerDirector

import pytest

from tests.support.imported_code import (
    DATA,
    HANDLER,
    ROLE,
    SCRIPT_URI,
    artifacts,
    changes,
    client,
    code,
    edit,
    refused,
    run,
)
from tests.support.repository import Repository
from tests.support.zips import code_sha256, library, zipped


def redeployed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Another deployer updates the function, and its code can be downloaded."""
    client("s3").put_object(Bucket="theirs", Key="code.zip", Body=data)
    client("lambda").update_function_code(FunctionName="Old-Validate", S3Bucket="theirs", S3Key="code.zip")
    monkeypatch.setattr(OpenerDirector, "open", lambda *_, **__: io.BytesIO(data))


def test_the_same_files_in_another_zip_are_pulled_as_a_reference(theirs: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    run(theirs, "deploy", "--adopt")
    data = zipped({"handler.py": HANDLER, **library("grain", "1.0", {"grain/__init__.py": ""})}, date=(2024, 1, 1, 0, 0, 0))
    redeployed(monkeypatch, data)
    assert code() == code_sha256(data) != code_sha256(DATA)
    pulled = run(theirs, "pull")
    assert [item["path"] for item in pulled["pulled"]] == [["functions", "Validate", "package"]]
    assert pulled["left"] == []
    assert run(theirs, "drift")["drifted"] == []
    assert not [item for item in run(theirs, "plan", "--verify")["changes"] if item["action"] not in {"noop", "record"}]
    run(theirs, "deploy", "--verify")
    assert (code(), artifacts()) == (code_sha256(data), set())


def test_an_edited_file_in_aws_is_named(theirs: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    run(theirs, "deploy", "--adopt")
    redeployed(monkeypatch, zipped({"handler.py": "x = 1\n", **library("grain", "1.0", {"grain/__init__.py": ""})}))
    where = run(theirs, "pull", code=2)["left"][0]["where"]
    assert where == "the code was edited (handler.py changed): bring the edit into projects/acres/lambda/Validate/"


def test_a_script_that_somebody_replaced_is_refused_and_drift_tells_it(theirs: Repository) -> None:
    run(theirs, "deploy", "--adopt")
    client("s3").put_object(Bucket="theirs", Key="scripts/load.py", Body=b"print('theirs')\n")
    assert [item["key"] for item in run(theirs, "drift", code=2)["drifted"]] == ["artifact/load"]
    message = refused(theirs.invoke("plan", "--env", "dev", "--verify"))
    assert f"artifact/load: {SCRIPT_URI} was replaced since it was imported" in message
    client("s3").delete_object(Bucket="theirs", Key="scripts/load.py")
    assert "is gone since it was imported" in refused(theirs.invoke("plan", "--env", "dev", "--verify"))


def test_a_script_that_somebody_replaced_can_be_brought_in(theirs: Repository) -> None:
    run(theirs, "deploy", "--adopt")
    before = client("glue").get_job(JobName="Old-load")["Job"]["Command"]
    client("s3").put_object(Bucket="theirs", Key="scripts/load.py", Body=b"print('theirs')\n")
    (left,) = run(theirs, "pull", code=2)["left"]
    assert left["where"].startswith(f"{SCRIPT_URI} was replaced since it was imported, and the job runs it. Bring it into")
    assert "deploy --verify" not in left["where"]
    edit(theirs, "glue/landing/load.py", "print('theirs')\n")
    assert "artifact/load" in changes(run(theirs, "plan", code=2)), "it would be deployed from here"
    assert [item["path"] for item in run(theirs, "pull")["pulled"]] == [["jobs", "load", "package"]]
    assert changes(run(theirs, "plan", "--verify")) == {}
    run(theirs, "deploy")
    assert (client("glue").get_job(JobName="Old-load")["Job"]["Command"], artifacts()) == (before, set())
    assert run(theirs, "drift")["drifted"] == []


def test_a_role_needs_the_script_where_it_is(theirs: Repository) -> None:
    path = theirs.root / "projects/acres/deploy.py"
    path.write_text(path.read_text().replace(f'name="Old-load", settings={{"role": {ROLE!r}}}', 'name="Old-load"'))
    objects = "arn:aws:s3:::theirs/scripts/load.py"
    assert objects in str(theirs.resources()["role/load-glue-job"].desired())
    assert "t-dev-artifacts" not in str(theirs.resources()["role/load-glue-job"].desired())
    edit(theirs, "glue/landing/load.py", "print('other rows')\n")
    assert objects not in str(theirs.resources()["role/load-glue-job"].desired())


def test_the_policy_lets_the_deployer_read_a_kept_script(theirs: Repository) -> None:
    policy = theirs.invoke("policy", "--env", "dev").out
    assert "arn:aws:s3:::theirs/scripts/load.py" in policy


def test_an_edit_before_the_first_deploy_is_told(theirs: Repository) -> None:
    edit(theirs, "glue/landing/load.py", "print('other rows')\n")
    planned = changes(run(theirs, "plan", "--adopt", code=2))
    assert planned["artifact/load"] == ("upload", "edited since it was imported")
    assert "lambda/Validate" in planned
    assert "artifact/Validate" not in planned
