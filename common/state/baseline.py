"""The baseline of each project: what its release root and records prove about its resources.

Most of the time the tags of the release root are enough: they hold the digest of exactly what is declared. Otherwise the root's
body tells which resources are as released, if its digest is the one in the tags. If it is not, the records themselves are read,
and they prove nothing.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import TypeVar

from common.aws.protocol import Aws
from common.base.digest import Digest
from common.environment.config import Environment
from common.model.resource import Key
from common.state.records import Records
from common.state.release_root import ARTIFACT, CLEAN, DEPLOYING, Baseline, Root, RootTag, has_other_roles, is_root_of, key_of

Body = tuple[Root | None, str | None]
"""A release root and its ETag."""
V = TypeVar("V")


def of_projects(
    records: Records,
    pool: Executor,
    root_tags: Mapping[str, RootTag | None],
    roots: Mapping[str, Future[Body]],
    stored: Callable[[str], Future[frozenset[str] | None]],
    digests: Mapping[Key, Digest],
    role_ids: Mapping[Key, str],
) -> dict[str, Baseline]:
    """The baseline of each project, found without reading its resources.

    Args:
        records: the environment's records.
        pool: where calls run in parallel.
        root_tags: the tags of the projects' release roots.
        roots: release roots whose reads have begun already: those without tags, and others.
        stored: lists the objects of a project whose root has no tags.
        digests: the digests of what is declared.
        role_ids: the ids of the declared roles that exist.
    """
    baselines = _proven_by_tags(root_tags, digests, role_ids)
    for name in [name for name in baselines if name in roots]:  # which were read early, or to be verified
        root, etag = roots[name].result()
        if matches_tag(root, root_tags[name]):
            baselines[name].root, baselines[name].etag = root, etag
        else:  # a root that cannot be read is written again
            del baselines[name]
    reads = {name: roots.get(name) or pool.submit(records.root, name) for name in root_tags if name not in baselines}
    bodies = {name: read.result() for name, read in reads.items()}
    for name, body in bodies.items():
        if (proven := _proven_by_root(name, body, root_tags[name])) is not None:
            baselines[name] = proven
    _check_records(records, pool, baselines)
    lost = {name: etag for name, (_, etag) in bodies.items() if name not in baselines}
    return baselines | _from_records(records, pool, lost, stored, digests)


def _proven_by_tags(
    root_tags: Mapping[str, RootTag | None], digests: Mapping[Key, Digest], role_ids: Mapping[Key, str]
) -> dict[str, Baseline]:
    """The baselines of the projects whose tags hold the digest of exactly what is declared, and the ids of its roles."""
    baselines = {}
    for name, tag in root_tags.items():
        own = {key: digest for key, digest in digests.items() if key.project == name}
        ids = {str(key): role_id for key, role_id in role_ids.items() if key.project == name}
        expected = Root({str(key): digest for key, digest in own.items()}).digest()
        if tag is not None and is_root_of(tag, expected) and not has_other_roles(tag, ids):
            baselines[name] = Baseline(clean=True, digests=own)
    return baselines


def _proven_by_root(project: str, body: Body, tag: RootTag | None) -> Baseline | None:
    """The baseline that follows from the body of a root; None if that is not the root of which the tags are."""
    root, etag = body
    if root is None or tag is None or not matches_tag(root, tag):
        return None
    return Baseline(
        root=root,
        clean=tag.state == CLEAN,
        digests=_by_key(project, root.digests),
        pending=_by_key(project, root.pending),
        doubted=_by_key(project, root.doubted),
        etag=etag,
        interrupted=tag.state == DEPLOYING,
    )


def _from_records(
    records: Records,
    pool: Executor,
    lost: Mapping[str, str | None],
    stored: Callable[[str], Future[frozenset[str] | None]],
    digests: Mapping[Key, Digest],
) -> dict[str, Baseline]:
    """The baselines of projects whose root is lost, with the ETag of what is in its place.

    The list of pending keys is lost, too. Only the records are left, and they prove nothing.
    """
    listings = {name: stored(name) for name in lost}

    def recorded_keys(name: str) -> set[Key]:
        paths = listings[name].result()
        return records.recorded_keys(name) if paths is None else records.keys_in(name, paths)

    listed = [key for keys in pool.map(recorded_keys, lost) for key in sorted(keys)]
    recorded = dict(zip(listed, pool.map(records.recorded_digest, listed), strict=True))
    others = [key for key in listed if key not in digests]
    places = zip(others, pool.map(records.foreign_location, others), strict=True)
    foreign = {key: location for key, location in places if location}
    return {
        name: Baseline(
            digests={key: recorded[key] or Digest("") for key in listed if key.project == name and key not in foreign},
            pending={key: location for key, location in foreign.items() if key.project == name},
            etag=etag,
            proven=False,
        )
        for name, etag in lost.items()
    }


def read_root(records: Records, project: str, root_tag: Future[RootTag | None], stored: Future[frozenset[str] | None]) -> Body:
    """Reads the version of the root that these tags belong to, or the newest one if the bucket does not keep versions.

    A root without tags is looked for in the listing of what is `stored` of the project.
    """
    tags, paths = root_tag.result(), stored.result()
    if paths is not None and not records.has_root(project, paths):
        return None, None
    return records.root(project, tags.version if tags else None)


def wait_for_root(root_tag: Future[RootTag | None], root: Future[Body]) -> None:
    """Blocks until the root has been read, so that a live read made afterwards is newer.

    Unless the tags name a version of the root: then exactly that version is read, however late. Without tags there is probably no
    root; if there is one nevertheless, the planner reads again.
    """
    if root_tag.exception() is None and ((tags := root_tag.result()) is None or tags.version is not None):
        return
    root.exception()


def is_unused(aws: Aws, env: Environment, arn: str) -> bool:
    """Whether this is the environment's artifact bucket and it is empty, without even an old version of an object.

    While the artifact bucket does not exist, nothing can be recorded as pending. So a deploy that dies after it has created the
    bucket and before it has tagged it leaves an empty bucket without tags, which belongs to the environment that names it.
    """
    if arn != env.bucket_arn(env.artifact_bucket):
        return False
    page = aws.call("s3", "ListObjectVersions", **env.store, MaxKeys=1)
    return not (page.get("Versions") or page.get("DeleteMarkers"))


def _check_records(records: Records, pool: Executor, baselines: Mapping[str, Baseline]) -> None:
    """Compares the records of doubted keys: a deploy that lost its lease may have written one late, which is to be rewritten."""
    doubted = [
        (baseline, key)
        for baseline in baselines.values()
        for key in baseline.doubted
        if key in baseline.digests and key.kind != ARTIFACT
    ]
    for (baseline, key), recorded in zip(doubted, pool.map(lambda pair: records.recorded_digest(pair[1]), doubted), strict=True):
        if recorded != baseline.digests[key]:
            baseline.digests[key] = Digest(recorded or "")


def matches_tag(root: Root | None, root_tag: RootTag | None) -> bool:
    """Whether a root has the digest that is in its object's tags."""
    return root is not None and root_tag is not None and root.digest() == root_tag.root


def _by_key(project: str, of: Mapping[str, V]) -> dict[Key, V]:
    return {key: value for text, value in of.items() if (key := key_of(project, text)) is not None}
