"""Packages move from a function's code into a layer and back: Lambda weighs new layers with old code, new code with old layers.

See https://github.com/serverless/serverless/issues/8313 and
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html .
"""

import io
import zipfile
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.environment.resource_settings import FunctionSettings
from common.model.comparison import difference, taken_away
from common.model.resource import Action, Change
from common.resources.function import Function
from common.resources.layer import Layer
from tests.resources.builders import Code, Place, final, live_state, prepare
from tests.resources.test_lifecycle import backend, here

__all__ = ["backend", "here"]
LARGE = 150 * 2**20
CODE, CONFIGURATION = "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"


@cache
def packed(name: str, size: int) -> Code:
    """A package that is small until it is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def handler(event, context):\n    return event\n")
        data = zipfile.ZipInfo("python/data.bin")
        data.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(data, "w") as member:
            for _ in range(size // 2**20):
                member.write(bytes(2**20))
    return Code(name, buffer.getvalue())


def update(aws: AwsSession, before: Function, after: Function) -> list[str]:
    """Brings one to the other as a plan does; the updates that were asked for."""
    prepare(aws, before, after)
    for layer in (*before.layers, *after.layers):
        assert isinstance(layer, Layer)
        layer.create(aws, final(layer))
    before.create(aws, final(before))
    live = after.read(aws)
    assert live is not None
    requested = aws.calls.copy()
    stale = taken_away(live.undeclared, final(before))
    changed = frozenset(difference(final(after), live.state)) | stale.keys()
    after.update(aws, Change(after.key, Action.UPDATE, "", final(after), live, changed, stale))
    assert live_state(aws, after) == final(after)
    return sorted((aws.calls - requested).elements())


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("settings", [{}, {"runtime": "python3.12", "memory_mb": 512}])
def test_packages_move_between_code_and_layer(
    backend: AwsSession, here: Place, settings: dict[str, Any], back: bool, request: pytest.FixtureRequest
) -> None:
    alone = here.function(code=packed("code", LARGE))
    layered = here.function(code=packed("slim", 0), layers=(here.layer("t-moved", code=packed("layer", LARGE)),))
    before, after = (layered, alone) if back else (alone, layered)
    request.addfinalizer(lambda: before.delete(backend))
    requested = update(backend, before, replace(after, settings=FunctionSettings(**settings)))
    refused_first, alone_first = (0, 0) if back else (1, bool(settings))
    assert requested.count(CODE) == 1
    assert requested.count(CONFIGURATION) == 1 + refused_first + alone_first


def test_what_is_too_large_together_is_still_refused(moto_aws: AwsSession, place: Place) -> None:
    layer = place.layer("t-moved", code=packed("layer", LARGE))
    with pytest.raises(AwsError, match="exceeds the maximum allowed size"):
        update(moto_aws, place.function(), place.function(code=packed("code", LARGE), layers=(layer,)))
    with pytest.raises(AwsError, match="exceeds the maximum allowed size"):
        update(moto_aws, place.function(code=packed("code", LARGE)), place.function(code=packed("code", LARGE), layers=(layer,)))
