"""Whether everything is in AWS as it was released, found from the first reads of a plan and the trace of its declarations.

What the planner concludes for a project that is as it was released, is concluded here for all projects at once. Wherever the
answer is not a plain yes, the planner looks in detail, with the answers that are there already.
"""

from common.declare.trace import Trace
from common.engine.first_reads import FirstReads
from common.state.release_root import has_other_roles, is_root_of


def is_as_released(trace: Trace, reads: FirstReads) -> bool:
    """Whether every release root is that of what is declared, and all of that exists.

    Args:
        trace: what the declarations came to.
        reads: the first reads of the plan, of the projects of the trace.
    """
    for project, root in trace.roots.items():
        tag = reads.root_tag(project).result()
        if tag is None or not is_root_of(tag, root):
            return False
        ids = reads.roles()
        existing = {key: ids[arn] for key, arn in trace.roles.get(project, {}).items() if arn in ids}
        if has_other_roles(tag, existing):
            return False
    present = reads.present()
    return trace.arns <= present.keys() and {*present.values(), ""} <= {*trace.known, ""}
