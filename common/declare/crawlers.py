"""Glue crawlers as pipelines declare them, with their role."""

from collections.abc import Iterable

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.declare import configuration, grants, permissions, properties, validation
from common.declare.allowed_actions import Permission
from common.declare.crawler_targets import OtherTargets
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.named_access import Access, Granted, NamedThing
from common.declare.naming import Exact
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.environment.resource_settings import CrawlerSettings
from common.model import comparison
from common.model.reference import Location, Ref
from common.resources.crawler import Crawler


@dataclass(frozen=True, kw_only=True)
class CrawlerDeclaration:
    """A Glue crawler; `Pipeline.crawler` explains every field."""

    targets: tuple[Location, ...]
    database: Ref | None
    access: Access
    settings: DeclaredSettings

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the crawler and its role. Configured targets replace those of the declaration."""
        settings = configuration.merged(CrawlerSettings, configured, self.settings, project.where(ref))
        elsewhere = [project.location(uri) for uri in settings.targets]
        targets = settings.targets or tuple(f"{target.uri}/" for target in self.targets)
        where = project.where(ref)
        others = OtherTargets.of(project, where, settings)
        fields, named = properties.render(project, ref, settings.properties, settings)
        if others.targets:
            fields = comparison.merged({"Targets": others.targets}, fields)
        if not targets and not fields.get("Targets"):
            raise DeclarationError(f"{where}: a crawler needs targets, here or in configuration.")
        if self.database is None and (targets or {*fields["Targets"]} != {"CatalogTargets"}):
            raise DeclarationError(f"{where}: a crawler needs a database, unless all its targets are tables of the catalog.")
        databases = (self.database,) if self.database else ()
        crawled = Access(reads=(*(elsewhere or self.targets), *others.locations(project)), writes=databases)
        granted = [*grants.grants(project, where, crawled), *grants.grants(project, where, self.access)]
        buckets = [] if elsewhere else [location.bucket for location in self.targets]
        used = [*buckets, *databases, *self.access.refs]
        statements = [*granted, *others.statements(project), permissions.glue_logs(project.env, "crawlers")]
        role = project.role(ref, settings.role, statements, self.access.further, used)
        if self.database is not None:
            _check_catalog(project, ref, self.database)
        crawler = Crawler(
            identity=project.identity(ref, [*role.needs, *named, *others.refs, *used], settings.verify, role),
            role_arn=role.arn,
            database=self.database.name if self.database else None,
            targets=targets,
            settings=settings,
            properties=fields,
            event_queue=others.queue("event_queue"),
            event_dead_letter=others.queue("event_dead_letter"),
        )
        project.add(crawler)


def _check_catalog(project: ProjectResources, ref: Ref, database: Ref) -> None:
    """Checks that a database is in the catalog of the crawler's own account and region, as Glue wants it.

    Follows https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html

    Raises:
        DeclarationError: it is in another one.
    """
    if database.arn.split(":")[3:5] != [project.env.region, project.env.account_id]:
        raise DeclarationError(
            f"{project.where(ref)}: a crawler writes to a database of its own account and region, and {database.arn} is in "
            f"another one. Create a resource link to it in account {project.env.account_id}, and name that."
        )


class Crawlers(PipelineParts):
    """Glue crawlers of a pipeline."""

    def crawler(
        self,
        reference: str,
        /,
        *,
        targets: Iterable[Location] = (),
        database: Ref | None = None,
        reads: Iterable[Granted] = (),
        writes: Iterable[Granted] = (),
        permissions: Iterable[Permission | NamedThing] = (),
        managed_policies: Iterable[str] = (),
        settings: CrawlerSettings | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """A Glue crawler that keeps the tables of `database` for what lies at `targets`; all else as of a function.

        One that crawls tables of the catalog alone needs no database.
        Its role may read the targets; `reads` and `writes` are what it may use besides, such as a secret or another bucket.
        """
        of_kind = validation.check_kind("database", database, "database") if database is not None else None
        declaration = CrawlerDeclaration(
            targets=validation.check_places("targets", targets),
            database=of_kind,
            access=self._access(permissions, managed_policies, reads, writes),
            settings=validation.with_properties(settings, properties),
        )
        return self._declarations.add("crawler", reference, declaration, exact=Exact(name, role_name), role=role)
