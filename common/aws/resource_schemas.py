"""The schemas of the resource types that the Cloud Control API manages, as cfn-lint packages them.

A schema says which properties a type has, which of them cannot be changed, read or written, what identifies a resource, whether
it takes tags, and which permissions AWS's own handlers need. Only a declaration that names a type loads its schema.

Follows https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property

from common.aws import published, told_values
from common.aws.schema_validation import problems_in, resolved
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean

PROVIDERS = "schemas/providers/{region}.json"
"""The data file of cfn-lint that lists the types of a region, each with the name of the file of its schema."""
RESOURCE = "schemas/resources/{name}.json"
DEFAULT_REGION = "us-east-1"
"""A region that has nearly all types."""
STORES = frozenset(
    {
        *(
            "AWS::S3::Bucket",
            "AWS::S3Express::DirectoryBucket",
            "AWS::S3Tables::TableBucket",
            "AWS::S3Tables::Table",
            "AWS::SQS::Queue",
        ),
        *("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"),
        *("AWS::EFS::FileSystem", "AWS::FSx::FileSystem", "AWS::EC2::Volume", "AWS::ECR::Repository", "AWS::Logs::LogGroup"),
        *("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster", "AWS::DocDB::DBCluster", "AWS::SNS::Topic"),
        *("AWS::Neptune::DBCluster", "AWS::Redshift::Cluster", "AWS::RedshiftServerless::Namespace", "AWS::Timestream::Table"),
        *("AWS::Timestream::Database", "AWS::OpenSearchService::Domain", "AWS::ElastiCache::ReplicationGroup"),
        *(
            "AWS::SecretsManager::Secret",
            "AWS::Cognito::UserPool",
            "AWS::Glue::Database",
            "AWS::Glue::Table",
            "AWS::Backup::BackupVault",
        ),
        *("AWS::MemoryDB::Cluster", "AWS::MSK::Cluster", "AWS::CodeCommit::Repository", "AWS::Lightsail::Database"),
    }
)
"""The types whose resources hold what cannot be made again; a resource of these is deleted only with `--data`."""
NAME_LENGTH = 255
"""The longest name, where a schema does not say."""

Path = tuple[str, ...]
"""A property, from the top; ``*`` stands for every entry of a list or map."""


@dataclass(frozen=True)
class Schema:
    """The schema of one type.

    Args:
        type_name: the type, as in ``AWS::SQS::Queue``.
        document: its JSON schema, with what CloudFormation adds to it.
    """

    type_name: str
    document: JsonMapping

    @property
    def properties(self) -> Mapping[str, JsonMapping]:
        """The schemas of the properties, by name."""
        properties: Mapping[str, JsonMapping] = self.document.get("properties", {})
        return properties

    @cached_property
    def create_only(self) -> frozenset[Path]:
        """The properties that can be given only when a resource is created."""
        return self._paths("createOnlyProperties")

    @cached_property
    def read_only(self) -> frozenset[Path]:
        """The properties that AWS gives."""
        return self._paths("readOnlyProperties")

    @cached_property
    def write_only(self) -> frozenset[Path]:
        """The properties that AWS never tells."""
        return self._paths("writeOnlyProperties")

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The properties that identify a resource together."""
        return tuple(path[0] for path in map(_path, self.document.get("primaryIdentifier", ())))

    @property
    def tag_property(self) -> str:
        """The property with the tags; empty if the type takes none, or takes them only when a resource is created."""
        tagging = self.document.get("tagging") or {}
        name = str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2]
        usable: bool = tagging.get("taggable", "Tags" in self.properties) and tagging.get("tagUpdatable", True)
        return name if usable and name in self.properties and (name,) not in self.create_only | self.read_only else ""

    @property
    def tags_are_a_map(self) -> bool:
        """Whether tags are given as a map, and not as a list of keys with values."""
        tags = self.resolved(self.properties.get(self.tag_property, {}))
        return "array" not in _types_in(tags) and "items" not in tags

    @property
    def name_property(self) -> str:
        """The property with the name that people give a resource; empty if the type has none."""
        short = self.type_name.rpartition("::")[2]
        alone = self.identifiers if len(self.identifiers) == 1 else ()
        names = (f"{short}Name", "Name", *(name for name in alone if name.endswith("Name")))
        return next((name for name in names if self._takes_name(name)), "")

    @property
    def services(self) -> frozenset[str]:
        """The services, by their names in IAM, whose actions the handlers of the type need."""
        return frozenset(action.partition(":")[0] for action in self.permissions("create", "read", "update", "delete"))

    @property
    def service(self) -> str:
        """The service that its resources belong to, as ARNs and the tagging index name it."""
        actions = self.permissions("create")
        short = self.type_name.rpartition("::")[2].lower()
        named = [action for action in actions if short in action.partition(":")[2].lower()]
        services = Counter(action.partition(":")[0] for action in named or actions)
        return services.most_common(1)[0][0] if services else self.type_name.split("::")[1].lower()

    @property
    def is_store(self) -> bool:
        """Whether its resources hold what cannot be made again."""
        return self.type_name in STORES

    @property
    def is_managed(self) -> bool:
        """Whether the Cloud Control API can create, read and delete resources of the type."""
        return {"create", "read", "delete"}.issubset(self.document.get("handlers", {}))

    def permissions(self, *operations: str) -> tuple[str, ...]:
        """The IAM actions that the handlers of these operations (``create``, ``read`` …) need."""
        handlers = self.document.get("handlers", {})
        actions = {action.strip() for name in operations for action in handlers.get(name, {}).get("permissions", ())}
        return tuple(sorted(action for action in actions if ":" in action))

    def name_limits(self) -> tuple[int, str]:
        """How long the name of a resource may be, and the pattern that it must match; an empty pattern matches all."""
        name = self.resolved(self.properties.get(self.name_property, {}))
        return int(name.get("maxLength", NAME_LENGTH)), str(name.get("pattern", ""))

    def settable(self, properties: JsonMapping) -> JsonObject:
        """Live properties without those that AWS gives, and without what the schema does not have."""
        return self._without({name: value for name, value in properties.items() if name in self.properties}, *self.read_only)

    @staticmethod
    def _without(properties: JsonMapping, *paths: Path) -> JsonObject:
        result: JsonObject = json.loads(json.dumps(properties))
        for path in paths:
            _remove(result, path)
        return result

    def attributes(self) -> tuple[str, ...]:
        """What can be referred to once a resource exists: what AWS gives, and the properties that identify it."""
        from_aws = {".".join(path) for path in self.read_only if "*" not in path and self._is_simple(path)}
        return tuple(sorted({*from_aws, *self.identifiers}))

    def _is_simple(self, path: Path) -> bool:
        """Whether a property is a text, a number or a boolean, and no object or list."""
        node: JsonMapping = self.document
        for name in path:
            node = self.resolved(self.resolved(node).get("properties", {}).get(name, {}))
        return not {"object", "array"}.intersection(_types_in(node)) and not {"properties", "items"} & node.keys()

    def is_told_as(self, properties: JsonMapping, path: Path, around: JsonMapping, live: Json) -> bool:
        """Whether AWS tells a declared property as a live value, by what its schema says of that.

        Args:
            properties: all declared properties.
            path: where the property is.
            around: the declared object that has it.
            live: the live value.
        """
        transform = self.document.get("propertyTransform", {}).get(f"/properties/{'/'.join(path)}")
        return transform is not None and told_values.is_told_as(str(transform), {**properties, **around}, live)

    def problems(self, properties: JsonMapping, is_unknown: Callable[[Json], bool] = lambda _: False) -> Iterator[str]:
        """Yields what is wrong with properties, each with its path; nothing of values that are not known yet."""
        outer = {path for path in self.read_only if not any(path[:end] in self.read_only for end in range(1, len(path)))}
        for path in sorted(path for path in outer if path[0] in properties):
            if path[0] not in {*self.identifiers, self.name_property} and self._without(properties, path) != properties:
                yield f"{'.'.join(path)}: AWS gives this value; it cannot be set."
        yield from problems_in(self.document, self.type_name, properties, is_unknown)

    def _takes_name(self, name: str) -> bool:
        return (
            name in self.properties
            and (name,) not in self.read_only
            and "string" in _types_in(self.resolved(self.properties[name]))
        )

    def resolved(self, node: JsonMapping) -> JsonMapping:
        """A part of the schema, or the definition to which it refers."""
        return resolved(self.document, node)

    def _paths(self, field: str) -> frozenset[Path]:
        return frozenset(_path(pointer) for pointer in self.document.get(field, ()))


