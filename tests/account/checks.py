"""All checks, in the order in which they are asked: each finds the account as the one before it left it.

That a code is asked for once is looked at with --mfa alone.
"""

from tests.account import commands, services
from tests.account.findings import Check

DEPLOYED, LAST = "first deploy", "nothing left"
CHECKS = (
    Check(DEPLOYED, "Is what `invoke policy` prints enough for a first deploy?", commands.first_deploy),
    Check("second deploy", "What does a deploy call and write right after the first one?", commands.second_deploy, DEPLOYED),
    Check("drift", "Does `invoke drift`, right after a deploy, see what nobody changed?", commands.drift, DEPLOYED),
    Check("index delay", "After how long does the tagging index show each kind?", services.index_delay, DEPLOYED),
    Check(
        "unchanged deploy",
        "Does an unchanged deploy cost what docs/performance.md says?",
        commands.unchanged_deploy,
        "index delay",
    ),
    Check("other commands", "Can `status`, `history` and `gc` be used by whoever deploys?", commands.looking, DEPLOYED),
    Check("code asked once", "Is a code of a device asked for once?", commands.asks_for_a_code_once, DEPLOYED),
    Check("crawler", "How does Glue return a crawler's role and schedule?", services.crawler_as_returned, DEPLOYED),
    Check("revision at rest", "Does a function's RevisionId stay while nobody changes it?", services.revision_at_rest, DEPLOYED),
    Check("delete marker", "What does S3 answer where the newest version is a delete marker?", services.delete_marker, DEPLOYED),
    Check("conditional writes", "Does S3 heed conditions of puts and deletions?", services.conditional_writes, DEPLOYED),
    Check("tags at once", "Do `plan` and `drift` see tags right after they were changed?", commands.tags_at_once, DEPLOYED),
    Check("run", "Does the pipeline run with the roles that were made for it?", commands.run, DEPLOYED),
    Check("logs of a failed run", "Does `run` show what failed, and its log?", commands.logs_of_a_failed_run, DEPLOYED),
    Check("deleted by hand", "After how long is a deleted function or job noticed?", commands.deleted_by_hand, DEPLOYED),
    Check("role made again", "Does a function work whose role was made again?", commands.role_made_again, DEPLOYED),
    Check("move to a layer", "Can large files move from a function into its layer?", commands.move_to_layer, DEPLOYED),
    Check("deployed again", "Can it be deployed right after it was destroyed?", commands.destroyed_and_deployed, DEPLOYED),
    Check(LAST, "Does `destroy --data` leave anything behind?", commands.nothing_left),
    Check("name of a bucket", "When is the name of a deleted bucket free again?", services.name_of_a_deleted_bucket),
)
