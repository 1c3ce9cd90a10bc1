"""The reads of a plan that need no declarations: what exists, and what was released last."""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor, Future

from common.aws import regions, tagging_index
from common.aws.protocol import Aws
from common.aws.tagging_index import Part
from common.environment.site import Site
from common.model.resource import Resource
from common.state.records import Records
from common.state.release_root import RootTag


class FirstReads:
    """The reads that need no declarations: which resources exist, and the tags of each project's release root.

    They begin as soon as the environment is known, while the declarations are still being loaded.

    Args:
        aws: the AWS session.
        records: the environment's records.
        env: the environment.
        projects: the projects that the plan will probably be about.
        parts: the requests to the tagging index.
        pool: where calls run in parallel; not the pool of `Reads`, whose calls wait for some of these.
    """

    def __init__(
        self,
        aws: Aws,
        records: Records,
        env: Site,
        projects: Collection[str],
        parts: Sequence[Part],
        pool: Executor,
    ) -> None:
        self._records, self._pool, self._env, self._aws = records, pool, env, aws
        self._root_tags: dict[str, Future[RootTag | None]] = {}
        self._paths: dict[str, Future[frozenset[str] | None]] = {}
        self._indexed = [pool.submit(tagging_index.list_tagged, aws, env, part) for part in parts]  # takes the most round trips
        self._indexed += [
            pool.submit(tagging_index.list_tagged, regions.in_region(aws, region), env) for region in env.regions(projects)[1:]
        ]
        for name in projects:
            self.root_tag(name)
        self._roles = [pool.submit(tagging_index.list_roles, aws, env)]
        self._elsewhere: dict[str, str] = {}
        """The ARNs of declared roles at paths of their own, and their projects."""

    def look_for(self, resources: Collection[Resource]) -> None:
        """Begins to list the paths of declared roles that are not below the environment's path."""
        arns = {resource.arn: resource.key.project for resource in resources if ":iam:" in resource.arn}
        paths = tagging_index.other_paths(self._env, arns)
        self._elsewhere = arns if paths else {}
        self._roles += [self._pool.submit(tagging_index.list_roles, self._aws, self._env, path) for path in paths]

    def roles(self) -> dict[str, str]:
        """The ARNs of the existing roles, with their ids: all of the environment's path, and declared ones at other paths."""
        own, *others = [listed.result() for listed in self._roles]
        return own | {arn: role_id for listed in others for arn, role_id in listed.items() if arn in self._elsewhere}

    def present(self) -> dict[str, str]:
        """The ARNs of all existing resources except layers, with their projects."""
        roles = {arn: self._elsewhere.get(arn) or tagging_index.project_of(self._env, arn) for arn in self.roles()}
        return roles | {arn: project for part in self._indexed for arn, project in part.result().items()}

    def root_tag(self, project: str) -> Future[RootTag | None]:
        """The tags of a project's release root."""
        if project not in self._root_tags:
            self._root_tags[project] = self._pool.submit(self._records.root_tag, project)
        return self._root_tags[project]

    def load_scanner_if_new(self) -> None:
        """Loads the scanner for secrets, which takes a moment, as soon as a project is known to be new: its files are scanned."""

        def load(tag: Future[RootTag | None]) -> None:
            if not tag.cancelled() and tag.exception() is None and tag.result() is None:
                from common.packaging.secret_detector import ready  # an unchanged deploy does not need it

                ready()

        for tag in self._root_tags.values():
            tag.add_done_callback(load)

    def stored_paths(self, project: str) -> Future[frozenset[str] | None]:
        """The keys of all objects of a project whose root has no tags: nothing of a new one is looked for. None of others.

        The listing begins when the tags have been read: if it waited for them, it could occupy the thread that they need.
        """

        def begin(tag: Future[RootTag | None]) -> None:
            if tag.cancelled() or tag.exception() is not None or tag.result() is not None:
                paths.set_result(None)
            else:
                self._pool.submit(self._records.stored_paths, project).add_done_callback(end)

        def end(listing: Future[frozenset[str]]) -> None:
            if listing.cancelled():
                paths.cancel()
            elif (error := listing.exception()) is not None:
                paths.set_exception(error)
            else:
                paths.set_result(listing.result())

        if project not in self._paths:
            paths: Future[frozenset[str] | None] = Future()
            self._paths[project] = paths
            self.root_tag(project).add_done_callback(begin)
        return self._paths[project]
