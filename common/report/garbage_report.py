"""What garbage collection has deleted, or would delete, as lines of text and as JSON."""

from collections.abc import Iterator

from common.base.json_types import JsonObject
from common.base.plural import counted
from common.engine.collection import Collection
from common.packaging.sbom import FILE_SUFFIX


def as_object(garbage: Collection, *, deleted: bool) -> JsonObject:
    """What programs read."""
    return {
        "artifacts": [artifact.key for artifact in garbage.artifacts],
        "bytes": sum(artifact.size for artifact in garbage.artifacts),
        "deleted": deleted,
        "layers": [layer.key for layer in garbage.layers],
        "machines": list(garbage.machines),
        "old_records": {record.key: len(record.versions) for record in garbage.records},
    }


def lines(garbage: Collection, *, deleted: bool) -> Iterator[str]:
    """What people read: each artifact and layer, then how many there are and how large they are."""
    for line in (
        *(f"{artifact.key} {artifact.size} bytes" for artifact in garbage.artifacts),
        *(layer.key for layer in garbage.layers),
    ):
        yield f"{'deleted' if deleted else 'would delete'} {line}"
    verb = "deleted" if deleted else "would be deleted"
    artifacts = counted(sum(not artifact.key.endswith(FILE_SUFFIX) for artifact in garbage.artifacts), "artifact")
    layers = f" and {counted(len(garbage.layers), 'layer version')}" if garbage.layers else ""
    yield f"{artifacts}{layers} {verb}, {_mebibytes(sum(artifact.size for artifact in garbage.artifacts))}."
    if garbage.machines:
        yield f"{counted(len(garbage.machines), 'temporary state machine')} {verb}, left by `run --from`."
    if garbage.records:
        versions = counted(sum(len(record.versions) for record in garbage.records), "old version")
        size = _mebibytes(sum(record.size for record in garbage.records))
        yield f"{versions} of locks, releases and records {verb}, {size}."


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
