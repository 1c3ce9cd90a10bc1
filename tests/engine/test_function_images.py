"""Functions with a container image, from plan to prune: nothing is packaged, and no package becomes an image in place."""

import json

import boto3
import pytest
from moto.core.exceptions import JsonRESTError
from moto.ecr.models import ECRBackend

from tests.engine.test_adopting import NAME, PLACE, done
from tests.engine.test_deployer_policy import printed
from tests.resources.test_function_image import NEEDS
from tests.support.iam import Asked, allows
from tests.support.repository import Repository
from tests.support.terminal import squeezed

FUNCTION = 'p.function("Score", image="{}")'
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "sha256:" + "c" * 64},
    "layers": [],
}


@pytest.fixture
def image(moto_dates: None) -> str:
    """An image that was built elsewhere."""
    ecr = boto3.client("ecr", **PLACE)
    uri = ecr.create_repository(repositoryName="team/score")["repository"]["repositoryUri"]
    put = ecr.put_image(repositoryName="team/score", imageManifest=json.dumps(MANIFEST))
    return f"{uri}@{put['image']['imageId']['imageDigest']}"


def deployed() -> set[str]:
    return {function["FunctionName"] for function in boto3.client("lambda", **PLACE).list_functions()["Functions"]}


def test_nothing_is_built_or_uploaded_for_an_image(repository: Repository, image: str) -> None:
    repository.project("acres", FUNCTION.format(image))
    assert "lambda/Score" not in done(repository, "package-lambdas")
    planned = squeezed(done(repository, "plan", code=2))
    assert "+ lambda/Score create does not exist" in planned
    assert "artifact/Score" not in planned
    done(repository, "deploy")
    assert f"{NAME}-Score" in deployed()
    live = boto3.client("lambda", **PLACE).get_function(FunctionName=f"{NAME}-Score")
    assert live["Configuration"]["PackageType"] == "Image"
    assert "nothing to do" in done(repository, "plan")
    repository.project("acres")
    done(repository, "deploy", "--prune")
    assert f"{NAME}-Score" not in deployed()


def test_a_package_is_replaced_by_an_image_that_exists_and_stays_otherwise(repository: Repository, image: str) -> None:
    folder = "projects/acres/lambda/Score"
    repository.write(f"{folder}/handler.py", "def handler(event, context):\n    return event\n")
    repository.project("acres", 'p.function("Score")')
    done(repository, "deploy")
    (repository.root / folder / "handler.py").unlink()
    (repository.root / folder).rmdir()
    other = image.partition("@")[0] + "@sha256:" + "0" * 64
    repository.project("acres", FUNCTION.format(other))
    for task in ("plan", "deploy"):
        assert f"lambda/Score: there is no image {other}" in done(repository, task, code=1)
    assert f"{NAME}-Score" in deployed()
    repository.project("acres", FUNCTION.format(image))
    assert "± lambda/Score replace PackageType cannot be changed in place" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    live = boto3.client("lambda", **PLACE).get_function(FunctionName=f"{NAME}-Score")
    assert live["Configuration"]["PackageType"] == "Image"


@pytest.mark.parametrize("before", ["", FUNCTION])
def test_an_image_that_does_not_exist_is_refused_before_anything_is_written(
    repository: Repository, image: str, before: str
) -> None:
    repository.project("acres", before.format(image))
    if before:
        done(repository, "deploy")
    tables, functions = boto3.client("dynamodb", **PLACE), deployed()
    missing = image.partition("@")[0] + "@sha256:" + "0" * 64
    repository.project("acres", 'p.table("runs", partition_key="id")', FUNCTION.format(missing))
    for task in ("plan", "deploy"):
        output = done(repository, task, code=1)
        assert f"acres: lambda/Score: there is no image {missing}. Push it first, or correct the digest." in output
    assert tables.list_tables()["TableNames"] == []
    assert deployed() == functions


def test_who_may_not_look_at_the_image_is_told_the_call(
    repository: Repository, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        raise JsonRESTError("AccessDeniedException", "not authorized to perform: ecr:BatchGetImage")

    monkeypatch.setattr(ECRBackend, "batch_get_image", deny)
    repository.project("acres", FUNCTION.format(image))
    for task in ("plan", "deploy"):
        output = done(repository, task, code=1)
        assert "ecr:BatchGetImage" in output
        assert "AccessDenied" in output
        assert "Traceback" not in output
    assert deployed() == set()


def test_an_image_has_no_package_for_the_commands_that_are_about_packages(repository: Repository, image: str) -> None:
    repository.project("acres", FUNCTION.format(image))
    done(repository, "deploy")
    document = json.loads(repository.invoke("package-lambdas", "--sbom", "--env", "dev").out)
    assert "Score" not in json.dumps(document)
    assert "  0 artifacts deleted" in done(repository, "gc")
    assert "0 created, 0 updated" in done(repository, "deploy", "--only", "lambda/Score")


def test_another_image_is_pulled(repository: Repository, image: str) -> None:
    repository.project("acres", FUNCTION.format(image))
    done(repository, "deploy")
    uri = image.partition("@")[0]
    put = {"imageManifest": json.dumps(MANIFEST), "imageDigest": (digest := "sha256:" + "d" * 64)}
    boto3.client("ecr", **PLACE).put_image(repositoryName="team/score", **put)
    boto3.client("lambda", **PLACE).update_function_code(FunctionName=f"{NAME}-Score", ImageUri=f"{uri}@{digest}")
    pulled = repository.invoke("pull", "--env", "dev", "--json")
    assert pulled.code == 0, pulled
    (setting,) = json.loads(pulled.out)["pulled"]
    assert setting["value"] == f"{uri}@{digest}"
    assert "= lambda/Score record is as declared" in squeezed(done(repository, "plan", "--verify"))


def test_the_reference_has_the_image(repository: Repository) -> None:
    shown = json.loads(repository.invoke("types", "--match", "function", "--json").out)
    assert "image" in json.dumps(shown["arguments"])
    assert "image_config" in json.dumps(shown)


def test_the_embedded_aws_runs_no_image(repository: Repository) -> None:
    uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/score@sha256:" + "a" * 64
    repository.configure("local", account_id="000000000000", embedded={})
    repository.project("acres", FUNCTION.format(uri))
    ended = repository.invoke("plan", "--env", "local")
    assert ended.code == 1
    assert "lambda/Score: the embedded AWS of local cannot run a container image." in ended.err
    assert "Traceback" not in ended.err


def test_the_printed_policy_allows_the_check_of_the_image(repository: Repository) -> None:
    uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/score@sha256:" + "a" * 64
    repository.project("acres", FUNCTION.format(uri))
    (question,) = NEEDS["ecr:BatchGetImage"]
    arn = question.arn.format(registryId="123456789012", repositoryName="team/score")
    statements = printed(repository)
    assert allows(statements, Asked(question.action, arn, {}), {})
    assert not allows(statements, Asked(question.action, f"{arn}2", {}), {})
