"""`invoke import`: a project from what runs; nothing is written over; adopted, it is as it was but for tags."""

import json

import pytest

from tests.importing.live import CODE, LANDING, SECRET, Live, client
from tests.support.repository import Repository

WORDS = ("import", "--env", "dev", "--project", "orders", "--match", "fsa-dev-orders-*")
PLAN = ("plan", "--env", "dev", "--project", "orders", "--adopt")


def test_a_project_is_written_and_the_command_says_what_to_look_at(live: Live, repository: Repository) -> None:
    live.function("fsa-dev-orders-Old", Runtime="java21", Handler="x")
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, "")
    assert "imported 2 state machines, 1 function, 1 job, 1 trigger" in ended.out
    assert "function fsa-dev-orders-Validate: DB_PASSWORD" in ended.out
    assert "function fsa-dev-orders-Old: its runtime java21 is neither Python nor Node.js" in ended.out
    assert "invoke plan --env dev --project orders --adopt" in ended.out
    files = repository.files()
    written = {path for path in files if path.startswith("projects/")}
    assert {"projects/orders/deploy.py", "projects/orders/lambda/Validate/app.py", "projects/orders/Main.asl.json"} <= written
    assert files["projects/orders/glue/jobs/clean.py"] == b"print('rows')\n"
    assert not [path for path, content in files.items() if SECRET.encode() in content]
    main = json.loads(files["projects/orders/Main.asl.json"])
    assert main["States"]["S0"]["Resource"] == "${Validate.arn}"
    assert main["States"]["S1"]["Parameters"] == {"StateMachineArn": "${Load.arn}"}


def test_a_dry_run_writes_nothing(live: Live, repository: Repository) -> None:
    before = repository.files()
    ended = repository.invoke(*WORDS, "--dry-run")
    assert ended.code == 0
    assert "would import 2 state machines" in ended.out
    assert "+ projects/orders/deploy.py" in ended.out
    assert repository.files() == before


def test_a_file_that_exists_is_not_written_over(live: Live, repository: Repository) -> None:
    repository.write("projects/orders/Main.asl.json", "mine")
    before = repository.files()
    ended = repository.invoke(*WORDS)
    assert ended.code == 1
    assert "projects/orders/Main.asl.json exists, and nothing is written over" in ended.err
    assert repository.files() == before


def test_where_nothing_can_be_declared_nothing_is_written(live: Live, repository: Repository) -> None:
    live.function("only-java", Runtime="java21", Handler="x")
    before = repository.files()
    ended = repository.invoke(*WORDS[:-1], "only-*")
    assert ended.code == 0
    assert "function only-java: its runtime java21 is neither Python nor Node.js" in ended.out
    assert repository.files() == before


