"""What the records say of each project, and how far that may be believed.

Most of the time the mark of the release root answers for all: it is that of just what is declared. Else the root's body says what
is as it was released, if its mark vouches for it; and if it does not, the records themselves are asked, and prove nothing.
"""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from typing import TypeVar

from common.aws.protocol import Aws
from common.base.digest import Digest
from common.environment.config import Environment
from common.model.resource import Key
from common.state.records import Records
from common.state.release_root import ARTIFACT, CLEAN, DEPLOYING, Mark, Root, Trusted, key_of, roles_digest

Body = tuple[Root | None, str | None]
"""A release root and its ETag."""
V = TypeVar("V")


def of_projects(
    known: Records,
    pool: Executor,
    marks: Mapping[str, Mark | None],
    roots: Mapping[str, Future[Body]],
    digests: Mapping[Key, Digest],
    role_ids: Mapping[Key, str],
) -> dict[str, Trusted]:
    """What is known of each project without asking for its resources.

    Args:
        known: where to ask for more.
        pool: where that is done.
        marks: of the projects' release roots.
        roots: those that were asked for already.
        digests: of what is declared.
        role_ids: of the declared roles that exist.
    """
    own = {name: {key: one for key, one in digests.items() if key.project == name} for name in marks}
    trusted = {name: _as_released(mark, own[name]) for name, mark in marks.items()}
    # A root that was asked for already is to say what its mark does: one that cannot be read is written anew.
    vouched = {name: says(roots[name].result()[0], mark) for name, mark in marks.items() if name in roots}
    ids = {name: {str(key): one for key, one in role_ids.items() if key.project == name} for name in marks}
    replaced = {name for name, mark in marks.items() if mark and mark.roles and mark.roles != roles_digest(ids[name])}
    doubtful = [name for name in marks if trusted[name] is None or not vouched.get(name, True) or name in replaced]
    asked = {name: roots.get(name) or pool.submit(known.root, name) for name in doubtful}
    found = {name: root.result() for name, root in asked.items()}
    trusted |= dict.fromkeys(doubtful)
    for name, (body, etag) in found.items():
        mark = marks[name]
        if mark is not None and body is not None and says(body, mark):
            by_key, pending, doubted = _by_key(name, body.digests), _by_key(name, body.pending), _by_key(name, body.doubted)
            under_way = mark.state == DEPLOYING
            trusted[name] = Trusted(body, mark.state == CLEAN, by_key, pending, doubted, etag, interrupted=under_way)
    _check_records(known, pool, trusted)
    # Whoever lost the root lost the list of what was pending too: the records are what is left to ask, and prove nothing.
    lost = [name for name in doubtful if trusted[name] is None]
    listed = [key for keys in pool.map(known.listed, lost) for key in sorted(keys)]
    recorded = dict(zip(listed, pool.map(known.recorded, listed), strict=True))
    others = [key for key in listed if key not in digests]
    strays = {key: place for key, place in zip(others, pool.map(known.stray, others), strict=True) if place}
    for name in lost:
        digests_of = {key: one or Digest("") for key, one in recorded.items() if key.project == name and key not in strays}
        pending = {key: place for key, place in strays.items() if key.project == name}
        trusted[name] = Trusted(digests=digests_of, pending=pending, etag=found[name][1], proven=False)
    return {name: one for name, one in trusted.items() if one is not None}


def marked(known: Records, project: str, mark: Future[Mark | None]) -> Body:
    """The root that a mark is of, where the bucket keeps every version; else the last."""
    found = mark.result()
    return known.root(project, found.version if found else None)


def until_marked(mark: Future[Mark | None], root: Future[Body]) -> None:
    """Waits until what is read is no older than `root`, which is overwritten only if nobody has changed anything since."""
    if mark.exception() is None and (found := mark.result()) is not None and found.version is not None:
        return
    root.exception()


def is_unused(aws: Aws, env: Environment, arn: str) -> bool:
    """Whether it is the environment's artifact bucket and holds nothing, not even an old version of an object.

    Before there is an artifact bucket nothing can be recorded as pending. A deploy that dies after it has created the bucket and
    before it has tagged it leaves an empty one; that it is to be this environment's says the configuration.
    """
    if arn != env.bucket_arn(env.artifact_bucket):
        return False
    bucket = {"Bucket": env.artifact_bucket, "ExpectedBucketOwner": env.account_id}
    found = aws.call("s3", "ListObjectVersions", **bucket, MaxKeys=1)
    return not (found.get("Versions") or found.get("DeleteMarkers"))


def _check_records(known: Records, pool: Executor, trusted: Mapping[str, Trusted | None]) -> None:
    """Whoever lost its lease may have written a record late, too: then it has to be written again."""
    doubted = [
        (one, key)
        for one in trusted.values()
        if one is not None
        for key in one.doubted
        if key in one.digests and key.kind != ARTIFACT
    ]
    for (one, key), recorded in zip(doubted, pool.map(lambda pair: known.recorded(pair[1]), doubted), strict=True):
        if recorded != one.digests[key]:
            one.digests[key] = Digest(recorded or "")


def _as_released(mark: Mark | None, own: dict[Key, Digest]) -> Trusted | None:
    """Everything is as released if the mark is that of just these digests; then one call has answered for all."""
    expected = Root({str(key): one for key, one in own.items()}).digest()
    return Trusted(clean=True, digests=own) if mark == Mark(CLEAN, expected) else None


def says(root: Root | None, mark: Mark | None) -> bool:
    """Whether a root is the one whose digest is in its object's tags."""
    return root is not None and mark is not None and root.digest() == mark.root


def _by_key(project: str, of: Mapping[str, V]) -> dict[Key, V]:
    return {key: value for text, value in of.items() if (key := key_of(project, text)) is not None}