def type_names(region: str = DEFAULT_REGION) -> list[str]:
    """The types that there are in a region, sorted."""
    return sorted(_types(region))


def is_managed(type_name: str) -> bool:
    """Whether the Cloud Control API manages a type that exists."""
    try:
        schema_of(type_name)
    except ValueError:
        return False
    return True


@cache
def schema_of(type_name: str, region: str = DEFAULT_REGION) -> Schema:
    """The schema of a type.

    Raises:
        ValueError: there is no such type in the region, or the Cloud Control API does not manage it.
    """
    types = _types(region)
    if type_name not in types:
        elsewhere = type_name in _types(DEFAULT_REGION)
        guess = f" {region} does not have it." if elsewhere else did_you_mean(type_name, types)
        raise ValueError(f"{type_name!r} is not a resource type that AWS has in {region}.{guess}")
    schema = Schema(type_name, published.read_data(RESOURCE.format(name=types[type_name])))
    if not schema.is_managed:
        raise ValueError(f"the Cloud Control API does not manage {type_name}: only CloudFormation can make it")
    return schema


@cache
def _types(region: str) -> Mapping[str, str]:
    is_listed = (published.data_folder() / PROVIDERS.format(region=region)).is_file()
    return published.read_data(PROVIDERS.format(region=region if is_listed else DEFAULT_REGION))


def _remove(properties: Json, path: Path) -> None:
    """Takes a property out of a JSON object, and objects that are empty then."""
    name, rest = path[0], path[1:]
    if not isinstance(properties, dict) or name not in properties:
        return
    if rest:
        _remove(properties[name], rest)
    if not rest or properties[name] == {}:
        del properties[name]


def _path(pointer: str) -> Path:
    return tuple(re.sub(r"^/properties/", "", pointer).split("/"))


def _types_in(node: JsonMapping) -> Iterable[str]:
    types = node.get("type", ())
    return [types] if isinstance(types, str) else types
