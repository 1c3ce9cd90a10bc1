"""Functions with a container image: what is declared, and what AWS would refuse is refused when the plan is made."""

import pytest

from common.base.errors import DeployError
from common.resources.function import Function
from common.resources.function_image import Image
from tests.engine.test_deployer_policy import printed
from tests.support.repository import Repository

DIGEST = "sha256:" + "a1" * 32
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/score"
URI = f"{REPOSITORY}@{DIGEST}"
BAD = {
    f'image="{REPOSITORY}:v1"': (
        f"has the tag v1, and a tag may mean another image tomorrow. Name the image by its digest alone, {REPOSITORY}@sha256:"
    ),
    f'image="{REPOSITORY}:v1@{DIGEST}"': "has the tag v1",
    f'image="{REPOSITORY}"': "has no digest, which stands for the tag latest",
    f'image="{REPOSITORY}@sha256:abc"': "has no digest of an image",
    f'image="docker.io/team/score@{DIGEST}"': "is not an image in ECR",
    f'image="1234.dkr.ecr.eu-central-1.amazonaws.com/score@{DIGEST}"': "is not an image in ECR",
    f'image="{URI.replace("eu-central-1", "us-east-1")}"': "the repository is in us-east-1, the function in eu-central-1.",
    f'image="{URI}", handler="app.run"': "handler and image exclude each other",
    f'image="{URI}", includes=["shared.text"]': "includes and image exclude each other",
    f'image="{URI}", build="make"': "build and image exclude each other",
    f'image="{URI}", folder="lambda/Validate"': "lambda/Validate/ and image exclude each other",
    f'image="{URI}", settings={{"runtime": "python3.12"}}': "runtime and image exclude each other",
    f'image="{URI}", settings={{"snap_start": True}}': "snap_start and image exclude each other.",
    'settings={"image_config": {"command": ["app.run"]}}': "image_config needs an image",
}


@pytest.mark.parametrize("arguments", BAD)
def test_what_aws_would_refuse_of_an_image_is_refused(repository: Repository, arguments: str) -> None:
    name = "Validate" if arguments.startswith("settings") or "folder=" in arguments else "Score"
    repository.project("acres", f'p.function("{name}", {arguments})')
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert BAD[arguments] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert f"lambda/{name}" in str(refused.value)


@pytest.mark.parametrize("place", ["the declaration", "the configuration"])
def test_an_image_is_declared_or_configured(repository: Repository, place: str) -> None:
    repository.project("acres", f'p.function("Score", image="{URI}")' if place == "the declaration" else 'p.function("Score")')
    configured = {"image_config": {"command": ["app.handler"]}, **({"image": URI} if place == "the configuration" else {})}
    repository.configure(
        projects={"acres": {"functions": {"Score": configured}}}, defaults={"function": {"runtime": "python3.13"}}
    )
    function = repository.resources()["lambda/Score"]
    assert isinstance(function, Function)
    repository_arn = "arn:aws:ecr:eu-central-1:123456789012:repository/team/score"
    assert function.code == Image(URI, repository_arn, {"Command": ["app.handler"]})
    assert function.artifacts == ()
    assert function.executed_by == ""
    actions = {action for item in printed(repository) if repository_arn in item["Resource"] for action in item["Action"]}
    assert actions == {
        f"ecr:{name}" for name in ("BatchGetImage", "GetDownloadUrlForLayer", "GetRepositoryPolicy", "SetRepositoryPolicy")
    }
