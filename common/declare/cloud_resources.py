"""Resources of any type that the Cloud Control API manages, as pipelines and root `deploy.py` declare them.

A type is named as in CloudFormation, and its properties are given in AWS's own spelling. They are checked against the schema of
the type before anything is deployed. What AWS gives a resource, such as a queue's URL, can be referred to before it exists.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from common.aws.resource_schemas import Schema, schema_of
from common.base.encoding import decode_text
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.yaml_loader import load_yaml
from common.declare import validation
from common.declare.declaration import Configured
from common.declare.naming import PhysicalNames
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, reference_to, stand_in, tag_value
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.generated import GeneratedRef, has_mark, marked_keys
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of
from common.resources.cloud_control import CloudResource
from common.resources.queue import FIFO

FIFO_PROPERTIES = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}
"""The property that makes a queue or a topic keep the order of its messages, by its type."""
FIELDS = frozenset({"Type", "Properties"})
"""What a file says of each resource."""


class CloudResources(ABC):
    """The methods by which pipelines and root `deploy.py` declare such resources."""

    name: str
    env: Environment
    _physical: PhysicalNames

    @abstractmethod
    def _keep_resource(self, ref: GeneratedRef, declaration: "ResourceDeclaration") -> None:
        """Keeps a declaration under its reference."""

    @abstractmethod
    def _files(self, pattern: str) -> list[Path]:
        """The files that match a pattern, relative to the folder of the declaration."""

    def resource(self, reference: str, /, type_name: str, properties: JsonMapping | None = None) -> GeneratedRef:
        """A resource of any type that the Cloud Control API manages.

        Args:
            reference: what references call it.
            type_name: its type, as in ``AWS::SQS::Queue``; `invoke types` lists them.
            properties: its properties in AWS's spelling; tokens are replaced. Without its name it gets one from a template.
        """
        if not isinstance(type_name, str):
            raise TypeError(f"type_name is a text such as 'AWS::SQS::Queue', not {type_name!r}")
        schema, key = schema_of(type_name, self.env.region), Key(self.name, KIND, reference)
        declared = validation.check_object("properties", {} if properties is None else properties)
        name = name_in(declared, schema, self._physical, key)
        ref = reference_to(self.env, key, schema, name)
        self._keep_resource(ref, ResourceDeclaration(schema=schema, properties=declared, name=name))
        return ref

    def resources(self, pattern: str) -> dict[str, GeneratedRef]:
        """The resources that YAML files declare, by name: ``resources("infra/*.yaml")``.

        A file is a map of names to `Type` and `Properties`, as in the `Resources` of a CloudFormation template.
        """
        refs: dict[str, GeneratedRef] = {}
        for path in self._files(pattern):
            for name, entry in _entries(path).items():
                try:
                    refs[name] = self.resource(name, entry["Type"], entry.get("Properties"))
                except (ValueError, TypeError) as error:
                    raise DeclarationError(f"{path.name}: {name}: {error}") from None
        return refs


@dataclass(frozen=True, kw_only=True)
class ResourceDeclaration:
    """A resource of a project; `CloudResources.resource` explains every field."""

    schema: Schema
    properties: JsonObject
    name: str

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the resource."""
        properties, refs = project.names.substitute(self.properties, project.where(ref))
        if ref.key in marked_keys(properties):
            raise DeclarationError(
                f"{project.where(ref)}: it refers to what AWS gives it once it exists. Give its name as text, or let another "
                f"resource refer to it, as a policy does."
            )
        needs: list[Key | Ref] = [*refs, *sorted(marked_keys(properties))]
        identity = project.identity(self.stands_for(project.env, ref.key), needs)
        project.add(self.resource(identity, properties, project.env, project.where(ref)))

    def stands_for(self, env: Environment, key: Key) -> Ref:
        """Returns the key with what stands for its ARN: see `stand_in`."""
        return stand_in(env, key, self.schema, self.name)

    def resource(self, identity: Identity, properties: JsonMapping, env: Environment, where: str) -> CloudResource:
        """Returns the resource with its name, its tags and these properties.

        Raises:
            DeclarationError: see `resource_of`.
        """
        name = {self.schema.name_property: self.name} if self.name else {}
        return resource_of(identity, self.schema, {**name, **properties}, env, where)


