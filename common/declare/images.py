"""Functions with a container image, as pipelines declare them: what AWS refuses of one is refused when the plan is made."""

from collections.abc import Callable, Collection

from common.base.errors import DeclarationError
from common.declare.project_resources import ProjectResources
from common.environment.container_images import Repository
from common.environment.resource_settings import FunctionSettings
from common.resources.function_image import IMAGE_CONFIG, Image

OF_PACKAGES = frozenset({"layers", "package", "runtime"})
"""Settings that say something of a package. Defaults may have them for the functions that have one."""


def image(project: ProjectResources, settings: FunctionSettings, own: Callable[[], Collection[str]], where: str) -> Image | None:
    """Returns the image of a function; None if it has a package.

    Args:
        project: the project.
        settings: the settings of the function.
        own: returns what is set for this function itself and belongs to a package.
        where: the subject of errors.

    Raises:
        DeclarationError: AWS would refuse the image, or something that is declared beside it.
    """
    if settings.image is None:
        if settings.image_config is not None:
            raise DeclarationError(f"{where}: image_config needs an image, and the function has a package. Set image, too.")
        return None
    if of_package := sorted(own()):
        raise DeclarationError(
            f"{where}: {', '.join(of_package)} and image exclude each other: the image has the code with everything that it "
            f"needs. Remove what belongs to a package, or remove image."
        )
    if settings.snap_start:
        raise DeclarationError(f"{where}: snap_start and image exclude each other. Set snap_start to false.")
    if project.runs_here:
        raise DeclarationError(
            f"{where}: the embedded AWS of {project.env.name} cannot run a container image. Deploy the project to an account, "
            f'or say "enabled": false for the project in this environment.'
        )
    repository = Repository.of(settings.image)
    if repository.region != project.env.region:
        raise DeclarationError(
            f"{where}: image: the repository is in {repository.region}, the function in {project.env.region}. Lambda takes "
            f"images of its own region alone: copy the image there."
        )
    values = settings.image_config.model_dump(mode="json") if settings.image_config is not None else {}
    fields = {field: values.get(setting) for field, setting in IMAGE_CONFIG.items()}
    arn = repository.arn(project.env.account.partition)
    return Image(settings.image, arn, {name: value for name, value in fields.items() if value})
