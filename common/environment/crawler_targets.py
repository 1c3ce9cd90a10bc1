"""What a crawler may crawl besides locations in S3: the models of configuration.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

from typing import Annotated

from pydantic import Field

from common.base.text_rules import Text
from common.environment.settings_model import Model

Name = Annotated[Text, Field(min_length=1, max_length=255)]
S3Path = Annotated[Text, Field(pattern=r"^s3://[a-z0-9.-]+(/.*)?$")]


class DynamoTarget(Model):
    """A DynamoDB table."""

    table: Name
    """Its name, or `${name.name}`."""
    scan_all: bool | None = None
    """Read all items instead of some. Without it Glue reads all."""
    scan_rate: float | None = Field(default=None, ge=0.1, le=1.5)
    """Which part of the table's read capacity is used."""


class JdbcTarget(Model):
    """A database behind a Glue connection."""

    connection: Name
    """The name of the connection."""
    path: Name
    """What is crawled, as in `sales/public/%`."""
    exclusions: tuple[Text, ...] | None = None
    """Patterns of what is not crawled."""


class CatalogTarget(Model):
    """Tables in the catalog."""

    database: Name
    """The database."""
    tables: tuple[Name, ...] = Field(min_length=1)
    """The tables."""
    connection: Name | None = None
    """The connection by which their data is reached."""


class DeltaTarget(Model):
    """Delta Lake tables."""

    tables: tuple[S3Path, ...] = Field(min_length=1)
    """Where they are, as in `s3://lake/orders/`."""
    connection: Name | None = None
    """The connection by which they are reached."""
    native: bool | None = None
    """Make native Delta Lake tables in the catalog."""
    manifest: bool | None = None
    """Write manifests into the tables."""


class IcebergTarget(Model):
    """Apache Iceberg tables."""

    paths: tuple[S3Path, ...] = Field(min_length=1)
    """Where they are, as in `s3://lake/iceberg/`."""
    connection: Name | None = None
    """The connection by which they are reached."""
    exclusions: tuple[Text, ...] | None = None
    """Glob patterns of what is not crawled."""
    depth: int | None = Field(default=None, ge=1, le=20)
    """How many levels of folders Glue searches for metadata."""
