"""What the installed botocore knows of AWS's APIs, read from its models without calling anything.

Reading a model takes longer than an unchanged deploy, so only what needs one asks here.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from common.aws import api_files
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

SERVICE_ID = re.compile(r'"serviceId"\s*:\s*"([^"]+)"')
SIGNING_NAME = re.compile(r'"signingName"\s*:\s*"([^"]+)"')
ENDPOINT_PREFIX = re.compile(r'"endpointPrefix"\s*:\s*"([^"]+)"')
TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
"""A time, as it is declared."""
HEAD = 16_384
"""How many compressed bytes of a model hold its metadata."""
GZIP = 31
"""The window size with which zlib reads the format of gzip."""


def operations(beginning: str) -> Iterator[str]:
    """Yields the names of the operations of the services whose names begin like this, as in ``athena`` or ``s3``."""
    for service in api_files.loader().list_available_services("service-2"):
        if service.startswith(beginning):
            yield from model_of(service)["operations"]


class Parameter:
    """A parameter of an operation, or a structure within it, which checks values as AWS does.

    Args:
        service: the service's name in botocore.
        operation: the operation.
        path: the members that lead to the structure; `[]` is an item of a list.
        is_unknown: whether a text stands for a value that is not known yet.
    """

    def __init__(
        self, service: str, operation: str, path: Sequence[str] = (), is_unknown: Callable[[str], bool] = lambda _: False
    ) -> None:
        model, self._is_unknown = model_of(service), is_unknown
        self._shapes, self._operation = model["shapes"], operation
        shape = model["operations"][operation]["input"]["shape"]
        for name in path:
            described = self._shapes[shape]
            shape = (described["member"] if name == "[]" else described["members"][name])["shape"]
        self._shape: str = shape

    def members(self) -> list[str]:
        """The names of the fields of the structure, or the keys of the map as far as the model lists them."""
        shape = self._shapes[self._shape]
        return list(shape["members"] if shape["type"] == "structure" else self._shapes[shape["key"]["shape"]].get("enum", ()))

    def problems(self, value: Json, at: str = "") -> Iterator[str]:
        """What is wrong with some fields of the structure, each as a sentence that begins with the dotted name of the field.

        Args:
            value: the fields.
            at: the dotted name of the structure.
        """
        yield from self._problems(self._shape, value, at)

    def _problems(self, name: str, value: Json, at: str) -> Iterator[str]:
        shape = self._shapes[name]
        expected, fits = _TYPES.get(shape["type"], ("what cannot be written as JSON", lambda _: False))
        if not fits(value):
            yield f"{at} is {value!r}; it must be {expected}"
        elif shape["type"] == "structure":
            yield from self._structure(shape, value, at)
        elif shape["type"] == "list":
            yield from _outside(shape, len(value), at, "items")
            for number, item in enumerate(value):
                yield from self._problems(shape["member"]["shape"], item, f"{at}[{number}]")
        elif shape["type"] == "map":
            for key, item in value.items():
                yield from self._problems(shape["key"]["shape"], key, f"a key of {at}" if at else "a key")
                yield from self._problems(shape["value"]["shape"], item, f"{at}.{key}" if at else key)
        elif shape["type"] == "timestamp" and not (self._is_unknown(value) or TIMESTAMP.fullmatch(value)):
            yield f"{at} is {value!r}; it must be a time like 2027-01-31T00:00:00Z"
        elif shape["type"] == "string":
            yield from () if self._is_unknown(value) else _text(shape, value, at)
        elif shape["type"] not in {"boolean", "timestamp"}:
            yield from _outside(shape, value, at, "")

    def _structure(self, shape: JsonMapping, value: JsonMapping, at: str) -> Iterator[str]:
        dot = f"{at}." if at else ""
        members = shape["members"]
        for name, inner in value.items():
            if name in members:
                yield from self._problems(members[name]["shape"], inner, f"{dot}{name}")
            else:
                guess = did_you_mean(name, members, otherwise=known_names(sorted(members)))
                yield f"{self._operation} does not accept {f'{dot}{name}'!r}.{guess}"
        for name in shape.get("required", ()) if at else ():  # the deployer itself sets those at the top
            if name not in value:
                yield f"{at} needs {name}"


_TYPES: Mapping[str, tuple[str, Callable[[Json], bool]]] = {
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "double": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "float": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "list": ("a list", lambda value: isinstance(value, list | tuple)),
    "long": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "map": ("an object", lambda value: isinstance(value, Mapping)),
    "string": ("text", lambda value: isinstance(value, str)),
    "timestamp": ("text, a time like 2027-01-31T00:00:00Z", lambda value: isinstance(value, str)),
    "structure": ("an object", lambda value: isinstance(value, Mapping)),
}
"""The types of botocore's models that JSON has, in words, and whether a value is of the type."""


def _text(shape: JsonMapping, value: str, at: str) -> Iterator[str]:
    if (choices := shape.get("enum")) and value not in choices:
        yield f"{at} is {value!r}; it must be one of {', '.join(choices)}"
        return
    yield from _outside(shape, len(value), at, "characters")
    if "pattern" in shape and not _matches(shape["pattern"], value):
        yield f"{at} is {value!r}; it must match {shape['pattern']}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # Python has not all that AWS's patterns use
        return True


def _outside(shape: JsonMapping, size: float, at: str, unit: str) -> Iterator[str]:
    least, most = shape.get("min"), shape.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        limits = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
        yield f"{at} {f'has {size} {unit}' if unit else f'is {size}'}; AWS accepts {' and '.join(filter(None, limits))}"


@cache
def model_of(service: str) -> JsonMapping:
    """The model of a service, by its name in botocore. It takes a while to read."""
    model: JsonMapping = api_files.loader().load_service_model(service, "service-2")
    return model


def input_shape(service: str, operation: str) -> str | None:
    """The name of the shape of an operation's parameters; None if it has none."""
    name: str | None = model_of(service)["operations"][operation].get("input", {}).get("shape")
    return name


def installed_version() -> str:
    """The version of the installed botocore."""
    import botocore

    return str(botocore.__version__)


def service_ids() -> dict[str, str]:
    """The ids of all services, as in ``CloudWatch Logs``, by their names in botocore.

    Only the beginning of each model is read: all models together are a hundred megabytes.
    """

    def read() -> dict[str, str]:
        loader = api_files.loader()
        services = loader.list_available_services("service-2")
        return {service: _in_metadata(loader.search_paths, service, SERVICE_ID) or service for service in services}

    ids: dict[str, str] = api_files.derived("service-ids", read)
    return ids


def signing_name(service: str) -> str:
    """The name with which requests to a service (of botocore) are signed; mostly also the prefix of its actions in IAM."""
    from botocore.loaders import Loader

    folders = Loader().search_paths
    return _in_metadata(folders, service, SIGNING_NAME) or _in_metadata(folders, service, ENDPOINT_PREFIX) or service


def _in_metadata(folders: list[str], service: str, pattern: re.Pattern[str]) -> str | None:
    for folder in folders:
        for path in sorted(Path(folder, service).glob("*/service-2.json*"), reverse=True):
            data = path.read_bytes() if path.suffix != ".gz" else _beginning(path)
            if match := pattern.search(data.decode(errors="ignore")):
                return match[1]
    return None


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return zlib.decompressobj(wbits=GZIP).decompress(file.read(HEAD))