def test_what_another_project_declares_is_left_to_it(live: Live, repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate", name="fsa-dev-orders-Validate")')
    ended = repository.invoke(*WORDS)
    assert ended.code == 0
    assert "function fsa-dev-orders-Validate: projects/acres declares it already" in ended.out
    definition = (repository.root / "projects/orders/Main.asl.json").read_text()
    assert "function:fsa-dev-orders-Validate" in definition, "a machine calls it by its ARN: it is nobody else's in a plan of all"
    assert repository.invoke("check").code == 0


def test_what_root_deploy_py_declares_is_used_from_there(live: Live, repository: Repository) -> None:
    text = (
        (repository.root / "deploy.py")
        .read_text()
        .replace("    return", f'    shared.bucket("landing", name="{LANDING}")\n    return')
    )
    repository.write("deploy.py", text)
    ended = repository.invoke(*WORDS)
    assert ended.code == 0
    assert f"bucket {LANDING}" not in ended.out
    files = repository.files()
    assert b'p.shared.bucket("landing")' in files["projects/orders/deploy.py"]
    assert b'"BUCKET": "${landing.name}"' in files["projects/orders/deploy.py"]
    assert LANDING.encode() not in files["config/orders/dev.json"]


def test_a_configuration_may_be_there_before_the_project(live: Live, repository: Repository) -> None:
    repository.write("config/orders/dev.json", '{"parameters": {"stage": "dev"}}')
    assert repository.invoke(*WORDS).code == 0
    text = (repository.root / "config/orders/dev.json").read_text()
    assert '"functions"' in text


def test_nothing_in_aws_is_changed(live: Live, repository: Repository, aws_calls: list[str]) -> None:
    repository.invoke(*WORDS)
    made = {call.partition(":")[2] for call in aws_calls}
    assert made
    assert all(name.startswith(("Get", "List", "Describe")) for name in made), made


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--env", "dev", "--match", "x*"), "Which project is to be written?"),
        (("--env", "dev", "--project", "a,b", "--match", "x*"), "Which project is to be written?"),
        (("--env", "dev", "--project", "orders"), "What is to be imported?"),
        (("--env", "dev", "--project", "1st", "--match", "fsa-*"), "--project is '1st'"),
        (("--env", "dev", "--project", "con", "--match", "fsa-*"), "Windows"),
        (("--env", "dev", "--project", "orders", "--match", "nothing-*"), "matches no function"),
        (("--env", "dve", "--project", "orders", "--match", "fsa-*"), "Did you mean 'dev'?"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    live: Live, repository: Repository, words: tuple[str, ...], message: str
) -> None:
    before = repository.files()
    ended = repository.invoke("import", *words)
    assert ended.code == 1
    assert message in ended.err
    assert repository.files() == before


@pytest.mark.parametrize("name", ["orders", "orders-acme"])
def test_nothing_is_imported_into_instances(live: Live, repository: Repository, name: str) -> None:
    repository.project("orders")
    repository.configure(projects={"orders": {"instances": {"acme": {}}}})
    ended = repository.invoke(*WORDS[:4], name, *WORDS[5:])
    assert ended.code == 1
    assert "so nothing is imported into it" in ended.err


def test_credentials_of_another_account_read_nothing(live: Live, repository: Repository, aws_calls: list[str]) -> None:
    repository.configure(account_id="999999999999")
    ended = repository.invoke(*WORDS)
    assert ended.code == 1
    assert "These credentials belong to account" in ended.err
    assert set(aws_calls) == {"sts:GetCallerIdentity"}


def test_what_has_no_code_is_left_out_and_the_rest_is_imported(live: Live, repository: Repository) -> None:
    client("s3").delete_object(Bucket=CODE, Key="fsa-dev-orders-clean.py")
    live.function("fsa-dev-orders-Broken")
    client("s3").put_object(Bucket=CODE, Key="fsa-dev-orders-Broken.zip", Body=b"no zip")
    ended = repository.invoke(*WORDS)
    assert ended.code == 0
    assert "job fsa-dev-orders-clean: its script s3://company-code/fsa-dev-orders-clean.py does not exist" in ended.out
    assert "function fsa-dev-orders-Broken: its package cannot be unpacked" in ended.out
    assert "imported 2 state machines, 1 function, 1 trigger" in ended.out
    text = (repository.root / "projects/orders/deploy.py").read_text()
    assert "# job fsa-dev-orders-clean: its script" in text
    assert 'p.shared.job("clean")' in text, "a machine runs it"


def test_files_that_git_ignores_are_named(live: Live, repository: Repository) -> None:
    live.function("orders-Validate", {"handler.py": "def handler(event, context):\n    return event\n"})
    repository.commit()
    repository.write(".gitignore", "build/\nhandler.py\n")
    done = repository.invoke("import", "--env", "dev", "--project", "orders", "--match", "orders-*")
    assert "git ignores projects/orders/lambda/Validate/handler.py: a clone would not have it" in done.out


def test_a_function_with_a_container_image_is_imported_by_the_digest_of_the_image(live: Live, repository: Repository) -> None:
    uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/score"
    config = {"Command": ["app.handler"], "WorkingDirectory": "/app"}
    live.image("fsa-dev-orders-Score", f"{uri}:v1", ImageConfig=config)
    code = client("lambda").get_function(FunctionName="fsa-dev-orders-Score")["Code"]
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, "")
    files = repository.files()
    assert 'p.function("Score", name=' in files["projects/orders/deploy.py"].decode()
    assert not [path for path in files if path.startswith("projects/orders/lambda/Score")]
    settings = json.loads(files["config/orders/dev.json"])["functions"]["Score"]
    assert settings["image"] == code["ResolvedImageUri"] != code["ImageUri"]
    assert settings["image_config"] == {"command": ["app.handler"], "working_directory": "/app"}
    assert "package" not in settings
    planned = repository.invoke(*PLAN)
    assert planned.err == ""
    (line,) = [line for line in planned.out.splitlines() if " lambda/Score (" in line]
    assert line.endswith("taken over from nobody; tags only")
