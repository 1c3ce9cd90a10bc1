"""How long a policy may be, and what to do with one that is longer.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json

from common.base.json_types import JsonMapping

MANAGED_POLICY = 6144
"""Characters besides white space that IAM accepts in one."""
INLINE_POLICY = 10_240
"""The same, of all inline policies of a role together."""


def advice_on_size(document: JsonMapping) -> str:
    """What to do with a policy that is too long for one managed policy; empty if it is not."""
    length = len("".join(json.dumps(document).split()))
    if length <= MANAGED_POLICY:
        return ""
    fits_inline = length <= INLINE_POLICY
    inline = f"Give it to the role as an inline policy, which may have {INLINE_POLICY}, or spread" if fits_inline else "Spread"
    return (
        f"a managed policy may have {MANAGED_POLICY} characters besides white space; these are {length}. "
        f"{inline} the statements over {-(-length // MANAGED_POLICY)} managed policies, and attach all of them."
    )
