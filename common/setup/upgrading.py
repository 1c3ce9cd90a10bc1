"""Replaces the deployer in a team's repository by another version of it, whole.

The new files are complete in a folder below `build/` before anything is moved. Then each part is moved aside, and the new one
gets its place, with signals held back; if one of these renames fails, all are undone.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from common.base.errors import DeployError, UsageError
from common.setup import changelog, deployer_files, sources
from common.setup.deployer_files import Manifest
from common.setup.staging import staging

SHOWN = 20
"""How many edited files a refusal names."""


class Upgrade(NamedTuple):
    """What an upgrade did, or would do.

    Args:
        before: the version that was replaced.
        after: the version that took its place.
        added: the files that are new.
        changed: the files that are different.
        removed: the files that are gone.
        news: what the changelog says of the versions in between.
    """

    before: str
    after: str
    added: list[str]
    changed: list[str]
    removed: list[str]
    news: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.changed or self.removed)


def upgrade(root: Path, source: str, *, discard_edits: bool = False, dry_run: bool = False) -> Upgrade:
    """Replaces the deployer.

    Args:
        root: the team's repository.
        source: where the new version comes from: see `sources.fetch`.
        discard_edits: replace what was edited by hand, too, and what has no manifest.
        dry_run: only look.

    Raises:
        UsageError: the repository has no manifest, its deployer was edited by hand, or the source is older or none.
        DeployError: the source cannot be fetched, or a file cannot be moved. Everything is as before.
    """
    original, shown = deployer_files.recorded(root), sources.without_secrets(source)
    if not discard_edits:
        _check_original(root, original)
    with staging(root) as stage:
        folder = sources.fetch(source, stage)
        _check_source(folder, shown, root)
        (stage / "new").mkdir()
        new = deployer_files.copy(folder, stage / "new")
        old = deployer_files.manifest(root)
        if changelog.is_older(new.version, old.version):
            raise UsageError(
                f"{shown} has version {new.version}, which is older than {old.version}. To go back, check out the commit before "
                f"the upgrade. Nothing was changed."
            )
        result = _compared(old, new, changelog.since(_log(stage / "new"), old.version, _log(root)))
        if not dry_run and not (result.is_empty and original is not None):
            (stage / "old").mkdir()
            names = dict.fromkeys([*deployer_files.parts(root), *deployer_files.parts(stage / "new")])
            _swap(root, stage, [*names])
    return result


def _check_original(root: Path, original: Manifest | None) -> None:
    if original is None:
        raise UsageError(
            f"There is no {deployer_files.MANIFEST}, so nobody can tell whether the deployer was edited here. If all of it is "
            f"committed, --discard-edits replaces it: git keeps what it was. Nothing was changed."
        )
    if edits := deployer_files.edited(root, original):
        more = f"\n  and {len(edits) - SHOWN} more" if len(edits) > SHOWN else ""
        listed = "\n".join(f"  {line}" for line in edits[:SHOWN])
        raise UsageError(
            f"The deployer was edited by hand since version {original.version}:\n{listed}{more}\nTake these edits back "
            f"(`git checkout`), or let --discard-edits take them away. Nothing was changed."
        )


def _check_source(folder: Path, source: str, root: Path) -> None:
    if folder.resolve() == root.resolve():
        raise UsageError(f"--from is {source!r}, which is this repository. Nothing was changed.")
    recorded = deployer_files.recorded(folder)
    if recorded is not None and (edits := deployer_files.edited(folder, recorded)):
        raise UsageError(f"The deployer in {source} was edited by hand: {edits[0]}. Take another source. Nothing was changed.")


def _log(root: Path) -> str:
    path = root / "CHANGELOG.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _compared(old: Manifest, new: Manifest, news: str) -> Upgrade:
    return Upgrade(
        before=old.version,
        after=new.version,
        added=sorted(new.files.keys() - old.files.keys()),
        changed=sorted(path for path in new.files.keys() & old.files.keys() if new.files[path] != old.files[path]),
        removed=sorted(old.files.keys() - new.files.keys()),
        news=news,
    )


def _swap(root: Path, stage: Path, names: list[str]) -> None:
    """Moves the old parts away and the new ones into their places; if one cannot be moved, all of them go back.

    Raises:
        DeployError: one cannot be moved.
    """
    moved: list[tuple[Path, Path]] = []
    with _signals_held():
        try:
            for name in names:
                for start, end in ((root / name, stage / "old" / name), (stage / "new" / name, root / name)):
                    if start.exists():
                        end.parent.mkdir(parents=True, exist_ok=True)
                        start.rename(end)
                        moved.append((start, end))
        except OSError as error:
            for start, end in reversed(moved):
                end.rename(start)
            raise DeployError(f"{error.filename} cannot be moved: {error.strerror}. Everything is as before.") from None


@contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the files are in their places, which takes milliseconds."""
    held = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
