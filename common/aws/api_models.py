"""What the installed botocore knows of AWS's APIs, read from its models without calling anything.

Reading a model takes longer than an unchanged deploy, so only what needs one asks here.
"""

from collections.abc import Iterator


def operations(beginning: str) -> Iterator[str]:
    """Yields the names of the operations of the services whose names begin like this, as in ``athena`` or ``s3``."""
    from botocore.loaders import Loader

    loader = Loader()
    for service in loader.list_available_services("service-2"):
        if service.startswith(beginning):
            yield from loader.load_service_model(service, "service-2")["operations"]
