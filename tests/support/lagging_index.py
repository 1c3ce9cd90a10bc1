"""A tagging index as slow as AWS's: it lacks what was made for minutes, and shows what was deleted for hours. Moto's is at once.

See https://github.com/aws/aws-sdk/issues/676 and, for the hours, https://github.com/boto/boto3/issues/3341
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend


@contextmanager
def index(change: Callable[[list[Any]], list[Any]]) -> Iterator[None]:
    """An index that says something else than is so: `change` gets what is so."""
    true = ResourceGroupsTaggingAPIBackend._get_resources_generator

    def changed(backend: Any, **parameters: Any) -> Iterator[Any]:
        return iter(change(list(true(backend, **parameters))))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ResourceGroupsTaggingAPIBackend, "_get_resources_generator", changed)
        yield


def shown(asking: Callable[[], object]) -> list[Any]:
    """What the index shows to `asking`."""
    resources: list[Any] = []
    with index(resources.__iadd__):
        asking()
    return resources
