"""What a plan reads: each thing once, and as early as it is known that it may be needed.

All speculation is here. The planner asks for what it needs, and does not know what is under way already.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from common.aws import tagging_index
from common.aws.protocol import Aws
from common.aws.tagging_index import Part
from common.base.digest import Digest
from common.base.errors import DeployError, caught
from common.environment.config import Environment
from common.model.events import Building, Report
from common.model.resource import Artifact, Key, Live, Resource
from common.state import baseline
from common.state.baseline import Body
from common.state.records import Records
from common.state.release_root import RootTag
from common.state.stored_artifacts import ArtifactVerifier

MOST_EARLY = 8
"""Read at most this many edited resources early: after a switch of branches there may be more, all deployed from elsewhere."""


class FirstReads:
    """What a plan reads before it knows anything: what exists, and whether each project is as it was released.

    These reads begin as soon as the environment is known, and go on while declarations are loaded.

    Args:
        aws: where to read.
        known: the environment's records.
        env: the environment.
        projects: which projects are probably planned for.
        parts: how to ask the tagging index.
        pool: where calls run in parallel.

    Attributes:
        roles: the ARNs of the roles that exist, and their ids.
    """

    def __init__(
        self,
        aws: Aws,
        known: Records,
        env: Environment,
        projects: Collection[str],
        parts: Sequence[Part],
        pool: Executor,
    ) -> None:
        self._records, self._pool, self._env = known, pool, env
        self._root_tags: dict[str, Future[RootTag | None]] = {}
        self._indexed = [pool.submit(tagging_index.inventory, aws, env, part) for part in parts]  # takes the most round trips
        for name in projects:
            self.root_tag(name)
        self.roles = pool.submit(tagging_index.roles, aws, env)

    def present(self) -> dict[str, str]:
        """The ARNs of what exists, layers excepted, and their projects."""
        roles = {arn: tagging_index.project_of(self._env, arn) for arn in self.roles.result()}
        return roles | {arn: project for part in self._indexed for arn, project in part.result().items()}

    def root_tag(self, project: str) -> Future[RootTag | None]:
        """The tags of a project's release root."""
        if project not in self._root_tags:
            self._root_tags[project] = self._pool.submit(self._records.root_tag, project)
        return self._root_tags[project]


class Reads:
    """What a plan reads of single resources, records and artifacts.

    Args:
        first: what is read before anything is known of these.
        env: the environment.
        aws: where to read.
        known: the environment's records.
        build_dir: where artifacts are built when their content is not known otherwise.
        pool: where calls run in parallel.
        suspicious: compare what the bucket holds with what is built here.
        report: is told what is built meanwhile.
    """

    def __init__(
        self,
        first: FirstReads,
        env: Environment,
        aws: Aws,
        known: Records,
        build_dir: Path,
        pool: Executor,
        *,
        suspicious: bool = False,
        report: Report = lambda _: None,
    ) -> None:
        self.first = first
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, known, build_dir, pool
        self._suspicious, self._report = suspicious, report
        self.roots: dict[str, Future[Body]] = {}
        """The release roots that were asked for, by project."""
        self.bodies: dict[Key, Future[Mapping[str, Any]]] = {}
        """The bodies of records that were asked for: where a resource is, and what was applied to it."""
        self.tags: dict[Key, Future[Digest | None]] = {}
        """The digests in the tags of records that were asked for."""
        self._live: dict[Key, Future[Live | DeployError | None]] = {}
        self._contents: dict[Key, Future[tuple[Digest, bool]]] = {}

    def expect(self, edited: Collection[Resource]) -> None:
        """Begins to read what will be asked of these, which have probably changed: their projects' roots are needed for sure."""
        for one in edited:
            self.root(one.key.project)
        for one in edited if len(edited) <= MOST_EARLY else ():
            self.live(one, self.roots[one.key.project])
            for artifact in one.artifacts:
                self.content(artifact)

    def root(self, project: str) -> None:
        """Asks for a project's release root."""
        if project not in self.roots:
            self.roots[project] = self._pool.submit(baseline.read_root, self._records, project, self.first.root_tag(project))

    def live(self, resource: Resource, root: Future[Body] | None = None) -> Future[Live | DeployError | None]:
        """The live state; with `root`, one that is no older than that."""

        def read() -> Live | DeployError | None:
            if root is not None:
                baseline.wait_for_root(self.first.root_tag(resource.key.project), root)
            return caught(resource.read)(self._aws)

        if resource.key not in self._live:
            self._live[resource.key] = self._pool.submit(read)
        return self._live[resource.key]

    def body(self, key: Key) -> Future[Mapping[str, Any]]:
        """The body of a record."""
        if key not in self.bodies:
            self.bodies[key] = self._pool.submit(self._records.read, key)
        return self.bodies[key]

    def tag(self, key: Key) -> Future[Digest | None]:
        """The digest in the tag of a record."""
        if key not in self.tags:
            self.tags[key] = self._pool.submit(self._records.recorded_digest, key)
        return self.tags[key]

    def content(self, artifact: Artifact) -> Future[tuple[Digest, bool]]:
        """The artifact's content digest, and whether it is uploaded."""
        if artifact.key not in self._contents:
            self._contents[artifact.key] = self._pool.submit(self._content, artifact)
        return self._contents[artifact.key]

    def _content(self, artifact: Artifact) -> tuple[Digest, bool]:
        """See `content`. What the bucket has is only built again to compare it."""
        uploaded = self._records.uploaded_content(artifact)
        if uploaded is not None and not self._suspicious:
            return Digest(uploaded), True
        self._report(Building(artifact.key))
        try:
            if uploaded is not None:
                ArtifactVerifier(self._aws, self._env, self._build_dir).check(artifact, uploaded)
                return Digest(uploaded), True
            content = artifact.content(self._build_dir)
            artifact.bill(self._build_dir)  # here, where others are built at the same time
            return content, False
        finally:
            self._report(Building(artifact.key, ended=True))
