"""Imported functions and jobs keep the code that they have until a file is edited, against moto."""

import json
from pathlib import Path

import pytest

from common.packaging.package_reference import PackageReference
from common.packaging.unpacking import unpack
from tests.packaging.index import wheel
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
    imported,
    refused,
    run,
)
from tests.support.repository import SCRIPT, Repository
from tests.support.zips import code_sha256, zipped


def test_adoption_uploads_nothing_and_updates_no_code(theirs: Repository) -> None:
    planned = changes(run(theirs, "plan", "--adopt", code=2))
    assert not [key for key in planned if key.startswith("artifact/")]
    assert "CodeSha256" not in planned["lambda/Validate"][1]
    assert "Command" not in planned["glue-job/load"][1]
    run(theirs, "deploy", "--adopt")
    assert (code(), artifacts()) == (code_sha256(DATA), set())
    again = run(theirs, "deploy")
    assert changes(again) == {}
    operations = again["api_calls"]["by_operation"]
    assert not [name for name in operations if name.startswith(("lambda", "glue")) or "Put" in name]
    assert changes(run(theirs, "plan", "--verify")) == {}
    assert changes(run(theirs, "plan", "--verify", "--rebuild")) == {}
    drifted = run(theirs, "drift")
    assert (drifted["drifted"], drifted["not_deployed"]) == ([], [])
    assert theirs.invoke("gc", "--env", "dev", "--days", "8").code == 0
    assert code() == code_sha256(DATA)
    assert client("s3").list_objects_v2(Bucket="theirs")["KeyCount"] == 1


def test_forced_deploys_send_no_code_that_was_not_uploaded(theirs: Repository) -> None:
    run(theirs, "deploy", "--adopt")
    run(theirs, "deploy", "--force")
    assert (code(), artifacts()) == (code_sha256(DATA), set())


def test_an_edited_file_is_the_reason_and_its_package_is_built(theirs: Repository) -> None:
    run(theirs, "deploy", "--adopt")
    edit(theirs, "glue/landing/load.py", "print('other rows')\n")
    planned = changes(run(theirs, "plan", code=2))
    assert planned["artifact/load"] == ("upload", "load.py changed")
    assert planned["glue-job/load"] == ("update", "load.py changed")
    run(theirs, "deploy")
    location = client("glue").get_job(JobName="Old-load")["Job"]["Command"]["ScriptLocation"]
    assert location.startswith("s3://t-dev-artifacts/dev/acres/artifacts/load/")
    edit(theirs, "glue/landing/load.py", SCRIPT)  # as `git checkout` does it
    run(theirs, "deploy")
    assert client("glue").get_job(JobName="Old-load")["Job"]["Command"]["ScriptLocation"] == SCRIPT_URI


def test_an_edited_function_needs_a_lock_and_then_is_built(theirs: Repository) -> None:
    run(theirs, "deploy", "--adopt")
    edit(theirs, "lambda/Validate/handler.py", HANDLER.replace("import grain\n", ""))
    assert "has no lock file" in refused(theirs.invoke("plan", "--env", "dev"))
    edit(theirs, "lambda/Validate/requirements.txt", "")
    planned = changes(run(theirs, "plan", code=2))
    assert planned["artifact/Validate"] == ("upload", "handler.py changed")
    assert planned["lambda/Validate"][1].startswith("handler.py changed")
    run(theirs, "deploy")
    assert code() != code_sha256(DATA)
    assert artifacts() == {"Validate"}
    assert changes(run(theirs, "deploy")) == {}
    assert run(theirs, "drift")["drifted"] == []


def test_a_lock_that_is_written_later_changes_a_record_alone(
    theirs: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(theirs, "deploy", "--adopt")
    wheel(tmp_path / "index", "grain")
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "index").as_uri())
    locked = theirs.invoke("package-lambdas", "--env", "dev", "--lock")
    assert (locked.code, locked.err) == (0, "")
    assert (theirs.root / "projects/acres/lambda/Validate/requirements.lock").exists()
    planned = changes(run(theirs, "plan"))
    assert planned == {"lambda/Validate": ("record", "is as declared; its record is not")}
    run(theirs, "deploy")
    assert (code(), artifacts(), changes(run(theirs, "plan"))) == (code_sha256(DATA), set(), {})
    edit(theirs, "lambda/Validate/handler.py", HANDLER + "\n")
    assert changes(run(theirs, "plan", code=2))["artifact/Validate"] == ("upload", "handler.py changed")


