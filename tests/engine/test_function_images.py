"""Functions with a container image, from plan to prune: nothing is packaged, and no package becomes an image in place."""

import json

import boto3
import pytest

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
