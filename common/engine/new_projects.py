"""Begins the reads of projects that have no tagged root: probably they were never deployed.

Nothing is proven of their resources. So all of them are read anyway, and that need not wait for what is stored of the projects.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor

from common.aws.protocol import Aws
from common.engine import listing
from common.engine.options import Options
from common.engine.reads import Reads
from common.model.resource import Resource


def begin_reads(
    aws: Aws,
    resources: Sequence[Resource],
    projects: Collection[str],
    present: Collection[str],
    pool: Executor,
    options: Options,
    reads: Reads,
) -> None:
    """Begins to read the resources of new projects, and the existing roles with which absent ones are to run.

    Args:
        aws: the AWS session.
        resources: the declared resources of all projects.
        projects: the projects without a tagged root.
        present: the ARNs of what exists, as far as the index shows it.
        pool: where calls run in parallel.
        options: what the user has asked for.
        reads: the reads of the plan.
    """
    new = [resource for resource in resources if resource.key.project in projects and options.selected(resource.key)]
    unknown = [resource for resource in new if resource.arn not in present]
    absent = listing.absent(aws, unknown, pool)
    for role in {resource.role_needs.arn for resource in unknown if resource.role_needs is not None}:
        reads.role(role)  # first, because live reads wait for the listings and may occupy all threads
    for resource in new:
        reads.live(resource, absent=absent.get(resource.key))
