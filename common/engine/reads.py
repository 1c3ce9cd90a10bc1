"""The reads of a plan: each is made once, and as early as it may be needed.

All speculative reads are here. The planner asks for what it needs and does not know which reads have begun already.
"""

import os
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING

from common.aws import regions
from common.aws.protocol import Aws
from common.base.digest import Digest
from common.base.errors import DeployError, returning_errors
from common.base.json_types import JsonMapping
from common.engine.first_reads import FirstReads
from common.engine.recorded import recalled
from common.environment.config import Environment
from common.model.events import Building, Report
from common.model.resource import Artifact, Key, Live, Outputs, Resource
from common.state import baseline, stored_artifacts
from common.state.baseline import Body
from common.state.records import Records
from common.state.stored_artifacts import ArtifactVerifier

if TYPE_CHECKING:
    from common.engine.role_parts import RoleParts

MAX_EARLY_READS = 8
"""Read edited resources early only up to this number: after switching branches there may be many that are deployed already."""


class Reads:
    """The reads of single resources, records and artifacts.

    Args:
        first: the reads that need no declarations.
        env: the environment.
        aws: the AWS session.
        records: the environment's records.
        build_dir: where artifacts are built if their content is not known otherwise.
        pool: where calls run in parallel.
        verify: compare uploaded artifacts with what is built here.
        report: receives an event for each artifact that is built.
    """

    def __init__(
        self,
        first: FirstReads,
        env: Environment,
        aws: Aws,
        records: Records,
        build_dir: Path,
        pool: Executor,
        *,
        verify: bool = False,
        report: Report = lambda _: None,
    ) -> None:
        self.first = first
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, records, build_dir, pool
        self._verify, self._report = verify, report
        self.roots: dict[str, Future[Body]] = {}
        """The release roots whose reads have begun, by project."""
        self.bodies: dict[Key, Future[JsonMapping]] = {}
        """The bodies of records whose reads have begun: a resource's location, and the state that was applied to it."""
        self.tags: dict[Key, Future[Digest | None]] = {}
        """The digests in the tags of records whose reads have begun."""
        self._live: dict[Key, Future[Live | DeployError | None]] = {}
        self._outputs: dict[Key, Outputs] = {}
        self._contents: dict[Key, Future[tuple[Digest, bool]]] = {}
        self._roles: dict[str, RoleParts] = {}
        self._building = Semaphore(os.cpu_count() or 1)  # more at once only get in each other's way, and calls wait for them

    def expect(self, edited: Collection[Resource]) -> None:
        """Begins the reads that edited resources will need. The release roots of their projects are certainly needed."""
        for resource in edited:
            self.root(resource.key.project)
        for resource in edited if len(edited) <= MAX_EARLY_READS else ():
            self.live(resource, self.roots[resource.key.project])
            for artifact in resource.artifacts:
                self.content(artifact, resource)

    def begin(self, differing: Collection[Resource]) -> None:
        """Begins the reads that recorded resources need if they are not as released."""
        for resource in differing:
            self.live(resource)
            self.body(resource.key)
            for artifact in resource.artifacts:
                self.content(artifact, resource)

    def root(self, project: str) -> None:
        """Begins to read a project's release root."""
        if project not in self.roots:
            self.roots[project] = self._pool.submit(
                baseline.read_root, self._records, project, self.first.root_tag(project), self.first.stored_paths(project)
            )

    def live(
        self, resource: Resource, root: Future[Body] | None = None, absent: Future[frozenset[str]] | None = None
    ) -> Future[Live | DeployError | None]:
        """The live state of a resource; with `root`, it is read after the root, and not at all if it is listed as `absent`."""

        def read() -> Live | DeployError | None:
            if root is not None:
                baseline.wait_for_root(self.first.root_tag(resource.key.project), root)
            if absent is not None and resource.arn in absent.result():
                return None
            aws = regions.at(self._aws, resource.arn)
            return returning_errors(lambda: recalled(record, resource).read(aws))()

        if resource.key not in self._live:
            record = self._record(resource.key)
            self._live[resource.key] = self._pool.submit(read)
        return self._live[resource.key]

    def has_live(self, key: Key) -> bool:
        """Whether the read of a resource's live state has begun."""
        return key in self._live

    def forget_live(self, projects: Collection[str]) -> None:
        """Forgets the live states of projects that were read before their roots, so that they are read again."""
        for key in [key for key in self._live if key.project in projects]:
            del self._live[key]

    def role(self, arn: str) -> "RoleParts":
        """The reads of a role that exists. They have begun, all at once."""
        if arn not in self._roles:
            from common.engine.role_parts import RoleParts  # an unchanged deploy reads no role

            self._roles[arn] = RoleParts.begin(self._aws, arn.rpartition("/")[2], self._pool)
        return self._roles[arn]

    def outputs(self, resource: Resource) -> Outputs | None:
        """What AWS has given a resource that exists; None if it does not, or cannot be read."""
        live = self.live(resource).result()
        if not isinstance(live, Live):
            return None
        if resource.key not in self._outputs:
            self._outputs[resource.key] = resource.outputs_of(regions.at(self._aws, resource.arn), live)
        return self._outputs[resource.key]

    def body(self, key: Key) -> Future[JsonMapping]:
        """The body of a record."""
        if key not in self.bodies:
            self.bodies[key] = self._pool.submit(self._record(key))
        return self.bodies[key]

    def _record(self, key: Key) -> Callable[[], JsonMapping]:
        """Reads a record, unless the listing of its project shows that there is none."""
        stored = self.first.stored_paths(key.project)

        def read() -> JsonMapping:
            paths = stored.result()
            return self._records.read(key) if paths is None or self._records.has_record(key, paths) else {}

        return read

    def tag(self, key: Key) -> None:
        """Begins to read the digest in the tag of a record, which is in `tags` then."""
        if key not in self.tags:
            self.tags[key] = self._pool.submit(self._records.recorded_digest, key)

    def content(self, artifact: Artifact, user: Resource) -> Future[tuple[Digest, bool]]:
        """The artifact's content digest, and whether `user` can run it without an upload."""
        if artifact.key not in self._contents:
            live = self.live(user) if artifact.in_aws else None
            stored = self.first.stored_paths(artifact.key.project)
            self._contents[artifact.key] = self._pool.submit(self._content, artifact, user, live, stored)
        return self._contents[artifact.key]

    def _content(
        self,
        artifact: Artifact,
        user: Resource,
        live: Future[Live | DeployError | None] | None,
        stored: Future[frozenset[str] | None],
    ) -> tuple[Digest, bool]:
        """See `content`. An uploaded artifact is built again only to verify it."""
        if live is not None and not isinstance(seen := live.result(), DeployError) and user.runs_in_place(seen):
            return stored_artifacts.content_in_place(self._aws, artifact), True
        paths = stored.result()
        uploaded = self._records.uploaded_content(artifact) if paths is None or artifact.location in paths else None
        if uploaded is not None and not self._verify:
            return Digest(uploaded), True
        self._report(Building(artifact.key))
        try:
            if uploaded is not None:
                ArtifactVerifier(self._aws, self._env, self._build_dir).check(artifact, uploaded)
                return Digest(uploaded), True
            with self._building:
                content = artifact.content(self._build_dir)
                artifact.sbom_file(self._build_dir)  # here, where others are built at the same time
            return content, False
        finally:
            self._report(Building(artifact.key, ended=True))
