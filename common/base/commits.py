"""Reads the subjects of the commits between two, for people who want to know what a release brought."""

from pathlib import Path

from common.base.git import COMMIT, NoCommitError, Repository

MAX_SUBJECTS = 20
"""How many subjects are read at most."""


def subjects_between(root: Path, earlier: str, later: str, project: str) -> tuple[str, ...]:
    """Returns the short hashes and subjects of the commits after one, up to another, the newest first.

    Nothing is returned where git does not know the commits, such as in a clone without history.

    Args:
        root: the repository.
        earlier: the hash of the first commit, which does not count.
        later: the hash of the last one, which does.
        project: only commits that changed its folder count; without such a folder, those that changed what is outside projects.
    """
    if earlier == later or not (COMMIT.fullmatch(earlier) and COMMIT.fullmatch(later)):
        return ()
    paths = (f"projects/{project}",) if (root / "projects" / project).is_dir() else (".", ":(exclude)projects")
    try:
        repository = Repository(root)
        command = (
            "log",
            "--no-show-signature",
            f"--max-count={MAX_SUBJECTS}",
            "--format=%h %s",
            f"{earlier}..{later}",
            "--",
            *paths,
        )
        return tuple(repository.run(*command).decode(errors="replace").splitlines())
    except NoCommitError:
        return ()