def name_in(properties: JsonMapping, schema: Schema, physical: PhysicalNames, key: Key) -> str:
    """The name of a resource: the declared one, or else the one that follows from a template. Empty if its type has none.

    Raises:
        DeclarationError: AWS does not allow the name that follows from the template.
    """
    if not schema.name_property:
        return ""
    if (declared := properties.get(schema.name_property)) is not None:
        return physical.in_properties(key, str(declared))
    name = physical.of(kind_of(KIND), key.name)
    longest, pattern = schema.name_limits()
    if len(name) > longest or (pattern and not _matches(pattern, name)):
        raise DeclarationError(
            f"{key.project}: {key} would be called {name!r}, which {schema.type_name} does not allow: up to {longest} characters"
            f"{f' that match {pattern}' if pattern else ''}. Say {schema.name_property}."
        )
    return name


def resource_of(identity: Identity, schema: Schema, properties: JsonMapping, env: Environment, where: str) -> CloudResource:
    """The resource with its name and its tags.

    Raises:
        DeclarationError: the properties are not what its type accepts; one message names all of them.
    """
    own, tags = {**properties}, dict(identity.tags)
    declared = own.pop(schema.tag_property, None) if schema.tag_property else None
    problems = [*schema.problems(own, is_unknown=has_mark), *_fifo_problems(schema, own, identity.name)]
    if declared:
        declared_tags = _tags_in(declared)
        tags = {**(declared_tags or {}), **tags}
        if declared_tags is None:
            problems.append(f"{schema.tag_property}: it must be a list of objects with Key and Value, or an object of texts.")
    if problems:
        raise DeclarationError("\n".join([f"{where} ({schema.type_name}):", *(f"  {problem}" for problem in problems)]))
    tags[env.resource_tag] = tag_value(schema, identity.key, identity.name)
    return CloudResource(identity=replace(identity, tags=tags), type_name=schema.type_name, properties=own)


def _tags_in(declared: Json) -> dict[str, str] | None:
    """The tags that properties declare, by their keys; None if they are written in neither way."""
    if isinstance(declared, Mapping):
        return {str(name): str(text) for name, text in declared.items()}
    if isinstance(declared, list) and all(isinstance(entry, Mapping) and "Key" in entry for entry in declared):
        return {str(entry["Key"]): str(entry.get("Value", "")) for entry in declared}
    return None


def _fifo_problems(schema: Schema, properties: JsonMapping, name: str) -> Iterator[str]:
    """Yields what AWS refuses of the name of a FIFO queue or topic, which its schema does not say."""
    is_fifo = properties.get(FIFO_PROPERTIES.get(schema.type_name, ""), False) in (True, "true")
    if schema.type_name in FIFO_PROPERTIES and not has_mark(name) and is_fifo != name.endswith(FIFO):
        if is_fifo:
            yield f"{schema.name_property}: what is FIFO has a name that ends with {FIFO}, and {name} does not."
        else:
            yield f"{FIFO_PROPERTIES[schema.type_name]}: {name} ends with {FIFO}, so it must be true."


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:  # a pattern of another language; AWS decides
        return True


def _entries(path: Path) -> dict[str, JsonMapping]:
    """The resources in a file, by name.

    Raises:
        DeclarationError: it is not such a file.
    """
    try:
        content = load_yaml(decode_text(path.read_bytes()), path.name)
    except ValueError as error:
        raise DeclarationError(f"{path.name}: {error}") from None
    if not isinstance(content, dict):
        raise DeclarationError(f"{path.name}: the file holds a map of names to Type and Properties.")
    for name, entry in content.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("Type"), str) or not FIELDS.issuperset(entry):
            raise DeclarationError(f"{path.name}: {name}: an entry has Type and Properties, and nothing else.")
    return content