def test_where_the_function_runs_other_code_the_package_is_built(theirs: Repository) -> None:
    edit(theirs, "lambda/Validate/requirements.txt", "")
    other = zipped({"handler.py": HANDLER})
    package = unpack(other, theirs.root / "build/unpacked", runtime="python3.11", handler="handler.handler").package
    overlay = json.loads((theirs.root / "config/acres/dev.json").read_text())
    edit(theirs, "lambda/Validate/handler.py", HANDLER)
    (theirs.root / "projects/acres/lambda/Validate/requirements.txt").unlink()
    theirs.write("config/acres/dev.json", {**overlay, "functions": {"Validate": {"package": package}}})
    planned = changes(run(theirs, "plan", "--adopt", code=2))
    assert planned["artifact/Validate"] == ("upload", "AWS does not run the code that was imported")
    assert "CodeSha256" in planned["lambda/Validate"][1]
    run(theirs, "deploy", "--adopt")
    assert artifacts() == {"Validate"}


def test_package_lambdas_and_its_bill_need_no_lock_for_kept_code(theirs: Repository) -> None:
    built = theirs.invoke("package-lambdas", "--env", "dev")
    assert (built.code, built.err) == (0, "")
    assert "not built, because AWS keeps the imported code until a file is edited: acres:Validate" in built.out
    bill = json.loads(theirs.invoke("package-lambdas", "--sbom").out)
    assert [item["purl"] for item in bill["components"] if "grain" in item["name"]] == ["pkg:pypi/grain@1.0"]


@pytest.mark.parametrize("package", ["x", "s3://theirs/load.py@12", f"{code_sha256(b'')}@{'g' * 64}"])
def test_a_reference_that_is_none_is_refused(theirs: Repository, package: str) -> None:
    theirs.write("config/acres/dev.json", {"functions": {"Validate": {"package": package}}})
    assert "config/acres/dev.json is not valid:\n  $.functions.Validate.package:" in refused(
        theirs.invoke("plan", "--env", "dev")
    )


def test_code_that_somebody_edited_in_aws_is_put_back_from_the_files(theirs: Repository) -> None:
    edit(theirs, "lambda/Validate/requirements.txt", "")
    folder = theirs.root / "projects/acres/lambda/Validate"
    data = zipped({"handler.py": HANDLER})
    client("lambda").update_function_code(FunctionName="Old-Validate", ZipFile=data)
    (folder / "requirements.txt").unlink()
    package = str(PackageReference(code_sha256(data), imported(folder).imported_digest()))
    theirs.write("config/acres/dev.json", {"functions": {"Validate": {"package": package}}})
    run(theirs, "deploy", "--adopt")
    assert (code(), artifacts()) == (code_sha256(data), {"load"})
    client("lambda").update_function_code(FunctionName="Old-Validate", ZipFile=zipped({"handler.py": "x = 1\n"}))
    assert [item["key"] for item in run(theirs, "drift", code=2)["drifted"]] == ["lambda/Validate"]
    planned = changes(run(theirs, "plan", "--verify", code=2))
    assert planned["artifact/Validate"] == ("upload", "AWS does not run the code that was imported")
    assert "CodeSha256" in planned["lambda/Validate"][1]
    run(theirs, "deploy", "--verify")
    assert artifacts() == {"Validate", "load"}
    assert run(theirs, "drift")["drifted"] == []


def test_a_node_function_keeps_its_code(theirs: Repository) -> None:
    package_json = json.dumps({"name": "fn", "dependencies": {"a": "^1.0.0"}})
    files = {"index.js": "exports.handler = async e => e;", "package.json": package_json}
    data = zipped(
        {**files, "node_modules/a/package.json": json.dumps({"name": "a", "version": "1.2.0"}), "node_modules/a/i.js": ""}
    )
    settings = {"Runtime": "nodejs22.x", "Role": ROLE, "Handler": "index.handler", "MemorySize": 256, "Timeout": 60}
    client("lambda").create_function(FunctionName="Old-Node", Code={"ZipFile": data}, **settings)
    folder = theirs.root / "projects/acres/lambda/Node"
    package = unpack(data, folder, runtime="nodejs22.x", handler="index.handler").package
    assert not (folder / "node_modules").exists()
    path = theirs.root / "projects/acres/deploy.py"
    call = f'p.function("Node", name="Old-Node", settings={{"runtime": "nodejs22.x", "role": {ROLE!r}}}, package={package!r})'
    path.write_text(path.read_text().replace("    return p", f"    {call}\n    return p"))
    run(theirs, "deploy", "--adopt")
    live = client("lambda").get_function(FunctionName="Old-Node")["Configuration"]
    assert live["CodeSha256"] == code_sha256(data)
    assert changes(run(theirs, "plan", "--verify")) == {}
    assert run(theirs, "drift")["drifted"] == []
