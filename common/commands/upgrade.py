"""`invoke upgrade`: replaces the deployer in a team's repository by another version of it."""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.task import task


@task(
    help={
        "from": "The new version: a folder, https://….tar.gz or ….zip (#sha256=… checks it), or ….git, which @tag may follow.",
        "discard_edits": "Replace what was edited by hand, too, and a deployer without a manifest.",
        "dry_run": "Only show what would be replaced.",
        "json": "Print one JSON object instead of text.",
    }
)
def upgrade(
    _c: Context, from_: str | None = None, discard_edits: bool = False, dry_run: bool = False, json: bool = False
) -> None:
    """Replace the deployer here by another version, whole."""
    from common.base.errors import UsageError
    from common.base.terminal import Screen
    from common.report import setup_report
    from common.setup import upgrading

    if not from_:
        raise UsageError("Which version? Add --from FOLDER, or the https address of an archive. Nothing was changed.")
    result = upgrading.upgrade(INVOCATION.get().root, from_, discard_edits=discard_edits, dry_run=dry_run)
    if json:
        Screen().object({**result._asdict(), "written": not dry_run and not result.is_empty})
    else:
        Screen().text("".join(f"{line}\n" for line in setup_report.upgrade(result, written=not dry_run)))
