"""Lambda as strict as AWS, where moto is kinder: it weighs code and layers together, new ones of one with old ones of the other.

And it grants a function's role to read its variables when the function is given the role, by the id that the role has then; a
role that was made again has another id: https://github.com/serverless/examples/issues/279

The limit is of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, the words are Lambda's:
https://github.com/serverless/serverless/issues/8313
"""

import io
import zipfile
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.utils import get_backend
from moto.iam.models import iam_backends

LIMIT = 262_144_000


def grant(function: Any, role: str) -> None:
    """Lets the role that has this ARN now read the variables of the function, if it is given another than it has."""
    if getattr(function, "granted_to", (None, None))[0] != role:
        function.granted_to = (role, role_id(function.account_id, role))


def role_id(account_id: str, arn: str) -> str | None:
    """The id of the role that has this ARN now."""
    roles = iam_backends[account_id]["aws"].roles.values()
    return next((str(role.id) for role in roles if role.arn == arn), None)


def weigh(function: Any, before: dict[str, Any]) -> None:
    """Refuses what is too large, and puts the function back as it was before."""
    backend = get_backend(function.account_id, function.region)
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    code = getattr(function, "code_bytes", b"")  # a container image has none
    total = sum(_size(packed) for packed in (code, *(layer.code_bytes for layer in layers if layer)))
    if total > LIMIT:
        vars(function).update(before)
        message = f"Function code combined with layers exceeds the maximum allowed size of {LIMIT} bytes."
        raise InvalidParameterValueException(f"{message} The actual size is {total} bytes.")


def _size(packed: bytes) -> int:
    if not packed:
        return 0
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return sum(member.file_size for member in archive.infolist())
