"""Reads state machine definitions from Python, JSON or YAML.

AWS accepts many broken definitions that then fail at run time, and the embedded AWS accepts all. So they are checked before they
are sent: see `definition_check`.

Follows https://states-language.net/spec.html
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import DeclarationError
from common.base.json_reader import JsonError, load_json, without_duplicates
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.nested_size import DEPTH_LIMIT, SIZE_LIMIT, NestedSizeError, check_nested_size
from common.base.yaml_loader import YamlError, load_yaml
from common.declare.asl.definition_check import DefinitionCheck
from common.declare.asl.express import express_problems
from common.model.reference import spelled_out

FILE_LIMIT = 2 * SIZE_LIMIT
"""How many characters a definition's file may have; more than the definition itself, because of comments and indentation."""

Source = JsonMapping | Path | Callable[[], JsonMapping]
"""An ASL object, a function that makes one, or a file: .json, .asl.json, .yaml or .yml."""


def load(source: Source, where: str, kind: str = "STANDARD") -> JsonObject:
    """Loads and checks a definition; references in it are not replaced.

    Args:
        source: the definition.
        where: the subject of errors.
        kind: STANDARD or EXPRESS.

    Raises:
        DeclarationError: it cannot be read, or it has problems; all are in one message.
    """
    check = DefinitionCheck(where, "", source if isinstance(source, Path) else None)
    definition = read(source, where)
    check.look_at(definition)
    if check.is_whole:
        check.add(express_problems(definition, kind))
    if error := check.error():
        raise error
    return definition


def read(source: Source, where: str, tokens: Mapping[str, str] | None = None) -> JsonObject:
    """Reads an ASL object, which is not checked yet.

    Args:
        source: the definition.
        where: the subject of errors; the file is named as well, if there is one.
        tokens: a team's own tokens, which become references: see `spelled_out`.

    Raises:
        DeclarationError: the file is missing or malformed, or is not an object.
    """
    content = _read(source, where) if isinstance(source, Path) else source() if callable(source) else source
    if not isinstance(content, Mapping):
        raise DeclarationError(f"{where}: the definition must be an object with StartAt and States.")
    try:
        check_nested_size(content)
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
        text.encode()
        definition: JsonObject = spelled_out(json.loads(text, object_pairs_hook=without_duplicates), tokens or {})
    except NestedSizeError as error:
        raise DeclarationError(f"{where}: the definition {error}.") from None
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"{where}: the definition holds something that JSON cannot: {error}.") from None
    return definition


def _read(path: Path, where: str) -> Json:
    try:
        text = decode_text(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{where}: {path} cannot be read: {error}.") from None
    if len(text) > FILE_LIMIT:
        raise DeclarationError(f"{where}: {path.name} has {len(text)} characters; AWS allows a definition {SIZE_LIMIT}, as JSON.")
    try:
        if path.suffix.lower() in {".yaml", ".yml"}:
            return load_yaml(text, path.name)
        return load_json(text, path.name)
    except (JsonError, YamlError) as error:
        raise DeclarationError(f"{where}: {error}") from None
    except RecursionError:
        raise DeclarationError(f"{where}: {path.name}: it is nested more than {DEPTH_LIMIT} levels deep.") from None
    except NestedSizeError as error:
        raise DeclarationError(f"{where}: {path.name}: the definition {error}.") from None
    except ValueError as error:
        raise DeclarationError(f"{where}: {path.name}: {error}.") from None
